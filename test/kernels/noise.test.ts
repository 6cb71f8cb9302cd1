/** Alpha dropout and Gaussian noise: their distributions. Where each number comes from is tested with their layers. */
import { describe, expect, it } from 'vitest';
import { ops as table } from '../../src/plan/ops/index.js';
import { total } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';
import { normals } from '../support/noise.js';

const seed = [7, 11] as const;

describe.each(backends)('$binary', backend => {
  /** A thousand rows of normal numbers, and what they are made from. */
  function drawn(columns: number, deviation: number) {
    const rows = 1000;
    const ops = new Assembled(backend, rows, builder => {
      const [x, y] = ['x', 'y'].map(name => builder.value({ name }, { positions: 1, columns }).data) as [never, never];
      const fields = { x, y, columns, stream: 5, spread: 1, deviation };
      builder.emit(table.gaussianNoiseForward, 'test', fields);
      return { x, y };
    });
    ops.write(ops.places.x, numbers(rows * columns, 1), columns);
    ops.set({ draw: 3, seedLow: seed[0], seedHigh: seed[1] });
    ops.run();
    const x = numbers(rows * columns, 1);
    const noise = ops.read(ops.places.y, columns).map((value, i) => value - (x[i] ?? 0));
    return { noise, want: normals({ rows, columns, step: 3, stream: 5, seed }) };
  }

  it('adds numbers that are normal to float32, also far out', () => {
    const { noise, want } = drawn(47, 1);
    const farthest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(farthest).toBeGreaterThan(4);
    const worst = noise.reduce((most, value, i) => Math.max(most, Math.abs(value - (want[i] ?? 0))), 0);
    expect(worst).toBeLessThan(2e-6);
  });

  it('has mean 0, the deviation asked for, and as many far out as a normal distribution', () => {
    const { noise } = drawn(47, 0.25);
    const count = noise.length;
    expect(Math.abs(total(noise) / count)).toBeLessThan((4 * 0.25) / Math.sqrt(count));
    expect(Math.abs(Math.sqrt(total(noise.map(v => v * v)) / count) - 0.25)).toBeLessThan(0.25 * 0.013);
    const beyondTwo = noise.filter(value => Math.abs(value) > 0.5).length / count;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(4 * Math.sqrt((0.0455 * 0.9545) / count));
  });

  it.each([0.05, 0.3, 0.7])('alpha dropout with rate %d leaves mean 0 and variance 1', rate => {
    const [rows, columns] = [1000, 47];
    const floor = -1.7580993408473766;
    const keepScale = 1 / Math.sqrt((1 - rate) * (1 + rate * floor ** 2));
    const kept = -keepScale * rate * floor;
    const ops = new Assembled(backend, rows, builder => {
      const extent = { positions: 1, columns };
      const [x, y, mask] = ['x', 'y', 'mask'].map(name => builder.value({ name }, extent).data) as [
        never,
        never,
        never,
      ];
      const fields = { x, y, mask, columns, stream: 3, spread: 1, threshold: Math.floor(rate * 2 ** 32) | 0 };
      builder.emit(table.alphaDropoutForward, 'test', {
        ...fields,
        keepScale,
        kept,
        dropped: kept + keepScale * floor,
      });
      return { x, y };
    });
    ops.write(ops.places.x, Float32Array.from(normals({ rows, columns, step: 1, stream: 9, seed })), columns);
    ops.set({ draw: 1 });
    ops.run();
    const y = ops.read(ops.places.y, columns);
    const mean = total(y) / y.length;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(y.length));
    expect(Math.abs(total(y.map(value => value * value)) / y.length - 1)).toBeLessThan(0.03);
  });
});
