/** Penalties, constraints and rates of every kind of layer that has weights. */
import { describe, expect, it } from 'vitest';
import {
  Architecture,
  adam,
  adamW,
  batchNormalization,
  bidirectional,
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv1d,
  depthwiseConv2d,
  embedding,
  embeddingBag,
  flatten,
  gru,
  type Layer,
  l1l2,
  l2,
  layerNormalization,
  lstm,
  Model,
  maxNorm,
  multiHeadAttention,
  nonNegative,
  positionEmbedding,
  separableConv1d,
  separableConv2d,
  sequential,
  sgd,
  simpleRnn,
} from '../../src/entries/node.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const sides = { weightRegularizer: l1l2(0.02, 0.03), biasRegularizer: l2(0.05) } as const;
const weights = { weightRegularizer: sides.weightRegularizer } as const;
type Asked = { weightRegularizer?: typeof sides.weightRegularizer; weightConstraint?: ReturnType<typeof maxNorm> };

const [image, steps] = [
  [4, 4, 2],
  [4, 3],
] as const;
/** A layer that takes what it is asked for, the shape of its samples, and what penalties it is asked for. */
const kinds: Record<string, [(asked: Asked) => Layer, readonly number[], object?]> = {
  dense: [asked => dense(3, asked), [5]],
  conv2d: [asked => conv2d(3, 2, asked), image],
  'conv2d in groups': [asked => conv2d(4, 2, { groups: 2, ...asked }), image],
  conv1d: [asked => conv1d(3, 2, asked), steps],
  depthwiseConv2d: [asked => depthwiseConv2d(2, { depthMultiplier: 3, ...asked }), image],
  depthwiseConv1d: [asked => depthwiseConv1d(2, asked), steps],
  separableConv2d: [asked => separableConv2d(3, 2, asked), image],
  separableConv1d: [asked => separableConv1d(3, 2, asked), steps],
  conv2dTranspose: [asked => conv2dTranspose(3, 2, asked), image],
  simpleRnn: [asked => simpleRnn(3, asked), steps],
  lstm: [asked => lstm(3, asked), steps],
  gru: [asked => gru(3, asked), steps],
  bidirectional: [asked => bidirectional(gru(3, asked)), steps],
  multiHeadAttention: [asked => multiHeadAttention(2, 3, asked), steps],
  positionEmbedding: [asked => positionEmbedding(4, asked), steps, weights],
  embedding: [asked => embedding(20, 3, asked), [4], weights],
  embeddingBag: [asked => embeddingBag(20, 3, asked), [4], weights],
};

const loss = 'meanSquaredError';
const rows = 3;

async function start(kind: string, asked: Asked) {
  const [make, shape] = kinds[kind] ?? [() => dense(1), [1]];
  const layers = [make(asked), ...(make(asked).kind === 'embeddingBag' ? [] : [flatten()]), dense(2)];
  const model = await Model.create(sequential([...shape], layers), { seed: 3 });
  const x = numbers(rows * shape.reduce((a, b) => a * b), 1);
  const samples = /^embedding/.test(kind) ? x.map(value => Math.floor(Math.abs(value) * 1e3) % 20) : x;
  return { model, x: samples, y: numbers(2 * rows, 2) };
}

/** The weights of each unit of a parameter, by the axis that its units are on. */
function unitsOf(kind: string, { shape, data }: { shape: readonly number[]; data: Float32Array }): number[][] {
  const last = shape.at(-1) ?? 1;
  const isRow = kind === 'conv2dTranspose';
  const perTap = /^depthwise|^separable/.test(kind) && shape.length > 2 ? (shape.at(-2) ?? 1) * last : last;
  const units = isRow ? (shape[2] ?? 1) : perTap;
  const found = Array.from({ length: units }, (): number[] => []);
  data.forEach((value, i) => {
    found[isRow ? Math.floor(i / last) % units : i % units]?.push(value);
  });
  return found;
}

