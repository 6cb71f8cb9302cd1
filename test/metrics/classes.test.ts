/** Against scikit-learn's values of the same predictions: test/fixtures/golden/metrics.json. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  averagePrecision,
  calibrationError,
  confusionMatrix,
  largest,
  logLoss,
  rocAuc,
  scoresByClass,
} from '../../src/metrics/classes.js';

interface Golden {
  classes: {
    labels: number[];
    probabilities: number[][];
    accuracy: number;
    precision: { perClass: number[] };
    recall: { perClass: number[] };
    f1: { perClass: number[] };
    logLoss: number;
    rocAuc: { ovrMacro: number };
    confusion: number[][];
  };
  binary: { labels: number[]; scores: number[]; rocAuc: number; averagePrecision: number; logLoss: number };
}
const golden: Golden = JSON.parse(readFileSync('test/fixtures/golden/metrics.json', 'utf8'));

describe('metrics of classes are scikit-learn’s', () => {
  const { labels, ...expected } = golden.classes;
  const probabilities = expected.probabilities.flat();
  const confusion = confusionMatrix(labels, largest(probabilities, 4), 4);

  it('of several classes', () => {
    expect(confusion).toEqual(expected.confusion);
    const scores = scoresByClass(confusion);
    for (const [c, { precision, recall, f1, rows }] of scores.entries()) {
      expect(precision).toBeCloseTo(expected.precision.perClass[c] ?? Number.NaN, 8);
      expect(recall).toBeCloseTo(expected.recall.perClass[c] ?? Number.NaN, 8);
      expect(f1).toBeCloseTo(expected.f1.perClass[c] ?? Number.NaN, 8);
      expect(rows).toBe(labels.filter(label => label === c).length);
    }
    expect(logLoss(labels, probabilities, 4)).toBeCloseTo(expected.logLoss, 7);
    expect(rocAuc(labels, probabilities, 4)).toBeCloseTo(expected.rocAuc.ovrMacro, 7);
  });

  it('of two classes, with equal scores', () => {
    const { labels, scores, ...expected } = golden.binary;
    const probabilities = scores.flatMap(score => [1 - score, score]);
    expect(rocAuc(labels, probabilities, 2)).toBeCloseTo(expected.rocAuc, 8);
    expect(averagePrecision(labels, probabilities, 2)).toBeCloseTo(expected.averagePrecision, 8);
    expect(logLoss(labels, probabilities, 2)).toBeCloseTo(expected.logLoss, 7);
  });
});

describe('the expected calibration error', () => {
  it('is the mean distance of accuracy and probability over bins', () => {
    // Two bins of ten: rows that are 0.75 sure, of which half are right, and 0.95, of which all are.
    const probabilities = [0.75, 0.25, 0.75, 0.25, 0.95, 0.05, 0.05, 0.95];
    expect(calibrationError([0, 1, 0, 1], probabilities, 2, 10)).toBeCloseTo((2 * 0.25 + 2 * 0.05) / 4, 12);
    // In one bin what is too sure and what is not sure enough make up for each other.
    expect(calibrationError([0, 1, 0, 1], probabilities, 2, 1)).toBeCloseTo(0.85 - 0.75, 12);
    expect(calibrationError([0, 1], [1, 0, 0, 1], 2)).toBe(0);
  });
});

describe('what says nothing', () => {
  it('is NaN, or left out of the mean', () => {
    expect(rocAuc([0, 0], [0.5, 0.5, 0.1, 0.9], 2)).toBeNaN();
    expect(averagePrecision([1, 1], [0.5, 0.5, 0.1, 0.9], 2)).toBeNaN();
    expect(rocAuc([0, 1], [0.9, 0.1, 0, 0.2, 0.8, 0], 3)).toBe(1);
    expect(
      scoresByClass([
        [2, 0],
        [0, 0],
      ])[1],
    ).toEqual({ precision: 0, recall: 0, f1: 0, rows: 0 });
    expect(logLoss([0], [0, 1], 2)).toBeCloseTo(-Math.log(1e-7), 12);
  });
});
