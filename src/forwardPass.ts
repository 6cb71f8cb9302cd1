/** The way forward in the open: the outputs and every layer's, as while predicting or as in a training step. */
import { type Architecture, placedLayers } from './architecture.js';
import { roomFor } from './conversions.js';
import { notFiniteAt, type ReadySamples } from './data/samples.js';
import { wrongValue } from './errors.js';
import { trainingForwardOf } from './layers/backward.js';
import { type NetworkPlan, planPrediction } from './network.js';
import type { NamedParameter } from './parameters.js';
import { numbersOf } from './plan/builder.js';
import type { WeightFormat } from './plan/formats.js';
import { fromPanels } from './plan/panels.js';
import { checkSeed } from './random.js';
import type { Backend } from './runtime/binaries.js';
import { ownMemories } from './runtime/memories.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch, setSeed, stagingBytes } from './runtime/staging.js';

/** The numbers of all outputs, and each layer's. */
export interface LayerOutputs {
  readonly output: Float32Array;
  readonly layers: NamedParameter[];
}

/** Where random numbers are drawn. */
export interface Noise {
  readonly seed: number;
  /** Which step's they are. */
  readonly draw: number;
}

/** The noise of a seed's first step, or where none is given of the model's next one. */
export function noiseOf(
  where: string,
  given: { readonly training: boolean; readonly seed: unknown },
  model: { readonly seed: number; readonly nextStep: () => number },
): Noise {
  const { training, seed } = given;
  if (seed === undefined) return { seed: model.seed, draw: model.nextStep() };
  const checked = checkSeed(`${where}: seed`, seed);
  if (training) return { seed: checked, draw: 1 };
  throw wrongValue(`${where}: seed`, 'none without training: true', checked, 'only training draws random numbers');
}

/** A model and the program that predicts with its parameters. */
interface Source {
  readonly architecture: Architecture;
  readonly backend: Backend;
  readonly weights: WeightFormat;
  readonly network: NetworkPlan;
  readonly program: Program;
}

/**
 * All rows through a plan that keeps what layers gave, as many at once as the model takes; or where there is `noise`,
 * all at once as a training step goes forward, moving averages staying as they are.
 */
export function forwardPass(where: string, source: Source, samples: ReadySamples, noise?: Noise): LayerOutputs {
  const { architecture, backend, weights } = source;
  const { rows } = samples;
  const capacity = noise ? rows : Math.min(rows, source.network.plan.capacity);
  const options = { keeps: true, ...(noise && { forwardOf: trainingForwardOf }) };
  const network = planPrediction(architecture, capacity, backend.paired, weights, options);
  const memory = ownMemories.take(network.plan.end);
  try {
    const program = new Program(backend.module, network.plan, false, memory);
    program.bytes(network.plan.parameterRegion).set(source.program.bytes(source.network.plan.parameterRegion));
    const address = program.reserve(stagingBytes(network, capacity));
    if (noise) {
      setSeed(program, noise.seed);
      program.controls.draw = noise.draw | 0;
    }
    const run = (first: number, last: number) => {
      copySamples(program, address, samples, first, last);
      setBatch(program, last - first);
      if (program.run('predict') > 0) return;
      const failure = first * network.inputs + program.controls.failure;
      throw notFiniteAt(`${where}: x`, samples.values, failure, network.inputs);
    };
    return outputsOf({ architecture, network, program, run }, rows);
  } finally {
    ownMemories.give(memory);
  }
}

/** What a plan gives that is run over rows, from one up to, not with, another. */
function outputsOf(
  {
    architecture,
    network,
    program,
    run,
  }: {
    readonly architecture: Architecture;
    readonly network: NetworkPlan;
    readonly program: Program;
    readonly run: (first: number, last: number) => void;
  },
  rows: number,
): LayerOutputs {
  const { layers, plan, outputs } = network;
  const predictions = program.floats(plan.region('predictions'));
  const shapes = placedLayers(architecture).map(layer => layer.outputShape);
  const results = layers.map(({ name, value }, index) => {
    const shape = [rows, ...(shapes[index] ?? [])];
    return { name, shape, data: roomFor(rows * numbersOf(value)) };
  });
  const output = roomFor(rows * outputs);
  for (let first = 0; first < rows; first += plan.capacity) {
    const last = Math.min(rows, first + plan.capacity);
    run(first, last);
    output.set(predictions.subarray(0, (last - first) * outputs), first * outputs);
    layers.forEach(({ value }, index) => {
      const numbers = fromPanels(program.floats(value.data), (last - first) * value.positions, value.columns);
      results[index]?.data.set(numbers, first * numbersOf(value));
    });
  }
  return { output, layers: results };
}
