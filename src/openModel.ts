/**
 * A model whose inside is open: its parameters by name, every layer's output, files, and predictions beside other work.
 */

import { roomFor } from './conversions.js';
import type { ReadySamples, Samples } from './data/samples.js';
import { checkBoolean, checkChoice, checkOptions, wrongKind } from './errors.js';
import { checkPath, filesOf } from './files/access.js';
import { modelMetadata, refuseNotFiniteTensors, type Trained } from './files/modelFile.js';
import { writeSafetensors } from './files/safetensors.js';
import { forwardPass, type LayerOutputs, type Noise, noiseOf } from './forwardPass.js';
import { partUpTo } from './graph.js';
import type { NetworkSamples } from './inputs.js';
import { callOnItselfAlone } from './itself.js';
import { type Bytes, hasKey } from './kinds.js';
import type { ByName } from './names.js';
import { Predictions, type Source, workOf } from './parallel.js';
import {
  checkValues,
  type ModelParameter,
  type NamedParameter,
  namedParameters,
  type ParameterValues,
  tensorsOfPart,
} from './parameters.js';
import { fromPanels } from './plan/panels.js';
import { type ModelParts, type PredictOptions, Predictor, type PredictorClass } from './predictor.js';
import { quantizeTensors, type StoredTensor } from './quantize.js';
import { findTeam } from './runtime/threads.js';
import { takeSpare, WORK_AT_ONCE } from './runtime/turn.js';
import { summarize } from './summary.js';
import { refuseOutside } from './tabular/rawTraining.js';
import { checkThreads } from './trainingOptions.js';
import { Weights } from './weights.js';

/** What {@link OpenModel.predictAsync} is told. */
export interface AsyncOptions extends PredictOptions {
  /** `'auto'` by default. */
  readonly threads?: 'auto' | number;
}

/** What {@link OpenModel.forward} is told. */
export interface ForwardOptions extends PredictOptions {
  /** Whether all is as in a training step, with the masks of the model's next one; false by default. */
  readonly training?: boolean;
  /** With `training`: a seed in place of the model's, and the masks of its first step. */
  readonly seed?: number;
}

