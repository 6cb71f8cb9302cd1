/** A network with parameters: predicts, judges, and hands out trainers. */
import './disposal.js';
import { type Adapting, adaptables, adaptLayers } from './adapt.js';
import { type Architecture, checkArchitecture, placedLayers } from './architecture.js';
import { roomFor } from './conversions.js';
import type { ReadySamples, Samples } from './data/samples.js';
import { checkChoice, checkOptions, nearest, quote, shorten, wrongKind, wrongType, wrongValue } from './errors.js';
import { checkPath, filesOf } from './files/access.js';
import { modelMetadata, refuseNotFiniteTensors, type Trained } from './files/modelFile.js';
import { writeSafetensors } from './files/safetensors.js';
import type { GoalOptions, NetworkTargets } from './goals.js';
import { partUpTo } from './graph.js';
import { initialize } from './initializers/fill.js';
import type { NetworkSamples } from './inputs.js';
import { callOnItselfAlone } from './itself.js';
import { type CostOptions, type GradientOptions, type Judged, Judges } from './judges.js';
import { type Bytes, hasKey, isHollow, kindOf, type NumberArray } from './kinds.js';
import type { Evaluation, EvaluationMetric } from './metrics/index.js';
import { type ByName, valuesByName } from './names.js';
import { Predictions, type Source, workOf } from './parallel.js';
import { numbersOf, type Parameter } from './plan/builder.js';
import { scaleName } from './plan/formats.js';
import { fromPanels, toPanels } from './plan/panels.js';
import {
  checkBackendOptions,
  checkParameter,
  type LoadOptions,
  loadModel,
  type ModelParts,
  Predictor,
  type PredictorClass,
} from './predictor.js';
import { dequantize, quantizeTensors, type StoredTensor } from './quantize.js';
import { checkSeed, Purpose, Random } from './random.js';
import { chooseBackend } from './runtime/binaries.js';
import type { Program } from './runtime/program.js';
import { findTeam, threadsOf } from './runtime/threads.js';
import { takeSpare, WORK_AT_ONCE } from './runtime/turn.js';
import { Office } from './runtime/workers.js';
import type { Shape } from './shape.js';
import { summarize } from './summary.js';
import { Trainer, type TrainerOf } from './trainer.js';
import {
  checkFitOptions,
  checkThreads,
  type FitOptions,
  fitOptionNames,
  type History,
  type TrainerOptions,
  type TrainingData,
  trainerOptionNames,
} from './trainingOptions.js';
import { Weights } from './weights.js';

export interface ModelOptions extends LoadOptions {
  /** Where all random numbers come from; 0 unless told. */
  readonly seed?: number;
}

/** A parameter as users see it. */
export interface NamedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** A row-major copy. */
  readonly data: Float32Array;
}

export interface ModelParameter extends NamedParameter {
  /** Whether training updates it by its gradient; state, such as moving averages, has none. */
  readonly trainable: boolean;
}

/** What a model does whose inputs or outputs have names. */
export interface Naming<X, Y> {
  predict(x: X): Y;
  predictAsync(x: X, options?: { threads?: 'auto' | number }): Promise<Y>;
  forward(x: X): { output: Y; layers: NamedParameter[] };
}

type SamplesFor<A extends Architecture> = A['inputShape'] extends Shape
  ? Samples
  : { readonly [Name in keyof A['inputShape']]: Samples };
type OutputsFor<A extends Architecture> = A extends {
  readonly outputs: Readonly<Record<infer Name extends string, number>>;
}
  ? Record<Name, Float32Array>
  : Float32Array;

/** A model whose network's inputs or outputs have names, as far as its type says which. */
export type ModelOf<M, A extends Architecture> = Architecture extends A
  ? M
  : A extends { readonly inputShape: Shape; readonly outputs?: number }
    ? M
    : Naming<SamplesFor<A>, OutputsFor<A>> & M;

/**
 * What each entry's `Model` extends. Another name than theirs: bundled into one scope they would be numbered, and stack
 * traces would say `Model2`.
 */
class BaseModel extends Predictor {
  /** @internal */
  static get trainerClass(): TrainerOf<BaseModel> {
    return Trainer;
  }

