import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickParts } from '../../src/data/parts.js';
import { kFold, pick, split, windows } from '../../src/entries/data.js';

const counted = (labels: Iterable<unknown>) => {
  const counts = new Map<unknown, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
};

describe('split', () => {
  it('keeps rows together and every class its share', () => {
    const rows = Array.from({ length: 40 }, (_, i) => i);
    const data = { x: Float32Array.from(rows.flatMap(i => [i, -i])), y: Int32Array.from(rows, i => (i < 30 ? 0 : 1)) };
    const { train, test } = split(data, { test: 0.2, seed: 3, stratify: true });
    expect([train.x.length, train.y.length, test.x.length, test.y.length]).toEqual([64, 32, 16, 8]);
    expect(counted(test.y)).toEqual(
      new Map([
        [0, 6],
        [1, 2],
      ]),
    );
    for (const { x, y } of [train, test]) {
      for (const [row, label] of y.entries()) {
        expect([x[2 * row], Math.abs(x[2 * row + 1] ?? 0)]).toEqual([x[2 * row], x[2 * row]]);
        expect(label).toBe((x[2 * row] ?? 0) < 30 ? 0 : 1);
      }
    }
    expect([...train.x, ...test.x].filter((_, i) => i % 2 === 0).sort((a, b) => a - b)).toEqual(rows);
    expect(split(data, { seed: 3, test: 0.2, stratify: true }).test.x).toEqual(test.x);
    expect(split(data, { seed: 4, test: 0.2, stratify: true }).test.x).not.toEqual(test.x);
  });

  it('takes rows of anything, bytes with their scale, and lists of classes', () => {
    const rows = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { train, test } = split(rows, { test: 1 / 3, stratify: [0, 0, 0, 1, 1, 1] });
    expect([...train, ...test].sort()).toEqual(rows);
    expect(test.map(row => (row < 'd' ? 0 : 1))).toEqual([0, 1]);
    const bytes = split({ x: Uint8Array.from({ length: 20 }, (_, i) => i), y: [0, 1, 2, 3, 4], scale: 1 / 255 });
    expect([bytes.train.scale, bytes.test.x.length, bytes.test.x[0]]).toEqual([1 / 255, 4, 4 * (bytes.test.y[0] ?? 0)]);
  });

  it('keeps what rows have besides: steps, weights, several inputs by their names', () => {
    const rows = [0, 1, 2, 3, 4];
    const data = {
      x: Float32Array.from({ length: 10 }, (_, i) => i),
      y: Int32Array.from(rows),
      lengths: Int32Array.from(rows, row => row + 1),
      sampleWeights: rows.map(row => row / 2),
    };
    for (const part of Object.values(split(data, { test: 0.4, seed: 1 }))) {
      expect([...part.lengths]).toEqual(Array.from(part.y, row => row + 1));
      expect(part.sampleWeights).toEqual(Array.from(part.y, row => row / 2));
    }
    expect(pick(data, [3, 0])).toEqual({
      x: new Float32Array([6, 7, 0, 1]),
      y: new Int32Array([3, 0]),
      lengths: new Int32Array([4, 1]),
      sampleWeights: [1.5, 0],
    });
    expect(() => pick({ ...data, lengths: [1, 2] }, [0])).toThrow(
      'pick: lengths: expected an entry for each of 5 rows',
    );
    const named = { x: { a: data.x, b: { x: new Uint8Array(5), scale: 0.5 } }, y: { out: data.x } };
    expect(pickParts('test', named, [4], 5)).toEqual({
      x: { a: new Float32Array([8, 9]), b: { x: new Uint8Array(1), scale: 0.5 } },
      y: { out: new Float32Array([8, 9]) },
    });
  });

  it('refuses what it cannot split', () => {
    expect(() => split([1])).toThrow('split: expected from 2 to 2147483647 rows, got 1');
    expect(() => split(new Array(2 ** 32 - 1))).toThrow('split: expected from 2 to 2147483647 rows, got 4294967295');
    expect(() => split([1, 2], { test: 1 })).toThrow('split: test: expected a finite number > 0 and < 1, got 1');
    expect(() => split({ x: new Float32Array(5), y: [1, 2] })).toThrow('x with as many rows as y has entries');
    expect(() => split([1, 2], { stratify: true })).toThrow('rows have no y');
    expect(() => split([1, 2], { stratify: [1] })).toThrow('expected 2 classes, one for each row, got 1');
    expect(() => split(5 as unknown as number[])).toThrow('split: expected a list of rows, or { x, y }, got 5');
    for (const rows of [undefined, null, 1, 'ab', new Set([0]), {}]) {
      expect(() => pick([1, 2], rows as unknown as number[])).toThrow('pick: rows: expected a list of row indices');
    }
    expect(() => pick([1, 2], [2])).toThrow('pick: rows: expected a whole number from 0 to 1, got 2');
  });
});

