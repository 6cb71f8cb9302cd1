/** The float64 reference itself, against PyTorch's values and finite differences: what is judged by it can trust it. */
import { describe, expect, it } from 'vitest';
import * as reference from '../reference/activations.js';
import {
  differences,
  expectClose,
  type GoldenNetwork,
  goldenActivations,
  goldenLosses,
  goldenNetworks,
} from '../reference/golden.js';
import * as losses from '../reference/losses.js';
import { forward, gradients, type Layer, parameters, predict, step } from '../reference/network.js';
import { adam, adamW, type Optimizer, sgd } from '../reference/optimizers.js';

/** The files hold twelve decimals. */
const tolerance = 1e-9;

const scalars: Record<string, reference.Scalar> = {
  relu: reference.relu,
  'leakyRelu(0.01)': reference.leakyRelu(0.01),
  'elu(1)': reference.elu(1),
  selu: reference.selu,
  'gelu(erf)': reference.geluErf,
  'gelu(tanh)': reference.geluTanh,
  silu: reference.silu,
  mish: reference.mish,
  softplus: reference.softplus,
  softsign: reference.softsign,
  tanh: reference.tanh,
  sigmoid: reference.sigmoid,
  hardSigmoid: reference.hardSigmoid,
  hardSwish: reference.hardSwish,
  exponential: reference.exponential,
};

const lossesByName: Record<string, losses.Loss> = {
  meanSquaredError: losses.meanSquaredError,
  meanAbsoluteError: losses.meanAbsoluteError,
  'huber(1)': losses.huber(1),
  logCosh: losses.logCosh,
  'sparseCategoricalCrossEntropy from logits': losses.sparseCategoricalCrossEntropyFromLogits(),
  'categoricalCrossEntropy from logits, soft targets': losses.categoricalCrossEntropyFromLogits(),
  'sparseCategoricalCrossEntropy from logits, labelSmoothing 0.1': losses.sparseCategoricalCrossEntropyFromLogits(0.1),
  'binaryCrossEntropy from logits': losses.binaryCrossEntropyFromLogits,
  'binaryCrossEntropy from logits, extreme': losses.binaryCrossEntropyFromLogits,
  'hinge (targets -1/+1)': losses.hinge,
  'klDivergence (prediction = probabilities)': losses.klDivergence,
  'cosineSimilarity (1 - cos)': losses.cosineSimilarity,
};

const optimizers: Record<string, () => Optimizer> = {
  'sgd(0.1)': () => sgd({ learningRate: 0.1 }),
  'sgd(0.1, momentum 0.9)': () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  'sgd(0.1, momentum 0.9, nesterov)': () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  'sgd(0.1, weightDecay 0.01)': () => sgd({ learningRate: 0.1, weightDecay: 0.01 }),
  'adam(0.01)': () => adam({ learningRate: 0.01 }),
  'adamW(0.01, weightDecay 0.1)': () => adamW({ learningRate: 0.01, weightDecay: 0.1 }),
};

const hiddenActivations = {
  ReLU: reference.relu,
  Tanh: reference.tanh,
  GELU: reference.geluErf,
  Sigmoid: reference.sigmoid,
  Softplus: reference.softplus,
};

const networkLosses = {
  ce: losses.sparseCategoricalCrossEntropyFromLogits(),
  bce: losses.binaryCrossEntropyFromLogits,
  mse: losses.meanSquaredError,
};

function layersOf(network: GoldenNetwork): Layer[] {
  return network.parameters.map((layer, i) => ({
    ...layer,
    weight: layer.weight.slice(),
    bias: layer.bias.slice(),
    activation: reference.elementwise(
      i + 1 === network.parameters.length ? reference.linear : hiddenActivations[network.activation],
    ),
  }));
}

/** d f / d values by central differences. */
function slopes(f: () => number, values: Float64Array): Float64Array {
  const h = 1e-6;
  return values.map((value, i) => {
    values[i] = value + h;
    const above = f();
    values[i] = value - h;
    const below = f();
    values[i] = value;
    return (above - below) / (2 * h);
  });
}

describe('activations', () => {
  const golden = goldenActivations();

  it('covers every golden activation', () => {
    expect(Object.keys(scalars)).toEqual(Object.keys(golden.activations));
  });

  it.each(Object.entries(golden.activations))('%s: value and derivative', (name, { y, dydx }) => {
    const f = scalars[name] ?? reference.linear;
    expectClose(
      golden.x.map(x => f.value(x)),
      y,
      tolerance,
      'value',
    );
    expectClose(
      golden.x.map(x => f.derivative(x)),
      dydx,
      // PyTorch rounds the slope 1/6 of hardSigmoid to float32.
      name === 'hardSigmoid' ? 1e-8 : tolerance,
      'derivative',
    );
  });

  it.each(Object.entries(golden.rows))('%s: value and backward', (name, { x, dy, y, dx }) => {
    const f = name === 'softmax' ? reference.softmax : reference.logSoftmax;
    const input = Float64Array.from(x.data);
    expectClose(f.forward(input, 7), y.data, tolerance, 'value');
    expectClose(f.backward(input, Float64Array.from(dy.data), 7), dx.data, tolerance, 'backward');
  });

  it('has the error function of the tables', () => {
    // Abramowitz and Stegun, table 7.1.
    expectClose(
      [reference.erf(0.5), reference.erf(1), reference.erf(2)],
      [0.5204998778, 0.8427007929, 0.995322265],
      1e-10,
    );
  });
});

