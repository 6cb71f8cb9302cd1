/** Against scikit-learn's values of the same predictions, test/fixtures/golden/metrics.json, and by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  calibrationError,
  f1,
  fBeta,
  type Metric,
  pinball,
  precision,
  quantile,
  recall,
  score,
  topKAccuracy,
} from '../../src/index.js';
import { scoresByClass } from '../../src/metrics/classes.js';

interface Averages {
  macro: number;
  micro: number;
  weighted: number;
  perClass: number[];
}
interface Golden {
  classes: Record<string, number> & {
    labels: number[];
    probabilities: number[][];
    precision: Averages;
    recall: Averages;
    f1: Averages;
    rocAuc: { ovrMacro: number };
    confusion: number[][];
  };
  binary: Record<string, number> & { labels: number[]; scores: number[]; 'atThreshold0.5': Record<string, number> };
  numbers: Record<string, number> & { targets: number[]; predictions: number[] };
}
const golden: Golden = JSON.parse(readFileSync('test/fixtures/golden/metrics.json', 'utf8'));

/** One metric's value. */
const only = (...[predictions, y, metrics]: Parameters<typeof score>) =>
  Object.values(score(predictions, y, metrics))[0];

describe('metrics are scikit-learn’s', () => {
  it.each(['accuracy', 'balancedAccuracy', 'matthewsCorrelation', 'cohenKappa', 'logLoss'] as const)('%s', name => {
    const { labels, probabilities, ...expected } = golden.classes;
    expect(score(probabilities, labels, [name])[name]).toBeCloseTo(expected[name] ?? Number.NaN, 8);
    // As rows of one, and as a flat array.
    const flat = Float64Array.from(probabilities.flat());
    expect(only(flat, labels, [name])).toBe(only(probabilities, labels, [name]));
    const oneHot = labels.map(label => [0, 1, 2, 3].map(c => Number(c === label)));
    expect(only(flat, oneHot, [name])).toBe(only(probabilities, labels, [name]));
  });

  it('of several classes, each and together', () => {
    const { labels, probabilities, ...expected } = golden.classes;
    for (const [name, metric] of Object.entries({ precision, recall, f1 })) {
      const { perClass, ...averages } = expected[name as 'precision'];
      for (const [average, value] of Object.entries(averages)) {
        const given = metric({ average: average as 'macro' });
        expect(score(probabilities, labels, [given])[`${name}(${average})`]).toBeCloseTo(value, 8);
      }
      expect(score(probabilities, labels, [name as Metric])[name]).toBeCloseTo(averages.macro, 8);
      const each = only(probabilities, labels, [metric({ average: 'none' })]) as number[];
      expect(each).toHaveLength(4);
      for (const [c, value] of perClass.entries()) expect(each[c]).toBeCloseTo(value, 8);
    }
    expect(score(probabilities, labels, ['confusionMatrix']).confusionMatrix).toEqual(expected.confusion);
    expect(only(probabilities, labels, ['rocAuc'])).toBeCloseTo(expected.rocAuc.ovrMacro, 8);
    const top = score(probabilities, labels, [topKAccuracy({ k: 2 }), topKAccuracy({ k: 4 })]);
    expect(top['topKAccuracy(2)']).toBeCloseTo(expected.top2Accuracy ?? 0, 12);
    expect(top['topKAccuracy(4)']).toBe(1);
    const scores = scoresByClass(expected.confusion);
    expect(scores.map(one => one.f1)).toEqual(only(probabilities, labels, [f1({ average: 'none' })]));
    expect(scores.map(({ rows }) => rows)).toEqual([0, 1, 2, 3].map(c => labels.filter(label => label === c).length));
  });

  it.each(['rocAuc', 'averagePrecision', 'brier', 'logLoss'] as const)('%s of scores with ties', name => {
    const { labels, scores, ...expected } = golden.binary;
    // A score of 1 counts as 1 − 1e-7 in a logarithm, where scikit-learn has 1 − 2⁻⁵².
    expect(only(scores, labels, [name])).toBeCloseTo(expected[name] ?? Number.NaN, 7);
    const pairs = scores.map(value => [1 - value, value]);
    expect(only(pairs, labels, [name])).toBeCloseTo(expected[name] ?? Number.NaN, 7);
  });

  it('of the positive class, where there is one score', () => {
    const { labels, scores, 'atThreshold0.5': expected } = golden.binary;
    const names = ['accuracy', 'precision', 'recall', 'f1', 'matthewsCorrelation'] as const;
    const found = score(scores, labels, [...names, fBeta({ beta: 2 })]);
    for (const name of names) expect(found[name]).toBeCloseTo(expected[name] ?? Number.NaN, 8);
    expect(found['fBeta(2)']).toBeCloseTo(expected.fBeta2 ?? Number.NaN, 8);
    // Above 1 is nobody.
    expect(score(scores, labels, [recall({ threshold: 1 })])).toEqual({ 'recall(1)': 0 });
    const flipped = score(
      scores.map(value => 1 - value),
      labels.map(label => 1 - label),
      [precision({ average: 'none', threshold: 0.49 })],
    );
    expect((flipped['precision(none, 0.49)'] as number[])[0]).toBeCloseTo(expected.precision ?? 0, 8);
  });

  it('of numbers', () => {
    const { targets, predictions, ...expected } = golden.numbers;
    const found = score(predictions, targets, [
      'r2',
      'meanAbsoluteError',
      'rootMeanSquaredError',
      'meanAbsolutePercentageError',
      'medianAbsoluteError',
      'explainedVariance',
      'maxError',
      quantile({ quantile: 0.9 }),
      pinball({ quantile: 0.9 }),
    ]);
    for (const name of Object.keys(found).slice(0, 7)) {
      const [value, wanted] = [found[name] as number, expected[name] ?? Number.NaN];
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-7 * (1 + Math.abs(wanted)));
    }
    expect(found['quantile(0.9)']).toBeCloseTo(expected['pinball0.9'] ?? Number.NaN, 8);
    expect(found['pinball(0.9)']).toBe(found['quantile(0.9)']);
  });
});

