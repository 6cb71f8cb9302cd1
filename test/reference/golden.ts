/** Reads the files of `test/fixtures/golden`, and compares with them. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { at } from './activations.js';

/** Row-major numbers. */
export interface Matrix {
  shape: number[];
  data: number[];
}

/** `activations.json`. */
export interface GoldenActivations {
  x: number[];
  activations: Record<string, { y: number[]; dydx: number[] }>;
  rows: Record<'softmax' | 'logSoftmax', { x: Matrix; dy: Matrix; y: Matrix; dx: Matrix }>;
}

/** One cost of `losses.json`. */
export interface GoldenLoss {
  prediction: Matrix;
  target: Matrix;
  value: number;
  dPrediction: Matrix;
}

/** A dense layer's weight, turned to [inputs, outputs], and its bias. */
export interface GoldenLayer {
  inputs: number;
  outputs: number;
  weight: Float64Array;
  bias: Float64Array;
}

/** One network of `networks.json`. */
export interface GoldenNetwork {
  name: string;
  sizes: number[];
  activation: 'ReLU' | 'Tanh' | 'GELU' | 'Sigmoid' | 'Softplus';
  loss: 'ce' | 'bce' | 'mse';
  x: Matrix;
  y: Matrix;
  parameters: GoldenLayer[];
  output: Matrix;
  cost: number;
  gradients: GoldenLayer[];
  training: Record<string, { costBeforeEachStep: number[]; parametersAfter10Steps: GoldenLayer[] }>;
  /** What PyTorch's L-BFGS reached of the cost and 0.01 times the squares of all parameters. */
  minimum: number;
}

export function goldenActivations(): GoldenActivations {
  const file: {
    x: number[];
    activations: GoldenActivations['activations'] & GoldenActivations['rows'];
  } = read('activations.json');
  const { softmax, logSoftmax, ...activations } = file.activations;
  return { x: file.x, activations, rows: { softmax, logSoftmax } };
}

export function goldenLosses(): Record<string, GoldenLoss> {
  const file: { losses: Record<string, GoldenLoss> } = read('losses.json');
  return file.losses;
}

/** A layer as the file has it. */
interface StoredLayer {
  'weight[out,in]': Matrix;
  'bias[out]': Matrix;
}

const MINIMUM = 'lbfgs(strong Wolfe), cost + 0.01*sum of squares of all parameters';

interface StoredNetwork extends Omit<GoldenNetwork, 'name' | 'parameters' | 'gradients' | 'training' | 'minimum'> {
  [MINIMUM]: { minimumReached: number };
  parameters: StoredLayer[];
  gradients: StoredLayer[];
  training: Record<string, { costBeforeEachStep: number[]; parametersAfter10Steps: StoredLayer[] }>;
}

export function goldenNetworks(): GoldenNetwork[] {
  const file: { networks: Record<string, StoredNetwork> } = read('networks.json');
  return Object.entries(file.networks).map(([name, network]) => ({
    ...network,
    name,
    minimum: network[MINIMUM].minimumReached,
    parameters: network.parameters.map(turned),
    gradients: network.gradients.map(turned),
    training: Object.fromEntries(
      Object.entries(network.training).map(([optimizer, run]) => [
        optimizer,
        { ...run, parametersAfter10Steps: run.parametersAfter10Steps.map(turned) },
      ]),
    ),
  }));
}

/** What is wrong with `got`, within |got − want| ≤ tolerance · (1 + |want|); empty where nothing is. */
export function differences(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): string[] {
  const wrong = got.length === want.length ? [] : [`length ${got.length} instead of ${want.length}`];
  for (let i = 0; i < Math.min(got.length, want.length); i++) {
    const [g, w] = [at(got, i), at(want, i)];
    if (!(Math.abs(g - w) <= tolerance * (1 + Math.abs(w)))) wrong.push(`[${i}] got ${g}, want ${w}`);
  }
  return wrong;
}

/** Fails where any number is further off than `tolerance` · (1 + |want|). */
export function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number, what = ''): void {
  expect(differences(got, want, tolerance), what).toEqual([]);
}

function turned(layer: StoredLayer): GoldenLayer {
  const { shape, data } = layer['weight[out,in]'];
  const [outputs, inputs] = [at(shape, 0), at(shape, 1)];
  const weight = new Float64Array(inputs * outputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) weight[i * outputs + o] = at(data, o * inputs + i);
  }
  return { inputs, outputs, weight, bias: Float64Array.from(layer['bias[out]'].data) };
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/golden/${name}`, import.meta.url), 'utf8'));
}
