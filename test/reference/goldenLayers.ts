/** Reads `layers.json` and `layers2.json` of `test/fixtures/golden`, and compares a layer with them. */
import { readFileSync } from 'node:fs';
import { batchNormalization, dense, type Layer, Model, sequential, sgd } from '../../src/entries/node.js';
import { at } from './activations.js';
import { expectClose, type Matrix } from './golden.js';

/** A layer with a batch through it and back. */
export interface GoldenLayer {
  readonly x: Matrix;
  readonly dy: Matrix;
  readonly y: Matrix;
  readonly dx: Matrix;
  readonly parameters: Readonly<Record<string, Matrix>>;
  readonly gradients: Readonly<Record<string, Matrix>>;
  readonly runningMean?: Matrix;
  readonly runningVar?: Matrix;
}

type GoldenLayers = Readonly<Record<string, GoldenLayer>>;
const [first, second] = ['layers.json', 'layers2.json'].map((name): GoldenLayers => {
  return JSON.parse(readFileSync(new URL(`../fixtures/golden/${name}`, import.meta.url), 'utf8')).layers;
});

export function goldenLayer(name: string): GoldenLayer {
  const layer = first?.[name] ?? second?.[name];
  if (!layer) throw new Error(`no golden layer ${name}`);
  return layer;
}

const tolerance = 1e-6;

/** What PyTorch calls them, and myelin. */
const names: Readonly<Record<string, string>> = { weight: 'gamma', bias: 'beta' };

/**
 * Checks a layer that normalises, through the public functions alone: a dense layer before it gives x, as its weight
 * for rows that are 1 in one place each, and takes dx, as that weight's gradient; a squared error has dy as its own.
 */
export async function checkGoldenLayer(golden: GoldenLayer, layer: Layer): Promise<void> {
  const [rows, columns] = [at(golden.x.shape, 0), at(golden.x.shape, 1)];
  const front = dense(columns, { name: 'front', useBias: false });
  const model = await Model.create(sequential([rows], [front, layer]));
  const own = Object.entries(golden.parameters).map(([name, { data }]) => [`1.${layer.kind}.${names[name]}`, data]);
  model.setParameters({ 'front.weight': golden.x.data, ...Object.fromEntries(own) });
  const x = Float32Array.from({ length: rows * rows }, (_, i) => Number(i % rows === Math.floor(i / rows)));
  expectClose(model.predict(x), golden.y.data, tolerance, 'y');
  const targets = golden.y.data.map((value, i) => value - (at(golden.dy.data, i) * rows * columns) / 2);
  const { gradients } = model.gradients(x, Float32Array.from(targets), { loss: 'meanSquaredError' });
  expectClose(gradients['front.weight'] ?? [], golden.dx.data, tolerance, 'dx');
  for (const [name, { data }] of Object.entries(golden.gradients)) {
    expectClose(gradients[`1.${layer.kind}.${names[name]}`] ?? [], data, tolerance, name);
  }
}

/**
 * Checks one training step of batch normalisation: its cost, every gradient by what plain gradient descent does, and
 * its state.
 */
export async function checkGoldenBatch(golden: GoldenLayer): Promise<void> {
  const [rows, columns] = [at(golden.x.shape, 0), at(golden.x.shape, 1)];
  const layers = [dense(columns, { useBias: false }), batchNormalization({ epsilon: 1e-5, momentum: 0.9 })];
  const model = await Model.create(sequential([rows], layers));
  const [front, name] = ['0.dense.weight', '1.batchNormalization'];
  const before = {
    [front]: golden.x.data,
    [`${name}.gamma`]: golden.parameters.weight?.data ?? [],
    [`${name}.beta`]: golden.parameters.bias?.data ?? [],
  };
  model.setParameters(before);
  const x = Float32Array.from({ length: rows * rows }, (_, i) => Number(i % rows === Math.floor(i / rows)));
  const targets = golden.y.data.map((value, i) => value - (at(golden.dy.data, i) * rows * columns) / 2);
  const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1 }) });
  const cost = trainer.stepSync(x, Float32Array.from(targets));
  const want = golden.dy.data.reduce((sum, value) => sum + (value * rows * columns) ** 2 / 4, 0) / (rows * columns);
  expectClose([cost], [want], tolerance, 'cost');
  const after = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
  const moved = (name: string) => (before[name] ?? []).map((value, i) => value - at(after[name] ?? [], i));
  expectClose(moved(front), golden.dx.data, tolerance, 'dx');
  expectClose(moved(`${name}.gamma`), golden.gradients.weight?.data ?? [], tolerance, 'dgamma');
  expectClose(moved(`${name}.beta`), golden.gradients.bias?.data ?? [], tolerance, 'dbeta');
  expectClose(after[`${name}.movingMean`] ?? [], golden.runningMean?.data ?? [], tolerance, 'moving mean');
  // PyTorch's is unbiased, and began at 1.
  const unbiased = (after[`${name}.movingVariance`] ?? new Float32Array()).map(
    v => 0.9 + ((v - 0.9) * rows) / (rows - 1),
  );
  expectClose(unbiased, golden.runningVar?.data ?? [], tolerance, 'moving variance');
}
