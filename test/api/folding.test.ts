/** Batch normalisations that predictions fold into the weights before them: what is predicted stays what it was. */
import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import {
  type Architecture,
  activation,
  add,
  batchNormalization,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAveragePool2d,
  graph,
  type Layer,
  Model,
  separableConv2d,
  sgd,
  shared,
} from '../../src/entries/node.js';
import { Model as Predictor } from '../../src/entries/predict.node.js';
import { planPrediction } from '../../src/network.js';
import { opName } from '../../src/plan/ops/op.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const same = { padding: 'same' } as const;
const relu = activation('relu');
const end = [flatten(), dense(2)];

/** Parameters of any size, variances above 0. */
async function modelOf(architecture: Architecture, seed = 1): Promise<Model> {
  const model = await Model.create(architecture, { seed });
  const values = model.parameters.map(({ name, data }, i) => {
    const own = numbers(data.length, seed + i);
    return [name, name.endsWith('Variance') ? own.map(value => Math.abs(value) + 0.01) : own] as const;
  });
  model.setParameters(Object.fromEntries(values));
  return model;
}

/** What the layers give one after the other, none of them folded. */
const unfolded = (model: Model, x: Float32Array) => model.forward(x).layers.at(-1)?.data ?? new Float32Array();

/** Normalisations that are left in a plan that predicts. */
function left(architecture: Architecture): number {
  const { plan } = planPrediction(architecture, 4, false, 'float32', { folds: true });
  return plan.records.filter(({ op }) => opName(op) === 'columnNormForward').length;
}

const before: Readonly<Record<string, readonly [shape: number[], layer: Layer]>> = {
  dense: [[5], dense(17)],
  conv2d: [[6, 5, 3], conv2d(18, 3, { useBias: false })],
  'conv2d in groups': [[6, 5, 4], conv2d(6, 3, { groups: 2 })],
  conv1d: [[9, 2], conv1d(5, 3, { padding: 'causal' })],
  'a kernel of one': [[4, 3, 5], conv2d(7, 1)],
  depthwiseConv2d: [[5, 5, 3], depthwiseConv2d(3, { ...same, depthMultiplier: 2 })],
  separableConv2d: [[5, 5, 3], separableConv2d(9, 3, same)],
};
const norms = {
  'batchNormalization()': batchNormalization(),
  'without beta': batchNormalization({ center: false, epsilon: 0.1 }),
  'without gamma': batchNormalization({ scale: false }),
};

describe.each(Object.entries(before))('behind %s', (_, [shape, layer]) => {
  it.each(Object.entries(norms))('%s', async (_, norm) => {
    for (const behind of [[], [relu], [activation('tanh')]]) {
      const architecture = sequential(shape, [layer, norm, ...behind, ...end]);
      expect(left(architecture)).toBe(0);
      const model = await modelOf(architecture);
      const x = numbers(7 * shape.reduce((a, b) => a * b), 5);
      expectClose(model.predict(x), unfolded(model, x), 1e-5);
      expect(model.forward(x).output).toEqual(model.predict(x));
      expect(await model.predictAsync(x)).toEqual(model.predict(x));
      const alone = await Predictor.fromBytes(model.toBytes());
      const same = await Model.fromBytes(model.toBytes(), { deterministic: true });
      expectClose(alone.predict(x), model.predict(x), 1e-5);
      expect(same.predict(x)).toEqual(unfolded(same, x));
    }
  });
});

it('folds in a residual network, and leaves what others see or what is behind something else', async () => {
  const step = (x: Parameters<typeof add>[0]) => x.to(conv2d(6, 3, same)).to(batchNormalization());
  const residual = graph([4, 4, 2], x => {
    const first = step(x).to(relu);
    return add(first, step(step(first).to(relu)))
      .to(relu)
      .to(globalAveragePool2d())
      .to(dense(3, { activation: 'softmax' }));
  });
  expect(left(residual)).toBe(0);
  const model = await modelOf(residual);
  const x = numbers(32 * 9, 2);
  expectClose(model.predict(x), unfolded(model, x), 1e-5);
  expect(left(sequential([4], [dense(3, { activation: 'relu' }), batchNormalization(), dense(2)]))).toBe(1);
  expect(left(sequential([4], [batchNormalization(), dense(2), flatten(), batchNormalization()]))).toBe(2);
  // An output itself, and one that two nodes read.
  const seen = graph(4, x => {
    const a = x.to(dense(3));
    const b = x.to(dense(3));
    return { a, b: add(b, b.to(batchNormalization())), c: a.to(batchNormalization()) };
  });
  expect(left(seen)).toBe(2);
});

it('folds shared layers at each of their places by its own numbers', async () => {
  const weights = shared(dense(3));
  const architecture = graph(3, x => {
    const once = x.to(weights).to(batchNormalization());
    return once.to(weights).to(batchNormalization()).to(relu);
  });
  expect(left(architecture)).toBe(0);
  const model = await modelOf(architecture);
  expectClose(model.predict(numbers(30, 3)), unfolded(model, numbers(30, 3)), 1e-5);
});

describe('is right when parameters change', () => {
  const architecture = sequential([4], [dense(5), batchNormalization({ momentum: 0.5 }), relu, dense(2)]);
  const x = numbers(40, 3);
  const data = { x, y: numbers(20, 4) };
  const options = { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.05 }), batchSize: 5 } as const;

  /** That predictions are those of the layers, and that they changed. */
  async function check(model: Model, earlier: Float32Array): Promise<Float32Array> {
    const now = model.predict(x);
    expectClose(now, unfolded(model, x), 1e-5);
    expect(now).not.toEqual(earlier);
    expect(await model.predictAsync(x)).toEqual(now);
    return now;
  }

  it('by a fit, a trainer, or hand', async () => {
    const model = await modelOf(architecture);
    let now = await check(model, x);
    await model.fit(data, { ...options, epochs: 2 });
    now = await check(model, now);
    const trainer = await model.trainer(options);
    trainer.stepSync(x.subarray(0, 20), data.y.subarray(0, 10));
    now = await check(model, now);
    model.setParameters({ '1.batchNormalization.movingVariance': new Float32Array(5).fill(2) });
    now = await check(model, now);
    model.setParameters({ '0.dense.bias': new Float32Array(5).fill(0.5) });
    await check(model, now);
  });

  it('while requests wait that were made before', async () => {
    const model = await modelOf(architecture);
    const many = numbers(4 * 5000, 5);
    const want = model.predict(many);
    const asked = [1, 'auto' as const].map(threads => model.predictAsync(many, { threads }));
    model.setParameters({ '1.batchNormalization.beta': new Float32Array(5).fill(3) });
    expect(model.predict(many)).not.toEqual(want);
    for (const answer of asked) expect(await answer).toEqual(want);
  });

  it.each(['int8', 'float16'] as const)('to %s, which is not folded', async weights => {
    const model = await modelOf(architecture);
    const quantized = await model.quantize({ weights });
    expectClose(quantized.predict(x), unfolded(quantized, x), 1e-6);
    expectClose(quantized.predict(x), model.predict(x), 0.05);
  });
});
