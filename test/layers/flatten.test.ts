import { describe, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { dense } from '../../src/layers/dense.js';
import { flatten } from '../../src/layers/flatten.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every size', () => {
    for (const n of sizes) checkLayer(backend, flatten(), 3, n);
  });

  it.each([[[7]], [[3, 5]], [[2, 3, 4]], [[1, 1]]])('turns [rows, %j] into features', shape => {
    checkNetwork(backend, sequential(shape, [flatten(), dense(10, { activation: 'sigmoid' }), flatten(), dense(2)]), 4);
  });
});