  static {
    callOnItselfAlone(this.prototype, 'model', other => #judges in other);
    callOnItselfAlone(this, 'Model', other => other === this || hasKey(other, 'host'));
  }

  /** @internal */
  readonly seed: number;
  readonly #judges: Judges;
  #predictions: Predictions | undefined;
  /** @internal */
  readonly held: Weights;

  /** @internal Use {@link Model.create}. */
  constructor(parts: ModelParts) {
    super(parts);
    this.seed = parts.seed;
    this.#judges = new Judges(this.#judged);
    this.held = new Weights(this.program.floats(this.network.plan.parameterRegion), parts.trained);
  }

  /**
   * A new model with freshly initialised parameters.
   *
   * @param architecture what {@link sequential} made
   * @param options `seed` (0), `deterministic` (false), `turbo` (false)
   */
  static async create<M extends BaseModel, A extends Architecture = Architecture>(
    this: PredictorClass<M>,
    architecture: A,
    options: ModelOptions = {},
  ): Promise<ModelOf<M, A>> {
    checkOptions('Model.create', options, ['seed', 'deterministic', 'turbo']);
    if (!hasKey(architecture, 'layers')) {
      const mends: Partial<Record<string, string>> = {
        String: 'of JSON make Architecture.fromJSON(text)',
        Array: 'of layers make sequential(inputs, layers)',
        Model: 'give model.architecture',
      };
      throw wrongType(
        'Model.create: architecture',
        'what sequential(…) makes',
        architecture,
        mends[kindOf(architecture)],
      );
    }
    const checked = checkArchitecture('Model.create: architecture', architecture);
    const seed = checkSeed('Model.create: seed', options.seed === undefined ? 0 : options.seed);
    const backend = await chooseBackend(this.host, checkBackendOptions('Model.create', options));
    const model = new this({ architecture: checked, backend, seed });
    model.#initialize();
    return model as ModelOf<M, A>;
  }

  #initialize(): void {
    const known = new Map(this.network.plan.parameters.map(parameter => [parameter.name, parameter]));
    const specs = placedLayers(this.architecture).flatMap(({ name, parameters }) => {
      return parameters.map(spec => ({ ...spec, parameter: known.get(`${name}.${spec.name}`) }));
    });
    specs.forEach(({ parameter, initializer, shape }, index) => {
      if (!parameter) return;
      this.write(parameter, initialize(initializer, shape, new Random(this.seed, Purpose.initialize, index)));
    });
  }

  /**
   * Every parameter with a copy of its values. Weights are `[inputs, outputs]`; quantised ones are given as the numbers
   * they stand for.
   */
  get parameters(): ModelParameter[] {
    const stored = new Map(this.#stored().map(tensor => [tensor.name, tensor]));
    return placedLayers(this.architecture).flatMap(layer => {
      return layer.parameters.flatMap(spec => {
        const name = `${layer.name}.${spec.name}`;
        const tensor = stored.get(name);
        if (!tensor) return [];
        const data = dequantize(tensor.data, stored.get(scaleName(name))?.data);
        return { name, shape: [...tensor.shape], data, trainable: spec.trainable ?? true };
      });
    });
  }

  /** A copy of everything that a file stores of the parameters. */
  #stored(): StoredTensor[] {
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
    quantized.adopt(quantizeTensors(this.parameters, weights), Object.entries(this.metadata));
    return quantized;
  }