describe('losses', () => {
  const golden = goldenLosses();

  it('covers every golden loss but the one with class weights, which are not offered', () => {
    expect(Object.keys(golden).filter(name => !name.includes('class weights'))).toEqual(Object.keys(lossesByName));
  });

  it.each(Object.entries(lossesByName))('%s: value and gradient', (name, loss) => {
    const entry = golden[name];
    if (entry === undefined) throw new Error(`no golden loss ${name}`);
    const got = loss(Float64Array.from(entry.prediction.data), Float64Array.from(entry.target.data), 5);
    expectClose([got.value], [entry.value], tolerance, 'value');
    expectClose(got.gradient, entry.dPrediction.data, tolerance, 'gradient');
  });

  const probabilities = Float64Array.from([0.7, 0.2, 0.1, 0.25, 0.3, 0.45]);
  const targets: [string, losses.Loss, number[]][] = [
    ['binaryCrossEntropy', losses.binaryCrossEntropy, [1, 0, 0.3, 0, 1, 1]],
    ['categoricalCrossEntropy', losses.categoricalCrossEntropy(), [0.2, 0.3, 0.5, 0, 1, 0]],
    ['categoricalCrossEntropy, smoothed', losses.categoricalCrossEntropy(0.2), [0.2, 0.3, 0.5, 0, 1, 0]],
    ['sparseCategoricalCrossEntropy', losses.sparseCategoricalCrossEntropy(), [2, 0]],
    ['huber(0.3)', losses.huber(0.3), [1, 0, 0.3, 0, 0.5, 1]],
    ['categoricalCrossEntropy from logits', losses.categoricalCrossEntropyFromLogits(0.1), [0.2, 0.3, 0.4, 0, 1, 0]],
  ];
  it.each(targets)('%s: gradient by finite differences', (_, loss, target) => {
    const t = Float64Array.from(target);
    const found = slopes(() => loss(probabilities, t, 3).value, probabilities);
    expectClose(loss(probabilities, t, 3).gradient, found, 1e-7);
  });

  it('cross-entropies of probabilities are those of the logits behind them', () => {
    const logits = Float64Array.from([1.5, -0.3, 0.2, -2, 0.1, 3]);
    const classes = Float64Array.from([2, 0]);
    expectClose(
      [losses.sparseCategoricalCrossEntropy(0.1)(reference.softmax.forward(logits, 3), classes, 3).value],
      [losses.sparseCategoricalCrossEntropyFromLogits(0.1)(logits, classes, 3).value],
      1e-12,
    );
    const bits = Float64Array.from([1, 0, 0, 1, 0.5, 1]);
    expectClose(
      [losses.binaryCrossEntropy(logits.map(reference.sigmoid.value), bits, 3).value],
      [losses.binaryCrossEntropyFromLogits(logits, bits, 3).value],
      1e-12,
    );
  });
});

describe.each(goldenNetworks().map(network => [network.name, network] as const))('%s', (_, network) => {
  const loss = networkLosses[network.loss];
  const x = Float64Array.from(network.x.data);
  const y = Float64Array.from(network.y.data);

  it('output, cost and gradients', () => {
    const layers = layersOf(network);
    expectClose(predict(layers, x), network.output.data, tolerance, 'output');
    expect(forward(layers, x).length).toBe(layers.length);
    const found = gradients(layers, x, y, loss);
    expectClose([found.cost], [network.cost], tolerance, 'cost');
    const want = network.gradients.flatMap(layer => [layer.weight, layer.bias]);
    found.gradients.forEach((g, i) => {
      expectClose(g, want[i] ?? [], tolerance, `gradient ${i}`);
    });
  });

  it('gradients by finite differences', () => {
    const layers = layersOf(network);
    const found = gradients(layers, x, y, loss).gradients;
    const wrong = parameters(layers).flatMap((values, i) =>
      differences(
        found[i] ?? [],
        slopes(() => loss(predict(layers, x), y, network.sizes.at(-1) ?? 1).value, values),
        1e-6,
      ),
    );
    expect(wrong).toEqual([]);
  });

  it.each(Object.keys(optimizers).filter(name => name in network.training))('ten steps of %s', name => {
    const run = network.training[name];
    const optimizer = optimizers[name]?.();
    if (run === undefined || optimizer === undefined) throw new Error(`no golden run ${name}`);
    const layers = layersOf(network);
    const costs = Array.from({ length: 10 }, () => step(layers, x, y, loss, optimizer));
    expectClose(costs, run.costBeforeEachStep, tolerance, 'costs');
    run.parametersAfter10Steps.forEach((layer, i) => {
      expectClose(layers[i]?.weight ?? [], layer.weight, tolerance, `weight ${i}`);
      expectClose(layers[i]?.bias ?? [], layer.bias, tolerance, `bias ${i}`);
    });
  });
});