describe('metrics by hand', () => {
  it('several outputs are judged by themselves, then the mean is taken', () => {
    const [p, y] = [
      [
        [1, 10],
        [2, 20],
        [3, 33],
      ],
      [
        [1, 10],
        [3, 20],
        [3, 30],
      ],
    ] as const;
    const found = score(p, y, ['rootMeanSquaredError', 'meanSquaredError', 'r2', 'medianAbsoluteError', 'maxError']);
    expect(found.rootMeanSquaredError).toBeCloseTo((Math.sqrt(1 / 3) + Math.sqrt(3)) / 2, 12);
    expect(found.meanSquaredError).toBeCloseTo((1 / 3 + 3) / 2, 12);
    expect(found.r2).toBeCloseTo((1 - 1 / (8 / 3) + 1 - 9 / 200) / 2, 12);
    expect([found.medianAbsoluteError, found.maxError]).toEqual([0, 3]);
  });

  it('constant targets have no variance, however large they are', () => {
    for (const value of [0.1, -1e8, 123456.789]) {
      const constant = new Array<number>(7).fill(value);
      const shifted = constant.map(v => v + 1);
      expect(score(constant, constant, ['r2', 'explainedVariance'])).toEqual({ r2: 1, explainedVariance: 1 });
      expect(score(shifted, constant, ['r2'])).toEqual({ r2: 0 });
    }
  });

  it('the expected calibration error is the mean distance of accuracy and probability over bins', () => {
    // Two bins of ten: rows that are 0.75 sure, of which half are right, and 0.95, of which all are.
    const rows = [
      [0.75, 0.25],
      [0.75, 0.25],
      [0.95, 0.05],
      [0.05, 0.95],
    ];
    const found = score(rows, [0, 1, 0, 1], [calibrationError({ bins: 10 }), calibrationError({ bins: 1 })]);
    expect(found['calibrationError(10)']).toBeCloseTo((2 * 0.25 + 2 * 0.05) / 4, 12);
    // In one bin what is too sure and what is not sure enough make up for each other.
    expect(found['calibrationError(1)']).toBeCloseTo(0.85 - 0.75, 12);
    expect(only([0.25, 0.25, 0.05, 0.95], [0, 1, 0, 1], [calibrationError({ bins: 10 })])).toBeCloseTo(0.15, 12);
  });

  it('of equal scores the lower class wins', () => {
    const rows = [
      [0.4, 0.4, 0.2],
      [0.4, 0.2, 0.4],
    ];
    expect(score(rows, [0, 2], ['accuracy', topKAccuracy({ k: 1 })])).toEqual({
      accuracy: 0.5,
      'topKAccuracy(1)': 0.5,
    });
    expect(score(rows, [1, 2], [topKAccuracy({ k: 2 })])).toEqual({ 'topKAccuracy(2)': 1 });
  });

  it('what says nothing is NaN, 0 or left out of the mean', () => {
    const pairs = [
      [0.5, 0.5],
      [0.1, 0.9],
    ];
    expect(score(pairs, [0, 0], ['rocAuc']).rocAuc).toBeNaN();
    expect(score(pairs, [1, 1], ['averagePrecision'])).toEqual({ averagePrecision: 1 });
    const three = [
      [0.9, 0.1, 0],
      [0.2, 0.8, 0],
    ];
    // Class 2 is neither true nor said: macro averages are over the two others.
    expect(score(three, [0, 1], ['rocAuc', 'f1', 'balancedAccuracy'])).toEqual({
      rocAuc: 1,
      f1: 1,
      balancedAccuracy: 1,
    });
    expect(score(pairs, [0, 0], ['matthewsCorrelation', f1({ average: 'none' })])).toEqual({
      matthewsCorrelation: 0,
      'f1(none)': [2 / 3, 0],
    });
    expect(only([[0, 1]], [0], ['logLoss'])).toBeCloseTo(-Math.log(1e-7), 12);
    // Rows need not add up to 1: shares of them do.
    expect(only([[0.2, 0.2]], [0], ['logLoss'])).toBeCloseTo(Math.LN2, 12);
  });

  it('rows of several decisions', () => {
    const [p, y] = [
      [
        [0.9, 0.8, 0.1],
        [0.2, 0.7, 0.6],
      ],
      [
        [1, 0, 0],
        [0, 1, 1],
      ],
    ] as const;
    const found = score(p, y, ['accuracy', 'precision', f1({ average: 'micro' }), 'rocAuc']);
    expect(found).toEqual({
      accuracy: 5 / 6,
      precision: (1 + 0.5 + 1) / 3,
      'f1(micro)': 6 / 7,
      rocAuc: (1 + 0 + 1) / 3,
    });
  });
});

