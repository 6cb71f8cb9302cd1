import { describe, expect, it } from 'vitest';
import { together } from '../../src/plan/barriers.js';
import { fromPanels, toPanels } from '../../src/plan/panels.js';
import { TrainingBuilder } from '../../src/plan/trainingBuilder.js';
import { Program } from '../../src/runtime/program.js';
import { numbers } from '../reference/data.js';
import { backendOf } from '../support/binaries.js';

describe('a parameter', () => {
  it.each([
    { shape: [7], rows: 1, columns: 7 },
    { shape: [3, 20], rows: 3, columns: 20 },
    { shape: [2, 3, 20], rows: 6, columns: 20 },
    { shape: [5, 1, 4, 33], rows: 20, columns: 33 },
    { shape: [], rows: 1, columns: 1 },
  ])('of shape $shape has a place for every number, and its gradient too', async ({ shape, rows, columns }) => {
    const builder = new TrainingBuilder(1, { paired: false });
    const parameter = builder.parameter('first', shape);
    const after = builder.parameter('after', [1]);
    expect(parameter).toMatchObject({ rows, columns });
    const { module } = await backendOf('simd');
    const program = new Program(module, builder.finish());
    const values = numbers(rows * columns, 1);
    for (const region of [parameter.data, parameter.gradient]) {
      if (!region) throw new Error('no gradient');
      toPanels(program.floats(region), values, rows, columns);
      expect(fromPanels(program.floats(region), rows, columns)).toEqual(values);
    }
    expect(program.floats(after.data).every(value => value === 0)).toBe(true);
  });
});

it('scratch of one thread lies far from that of the next, and one alone has no more than it needs', () => {
  const scratchOf = (threads: number) => {
    const builder = new TrainingBuilder(1, { paired: false, together: together(threads) });
    const { scratch, scratchBytes } = builder.scratch(1000);
    return { all: scratch.bytes, each: scratchBytes };
  };
  expect(scratchOf(1)).toEqual({ all: 1024, each: 1024 });
  const { all, each } = scratchOf(3);
  expect(all).toBe(3 * each);
  // Some 80 KB were still too near where eight rows of a matrix of 10 KB each are fetched ahead.
  expect(each - 1000).toBeGreaterThanOrEqual(100 * 1024);
});
