/** Between row-major data and panels, and which rows a step takes. */

import { describe, expect, it } from 'vitest';
import type { Region } from '../../src/plan/memory.js';
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
        const [x, y] = ['x', 'y'].map(name => builder.value({ name }, { positions: 1, columns }).data) as [
          Region,
          Region,
        ];
        const whole = { columns, stride: columns, start: 0, lengths: 0, width: 0 };
        const labels = builder.region('labels', 4 * 4);
        const rowMajor = builder.region('rowMajor', samples * columns * 4);
        builder.emit(table.nextBatch, 'test', { counts: 1 });
        builder.emit(table.gather, 'test', { y: x, targets: 0, ...whole, ownBytes: 0, filler: 0 });
        builder.emit(table.gather, 'test', { y, targets: 1, ...whole, ownBytes: 0, filler: 0 });
        builder.emit(table.gatherLabels, 'test', { y: labels, stride: 1, start: 0 });
        builder.emit(table.scatter, 'test', { y: rowMajor, x, ...whole });
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
          expect([program.controls.rows, program.controls.position, program.controls.step]).toEqual([
            rows,
            4 * step + rows,
            step + 1,
          ]);
          const here = epoch.subarray(4 * step, 4 * step + rows);
          const want = pick(values, columns, here).map(value => (isBytes ? Math.fround(value * scale) : value));
          expect(ops.read(places.x, columns)).toEqual(want);
          // Rows are kept behind those of the steps since `keptFrom`.
          const kept = program.floats(places.rowMajor).subarray(4 * step * columns, (4 * step + rows) * columns);
          expect(kept).toEqual(want);
          expect(ops.read(places.y, columns)).toEqual(pick(targets, columns, here));
          const labels = new Int32Array(program.memory.buffer, places.labels.address, rows);
          expect(labels).toEqual(Int32Array.from(here, place => new Int32Array(targets.buffer, yAt)[place] ?? -1));
        }
      }
    }
  });

  it('takes some numbers of each row, and those of each position into a row of their own', () => {
    const [batch, start] = [3, 2];
    for (const columns of sizes) {
      for (const positions of [1, 2, 5]) {
        const count = positions * columns;
        const stride = start + count + 1;
        const ops = new Assembled(backend, batch, builder => {
          const x = builder.value({ name: 'x' }, { positions, columns }).data;
          const labels = builder.region('labels', batch * count * 4);
          const rowMajor = builder.region('rowMajor', batch * stride * 4);
          const part = { columns, stride, start, lengths: 0, width: 0 };
          builder.emit(table.gather, 'test', { y: x, targets: 0, ...part, ownBytes: 0, filler: 0 }, positions);
          builder.emit(table.gatherLabels, 'test', { y: labels, stride, start }, count);
          builder.emit(table.scatter, 'test', { y: rowMajor, x, ...part }, positions);
          return { x, labels, rowMajor };
        });
        const { program, places } = ops;
        const at = program.reserve(samples * stride * 4 + samples * 4);
        const values = numbers(samples * stride, columns);
        const bits = new Int32Array(values.buffer);
        new Float32Array(program.memory.buffer, at, values.length).set(values);
        new Int32Array(program.memory.buffer, at + values.byteLength, samples).set(order);
        ops.set({ x: at, y: at, samples, position: 7, keptFrom: 4, order: at + values.byteLength });
        ops.inspector.poison();
        ops.run();
        const here = order.subarray(4, 7);
        const of = (all: ArrayLike<number>) =>
          Array.from(here, place =>
            Array.from(all).slice(place * stride + start, place * stride + start + count),
          ).flat();
        expect([...ops.read(places.x, columns, batch * positions)]).toEqual(of(values));
        expect([...new Int32Array(program.memory.buffer, places.labels.address, batch * count)]).toEqual(of(bits));
        const written = program.floats(places.rowMajor);
        const rows = Array.from(here, (_, row) => [
          ...written.subarray(row * stride + start, row * stride + start + count),
        ]);
        expect(rows.flat()).toEqual(of(values));
        expect(written[1]).toBeNaN();
      }
    }
  });

  it('lets the numbers of a sample lie in rows of another width', () => {
    const batch = 3;
    const shapes = sizes.flatMap(
      n =>
        [
          [1, n, n, 1],
          [n, 3, 3, n],
          [n, 2, 1, 2 * n],
          [4, n, 2, 2 * n],
        ] as const,
    );
    for (const [fromPositions, from, positions, columns] of shapes) {
      const ops = new Assembled(backend, batch, builder => {
        const x = builder.value({ name: 'x' }, { positions: fromPositions, columns: from }).data;
        const y = builder.value({ name: 'y' }, { positions, columns }).data;
        builder.emit(table.rearrange, 'test', { y, x, table: 0, columns, from, fromPositions }, positions);
        return { x, y };
      });
      for (const rows of [batch, 1]) {
        const values = numbers(rows * positions * columns, 1);
        ops.set({ rows });
        ops.inspector.poison();
        ops.write(ops.places.x, values, from);
        ops.run();
        expect(ops.read(ops.places.y, columns, rows * positions)).toEqual(values);
      }
    }
  });
});
