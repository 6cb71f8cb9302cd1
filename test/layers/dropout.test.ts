import { describe, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { dense } from '../../src/layers/dense.js';
import { dropout } from '../../src/layers/dropout.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of columns', () => {
    for (const n of sizes) checkLayer(backend, dropout(0.4), 3, n);
  });

  it('at every number of rows', () => {
    for (const n of sizes) checkLayer(backend, dropout(0.4), n, 10);
  });

  it.each([0, 0.1, 0.5, 0.9, 0.999])('with rate %d', rate => checkLayer(backend, dropout(rate), 5, 33));

  it('behind rectifiers and before them, each layer with noise of its own', () => {
    const layers = [17, 10].flatMap(n => [dense(n, { activation: 'relu' }), dropout(0.5)]);
    checkNetwork(backend, sequential([5], [dropout(0.2), ...layers, dense(3, { activation: 'softmax' })]), 6);
  });
});
