/**
 * The harness that every kind of layer goes through: shapes, values and gradients against float64, the float64
 * gradients against finite differences, padding that is 0 after every op and every step, no write outside an op's own
 * outputs, and no allocation.
 */
import { expect } from 'vitest';
import { type Architecture, indexRule, inputNumbers, sequential } from '../src/architecture.js';
import { dense } from '../src/layers/dense.js';
import type { Layer } from '../src/layers/index.js';
import { fitLoss, resolveLoss } from '../src/losses/index.js';
import { type NetworkPlan, planPrediction } from '../src/network.js';
import { adam } from '../src/optimizers/kinds.js';
import { numbersOf } from '../src/plan/builder.js';
import { fromPanels, toPanels } from '../src/plan/panels.js';
import type { Backend } from '../src/runtime/binaries.js';
import type { Program } from '../src/runtime/program.js';
import { copySamples, copyTargets, makeRoom, setBatch } from '../src/runtime/staging.js';
import { endingOf, planTraining } from '../src/training.js';
import { at } from './reference/activations.js';
import { numbers } from './reference/data.js';
import { meanSquaredError } from './reference/losses.js';
import { Inspector } from './support/inspect.js';
import { backward, forward, type Noise, type Parameters } from './support/naive.js';
import { noiseOf } from './support/noise.js';

/** Every size up to one panel and one column, and some odd ones beyond. */
export const sizes: readonly number[] = [...Array.from({ length: 17 }, (_, i) => i + 1), 33, 47, 129];

/** Of the largest number of the same tensor, or of this much: float32 sums of some hundred terms. */
const TOLERANCE = 1e-5;
const LEAST = 0.02;
const SEED = [0x12345678, 0x9abc] as const;

/**
 * Checks a layer of `inputs` features alone, after a dense layer (whose gradients need the layer's input gradient), and
 * between two of them.
 *
 * @param rows of a full batch; the second batch has half as many
 */
export function checkLayer(backend: Backend, layer: Layer, rows: number, inputs: number): void {
  // A bias before batch normalisation has the gradient 0, and here what rounding leaves of it.
  const front = dense(inputs, { name: 'front', useBias: layer.kind !== 'batchNormalization' });
  const back = dense(3, { name: 'back' });
  checkNetwork(backend, sequential([inputs], [layer]), rows);
  checkNetwork(backend, sequential([4], [front, layer]), rows);
  checkNetwork(backend, sequential([4], [front, layer, back]), rows);
}

/** Numbers, or for networks that look them up whole ones. */
function samplesFor(architecture: Architecture, count: number, seed: number): Float32Array {
  const rule = indexRule(architecture, 'input');
  return numbers(count, seed).map(value => (rule ? Math.floor(Math.abs(value) * 1e4) % rule.vocabulary : value));
}

/** The same for a whole network. */
export function checkNetwork(backend: Backend, architecture: Architecture, rows: number): void {
  const problems = [...checkPrediction(backend, architecture, rows), ...checkTraining(backend, architecture, rows)];
  const kinds = architecture.layers.map(({ kind }) => kind).join(', ');
  expect(problems, `[${architecture.inputShape}] ${kinds}, ${rows} rows, ${backend.binary}`).toEqual([]);
}

/** Weights that keep values near 1 at every width. */
function writeParameters(program: Program): void {
  program.plan.parameters.forEach(({ name, data, shape, rows, columns }, index) => {
    const scale = shape.length > 1 ? 1.5 / Math.sqrt(rows) : 0.5;
    const drawn = numbers(rows * columns, index + 1).map(value => value * scale);
    const values = name.toLowerCase().endsWith('variance') ? drawn.map(value => 0.1 + Math.abs(value)) : drawn;
    toPanels(program.floats(data), values, rows, columns);
  });
}

function readParameters(program: Program, which: 'data' | 'gradient'): Record<string, Float64Array> {
  const values: Record<string, Float64Array> = {};
  for (const { name, rows, columns, [which]: region } of program.plan.parameters) {
    if (region) values[name] = Float64Array.from(fromPanels(program.floats(region), rows, columns));
  }
  return values;
}

/** What is wrong with `got`; at most one line. */
function compare(what: string, got: ArrayLike<number>, want: ArrayLike<number>, tolerance = TOLERANCE): string[] {
  if (got.length !== want.length) return [`${what}: ${got.length} numbers instead of ${want.length}`];
  let largest = LEAST;
  for (let i = 0; i < want.length; i++) largest = Math.max(largest, Math.abs(at(want, i)));
  for (let i = 0; i < want.length; i++) {
    const close = Math.abs(at(got, i) - at(want, i)) <= tolerance * largest;
    if (!close) return [`${what}[${i}]: got ${got[i]}, want ${want[i]} (largest ${largest})`];
  }
  return [];
}

