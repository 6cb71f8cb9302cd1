import { describe, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { activation } from '../../src/layers/activation.js';
import { activationNames, elu, gelu, leakyRelu } from '../../src/layers/activations.js';
import { dense } from '../../src/layers/dense.js';
import { dropout } from '../../src/layers/dropout.js';
import { flatten } from '../../src/layers/flatten.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { backends, pairedBackends } from '../support/binaries.js';

const settings = [leakyRelu({ slope: 0.3 }), elu({ alpha: 0.7 }), gelu({ approximate: 'tanh' })];

describe.each([...backends, ...pairedBackends])('$binary, paired: $paired', backend => {
  it('at every number of rows, inputs and outputs', () => {
    for (const n of sizes) {
      checkLayer(backend, dense(10), n, 5);
      checkLayer(backend, dense(10), 3, n);
      checkLayer(backend, dense(n), 3, 5);
    }
  });

  it('large and odd in every direction', () => {
    checkLayer(backend, dense(47, { activation: 'relu' }), 33, 129);
  });
});

describe.each(backends)('$binary', backend => {
  it.each([...activationNames, ...settings])('with %o at every number of outputs', activation => {
    for (const n of sizes) checkLayer(backend, dense(n, { activation }), 3, 5);
  });

  it.each(['relu', 'sigmoid', 'softmax', 'logSoftmax'] as const)('with %s at every number of rows', activation => {
    for (const n of sizes) checkLayer(backend, dense(10, { activation }), n, 5);
  });

  it('sigmoid with 10 outputs, whose padding would be ½ by itself', () => {
    checkNetwork(
      backend,
      sequential([10], [dense(10, { activation: 'sigmoid' }), dense(10, { activation: 'sigmoid' })]),
      4,
    );
  });

  it.each(['linear', 'relu', 'tanh'] as const)('no bias, %s', activation => {
    for (const n of [1, 10, 16, 17]) checkLayer(backend, dense(n, { activation, useBias: false }), 3, 5);
  });

  it('on the last axis of longer shapes, in whatever way they lie', () => {
    const end = dense(2);
    for (const n of [1, 3, 16, 17]) {
      checkNetwork(backend, sequential([n, 5], [dense(10, { activation: 'relu' }), dense(3)]), 5);
      checkNetwork(backend, sequential([2, 3, n], [dense(17, { activation: 'softmax' }), flatten(), end]), 3);
      checkNetwork(backend, sequential([3, n], [activation('tanh'), dense(4, { activation: 'gelu' }), end]), 9);
    }
    const layers = [dense(19, { activation: 'relu' }), dropout(0.3), activation('softmax'), flatten(), dense(5), end];
    checkNetwork(backend, sequential([7, 33], layers), 6);
  });

  it('deep and narrowing, as networks are', () => {
    const units = [33, 17, 10, 1];
    const layers = units.map(n => dense(n, { activation: n === 1 ? 'sigmoid' : 'relu' }));
    checkNetwork(backend, sequential([47], layers), 9);
  });
});
