import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitRows, stratifiedSplit } from '../../src/data/split.js';

const labels = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 200 });
const fraction = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const seed = fc.nat();

function countOf(rows: readonly number[], all: readonly string[], label: string): number {
  return rows.filter(row => all[row] === label).length;
}

describe('stratifiedSplit', () => {
  it('puts every row on exactly one side', () => {
    fc.assert(
      fc.property(labels, fraction, seed, (all, share, number) => {
        const { training, validation } = stratifiedSplit(all, share, number);
        expect([...training, ...validation].sort((a, b) => a - b)).toEqual(all.map((_, row) => row));
      }),
    );
  });

  it('keeps a row of every label for training, and sets as many aside as asked of the others', () => {
    fc.assert(
      fc.property(labels, fraction, seed, (all, share, number) => {
        const { training, validation } = stratifiedSplit(all, share, number);
        const known = new Set(all);
        for (const label of known) expect(countOf(training, all, label)).toBeGreaterThanOrEqual(1);
        const asked = Math.max(Math.round(all.length * share), 1);
        expect(validation).toHaveLength(Math.min(asked, all.length - known.size));
      }),
    );
  });

  it('keeps the share of every label within one row where each has two', () => {
    const half = fc.double({ min: 0.01, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(labels, half, seed, (some, share, number) => {
        const all = [...some, ...some];
        const { validation } = stratifiedSplit(all, share, number);
        for (const label of new Set(all)) {
          const count = all.filter(other => other === label).length;
          expect(Math.abs(countOf(validation, all, label) - count * share)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('sets the asked number of rows aside', () => {
    const all = Array.from({ length: 150 }, (_, row) => 'xyz'[row % 3] ?? '');
    const { validation } = stratifiedSplit(all, 0.2, 7);
    expect(validation).toHaveLength(30);
    for (const label of 'xyz') expect(countOf(validation, all, label)).toBe(10);
    const small = Array.from({ length: 442 }, (_, row) => String(row % 210));
    expect(stratifiedSplit(small, 0.2, 7).validation).toHaveLength(88);
    const single = ['a', 'b', 'c', ...new Array<string>(7).fill('d')];
    const held = stratifiedSplit(single, 0.5, 7).validation;
    expect(held.map(row => single[row])).toEqual(['d', 'd', 'd', 'd', 'd']);
  });

  it('is the same for the same seed and another for another', () => {
    const all = Array.from({ length: 100 }, (_, row) => String(row % 4));
    expect(stratifiedSplit(all, 0.3, 5)).toEqual(stratifiedSplit(all, 0.3, 5));
    expect(stratifiedSplit(all, 0.3, 5)).not.toEqual(stratifiedSplit(all, 0.3, 6));
  });

  it('sets every row aside equally often', () => {
    const all = Array.from({ length: 10 }, () => 'a');
    const times = new Array<number>(10).fill(0);
    for (let s = 0; s < 2000; s++) {
      for (const row of stratifiedSplit(all, 0.3, s).validation) times[row] = (times[row] ?? 0) + 1;
    }
    // 600 expected, standard deviation about 20.
    for (const count of times) expect(Math.abs(count - 600)).toBeLessThan(110);
  });

  it('sets nothing aside for 0, and refuses all of it', () => {
    expect(stratifiedSplit(['a', 'b', 'b'], 0, 1)).toEqual({ training: [0, 1, 2], validation: [] });
    expect(() => stratifiedSplit(['a', 'b'], 1, 1)).toThrow(RangeError);
    expect(() => stratifiedSplit(['a', 'b'], Number.NaN, 1)).toThrow(RangeError);
  });
});

describe('splitRows', () => {
  it('sets the nearest number of rows aside, at least one on either side', () => {
    expect(splitRows(442, 0.2, 0).validation).toHaveLength(88);
    expect(splitRows(2, 0.01, 0).validation).toHaveLength(1);
    expect(splitRows(2, 0.99, 0).training).toHaveLength(1);
    expect(splitRows(1, 0.5, 0)).toEqual({ training: [0], validation: [] });
  });
});
