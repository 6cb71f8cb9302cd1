/** softmax and its logarithm against float64: any width, and logits as far apart as float32 goes. */

import { describe, expect, it } from 'vitest';
import type { Region } from '../../src/plan/memory.js';
import { ops as table } from '../../src/plan/ops/index.js';
import { sizes } from '../checkLayer.js';
import { logSoftmax, softmax, total } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

const references = { softmax, logSoftmax };
type Name = keyof typeof references;

/** Rows of ordinary logits, of far ones, of one that towers over all, and of nothing but equals. */
function logits(columns: number): Float32Array {
  const base = numbers(columns, columns);
  const peak = base.map((value, i) => (i === columns - 1 ? 1e4 : value));
  const scales = [
    base,
    base.map(v => v * 30),
    base.map(v => v * 1e4),
    peak,
    base.map(() => -500),
    base.map(v => v * 3e38),
  ];
  return Float32Array.from(scales.flatMap(row => [...row]));
}

describe.each(backends)('$binary', backend => {
  function assemble(name: Name, columns: number, rows: number) {
    return new Assembled(backend, rows, builder => {
      const [x, y] = ['x', 'y'].map(name => builder.value({ name }, { positions: 1, columns }).data) as [
        Region,
        Region,
      ];
      const [dx, dy] = [builder.region('dx', y.bytes), builder.region('dy', y.bytes)];
      builder.emit(table[`${name}Forward`], 'test', { x, y, columns });
      builder.emit(table[`${name}Gradient`], 'test', { x, y, dx, dy, columns });
      return { x, y, dx, dy };
    });
  }

  it.each(['softmax', 'logSoftmax'] as const)('%s and its gradient at every number of columns', name => {
    for (const columns of sizes) {
      const x = logits(columns);
      const upstream = numbers(x.length, 2);
      const ops = assemble(name, columns, x.length / columns);
      ops.inspector.poison();
      for (const [region, values] of [
        [ops.places.x, x],
        [ops.places.dy, upstream],
      ] as const) {
        ops.program.floats(region).fill(0);
        ops.write(region, values, columns);
      }
      ops.run();
      const wide = Float64Array.from(x);
      const y = ops.read(ops.places.y, columns);
      const want = references[name].forward(wide, columns);
      // Logits 6e38 apart: float32 has no such difference but −Infinity.
      const finite = (values: ArrayLike<number>) => Array.from(values, value => Math.max(value, -3e38));
      expectClose(finite(y), finite(want), 2e-6);
      expectClose(
        ops.read(ops.places.dx, columns),
        references[name].backward(wide, Float64Array.from(upstream), columns),
        3e-6,
      );
      if (name === 'softmax') {
        for (let row = 0; row < x.length; row += columns) {
          expect(Math.abs(total(y.subarray(row, row + columns)) - 1)).toBeLessThan(1e-6);
        }
      }
    }
  });

  it.each(['softmax', 'logSoftmax'] as const)('%s of a row with NaN is NaN, wherever it is', name => {
    for (const columns of [1, 5, 16, 17, 33]) {
      const ops = assemble(name, columns, 2);
      for (let place = 0; place < columns; place++) {
        const x = numbers(2 * columns, 1);
        x[columns + place] = Number.NaN;
        ops.write(ops.places.x, x, columns);
        ops.program.run('ops');
        const y = ops.read(ops.places.y, columns);
        expect(y.subarray(0, columns).some(Number.isNaN)).toBe(false);
        expect(y.subarray(columns).every(Number.isNaN)).toBe(true);
      }
    }
  });
});
