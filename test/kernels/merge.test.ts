/** What makes one value of several, and adds up the gradients of one that several read, against plain arithmetic. */
import { describe, expect, it } from 'vitest';
import { ops as table } from '../../src/plan/ops/index.js';
import { sizes } from '../checkLayer.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('adds a further share of a gradient', () => {
    for (const columns of sizes) {
      for (const positions of [1, 3]) {
        const ops = new Assembled(backend, 3, builder => {
          const x = builder.value({ name: 'x' }, { positions, columns });
          const [dx, further] = [builder.gradientOf(x), builder.gradientOf(x, 'further ')];
          builder.emit(table.accumulate, 'test', { dx, further, columns }, positions);
          return { dx, further };
        });
        const count = 3 * positions * columns;
        const [a, b] = [numbers(count, 1), numbers(count, 2)];
        ops.write(ops.places.dx, a, columns);
        ops.write(ops.places.further, b, columns);
        ops.run();
        const want = a.map((value, i) => value + at(b, i));
        expect(ops.read(ops.places.dx, columns, 3 * positions)).toEqual(want);
      }
    }
  });
});
