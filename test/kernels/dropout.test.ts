import { describe, expect, it } from 'vitest';
import { emitDropped } from '../../src/layers/dropout.js';
import type { Region } from '../../src/plan/memory.js';
import { ops as table } from '../../src/plan/ops/index.js';
import { sizes } from '../checkLayer.js';
import { total } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';
import { dropoutMask } from '../support/noise.js';

interface Settings {
  readonly rows: number;
  readonly columns: number;
  readonly rate: number;
  readonly stream: number;
}

describe.each(backends)('$binary', backend => {
  function assemble({ rows, columns, rate, stream }: Settings) {
    return new Assembled(backend, rows, builder => {
      const [x, y] = ['x', 'y'].map(name => builder.value({ name }, { positions: 1, columns }).data) as [
        Region,
        Region,
      ];
      const [dx, dy, mask] = ['dx', 'dy', 'mask'].map(name => builder.region(name, y.bytes)) as [
        typeof x,
        typeof x,
        typeof x,
      ];
      const settings = {
        columns,
        stream,
        spread: 1,
        threshold: Math.floor(rate * 2 ** 32) | 0,
        keepScale: 1 / (1 - rate),
      };
      builder.emit(table.dropoutForward, 'test', { x, y, mask, ...settings });
      emitDropped(builder, 'test', { positions: 1, columns }, { dx, dy, mask });
      return { x, y, dx, dy, mask };
    });
  }

  it('takes exactly the bits of Philox, at every number of columns', () => {
    const rows = 5;
    for (const columns of sizes) {
      const ops = assemble({ rows, columns, rate: 0.37, stream: 2 * 256 + 3 });
      const { x, y, dx, dy } = ops.places;
      const [values, upstream] = [numbers(rows * columns, 1), numbers(rows * columns, 2)];
      ops.write(x, values, columns);
      ops.write(dy, upstream, columns);
      ops.set({ draw: columns, seedLow: -5, seedHigh: 0x1fffff });
      ops.run();
      const seed = [-5, 0x1fffff] as const;
      const mask = dropoutMask({ rate: 0.37, rows, columns, step: columns, stream: 2 * 256 + 3, seed });
      const times = (factor: Float32Array) => factor.map((value, i) => value * (mask[i] ?? Number.NaN));
      expect(ops.read(y, columns)).toEqual(times(values));
      expect(ops.read(dx, columns)).toEqual(times(upstream));
    }
  });

  /** 1000 × 47 elements of an input that is 1 everywhere. */
  function outputs(rate: number, controls: { draw: number; seedLow?: number }, stream = 3): Float32Array {
    const [rows, columns] = [1000, 47];
    const ops = assemble({ rows, columns, rate, stream });
    ops.write(ops.places.x, new Float32Array(rows * columns).fill(1), columns);
    ops.set(controls);
    ops.run();
    return ops.read(ops.places.y, columns);
  }

  it.each([0.001, 0.2, 0.5, 0.8, 0.99])('drops with probability %d and keeps the mean', rate => {
    const y = outputs(rate, { draw: 1 });
    const kept = y.filter(value => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - rate))]));
    const deviation = Math.sqrt((rate * (1 - rate)) / y.length);
    expect(Math.abs(1 - kept.length / y.length - rate)).toBeLessThan(4 * deviation);
    expect(Math.abs(total(y) / y.length - 1)).toBeLessThan((4 * deviation) / (1 - rate));
  });

  it('keeps everything at rate 0', () => {
    expect(outputs(0, { draw: 1 }).every(value => value === 1)).toBe(true);
  });

  it('draws anew in every step, for every seed and for every layer; the same where none changes', () => {
    const first = outputs(0.5, { draw: 1 });
    expect(outputs(0.5, { draw: 1 })).toEqual(first);
    for (const other of [
      outputs(0.5, { draw: 2 }),
      outputs(0.5, { draw: 1, seedLow: 1 }),
      outputs(0.5, { draw: 1 }, 259),
    ]) {
      // Two independent masks agree in half of their places.
      const agreeing = other.filter((value, i) => value === first[i]).length / first.length;
      expect(Math.abs(agreeing - 0.5)).toBeLessThan(0.02);
    }
  });
});
