import { describe, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { activation } from '../../src/layers/activation.js';
import { activationNames, elu, gelu, leakyRelu } from '../../src/layers/activations.js';
import { dense } from '../../src/layers/dense.js';
import { flatten } from '../../src/layers/flatten.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

const settings = [leakyRelu({ slope: 0.3 }), elu({ alpha: 0.7 }), gelu({ approximate: 'tanh' })];

describe.each(backends)('$binary', backend => {
  it.each([...activationNames, ...settings])('%o as a layer, wherever it stands', f => {
    for (const n of [1, 10, 16, 17, 33]) checkLayer(backend, activation(f), 3, n);
  });

  it('relu as a layer at every size, for its zeros stop the gradient elsewhere than in a dense layer', () => {
    for (const n of sizes) checkLayer(backend, activation('relu'), n, n);
  });

  it('several in a row', () => {
    const layers = [dense(10), activation('sigmoid'), activation('relu'), activation('linear'), activation('softplus')];
    checkNetwork(backend, sequential([5], [...layers, dense(3)]), 7);
  });

  it('takes samples of any shape', () => {
    checkNetwork(backend, sequential([3, 2, 3], [activation('sigmoid'), flatten(), dense(2)]), 5);
    checkNetwork(backend, sequential([3, 17], [activation('softmax'), flatten(), dense(2)]), 5);
    checkNetwork(backend, sequential([5, 3], [activation('relu'), dense(4), activation('logSoftmax')]), 5);
  });
});