function checkPrediction(backend: Backend, architecture: Architecture, rows: number): string[] {
  const network = planPrediction(architecture, rows, backend.paired, 'float32', { keeps: true });
  const inspector = new Inspector(backend, network.plan);
  const { program, problems } = inspector;
  const inputs = inputNumbers(architecture);
  const x = samplesFor(architecture, rows * inputs, 99);
  writeParameters(program);
  copySamples(program, program.reserve(x.byteLength), { rows, values: x, scale: 1 }, 0, rows);
  // A full batch, then half of one, whose panels are shorter.
  for (const batch of [rows, Math.ceil(rows / 2)]) {
    setBatch(program, batch);
    inspector.poison();
    inspector.run('predict');
    const samples = Float64Array.from(x.subarray(0, batch * inputs));
    const traces = forward(architecture, readParameters(program, 'data'), samples);
    traces.forEach(({ name, y, outputs }, index) => {
      const value = network.layers[index]?.value;
      // Where nothing is asked of how they lie, the numbers of all positions may be one row.
      const width = value?.columns ?? 0;
      if (width % outputs !== 0 || !value) problems.push(`${name} has ${width} columns instead of ${outputs}`);
      else problems.push(...compare(name, fromPanels(program.floats(value.data), batch * value.positions, width), y));
    });
    const predictions = program.floats(network.plan.region('predictions')).subarray(0, batch * network.outputs);
    problems.push(...compare('predictions', predictions, traces.at(-1)?.y ?? []));
    const once = predictions.slice();
    inspector.poison();
    program.run('predict');
    if (once.some((value, i) => value !== predictions[i])) problems.push('record by record differs from all at once');
  }
  return problems;
}

function networkOf(backend: Backend, architecture: Architecture, rows: number): NetworkPlan {
  return planTraining(architecture, rows, {
    goals: [
      {
        loss: fitLoss(resolveLoss('checkLayer', 'meanSquaredError'), endingOf(architecture)),
        weight: 1,
        accuracy: false,
      },
    ],
    optimizer: adam(),
    paired: backend.paired,
  });
}

/** An epoch of a full batch and half of one, with dropout and updates. */
function checkTraining(backend: Backend, architecture: Architecture, batchSize: number): string[] {
  const network = networkOf(backend, architecture, batchSize);
  const inspector = new Inspector(backend, network.plan);
  const { program, problems } = inspector;
  const [inputs, outputs] = [inputNumbers(architecture), numbersOf(endingOf(architecture))];
  const samples = batchSize + Math.ceil(batchSize / 2);
  const [x, y] = [samplesFor(architecture, samples * inputs, 98), numbers(samples * outputs, 97)];
  const places = makeRoom(program, samples, { sample: inputs * 4, target: outputs * 4 });
  copySamples(program, places.x, { rows: samples, values: x, scale: 1 }, 0, samples);
  copyTargets(program, places.y, y, samples, 0, samples);
  const controls = {
    batchSize,
    samples,
    position: 0,
    order: 0,
    seedLow: SEED[0],
    seedHigh: SEED[1],
    learningRate: 0.01,
  };
  for (const [name, value] of Object.entries(controls)) program.controls[name as keyof typeof controls] = value;
  writeParameters(program);
  for (let step = 1; step <= 2; step++) {
    const parameters = readParameters(program, 'data');
    const first = program.controls.position;
    inspector.poison();
    inspector.run('step');
    const last = program.controls.position;
    const rows = last - first;
    const noise: Noise = index => {
      const value = network.layers[index]?.value;
      if (!value) return undefined;
      const place = { rows: rows * value.positions, columns: value.columns, step, seed: SEED };
      return noiseOf(architecture.layers[index], index, place);
    };
    const batch = Float64Array.from(x.subarray(first * inputs, last * inputs));
    const targets = Float64Array.from(y.subarray(first * outputs, last * outputs));
    const judge = (values: Parameters) => {
      const traces = forward(architecture, values, batch, noise);
      return { traces, ...meanSquaredError(traces.at(-1)?.y ?? batch, targets, outputs) };
    };
    const { traces, value, gradient } = judge(parameters);
    const want = { ...backward(traces, parameters, gradient) };
    const got = readParameters(program, 'gradient');
    const listed = program.plan.parameters.filter(({ trainable, gradient }) => trainable && !gradient);
    // Of tables only the rows of the batch have gradients, which are taken for themselves.
    for (const { name } of listed) delete want[name];
    problems.push(...compare(`step ${step}: cost`, [program.controls.cost], [value]));
    for (const [name, values] of Object.entries(want)) {
      problems.push(...compare(`step ${step}: d ${name}`, got[name] ?? [], values));
    }
    if (step === 1) problems.push(...checkDifferences(parameters, want, values => judge(values).value));
    if (Object.keys(got).length !== Object.keys(want).length) problems.push(`gradients of ${Object.keys(got)}`);
  }
  return problems;
}

/** Some numbers of each float64 gradient against central differences of the float64 cost; for small networks only. */
function checkDifferences(parameters: Parameters, gradients: Parameters, cost: (p: Parameters) => number): string[] {
  const count = Object.values(parameters).reduce((sum, values) => sum + values.length, 0);
  if (count > 150) return [];
  const h = 1e-5;
  return Object.entries(gradients).flatMap(([name, gradient]) => {
    const values = parameters[name] ?? gradient;
    const chosen = [0, Math.floor(values.length / 2), values.length - 1];
    const slopes = chosen.map(index => {
      const moved = (by: number) => ({ ...parameters, [name]: values.map((v, i) => (i === index ? v + by : v)) });
      return (cost(moved(h)) - cost(moved(-h))) / (2 * h);
    });
    const want = chosen.map(index => at(gradient, index));
    return compare(`finite differences of ${name}`, slopes, want, 1e-6);
  });
}