  /**
   * The part up to a layer, as a model of its own with a copy of the parameters: for features, or as the base of
   * another network. Its nodes are numbered anew. It takes samples as the network does, also where this one takes raw
   * rows.
   *
   * @param layer the layer's name, such as `1.dense`; its value is the part's output
   */
  upTo(layer: string): this {
    const { part, names } = partUpTo(this.architecture, layer);
    const { seed, weights, runsOn: backend } = this;
    const model = new (this.constructor as PredictorClass<this>)({ architecture: part, backend, seed, weights });
    const stored = new Map(this.#stored().map(({ name, data }) => [name, data]));
    const owners = placedLayers(part).map(({ name }, index) => [`${name}.`, `${names[index]}.`] as const);
    const tensors = model.network.plan.parameters.flatMap(({ name, shape }) => {
      const [own = '', old = ''] = owners.find(([prefix]) => name.startsWith(prefix)) ?? [];
      const data = stored.get(old + name.slice(own.length));
      return data ? [{ name, shape, data }] : [];
    });
    model.adopt(tensors, []);
    return model;
  }

  /**
   * Sets some or all parameters by name, row-major.
   *
   * @throws where a name is unknown, a length is wrong, or a value is not a finite number; then none is set
   */
  setParameters(values: Readonly<Record<string, NumberArray | readonly number[]>>): void {
    const where = 'setParameters';
    this.held.refuseWhileFitting(where);
    this.refuseQuantized(where);
    const known = new Map(this.network.plan.parameters.map(parameter => [parameter.name, parameter]));
    if (kindOf(values) !== 'Object' || isHollow(values))
      throw wrongType(where, `an object such as { '0.dense.weight': … }`, values);
    const writes: [Parameter, ArrayLike<number>][] = [];
    for (const [name, value] of Object.entries(values)) {
      const parameter = known.get(name);
      if (!parameter) {
        const close = nearest(name, [...known.keys()]);
        throw wrongValue(where, 'known parameters', quote(name), close && `did you mean ${quote(close)}?`);
      }
      checkParameter(`${where}: ${shorten(name)}`, parameter, value);
      writes.push([parameter, value]);
    }
    this.held.change(() => {
      for (const [parameter, value] of writes) this.write(parameter, value);
    });
  }

  /**
   * Sets the state of the `normalization` layers: each one's `mean` and `variance` to those of what comes to it when
   * the network is given `x`, in their order; an inverted one's at the network's end to those of the targets `y`.
   *
   * @param data x as `predict` takes it, with the `scale` of bytes beside it or with it; y numbers or rows, where
   *   outputs have names by those; one or both
   * @throws where the network has no layer that is adapted to them, or they do not fit it
   */
  adapt(data: { x?: TrainingData['x']; y?: NetworkTargets; scale?: number }): void {
    const where = 'adapt';
    this.held.refuseWhileFitting(where);
    this.refuseQuantized(where);
    checkOptions(where, data, ['x', 'y', 'scale']);
    const { x, y, scale } = data;
    const layers = adaptables(where, this.architecture);
    for (const [name, given, invert] of [
      ['x', x, false],
      ['y', y, true],
    ] as const) {
      const found = layers.some(layer => layer.invert === invert);
      const wanted = invert ? 'normalization({ invert: true }) at the end' : 'normalization()';
      if (given !== undefined && !found) throw wrongKind(`${where}: ${name}`, `a network with ${wanted}`, 'none');
    }
    if (x === undefined && y === undefined) throw wrongKind(where, 'x, y or both', 'neither');
    const raw = this.rawRows(where);
    if (raw?.scaled && y !== undefined) {
      throw wrongKind(`${where}: y`, 'a network whose unit is its own', "one of a table, whose file says its target's");
    }
    const samples = x === undefined ? undefined : this.inputs.read(where, { x, scale }, { raw });
    const { names } = this.outputs;
    const targets = names && y !== undefined ? valuesByName(`${where}: y`, 'output', y, names) : [raw?.y(y) ?? y];
    adaptLayers(where, this.#adapting, layers, samples, targets);
  }

  /** @internal Adapts what is not adapted yet to the rows that a fit trains on: each output's targets. */
  adaptTo(where: string, samples: ReadySamples, targets: readonly unknown[]): void {
    this.update();
    const { parameters } = this.network.plan;
    const layers = adaptables(where, this.architecture).filter(({ name }) => {
      const state = parameters.filter(parameter => [`${name}.mean`, `${name}.variance`].includes(parameter.name));
      return state.every(({ data }) => this.program.floats(data).every(value => value === 0));
    });
    adaptLayers(where, this.#adapting, layers, samples, targets);
  }

  get #adapting(): Adapting {
    const { architecture, inputs } = this;
    return {
      architecture,
      inputs,
      forward: samples => this.#forward('adapt', samples).layers,
      setState: values => this.setParameters(values),
    };
  }

  /**
   * How much this model was ever trained, by whatever fits and trainers and before it was saved: epochs and steps that
   * were begun; while a fit runs, up to the last finished epoch. Shuffles and dropout's masks go on from there: no fit
   * repeats another's, and the same sequence of calls gives the same bits.
   */
  get trained(): Trained {
    return this.held.trained;
  }

  /** A table of the layers, their shapes and their numbers of parameters. */
  summary(): string {
    return summarize(this.architecture, this.weights);
  }

  /** Step 3 in the open: the outputs as {@link predict} gives them, and every layer's, row-major with their shapes. */
  forward(x: Samples): { output: Float32Array; layers: NamedParameter[] };
  forward(x: NetworkSamples): { output: ByName<Float32Array>; layers: NamedParameter[] };
  forward(x: NetworkSamples): { output: ByName<Float32Array>; layers: NamedParameter[] } {
    const { output, layers } = this.#forward('forward', this.samples('forward', x));
    return { output: this.outputs.given(this.rawRows('forward')?.restore(output) ?? output), layers };
  }

  #forward(where: string, samples: ReadySamples): { output: Float32Array; layers: NamedParameter[] } {
    this.update();
    const { layers, plan, outputs } = this.network;
    const predictions = this.program.floats(plan.region('predictions'));
    const shapes = placedLayers(this.architecture).map(layer => layer.outputShape);
    const results = layers.map(({ name, value }, index) => {
      const shape = [samples.rows, ...(shapes[index] ?? [])];
      return { name, shape, data: roomFor(samples.rows * numbersOf(value)) };
    });
    const output = roomFor(samples.rows * outputs);
    for (let first = 0; first < samples.rows; first += plan.capacity) {
      const last = Math.min(samples.rows, first + plan.capacity);
      this.runRows(where, samples, first, last);
      output.set(predictions.subarray(0, (last - first) * outputs), first * outputs);
      layers.forEach(({ value }, index) => {
        const rows = (last - first) * value.positions;
        const numbers = fromPanels(this.program.floats(value.data), rows, value.columns);
        results[index]?.data.set(numbers, first * numbersOf(value));
      });
    }
    return { output, layers: results };
  }

  /** Step 4: the cost of all rows, one number; of several outputs the weighted sum. Dropout does nothing here. */
  cost(x: NetworkSamples, y: NetworkTargets, options: CostOptions): number {
    return this.#judges.cost(x, y, options);
  }

  /**
   * Step 5: the cost of all rows and its gradient for every parameter that learns, by name, row-major. Dropout does
   * nothing here, and batch normalisation takes its moving averages, unless `training`.
   *
   * @param options `loss`, and `lossWeights` of several outputs; `inputs`: whether also for `input`, the samples as the
   *   network takes them, where inputs have names for each `input.name` that is not looked up; `training` and `seed`
   */
  gradients(
    x: NetworkSamples,
    y: NetworkTargets,
    options: GradientOptions,
  ): { cost: number; gradients: Record<string, Float32Array> } {
    this.refuseQuantized('gradients');
    return this.#judges.gradients(x, y, options);
  }

  /**
   * The cost of all rows, and the metrics asked for: `'accuracy'` for classifiers, `'meanSquaredError'`,
   * `'rootMeanSquaredError'`, `'meanAbsoluteError'` and `'r2'` for numbers. Where outputs have names, `loss` is the
   * weighted sum of the costs, each of which is there too: `kind.loss`, as `kind.accuracy`.
   */
  evaluate(data: TrainingData, options: GoalOptions<EvaluationMetric>): Evaluation {
    return this.#judges.evaluate(data, options);
  }

  /** What judges ask for. */
  get #judged(): Judged {
    const { architecture, runsOn: backend, inputs, outputs, seed } = this;
    return {
      architecture,
      backend,
      inputs,
      outputs,
      seed,
      nextStep: () => this.trained.steps + 1,
      lend: program => this.#lend(program),
      rawRows: where => this.rawRows(where),
      predict: (where, samples) => {
        const out = new Float32Array(samples.rows * outputs.numbers);
        this.predictSamples(where, out, samples);
        return this.restored(where, out, samples.rows);
      },
    };
  }

