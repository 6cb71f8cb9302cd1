/** Every activation against PyTorch's float64 values, through the public API alone. */
import { describe, expect, it } from 'vitest';
import { activation, dense, elu, gelu, leakyRelu, Model, sequential } from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { expectClose, goldenActivations } from '../reference/golden.js';

const golden = goldenActivations();
const n = golden.x.length;
const tolerance = 1e-6;

const offered = {
  relu: 'relu',
  'leakyRelu(0.01)': leakyRelu({ slope: 0.01 }),
  'elu(1)': elu({ alpha: 1 }),
  selu: 'selu',
  'gelu(erf)': 'gelu',
  'gelu(tanh)': gelu({ approximate: 'tanh' }),
  silu: 'silu',
  mish: 'mish',
  softplus: 'softplus',
  softsign: 'softsign',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  hardSigmoid: 'hardSigmoid',
  hardSwish: 'hardSwish',
  exponential: 'exponential',
} as const;

/**
 * Far below every value, so that the derivative of the mean absolute error by each of m outputs is exactly 1/m,
 * whatever the outputs are.
 */
const farBelow = (m: number) => new Float32Array(m).fill(-1e6);

it('covers every golden activation', () => {
  expect(Object.keys(offered)).toEqual(Object.keys(golden.activations));
});

describe.each(Object.entries(offered))('%s', (name, f) => {
  const { y, dydx } = golden.activations[name] ?? { y: [], dydx: [] };
  const x = Float32Array.from(golden.x);

  it('values in one wide row', async () => {
    const model = await Model.create(sequential([n], [activation(f)]));
    expectClose(model.predict(x), y, tolerance);
  });

  it('values in many narrow rows', async () => {
    const model = await Model.create(sequential([1], [activation(f)]));
    expectClose(model.predict(x), y, tolerance);
  });

  // The bias holds the grid and the weights are 0, so that d cost / d bias = f'(x) / n.
  const nets = {
    'as an option of dense': sequential([1], [dense(n, { activation: f })]),
    'as a layer': sequential([1], [dense(n), activation(f)]),
  };
  it.each(Object.entries(nets))('derivatives %s', async (_, architecture) => {
    const model = await Model.create(architecture);
    model.setParameters({ '0.dense.weight': new Float32Array(n), '0.dense.bias': x });
    const { gradients } = model.gradients([[1]], farBelow(n), { loss: 'meanAbsoluteError' });
    const bias = gradients['0.dense.bias'] ?? new Float32Array();
    expectClose(
      Float64Array.from(bias, g => g * n),
      dydx,
      tolerance,
      'bias',
    );
    expect(gradients['0.dense.weight'], 'the input is 1, so both gradients are the same').toEqual(bias);
  });
});

it('gelu is the exact form and leakyRelu and elu have their documented defaults', async () => {
  const same = [
    ['gelu', gelu({ approximate: 'none' })],
    ['leakyRelu', leakyRelu({ slope: 0.01 })],
    ['elu', elu({ alpha: 1 })],
    [gelu(), 'gelu'],
    [leakyRelu(), 'leakyRelu'],
    [elu(), 'elu'],
  ] as const;
  for (const [one, other] of same) {
    const [a, b] = await Promise.all([one, other].map(f => Model.create(sequential([n], [activation(f)]))));
    const x = Float32Array.from(golden.x);
    expect(a?.predict(x)).toEqual(b?.predict(x));
  }
});

it('linear gives and hands back what it gets', async () => {
  const model = await Model.create(sequential([n], [activation('linear')]));
  expect(model.predict(Float32Array.from(golden.x))).toEqual(Float32Array.from(golden.x));
});

describe.each(['softmax', 'logSoftmax'] as const)('%s', name => {
  const { x, dy, y, dx } = golden.rows[name];
  const [rows, columns] = [at(x.shape, 0), at(x.shape, 1)];
  const row = (data: number[], r: number) => data.slice(r * columns, (r + 1) * columns);

  it('values', async () => {
    const model = await Model.create(sequential([columns], [activation(name)]));
    expectClose(model.predict(Float32Array.from(x.data)), y.data, tolerance);
  });

  // One row at a time: its x is a bias, and the weights of a last unit are its dy; the cost's own derivative is 1.
  const nets = {
    'as an option of dense': sequential([1], [dense(columns, { activation: name }), dense(1)]),
    'as a layer': sequential([1], [dense(columns), activation(name), dense(1)]),
  };
  it.each(Object.entries(nets))('backward %s', async (_, architecture) => {
    const model = await Model.create(architecture);
    const last = model.parameters.map(p => p.name).filter(p => p.endsWith('.weight'))[1] ?? '';
    for (let r = 0; r < rows; r++) {
      model.setParameters({
        '0.dense.weight': new Float32Array(columns),
        '0.dense.bias': row(x.data, r),
        [last]: row(dy.data, r),
      });
      const { gradients } = model.gradients([[0]], farBelow(1), { loss: 'meanAbsoluteError' });
      expectClose(gradients['0.dense.bias'] ?? [], row(dx.data, r), tolerance, `row ${r}`);
      expectClose(gradients[last] ?? [], row(y.data, r), tolerance, `row ${r}, weights of the last unit`);
    }
  });
});
