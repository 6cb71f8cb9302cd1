/** Between row-major data and panels, and which rows a step takes. */

import { describe, expect, it } from 'vitest';
import { ops as table } from '../../src/plan/ops/index.js';
import { sizes } from '../checkLayer.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

const samples = 11;
/** Every sample once, in some order. */
const order = Int32Array.from({ length: samples }, (_, i) => (i * 7 + 3) % samples);
const unshuffled = Int32Array.from({ length: samples }, (_, i) => i);
const bytesOf = (count: number) => Uint8Array.from(numbers(count, 5), value => Math.round((value + 1) * 127.5));

/** The rows that `places` name, one behind the other. */
function pick(values: ArrayLike<number>, columns: number, places: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: places.length * columns }, (_, i) => {
    return at(values, at(places, Math.floor(i / columns)) * columns + (i % columns));
  });
}

describe.each(backends)('$binary', backend => {
  it.each([
    ['in the order they lie', unshuffled],
    ['shuffled', order],
  ])('takes an epoch of floats, bytes, targets and labels by batches, %s', (_, epoch) => {
    for (const columns of sizes) {
      const ops = new Assembled(backend, 4, builder => {
        const [x, y] = [builder.value({ name: 'x' }, columns).data, builder.value({ name: 'y' }, columns).data];
        const labels = builder.region('labels', 4 * 4);
        const rowMajor = builder.region('rowMajor', 4 * columns * 4);
        builder.emit(table.nextBatch, 'test', { counts: 1 });
        builder.emit(table.gather, 'test', { y: x, targets: 0, columns, ownBytes: 0 });
        builder.emit(table.gather, 'test', { y, targets: 1, columns, ownBytes: 0 });
        builder.emit(table.gatherLabels, 'test', { y: labels });
        builder.emit(table.scatter, 'test', { y: rowMajor, x, columns });
        return { x, y, labels, rowMajor };
      });
      const { program, places } = ops;
      const bytes = samples * columns * 4;
      const start = program.reserve(3 * bytes + 256);
      // The order lies wherever it falls; samples and targets need not be aligned to anything but their own numbers.
      const [xAt, yAt, orderAt] = [start + 4, start + 8 + bytes, start + 12 + 2 * bytes];
      const floats = numbers(samples * columns, 1);
      const targets = new Float32Array(program.memory.buffer, yAt, samples * columns);
      new Int32Array(program.memory.buffer, orderAt, samples).set(epoch);
      for (const values of [floats, bytesOf(samples * columns)]) {
        const isBytes = values instanceof Uint8Array;
        const scale = Math.fround(isBytes ? 1 / 255 : 7);
        if (isBytes) new Uint8Array(program.memory.buffer, xAt, values.length).set(values);
        else new Float32Array(program.memory.buffer, xAt, values.length).set(values);
        targets.set(numbers(samples * columns, 2));
        ops.set({ x: xAt, y: yAt, bytes: Number(isBytes), scale, samples, batchSize: 4, position: 0, step: 0 });
        ops.set({ order: epoch === unshuffled ? 0 : orderAt });
        for (const [step, rows] of [4, 4, 3].entries()) {
          ops.inspector.poison();
          ops.run();
          expect([program.get('rows'), program.get('position'), program.get('step')]).toEqual([
            rows,
            4 * step + rows,
            step + 1,
          ]);
          const here = epoch.subarray(4 * step, 4 * step + rows);
          const want = pick(values, columns, here).map(value => (isBytes ? Math.fround(value * scale) : value));
          expect(ops.read(places.x, columns)).toEqual(want);
          expect(program.floats(places.rowMajor).subarray(0, rows * columns)).toEqual(want);
          expect(ops.read(places.y, columns)).toEqual(pick(targets, columns, here));
          const labels = new Int32Array(program.memory.buffer, places.labels.address, rows);
          expect(labels).toEqual(Int32Array.from(here, place => new Int32Array(targets.buffer, yAt)[place] ?? -1));
        }
      }
    }
  });
});
