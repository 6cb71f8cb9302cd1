import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { alphaDropout, dense } from '../../src/entries/node.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of columns', () => {
    for (const n of sizes) checkLayer(backend, alphaDropout(0.4), 3, n);
  });

  it('at every number of rows', () => {
    for (const n of sizes) checkLayer(backend, alphaDropout(0.4), n, 10);
  });

  it.each([0, 0.1, 0.5, 0.9])('with rate %d', rate => checkLayer(backend, alphaDropout(rate), 5, 33));

  it('in a network that normalises itself', () => {
    const layers = [17, 10].flatMap(n => [
      dense(n, { activation: 'selu', weightInitializer: 'lecunNormal' }),
      alphaDropout(0.2),
    ]);
    checkNetwork(backend, sequential([5], [...layers, dense(3, { activation: 'softmax' })]), 6);
  });
});

it('refuses rates that are none', () => {
  for (const rate of [-0.1, 1, Number.NaN]) expect(() => alphaDropout(rate)).toThrow(RangeError);
});
