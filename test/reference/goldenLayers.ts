/** Reads `test/fixtures/golden/layers.json`, and compares a layer with it. */
import { readFileSync } from 'node:fs';
import { dense, type Layer, Model, sequential } from '../../src/entries/node.js';
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

export function goldenLayer(name: string): GoldenLayer {
  const path = new URL('../fixtures/golden/layers.json', import.meta.url);
  const { layers }: { layers: Record<string, GoldenLayer> } = JSON.parse(readFileSync(path, 'utf8'));
  const layer = layers[name];
  if (!layer) throw new Error(`no golden layer ${name}`);
  return layer;
}

const tolerance = 1e-6;

/** What PyTorch calls them, and myelin. */
const names: Readonly<Record<string, string>> = { weight: 'gamma', bias: 'beta' };

/**
 * Checks a layer that normalises, through the public functions alone: a dense layer before it gives x, as its weight for
 * rows that are 1 in one place each, and takes dx, as that weight's gradient; a squared error has dy as its own.
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