/** What all that trains a model and judges it goes on from. */
export class OpenModel extends Predictor {
  static {
    callOnItselfAlone(this.prototype, 'model', other => #predictions in other);
    callOnItselfAlone(this, 'Model', other => other === this || hasKey(other, 'host'));
  }

  /** @internal */
  readonly seed: number;
  /** @internal */
  readonly held: Weights;
  #predictions: Predictions | undefined;

  /** @internal */
  constructor(parts: ModelParts) {
    super(parts);
    this.seed = parts.seed;
    const values = this.program.floats(this.network.plan.parameterRegion);
    this.held = new Weights(values, parts.trained, () => this.changed());
  }

  /**
   * Every parameter with a copy of its values. Weights are `[inputs, outputs]`; quantised ones are given as the numbers
   * they stand for.
   */
  get parameters(): ModelParameter[] {
    return namedParameters(this.architecture, this.stored());
  }

  /** @internal A copy of everything that a file stores of the parameters. */
  protected stored(): StoredTensor[] {
    this.update();
    return this.network.plan.parameters.map(parameter => {
      const { name, shape, rows, columns } = parameter;
      return { name, shape, data: fromPanels(this.program.stored(parameter), rows, columns) };
    });
  }

  /**
   * A model for prediction alone whose weights take fewer bits, in memory and in its file: `'float16'` halves them,
   * `'int8'` quarters them, with a scale for each output (its largest weight, without its sign, over 127). Biases stay
   * float32, and so do the sums. This model stays as it is.
   *
   * @throws where this model is quantised already, and RangeError where a weight is beyond float16's 65504
   */
  async quantize(options: { weights: 'float16' | 'int8' }): Promise<this> {
    checkOptions('quantize', options, ['weights']);
    const weights = checkChoice('quantize: weights', options.weights, ['float16', 'int8']);
    this.refuseQuantized('quantize');
    const { architecture, seed, trained, runsOn: backend } = this;
    const parts = { architecture, backend, seed, trained, weights };
    const quantized = new (this.constructor as PredictorClass<this>)(parts);
    const columns = new Map(this.network.plan.parameters.map(parameter => [parameter.name, parameter.columns]));
    const parameters = this.parameters.map(each => ({ ...each, columns: columns.get(each.name) }));
    quantized.adopt(quantizeTensors(parameters, weights), Object.entries(this.metadata));
    return quantized;
  }

  /**
   * The part up to a layer, as a model of its own with a copy of the parameters: for features, or as the base of
   * another network. Its nodes are numbered anew.
   *
   * @param layer the layer's name, such as `1.dense`; its value is the part's output
   * @throws where this is the model of a table whose rows are made ready before the network, which a part cannot do
   */
  upTo(layer: string): this {
    refuseOutside('upTo', this.rawRows('upTo'));
    const { part, names } = partUpTo(this.architecture, layer);
    const { seed, weights, runsOn: backend } = this;
    const model = new (this.constructor as PredictorClass<this>)({ architecture: part, backend, seed, weights });
    model.adopt(tensorsOfPart(part, names, model.network.plan.parameters, this.stored()), []);
    return model;
  }

  /**
   * Sets some or all parameters by name, row-major.
   *
   * @throws where a name is unknown, a length is wrong, or a value is not a finite number; then none is set
   */
  setParameters(values: ParameterValues): void {
    const where = 'setParameters';
    this.held.refuseWhileFitting(where);
    this.refuseQuantized(where);
    const writes = checkValues(where, this.network.plan.parameters, values);
    this.held.change(() => {
      for (const [parameter, value] of writes) this.write(parameter, value);
    });
  }

  /**
   * How much this model was ever trained, by whatever fits and trainers and before it was saved: epochs and steps that
   * were begun; while a fit runs, up to the last finished epoch. Shuffles and dropout's masks go on from there: no fit
   * repeats another's, and the same sequence of calls gives the same bits.
   */
  get trained(): Trained {
    return this.held.trained;
  }

  /**
   * A table of the layers: their shapes, positions before channels, their numbers of parameters, and what a row takes
   * in predicting: multiply-adds of products, and memory for what each layer makes.
   */
  summary(): string {
    return summarize(this.architecture, this.weights, this.network.plan);
  }

  /**
   * Step 3 in the open: the outputs as {@link predict} gives them, and every layer's, row-major with their shapes.
   *
   * @param options `lengths` as of predict; with `training` all is as in a training step, over all rows at once: with
   *   dropout and noise, and normalised by the batch's own moments. The masks are those of the model's next step, or of
   *   the first one of a `seed`
   * @throws as {@link predict}; with `training` where the model is quantised
   */
  forward(x: Samples, options?: ForwardOptions): { output: Float32Array; layers: NamedParameter[] };
  forward(x: NetworkSamples, options?: ForwardOptions): { output: ByName<Float32Array>; layers: NamedParameter[] };
  forward(x: NetworkSamples, options: ForwardOptions = {}): { output: ByName<Float32Array>; layers: NamedParameter[] } {
    const where = 'forward';
    checkOptions(where, options, ['lengths', 'training', 'seed']);
    const { lengths, seed } = options;
    const training = checkBoolean(`${where}: training`, options.training ?? false);
    const noise = noiseOf(where, { training, seed }, { seed: this.seed, nextStep: () => this.trained.steps + 1 });
    if (training) this.refuseQuantized(`${where}: training`);
    const samples = this.samples(where, x, lengths);
    const { output, layers } = this.forwardAll(where, samples, training ? noise : undefined);
    return { output: this.outputs.given(this.rawRows(where)?.restore(output) ?? output), layers };
  }

  /** @internal The numbers of all outputs, and each layer's; where there is `noise`, as in training. */
  protected forwardAll(where: string, samples: ReadySamples, noise?: Noise): LayerOutputs {
    this.update();
    const { architecture, network, program, weights, runsOn: backend } = this;
    const { plan, outputs } = network;
    const passed = forwardPass(where, { architecture, backend, weights, network, program }, samples, noise);
    if (noise || plan.settles.length === 0) return passed;
    // Where normalisations were folded, outputs are to be those of predict, to the last bit.
    const predictions = program.floats(plan.region('predictions'));
    for (let first = 0; first < samples.rows; first += plan.capacity) {
      const last = Math.min(samples.rows, first + plan.capacity);
      this.runRows(where, samples, first, last);
      passed.output.set(predictions.subarray(0, (last - first) * outputs), first * outputs);
    }
    return passed;
  }

  /**
   * {@link predict} without holding up the caller. Little work is done at once, or in one of the next turns of the
   * event loop where this one has done much; more of it on `threads` others, `'auto'` of them by default, which is one
   * for each core; where there are none, a little at a time. All requests of a process share these threads and take
   * turns, so any number may be made at once, as long as rows and outputs that wait hold no more than 1 GiB: what is
   * asked for beyond that is refused at once. The parameters are those of the call, and the bits those of `predict`.
   * Rows of up to 4 MiB are copied; of more, a part is read whenever it is its turn: leave them as they are until then.
   *
   * @throws where x does not fit or a number in it is not finite, before or while it is predicted, or where too much
   *   waits; other requests go on
   */
  async predictAsync(x: Samples, options?: AsyncOptions): Promise<Float32Array>;
  async predictAsync(x: NetworkSamples, options?: AsyncOptions): Promise<ByName<Float32Array>>;
  async predictAsync(x: NetworkSamples, options: AsyncOptions = {}): Promise<ByName<Float32Array>> {
    const where = 'predictAsync';
    checkOptions(where, options, ['threads', 'lengths']);
    const { threads = 'auto', lengths } = options;
    const wanted = checkThreads(where, threads);
    const samples = this.samples(where, x, lengths);
    const work = workOf(this.network, samples.rows);
    const small = work <= WORK_AT_ONCE;
    if (small && !this.#predictions?.waiting && takeSpare(work)) {
      const out = roomFor(samples.rows * this.network.outputs);
      this.predictSamples(where, out, samples);
      return this.given(where, out, samples.rows);
    }
    this.#predictions ??= new Predictions(this.#source());
    const findThreads = small ? undefined : () => findTeam(this.runsOn, wanted);
    const out = await this.#predictions.predict(samples, this.held.snapshot(), findThreads);
    return this.given(where, out, samples.rows);
  }

  /** What predicts for {@link predictAsync}. */
  #source(): Source {
    const { architecture, weights, runsOn: backend, network } = this;
    const predictions = this.program.floats(network.plan.region('predictions'));
    return {
      architecture,
      weights,
      backend,
      network,
      runRows: (samples, first, last) => {
        this.runRows('predictAsync', samples, first, last);
        return predictions;
      },
      checkOutputs: (out, first, last) => this.refuseNotFinite('predictAsync', out, first, last),
    };
  }

  /**
   * The model as the bytes of a .safetensors file.
   *
   * @throws where a parameter is not finite, as after a step that went too far: no file is better than one that cannot
   *   be read
   */
  toBytes(): Bytes {
    const stored = this.stored();
    refuseNotFiniteTensors('Model.toBytes', stored);
    return writeSafetensors(stored, modelMetadata(this));
  }

  /**
   * Writes the model to a .safetensors file, on platforms with files: beside it first, then in its place, so that a
   * crash leaves the old file whole.
   */
  async save(path: string): Promise<void> {
    const { host } = this.constructor as typeof OpenModel;
    const files = filesOf(host, 'Model.save', 'keep what model.toBytes() gives');
    await files.write(checkPath('Model.save: path', path), this.toBytes());
  }

  /** @internal */
  protected override update(): void {
    this.held.update();
  }

  /** @internal Refuses what needs float32 weights, on a quantised model. */
  refuseQuantized(where: string): void {
    if (this.weights === 'float32') return;
    const mend = 'quantised weights are for prediction: train the float32 model and quantise again';
    throw wrongKind(where, 'a model with float32 weights', `one with ${this.weights} weights`, mend);
  }
}