describe('kFold', () => {
  it('tests every row once, in folds that differ by one row at most, of every class too', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 7 }),
        fc.integer({ min: 0, max: 99 }),
        fc.integer({ min: 1, max: 4 }),
        (folds, seed, classes) => {
          const labels = Array.from({ length: folds * 5 + (seed % 6) }, (_, i) => `c${(i * 7) % classes}`);
          const { length } = labels;
          for (const stratify of [undefined, labels]) {
            if (stratify && Math.min(...counted(labels).values()) < folds) continue;
            const found = kFold(length, { folds, seed, ...(stratify && { stratify }) });
            expect(found.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual([...labels.keys()]);
            for (const { train, test } of found) {
              expect([...train, ...test].sort((a, b) => a - b)).toEqual([...labels.keys()]);
              expect([Math.floor(length / folds), Math.ceil(length / folds)]).toContain(test.length);
              for (const [label, count] of stratify ? counted(labels) : []) {
                const own = [...test].filter(row => labels[row] === label).length;
                expect([Math.floor(count / folds), Math.ceil(count / folds)]).toContain(own);
              }
            }
          }
        },
      ),
      { seed: 42, numRuns: 100 },
    );
    expect(kFold(10, { folds: 3 }).map(({ test }) => test.length)).toEqual([4, 3, 3]);
    expect(kFold(20, { seed: 1 })).toEqual(kFold(20, { seed: 1 }));
    expect(kFold(20, { seed: 1 })).not.toEqual(kFold(20, { seed: 2 }));
  });

  it('refuses more folds than there are rows of a class', () => {
    expect(() => kFold(3)).toThrow('kFold: folds: expected a whole number from 2 to 3, got 5');
    expect(() => kFold(6, { folds: 3, stratify: ['a', 'a', 'a', 'a', 'b', 'b'] })).toThrow(
      'kFold: folds: expected at least 3 rows of every class, got 2 of the class b; take fewer folds',
    );
  });
});

describe('windows', () => {
  it('lie over a series in its order', () => {
    expect(windows([0, 1, 2, 3, 4, 5], { length: 3 })).toEqual({
      x: Float32Array.of(0, 1, 2, 1, 2, 3, 2, 3, 4),
      y: Float32Array.of(3, 4, 5),
    });
    expect(windows([0, 1, 2, 3, 4, 5, 6], { length: 2, horizon: 2, step: 3 })).toEqual({
      x: Float32Array.of(0, 1, 3, 4),
      y: Float32Array.of(2, 3, 5, 6),
    });
    const rows = [
      [0, 10],
      [1, 11],
      [2, 12],
    ];
    const expected = { x: Float32Array.of(0, 10, 1, 11), y: Float32Array.of(1, 11, 2, 12) };
    expect(windows(rows, { length: 1 })).toEqual(expected);
    expect(
      windows(
        rows.map(row => Float64Array.from(row)),
        { length: 1 },
      ),
    ).toEqual(expected);
    expect(windows(Float32Array.from(rows.flat()), { length: 1, columns: 2 })).toEqual(expected);
    expect(windows(rows, { length: 1, columns: 2 })).toEqual(expected);
    expect(windows(Int32Array.of(5, 6, 7), { length: 2 })).toEqual({ x: Float32Array.of(5, 6), y: Float32Array.of(7) });
  });

  it('refuses short series and numbers that are none', () => {
    expect(() => windows([1, 2, 3], { length: 3 })).toThrow(
      "windows: series: expected at least 4 steps, a window's, got 3",
    );
    expect(() => windows([1, Number.NaN, 3], { length: 1 })).toThrow(
      'windows: series: step 1: expected a finite number',
    );
    expect(() => windows([[1], [2, 3]], { length: 1 })).toThrow('expected 1 numbers a step, got 2 in step 1');
    const three = { length: 1, columns: 3 };
    expect(() => windows([1, 2, 3, 4], three)).toThrow('3 numbers a step, as columns says, got 4 in all');
    expect(() => windows([[1], [2]], three)).toThrow('3 numbers a step, as columns says, got rows of 1');
    expect(() => windows([1, 2, 3, 4, 5, Number.NaN], three)).toThrow('windows: series: step 1: expected a finite');
    expect(() => windows([1, 2], { length: 0 })).toThrow('windows: length: expected a whole number >= 1, got 0');
  });
});