  /** Gives another program the parameters: float32, whatever this model stores. */
  #lend(program: Program): void {
    this.update();
    const { parameterRegion, parameters } = program.plan;
    if (this.weights === 'float32') program.floats(parameterRegion).set(this.held.values);
    else {
      const values = new Map(this.parameters.map(({ name, data }) => [name, data]));
      for (const { name, data, rows, columns } of parameters) {
        toPanels(program.floats(data), values.get(name) ?? [], rows, columns);
      }
    }
  }

  /**
   * Step 6, all at once: trains the model. Further fits go on with other shuffles and masks, see {@link trained}; the
   * optimiser begins anew with each.
   *
   * @param data `{ x, y, scale? }`
   * @param options `loss` and `optimizer`, which are required, and those of {@link Trainer.fit}
   */
  async fit(data: TrainingData, options: TrainerOptions & FitOptions): Promise<History> {
    checkOptions('fit', options, [...trainerOptionNames, ...fitOptionNames]);
    const given = options as unknown as Readonly<Record<string, unknown>>;
    const own: Record<string, unknown> = {};
    const rest: Record<string, unknown> = {};
    for (const key of trainerOptionNames) own[key] = given[key];
    for (const key of fitOptionNames) rest[key] = given[key];
    const { signal } = checkFitOptions('fit', rest);
    this.held.refuseWhileFitting('fit');
    const trainer = await this.#newTrainer(own, 'fit', signal);
    try {
      return await trainer.fit(data, rest);
    } finally {
      trainer.dispose();
    }
  }

  /** Step 6, by hand: a trainer of this model. */
  async trainer(options: TrainerOptions): Promise<Trainer<BaseModel>> {
    return this.#newTrainer(options, 'trainer');
  }

  async #newTrainer(options: unknown, where: string, signal?: FitOptions['signal']): Promise<Trainer<BaseModel>> {
    const { trainerClass } = this.constructor as typeof BaseModel;
    return new trainerClass(await trainerClass.prepare(this, this.runsOn, options, where, signal));
  }

  /** What runs the model, and why. `threads` is how many training takes unless told. */
  override get backend(): { binary: 'simd' | 'relaxed'; turbo: boolean; threads: number; reason: string } {
    const { binary, turbo, reason } = this.runsOn;
    const own = threadsOf(this.runsOn);
    return { binary, turbo, threads: own.threads, reason: `${reason}; ${own.reason}` };
  }

  /**
   * {@link predict} without holding up the caller. Little work is done at once, or in one of the next turns of the
   * event loop where this one has done much; more of it on `threads` others, `'auto'` of them unless told, which is one
   * for each core; where there are none, a little at a time. All requests of a process share these threads and take
   * turns, so any number may be made at once, as long as rows and outputs that wait hold no more than 1 GiB: what is
   * asked for beyond that is refused at once. The parameters are those of the call, and the bits those of `predict`.
   * Rows of up to 4 MiB are copied; of more, a part is read whenever it is its turn: leave them as they are until then.
   *
   * @throws where x does not fit or a number in it is not finite, before or while it is predicted, or where too much
   *   waits; other requests go on
   */
  async predictAsync(x: Samples, options?: { threads?: 'auto' | number }): Promise<Float32Array>;
  async predictAsync(x: NetworkSamples, options?: { threads?: 'auto' | number }): Promise<ByName<Float32Array>>;
  async predictAsync(x: NetworkSamples, options: { threads?: 'auto' | number } = {}): Promise<ByName<Float32Array>> {
    const where = 'predictAsync';
    checkOptions(where, options, ['threads']);
    const { threads = 'auto' } = options;
    const wanted = checkThreads(where, threads);
    const samples = this.samples(where, x);
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

  /** Ends the worker threads that no fit has in use. Models share them; whichever trains next starts others. */
  async dispose(): Promise<void> {
    const { threads } = this.runsOn;
    if (threads) Office.of(threads.host).dismissIdle();
  }

  /** {@link dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /**
   * The model as the bytes of a .safetensors file.
   *
   * @throws where a parameter is not finite, as after a step that went too far: no file is better than one that cannot
   *   be read
   */
  toBytes(): Bytes {
    const stored = this.#stored();
    refuseNotFiniteTensors('Model.toBytes', stored);
    return writeSafetensors(stored, modelMetadata(this));
  }

  /**
   * Writes the model to a .safetensors file, on platforms with files: beside it first, then in its place, so that a
   * crash leaves the old file whole.
   */
  async save(path: string): Promise<void> {
    const { host } = this.constructor as typeof BaseModel;
    const files = filesOf(host, 'Model.save', 'keep what model.toBytes() gives');
    await files.write(checkPath('Model.save: path', path), this.toBytes());
  }

  /** The model in a file that {@link save} wrote. */
  static async load<M extends BaseModel>(this: PredictorClass<M>, path: string, options: LoadOptions = {}): Promise<M> {
    const files = filesOf(this.host, 'Model.load', 'fetch the bytes and give them to Model.fromBytes');
    return loadModel(this, 'Model.load', await files.read(checkPath('Model.load: path', path)), options);
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

export { BaseModel as Model };
