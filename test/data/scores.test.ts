import { describe, expect, it } from 'vitest';
import { formatClasses, formatConfusion, regressionScores } from '../../src/data/scores.js';
import { scoresByClass } from '../../src/metrics/classes.js';
import { score } from '../../src/metrics/score.js';

/** Rows that are sure of their class, and what they are. */
function confusionMatrix(labels: number[], said: number[], classes: number): number[][] {
  const rows = said.map(own => Array.from({ length: classes }, (_, c) => Number(c === own)));
  return score(rows, labels, ['confusionMatrix']).confusionMatrix as number[][];
}

describe('classification', () => {
  // The example in scikit-learn's documentation of confusion_matrix.
  const confusion = confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], 3);

  it('counts truth by prediction', () => {
    expect(confusion).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
    expect(scoresByClass(confusion).map(({ recall }) => recall)).toEqual([1, 0, 2 / 3]);
  });

  it('prints aligned columns', () => {
    expect(formatConfusion(confusion, ['ant', 'b', 'cat'])).toBe(
      [
        'truth  ant  b  cat  recall',
        'ant      2  ·    ·  100.0%',
        'b        ·  ·    1    0.0%',
        'cat      1  ·    2   66.7%',
      ].join('\n'),
    );
  });

  it('prints what is known of each class, or of those that are hardest', () => {
    expect(formatClasses(scoresByClass(confusion), ['ant', 'b', 'cat'])).toBe(
      [
        'class  precision  recall     F1  rows',
        'ant        0.667   1.000  0.800     2',
        'b          0.000   0.000  0.000     1',
        'cat        0.667   0.667  0.667     3',
      ].join('\n'),
    );
    const many = Array.from({ length: 25 }, (_, c) => ({ precision: 1, recall: 1, f1: c / 25, rows: 1 }));
    const names = many.map((_, c) => `class ${c}`);
    const lines = formatClasses(many, names).split('\n');
    expect(lines).toHaveLength(22);
    expect([lines[1]?.slice(0, 7), lines[21]]).toEqual(['class 0', 'and 5 more, whose F1 is higher']);
  });

  it('shortens long names and has no recall for a class without rows', () => {
    const text = formatConfusion(
      [
        [1, 0],
        [0, 0],
      ],
      ['a very long class name', 'b'],
    );
    expect(text).toContain('a very… name');
    expect(text.split('\n')[2]).toMatch(/–$/);
  });
});

describe('a confusion matrix', () => {
  it('keeps names apart that begin and end alike, and shows line breaks', () => {
    const text = formatConfusion(
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      ['the class one of all', 'the class two of all', 'x\ny'],
    );
    const names = text.split('\n').map(line => line.split(/ {2,}/)[0]);
    expect(new Set(names).size).toBe(4);
    expect(names[3]).toBe('x\\ny');
  });

  it('wider than the screen becomes recalls and the most frequent mistakes', () => {
    const confusion = confusionMatrix([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 0, 2], 3);
    expect(formatConfusion(confusion, ['ant', 'b', 'cat'], 20)).toBe(
      [
        'truth  recall',
        'ant     33.3%',
        'b      100.0%',
        'cat     50.0%',
        '',
        'mistaken  for  rows',
        'ant         b     2',
        'cat       ant     1',
      ].join('\n'),
    );
    expect(formatConfusion(confusion, ['ant', 'b', 'cat'], 26)).toMatch(/^truth {2}ant {2}b {2}cat {2}recall/);
  });
});

describe('regression', () => {
  it('matches the examples in the documentation of scikit-learn', () => {
    const scores = regressionScores([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
    expect(scores.r2).toBeCloseTo(0.948608137, 9);
    expect(scores.meanAbsoluteError).toBe(0.5);
    expect(scores.rootMeanSquaredError).toBeCloseTo(0.612372436, 9);
  });

  it('is 0 for the mean, below 0 for worse, and 1 or 0 where the truth never varies', () => {
    expect(regressionScores([1, 2, 3], [2, 2, 2]).r2).toBe(0);
    expect(regressionScores([1, 2, 3], [3, 2, 1]).r2).toBe(-3);
    expect(regressionScores([4, 4], [4, 5]).r2).toBe(0);
    expect(regressionScores([4, 4], [4, 4]).r2).toBe(1);
  });
});
