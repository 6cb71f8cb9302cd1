/** Expected values: NumPy's median and percentile (linear between neighbours), written out by hand. */
import { describe, expect, it } from 'vitest';
import { figureOf, isClear, isNoisy, noiseOf, ratiosOf, uncertaintyOf } from '../../src/bench/statistics.js';

describe('figureOf', () => {
  it('takes the median, half the distance between the quartiles, and the best', () => {
    // np.percentile([1, 2, 4, 8, 16], [25, 50, 75]) = [2, 4, 8]
    expect(figureOf([16, 1, 8, 2, 4])).toEqual({ median: 4, spread: 3, best: 16, rounds: 5 });
    // np.percentile([1, 2, 3, 4], [25, 50, 75]) = [1.75, 2.5, 3.25]
    expect(figureOf([4, 3, 2, 1])).toEqual({ median: 2.5, spread: 0.75, best: 4, rounds: 4 });
    expect(figureOf([7])).toEqual({ median: 7, spread: 0, best: 7, rounds: 1 });
  });

  it('has no figure where there are none', () => {
    expect(figureOf([])).toEqual({ median: Number.NaN, spread: Number.NaN, best: Number.NaN, rounds: 0 });
  });
});

describe('noise', () => {
  const figure = (median: number, spread: number, rounds = 15) => ({ median, spread, best: median, rounds });

  it('is the spread as a share of the median', () => {
    expect(noiseOf(figure(200, 20))).toBeCloseTo(0.1);
    expect(isNoisy(figure(200, 20))).toBe(false);
    expect(isNoisy(figure(200, 40))).toBe(true);
  });

  it('is all that few rounds, or none, are', () => {
    expect(isNoisy(figure(200, 0, 2))).toBe(true);
    expect(isNoisy(figureOf([]))).toBe(true);
  });

  it('may be larger in a ratio that is far from 1', () => {
    expect(isClear(figure(1.2, 0.3))).toBe(false);
    expect(isClear(figure(40, 10))).toBe(true);
    expect(isClear(figure(1 / 40, 0.25 / 40))).toBe(true);
    expect(isClear(figure(40, 10, 2))).toBe(false);
  });

  it('makes the median less certain, and more rounds make it more so', () => {
    expect(uncertaintyOf(figure(1, 0.1, 16))).toBeCloseTo((2 * 1.2533 * 0.1) / 0.6745 / 4);
    expect(uncertaintyOf(figure(1, 0.1, 64))).toBeLessThan(uncertaintyOf(figure(1, 0.1, 16)));
  });
});

it('takes ratios of the rounds that both have done', () => {
  expect(ratiosOf([4, undefined, 6, 8], [2, 5, 3])).toEqual([2, 2]);
});
