/** A network with parameters: predicts, judges, and hands out trainers. */
import './disposal.js';
import { type Adaptable, adaptables, momentsOfSamples, momentsOfTargets, takesSamples } from './adapt.js';
import { type Architecture, checkArchitecture, indexRule, placedLayers } from './architecture.js';
import { roomFor } from './conversions.js';
import { asFloats } from './data/indices.js';
import { type Moments, momentsOf } from './data/moments.js';
import { type ReadySamples, refuseBareBytes, type Samples, type Targets } from './data/samples.js';
import {
  checkBoolean,
  checkChoice,
  checkOptions,
  nearest,
  quote,
  shorten,
  wrongKind,
  wrongType,
  wrongValue,
} from './errors.js';
import { modelMetadata, refuseNotFiniteTensors, type Trained } from './files/modelFile.js';
import { writeSafetensors } from './files/safetensors.js';
import { partUpTo } from './graph.js';
import { initialize } from './initializers/fill.js';
import { callOnItselfAlone } from './itself.js';
import { Judge, type ReadyData, readData, readRows } from './judge.js';
import { type Bytes, hasKey, isHollow, kindOf, type NumberArray } from './kinds.js';
import { fitLoss, type Loss, type LossConfig, refuseConstant, resolveLoss } from './losses/index.js';
import type { FittedLoss } from './losses/loss.js';
import {
  checkMetricNames,
  checkMetrics,
  type EvaluationMetric,
  evaluationMetrics,
  type Scores,
  scoreNumbers,
} from './metrics/index.js';
import { Predictions, type Source, workOf } from './parallel.js';
import { numbersOf, type Parameter } from './plan/builder.js';
import { scaleName } from './plan/formats.js';
import { fromPanels, toPanels } from './plan/panels.js';
import {
  checkBackendOptions,
  checkParameter,
  type LoadOptions,
  loadModel,
  MOST_ROWS,
  type ModelParts,
  Predictor,
  type PredictorClass,
} from './predictor.js';
import { dequantize, quantizeTensors, type StoredTensor } from './quantize.js';
import { checkSeed, Purpose, Random } from './random.js';
import { chooseBackend, type FileAccess, type Host } from './runtime/binaries.js';
import { findTeam, threadsOf } from './runtime/threads.js';
import { takeSpare, WORK_AT_ONCE } from './runtime/turn.js';
import { Office } from './runtime/workers.js';
import { summarize } from './summary.js';
import { Trainer, type TrainerOf } from './trainer.js';
import { endingOf } from './training.js';
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
    callOnItselfAlone(this.prototype, 'model', other => #fitted in other);
    callOnItselfAlone(this, 'Model', other => other === this || hasKey(other, 'host'));
  }

  /** @internal */
  readonly seed: number;
  readonly #fitted = new Map<string, Judge>();
  #predictions: Predictions | undefined;
  /** @internal */
  readonly held: Weights;

  /** @internal Use {@link Model.create}. */
  constructor(parts: ModelParts) {
    super(parts);
    this.seed = parts.seed;
    this.held = new Weights(this.program.floats(this.network.plan.parameterRegion), parts.trained);
  }

  /**
   * A new model with freshly initialised parameters.
   *
   * @param architecture what {@link sequential} made
   * @param options `seed` (0), `deterministic` (false), `turbo` (false)
   */
  static async create<M extends BaseModel>(
    this: PredictorClass<M>,
    architecture: Architecture,
    options: ModelOptions = {},
  ): Promise<M> {
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
    return model;
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
   * @param data x as `predict` takes it, with the `scale` of bytes beside it or with it; y numbers or rows; one or both
   * @throws where the network has no layer that is adapted to them, or they do not fit it
   */
  adapt(data: { x?: Samples | TrainingData['x']; y?: Targets; scale?: number }): void {
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
    const samples =
      x === undefined ? undefined : readRows(where, this.architecture, this.network.inputs, { x, scale }, raw);
    this.#adapt(where, layers, samples, raw?.y(y) ?? y);
  }

  /** @internal Adapts what is not adapted yet to the rows that a fit trains on. */
  adaptTo(where: string, { samples, targets }: ReadyData): void {
    this.update();
    const { parameters } = this.network.plan;
    const layers = adaptables(where, this.architecture).filter(({ name }) => {
      const state = parameters.filter(parameter => [`${name}.mean`, `${name}.variance`].includes(parameter.name));
      return state.every(({ data }) => this.program.floats(data).every(value => value === 0));
    });
    this.#adapt(where, layers, samples, targets);
  }

  #adapt(where: string, layers: readonly Adaptable[], samples: ReadySamples | undefined, y: unknown): void {
    for (const layer of layers) {
      const { name, invert } = layer;
      const moments = invert
        ? y !== undefined && momentsOfTargets(`${where}: y`, y, layer)
        : samples && this.#momentsAt(where, samples, layer);
      if (!moments) continue;
      this.setParameters({ [`${name}.mean`]: moments.mean, [`${name}.variance`]: moments.variance });
    }
  }

  /** Of what comes to a layer. */
  #momentsAt(where: string, samples: ReadySamples, { index, columns }: Adaptable): Moments {
    if (takesSamples(this.architecture, index)) return momentsOfSamples(samples, columns);
    return momentsOf(this.#forward(where, samples).layers[index - 1]?.data ?? [], columns);
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
  forward(x: Samples): { output: Float32Array; layers: NamedParameter[] } {
    const { output, layers } = this.#forward('forward', this.samples('forward', x));
    return { output: this.rawRows('forward')?.restore(output) ?? output, layers };
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

  /** Step 4: the cost of all rows, one number. Dropout does nothing here. */
  cost(x: Samples, y: Targets, options: { loss: Loss }): number {
    checkOptions('cost', options, ['loss']);
    return this.#judge('cost', { x, y }, options.loss, MOST_ROWS, (judge, data) => judge.evaluate('cost', data, false))
      .loss;
  }

  /**
   * Step 5: the cost of all rows and its gradient for every parameter that learns, by name, row-major. Dropout does
   * nothing here, and batch normalisation takes its moving averages, unless `training`.
   *
   * @param options `loss`; `inputs`: whether also for `input`, the samples as the network takes them, false unless
   *   told;
   *   `training`: whether all is as in a training step, with the masks of the model's next one, or where there is a
   *   `seed` of its own with those of its first
   */
  gradients(
    x: Samples,
    y: Targets,
    options: { loss: Loss; inputs?: boolean; training?: boolean; seed?: number },
  ): { cost: number; gradients: Record<string, Float32Array> } {
    const where = 'gradients';
    checkOptions(where, options, ['loss', 'inputs', 'training', 'seed']);
    const { loss, seed } = options;
    const way = {
      inputs: checkBoolean(`${where}: inputs`, options.inputs ?? false),
      training: checkBoolean(`${where}: training`, options.training ?? false),
    };
    const noise = {
      seed: seed === undefined ? this.seed : checkSeed(`${where}: seed`, seed),
      draw: seed === undefined ? this.trained.steps + 1 : 1,
    };
    if (seed !== undefined && !way.training) {
      throw wrongValue(`${where}: seed`, 'none without training: true', seed, 'only training draws random numbers');
    }
    if (way.inputs && indexRule(this.architecture)) {
      throw wrongKind(`${where}: inputs`, 'samples that have a gradient', 'whole numbers that are looked up');
    }
    this.refuseQuantized(where);
    return this.#judge(where, { x, y }, loss, Infinity, (judge, data) => judge.gradients(where, data, noise), way);
  }

  /**
   * The cost of all rows, and the metrics asked for: `'accuracy'` for classifiers, `'meanSquaredError'`,
   * `'rootMeanSquaredError'`, `'meanAbsoluteError'` and `'r2'` for numbers.
   */
  evaluate(
    data: TrainingData,
    options: { loss: Loss; metrics?: readonly EvaluationMetric[] },
  ): { loss: number } & Scores {
    checkOptions('evaluate: data', data, ['x', 'y', 'scale']);
    checkOptions('evaluate', options, ['loss', 'metrics']);
    const metrics = checkMetricNames('evaluate: metrics', options.metrics, evaluationMetrics);
    return this.#judge('evaluate', data, options.loss, MOST_ROWS, (judge, ready, loss) => {
      checkMetrics('evaluate', metrics, loss);
      const judgement = judge.evaluate('evaluate', ready, metrics.includes('accuracy'));
      const numeric = metrics.filter(metric => metric !== 'accuracy');
      if (numeric.length === 0) return judgement;
      const out = new Float32Array(ready.samples.rows * this.network.outputs);
      this.predictSamples('evaluate', out, ready.samples);
      this.restored('evaluate', out, ready.samples.rows);
      const truth = this.rawRows('evaluate')?.restore(Float32Array.from(ready.targets)) ?? ready.targets;
      return { ...judgement, ...scoreNumbers(numeric, out, truth, this.network.outputs) };
    });
  }

  /** Lends a program for the loss, with this model's parameters and room for the rows, to `use`. */
  #judge<R>(
    where: string,
    data: { x: unknown; y: unknown; scale?: unknown },
    loss: unknown,
    mostRows: number,
    use: (judge: Judge, data: ReadyData, loss: FittedLoss) => R,
    way: { inputs: boolean; training: boolean } = { inputs: false, training: false },
  ): R {
    const config = resolveLoss(where, loss);
    const fitted = this.fitLoss(config);
    if (where !== 'evaluate') refuseBareBytes(where, asFloats(data.x, indexRule(this.architecture)));
    const ready = readData(where, this.architecture, this.network.inputs, fitted, data, this.rawRows(where));
    this.update();
    const key = JSON.stringify([config, way]);
    const rows = Math.min(ready.samples.rows, mostRows);
    let judge = this.#fitted.get(key);
    if (!judge || judge.capacity < rows) {
      judge = new Judge(this.runsOn, this.architecture, fitted, rows, way);
      for (const former of this.#fitted.values()) former.close();
      this.#fitted.clear();
      this.#fitted.set(key, judge);
    }
    this.#lend(judge);
    return use(judge, ready, fitted);
  }

  /** Gives a judge the parameters: float32, whatever this model stores. */
  #lend({ program }: Judge): void {
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
  async predictAsync(x: Samples, options: { threads?: 'auto' | number } = {}): Promise<Float32Array> {
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
      return this.restored(where, out, samples.rows);
    }
    this.#predictions ??= new Predictions(this.#source());
    const findThreads = small ? undefined : () => findTeam(this.runsOn, wanted);
    const out = await this.#predictions.predict(samples, this.held.snapshot(), findThreads);
    return this.restored(where, out, samples.rows);
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

  /** @internal The loss fitted to this network's end. */
  fitLoss(config: LossConfig): FittedLoss {
    const ending = endingOf(this.architecture);
    refuseConstant(config, ending);
    return fitLoss(config, ending);
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

function checkPath(where: string, path: unknown): string {
  if (typeof path !== 'string') {
    const mends: Partial<Record<string, string>> = {
      URL: 'give fileURLToPath(url)',
      Uint8Array: 'bytes are what Model.fromBytes takes',
    };
    throw wrongType(where, 'a string', path, mends[kindOf(path)]);
  }
  return path;
}

function filesOf(host: Host, where: string, mend: string): FileAccess {
  if (!host.files) throw wrongKind(where, 'a platform with files', 'one without', mend);
  return host.files;
}
