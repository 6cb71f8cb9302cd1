/** A network that goes along a stream, one step of a sequence at a time. */
import type { Architecture } from './architecture.js';
import { checkArchitecture, placedLayers } from './architecture.js';
import type { Samples } from './data/samples.js';
import { notFiniteAt } from './data/samples.js';
import { wrongKind, wrongValue } from './errors.js';
import { Inputs } from './inputs.js';
import { isFloat32Array } from './kinds.js';
import { definitionOf } from './layers/index.js';
import { sequencesOf } from './lengths.js';
import { planPrediction } from './network.js';
import type { Plan } from './plan/builder.js';
import type { WeightFormat } from './plan/formats.js';
import type { Backend } from './runtime/binaries.js';
import { Program } from './runtime/program.js';
import { setBatch } from './runtime/staging.js';

/** The model along one sequence: what {@link Predictor.stateful} gives. */
export interface Stateful {
  /**
   * The outputs after one more step, as `predict` gives them of the steps so far: of the last one where the network
   * ends in steps.
   *
   * @param x the step's features; a Float32Array makes no garbage
   * @returns the same array each time, which the next step fills anew
   */
  step(x: Samples | readonly number[]): Float32Array;
  /** The next step is the first of another sequence. */
  reset(): void;
}

/** @internal What streams of a model are made of. */
interface Streamed {
  readonly architecture: Architecture;
  readonly weights: WeightFormat;
  readonly backend: Backend;
  readonly program: Program;
  readonly plan: Plan;
  readonly mayOverflow: (column: number) => boolean;
}

/** The same network for sequences of one step, which goes on from those before. */
function ofOneStep(where: string, architecture: Architecture): Architecture {
  const placed = placedLayers(architecture);
  const { inputs, read } = sequencesOf(architecture, placed);
  const [input] = inputs;
  const expected = 'layers that go from step to step';
  const mend = 'recurrent layers forwards, causal conv1d and layers of each step alone do';
  if (!Array.isArray(architecture.inputShape) || !input) {
    throw wrongKind(where, 'a network with one input without a name', 'inputs with names');
  }
  const whole = placed.find(({ layer, index }) => {
    return read[index]?.some(mark => mark > 0) && definitionOf(layer).steps?.(layer) === 'all';
  });
  const unable = whole ? `${whole.name} (${definitionOf(whole.layer).describe(whole.layer)})` : input.unable;
  if (unable !== undefined) throw wrongKind(where, expected, unable, mend);
  return checkArchitecture(where, {
    ...architecture,
    inputShape: Object.freeze([1, ...architecture.inputShape.slice(1)]),
  });
}

/** @internal Goes along a stream with the parameters that a model has now. */
export function streamOf(where: string, model: Streamed): Stateful {
  const architecture = ofOneStep(where, model.architecture);
  const network = planPrediction(architecture, 1, model.backend.paired, model.weights, { carries: true });
  const { plan, inputs: numbers, outputs } = network;
  const program = new Program(model.backend.module, plan);
  program.bytes(plan.parameterRegion).set(model.program.bytes(model.plan.parameterRegion));
  const inputs = new Inputs(architecture);
  const staging = new Float32Array(program.memory.buffer, program.reserve(numbers * 4), numbers);
  const predictions = program.floats(plan.region('predictions'));
  const carried = plan.carried.map(region => program.floats(region));
  const out = new Float32Array(outputs);
  program.controls.x = staging.byteOffset;
  setBatch(program, 1);

  /** A step's numbers: one row of one step. */
  function numbersOf(x: unknown): Float32Array {
    if (inputs.plain && isFloat32Array(x) && x.length === numbers) return x;
    const isFlat = Array.isArray(x) && typeof x[0] === 'number';
    const { values, scale, rows } = inputs.readAlone('step', isFlat ? [x] : x);
    if (rows !== 1) throw wrongValue('step: x', `one step, ${numbers} numbers`, `${rows} of them`);
    return Float32Array.from(values, value => value * scale);
  }

  return {
    step(x) {
      const values = numbersOf(x);
      staging.set(values);
      if (program.run('predict') === 0) throw notFiniteAt('step: x', values, program.controls.failure, numbers);
      for (let i = 0; i < outputs; i++) {
        const value = predictions[i] as number;
        if (value - value !== 0 && (Number.isNaN(value) || !model.mayOverflow(i))) {
          const mend = 'look for parameters or samples that are too large, and reset()';
          throw wrongValue('step', 'finite outputs', `${value} in column ${i}`, mend);
        }
        out[i] = value;
      }
      return out;
    },
    reset() {
      for (const values of carried) values.fill(0);
    },
  };
}
