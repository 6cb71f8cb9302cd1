/** The batch's cost, and what counts as right. */

import { describe, expect, it } from 'vitest';
import { ops as table } from '../../src/plan/ops/index.js';
import { sizes } from '../checkLayer.js';
import { at, total } from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';
import { oneHot } from '../reference/losses.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  describe('cost', () => {
    const rows = 7;
    const ops = new Assembled(backend, rows, builder => {
      const rowCosts = builder.region('rowCosts', rows * 8);
      builder.emit(table.cost, 'test', { rowCosts, tally: 0, divisor: 3, weight: 1, adds: 0, lengths: 0, judges: 0 });
      return { rowCosts };
    });
    const { program, places } = ops;
    const rowCosts = new Float64Array(program.memory.buffer, places.rowCosts.address, rows);

    it('is the mean, and adds up over batches weighted by their rows', () => {
      const first = Float64Array.from({ length: 7 }, (_, i) => 0.1 * i);
      rowCosts.set(first);
      ops.run();
      expect(program.controls.cost).toBeCloseTo(total(first) / 21, 14);
      ops.set({ rows: 2 });
      rowCosts.set([5, 8, 1e9]);
      ops.run();
      expect(program.controls.cost).toBeCloseTo(13 / 6, 14);
      expect(program.controls.costSum).toBeCloseTo((total(first) + 13) / 3, 14);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])('ends the run at %d and keeps it out of the sum', bad => {
      ops.set({ rows, costSum: 2 });
      for (let row = 0; row < rows; row++) {
        rowCosts.fill(1);
        rowCosts[row] = bad;
        expect(program.run('ops')).toBe(0);
        expect(program.controls.cost).toBe(bad);
        expect(program.controls.costSum).toBe(2);
      }
    });
  });

  describe('accuracy', () => {
    type Op = 'categoricalAccuracy' | 'sparseCategoricalAccuracy' | 'thresholdAccuracy';

    function correct(
      op: Op,
      x: Float32Array,
      target: Float32Array | Int32Array,
      columns: number,
      threshold = 0,
    ): number {
      const ops = new Assembled(backend, x.length / columns, builder => {
        const places = {
          x: builder.value({ name: 'x' }, { positions: 1, columns }).data,
          target: builder.value({ name: 'target' }, { positions: 1, columns }).data,
        };
        builder.emit(table[op], 'test', { ...places, tally: 0, columns, threshold, lengths: 0 });
        return places;
      });
      ops.write(ops.places.x, x, columns);
      const { memory } = ops.program;
      if (target instanceof Int32Array)
        new Int32Array(memory.buffer, ops.places.target.address, target.length).set(target);
      else ops.write(ops.places.target, target, columns);
      ops.set({ correct: 100 });
      ops.run();
      return ops.program.controls.correct - 100;
    }

    it('finds the largest column, be it in whichever panel', () => {
      for (const columns of sizes) {
        const rows = 9;
        const x = numbers(rows * columns, columns);
        const wanted = labels(rows, columns, 4);
        const guesses = Array.from({ length: rows }, (_, r) => {
          const row = [...x.subarray(r * columns, (r + 1) * columns)];
          return row.indexOf(Math.max(...row));
        });
        // Every second row is right.
        const truth = wanted.map((label, r) => (r % 2 === 0 ? at(guesses, r) : label));
        const right = truth.filter((label, r) => label === guesses[r]).length;
        expect(correct('sparseCategoricalAccuracy', x, truth, columns)).toBe(right);
        expect(correct('categoricalAccuracy', x, Float32Array.from(oneHot(truth, columns)), columns)).toBe(right);
      }
    });

    it('takes the first of equals, and negative numbers for what they are', () => {
      expect(correct('sparseCategoricalAccuracy', Float32Array.of(1, 1, -3, -2), Int32Array.of(0, 1), 2)).toBe(2);
      const allBelowPadding = new Float32Array(17).fill(-5);
      expect(correct('sparseCategoricalAccuracy', allBelowPadding, Int32Array.of(0), 17)).toBe(1);
    });

    it('judges each element by the threshold', () => {
      for (const columns of sizes) {
        const [x, y] = [numbers(3 * columns, 1), numbers(3 * columns, 2).map(value => (value > 0 ? 1 : 0))];
        const right = x.filter((value, i) => value > 0.25 === (y[i] === 1)).length;
        expect(correct('thresholdAccuracy', x, y, columns, 0.25)).toBe(right);
      }
    });
  });
});