describe.each(Object.keys(kinds))('%s', kind => {
  const penalties = kinds[kind]?.[2] ?? sides;

  it('has its penalties in the cost and gradient of training', async () => {
    const [plain, held] = [await start(kind, {}), await start(kind, penalties)];
    const begun = plain.model.parameters.map(({ name, data }, i) => [name, numbers(data.length, 10 + i)] as const);
    for (const { model } of [plain, held]) model.setParameters(Object.fromEntries(begun));
    const options = { loss, training: true } as const;
    const without = plain.model.gradients(plain.x, plain.y, options);
    const found = held.model.gradients(held.x, held.y, options);
    let penalty = 0;
    for (const [name, data] of begun) {
      const own = name.startsWith('0.');
      const isWeight = own && /weight$/i.test(name);
      const isBias = own && /bias$/i.test(name) && 'biasRegularizer' in penalties;
      const [a, b] = isWeight ? [0.02, 0.03] : isBias ? [0, 0.05] : [0, 0];
      const slope = Array.from(data, (w, i) => (without.gradients[name]?.[i] ?? 0) + a * Math.sign(w) + 2 * b * w);
      expectClose(found.gradients[name] ?? [], slope, 1e-5, name);
      penalty += data.reduce((sum, w) => sum + a * Math.abs(w) + b * w * w, 0);
    }
    expectClose([found.cost], [without.cost + penalty], 1e-5, 'cost');
  });

  it('keeps its units within a norm', async () => {
    const { model, x, y } = await start(kind, { weightConstraint: maxNorm(0.4) });
    const begun = model.parameters.map(({ name, data }, i) => [name, numbers(data.length, 10 + i)] as const);
    model.setParameters(Object.fromEntries(begun));
    const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 1e-3 }) });
    trainer.stepSync(x, y);
    for (const parameter of model.parameters) {
      if (!/^0\..*weight$/i.test(parameter.name)) continue;
      const norms = unitsOf(kind, parameter).map(unit => Math.hypot(...unit));
      expect(Math.max(...norms), parameter.name).toBeLessThan(0.4 + 1e-6);
      expect(Math.max(...norms), parameter.name).toBeGreaterThan(0.4 - 1e-6);
    }
  });

  it('is plain data', () => {
    const [make, shape] = kinds[kind] ?? [() => dense(1), [1]];
    const architecture = sequential([...shape], [make({ ...weights, weightConstraint: maxNorm(2) })]);
    expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
  });
});

it('holds no weight of a transposed convolution below 0', async () => {
  const layers = [conv2dTranspose(3, 2, { weightConstraint: nonNegative() })];
  const model = await Model.create(sequential([...image], layers), { seed: 1 });
  await model.fit({ x: numbers(32, 1), y: numbers(75, 2) }, { loss, optimizer: sgd() });
  expect(Math.min(...(model.parameters[0]?.data ?? [-1]))).toBe(0);
});

describe('rates and decay', () => {
  const data = { x: numbers(5 * 4, 1), y: numbers(5 * 2, 2) };
  const middle = [layerNormalization({ learningRateFactor: 0 }), batchNormalization()];
  const layers = (factor: number) => [dense(3, { learningRateFactor: factor }), ...middle, dense(2)];
  const moved = async (factor: number, optimizer: Parameters<Model['fit']>[1]['optimizer']) => {
    const model = await Model.create(sequential(4, layers(factor)), { seed: 2 });
    const names = model.parameters.filter(({ trainable }) => trainable);
    model.setParameters(Object.fromEntries(names.map(({ name, data }, i) => [name, numbers(data.length, 5 + i)])));
    const before = model.parameters;
    await model.fit(data, { loss, optimizer });
    return Object.fromEntries(
      model.parameters.map(({ name, data }, i) => [name, data.map((w, k) => w - (before[i]?.data[k] ?? 0))]),
    );
  };

  it('multiplies the rate of a layer’s parameters by its factor', async () => {
    for (const optimizer of [sgd({ learningRate: 1e-3 }), adam({ learningRate: 1e-3 })]) {
      const [once, twice] = [await moved(1, optimizer), await moved(2, optimizer)];
      for (const name of ['0.dense.weight', '0.dense.bias']) {
        expectClose(twice[name] ?? [], once[name]?.map(step => 2 * step) ?? [], 1e-6, name);
      }
      expect(twice['3.dense.weight']).toEqual(once['3.dense.weight']);
      expect(Math.max(...(twice['1.layerNormalization.gamma'] ?? [1]).map(Math.abs))).toBe(0);
    }
  });

  it('decays every parameter, or leaves biases and norms out', async () => {
    const settings = { learningRate: 0.01, weightDecay: 0.5 } as const;
    for (const of of [adamW, sgd]) {
      const none = await moved(1, of({ ...settings, weightDecay: 0 }));
      const all = await moved(1, of(settings));
      const some = await moved(1, of({ ...settings, decayBiasesAndNorms: false }));
      for (const name of Object.keys(all).filter(each => !/moving|layerNorm/.test(each))) {
        expect(all[name], name).not.toEqual(none[name]);
        expect(some[name], name).toEqual((/weight$/.test(name) ? all : none)[name]);
      }
    }
  });

  it('takes no factor that is no rate', () => {
    expect(() => dense(2, { learningRateFactor: -1 })).toThrow(/dense\(2\): learningRateFactor: .*>= 0.*-1/);
    expect(JSON.stringify(dense(2, { learningRateFactor: 1 }))).not.toContain('learningRateFactor');
    const layer = bidirectional(lstm(2, { learningRateFactor: 3 }));
    expect([layer.learningRateFactor, layer.layer.learningRateFactor]).toEqual([3, undefined]);
  });
});