describe('score refuses', () => {
  const rows = [
    [0.5, 0.5],
    [0.1, 0.9],
  ];
  it.each<[string, () => unknown, RegExp]>([
    ['an unknown metric', () => score(rows, [0, 1], ['f2' as 'f1']), /score: metrics: expected a known name, got 'f2'/],
    [
      'classes that are not there',
      () => score(rows, [0, 2], ['accuracy']),
      /y: expected class indices from 0 to 1, got 2 in row 1/,
    ],
    ['numbers of classes', () => score(rows, [0, 1], ['r2']), /metrics: r2: expected targets that are numbers/],
    ['classes of numbers', () => score([1, 2], [1.5, 2], ['f1']), /f1: expected a network that decides/],
    [
      'too many places',
      () => score(rows, [0, 1], [topKAccuracy({ k: 3 })]),
      /topKAccuracy\(3\): expected k of at most the 2/,
    ],
    [
      'one score of several',
      () => score([0.5, 1], [0, 1], ['topKAccuracy']),
      /expected several classes, got one score/,
    ],
    ['no metrics', () => score(rows, [0, 1], undefined as never), /metrics: expected a list such as/],
    ['scores that are no probabilities', () => score([1.3, -0.2], [1, 0], ['logLoss']), /logLoss: expected probab/],
    ['rows of such', () => score([[2, -1]], [0], ['brier']), /brier: expected probabilities, got outputs/],
    ['a threshold of classes', () => score(rows, [0, 1], [f1({ threshold: 0.7 })]), /expected no threshold/],
    [
      'a matrix of decisions',
      () =>
        score(
          [
            [1, 1],
            [0, 0],
          ],
          [
            [1, 1],
            [0, 0],
          ],
          ['confusionMatrix'],
        ),
      /expected rows of one class each/,
    ],
    [
      'other rows',
      () => score(rows, [0, 1, 1], ['f1']),
      /y: expected one number or 2 for each of 2 rows, got 3 numbers/,
    ],
    ['half rows', () => score([1, 2, 3], [0, 1], ['f1']), /predictions: expected as many numbers in each of 2 rows/],
    ['uneven rows', () => score([[1, 2], [3]], [0, 1], ['f1']), /2 numbers in each row, got 1 in row 1/],
    [
      'NaN',
      () =>
        score(
          [
            [1, Number.NaN],
            [1, 2],
          ],
          [0, 1],
          ['f1'],
        ),
      /finite numbers, got NaN in row 0, column 1/,
    ],
    ['no rows', () => score([], [], ['f1']), /at least one row/],
    ['text', () => score('abc' as unknown as number[], [0], ['f1']), /predictions: expected numbers, or rows/],
    ['no list of metrics', () => score(rows, [0, 1], 'f1' as unknown as []), /metrics: expected a list/],
    ['an unknown setting', () => f1({ averaged: 1 } as object), /did you mean 'average'/],
    ['an unknown average', () => f1({ average: 'mean' as 'macro' }), /f1: average: expected a known name/],
    ['beta 0', () => fBeta({ beta: 0 }), /fBeta: beta: expected a finite number > 0/],
    ['half a place', () => topKAccuracy({ k: 1.5 }), /topKAccuracy: k/],
    ['no bins', () => calibrationError({ bins: 0 }), /calibrationError: bins/],
  ])('%s', (_, work, message) => expect(work).toThrow(message));
});
