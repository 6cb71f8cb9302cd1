/** The way forward in the open: the outputs and every layer's, as while predicting or as in a training step. */
import { type Architecture, placedLayers } from './architecture.js';
import { roomFor } from './conversions.js';
import { notFiniteAt, type ReadySamples } from './data/samples.js';
import { wrongValue } from './errors.js';
import { trainingForwardOf } from './layers/backward.js';
import { type NetworkPlan, planPrediction } from './network.js';
import type { NamedParameter } from './parameters.js';
import { numbersOf } from './plan/builder.js';
import { fromPanels } from './plan/panels.js';
import { checkSeed } from './random.js';
import type { Backend } from './runtime/binaries.js';
import { ownMemories } from './runtime/memories.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch, setSeed, stagingBytes } from './runtime/staging.js';

/** A network whose plan is run over rows, from one up to, not with, another. */
interface Pass {
  readonly architecture: Architecture;
  readonly network: NetworkPlan;
  readonly program: Program;
  readonly run: (first: number, last: number) => void;
}

/** The numbers of all outputs, and each layer's. */
export interface LayerOutputs {
  readonly output: Float32Array;
  readonly layers: NamedParameter[];
}

/** Runs a plan over all rows, as many at once as it takes. */
export function forwardPass({ architecture, network, program, run }: Pass, { rows }: ReadySamples): LayerOutputs {
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

/** {@link forwardPass} over all rows at once as a training step goes forward; moving averages stay as they are. */
export function forwardInTraining(
  where: string,
  model: { readonly architecture: Architecture; readonly backend: Backend; readonly parameters: Float32Array },
  samples: ReadySamples,
  noise: Noise,
): LayerOutputs {
  const { architecture, backend, parameters } = model;
  const options = { forwardOf: trainingForwardOf };
  const network = planPrediction(architecture, samples.rows, backend.paired, 'float32', options);
  const memory = ownMemories.take(network.plan.end);
  try {
    const program = new Program(backend.module, network.plan, false, memory);
    program.floats(network.plan.parameterRegion).set(parameters);
    const address = program.reserve(stagingBytes(network, samples.rows));
    const run = () => {
      copySamples(program, address, samples, 0, samples.rows);
      setBatch(program, samples.rows);
      setSeed(program, noise.seed);
      program.set('draw', noise.draw | 0);
      if (program.run('predict') > 0) return;
      throw notFiniteAt(`${where}: x`, samples.values, program.get('failure'), network.inputs);
    };
    return forwardPass({ architecture, network, program, run }, samples);
  } finally {
    ownMemories.give(memory);
  }
}
