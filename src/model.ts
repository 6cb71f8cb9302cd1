/** A network with parameters: predicts, judges, and hands out trainers. */
import { type Architecture, firstLayer, placedLayers, sequential } from './architecture.js';
import { notFiniteAt, type ReadySamples, readSamples, type Samples, type Targets } from './data/samples.js';
import { checkBoolean, checkChoice, checkOptions, nearest, wrongType, wrongValue } from './errors.js';
import { modelMetadata, readModelMetadata, reservedMetadata } from './files/modelFile.js';
import { readSafetensors, type Tensor, writeSafetensors } from './files/safetensors.js';
import { initialize } from './initializers/index.js';
import { Judge, type ReadyData, readData } from './judge.js';
import { fitLoss, type Loss, type LossConfig, resolveLoss } from './losses/index.js';
import type { FittedLoss } from './losses/loss.js';
import { checkMetrics, type EvaluationMetric, evaluationMetrics, type Scores, scoreNumbers } from './metrics/index.js';
import { endingOf, type NetworkPlan, planPrediction } from './network.js';
import type { Parameter } from './plan/builder.js';
import { fromPanels, toPanels } from './plan/panels.js';
import { checkSeed, Purpose, Random } from './random.js';
import { type Backend, type BackendOptions, chooseBackend, type Host } from './runtime/binaries.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch } from './runtime/staging.js';
import { size } from './shape.js';
import { summarize } from './summary.js';
import {
  type FitOptions,
  fitOptionNames,
  type History,
  Trainer,
  type TrainerOptions,
  type TrainingData,
  trainerOptionNames,
} from './trainer.js';

export interface ModelOptions {
  /** Where all random numbers come from; 0 unless told. */
  readonly seed?: number;
  /** The same bits on every engine, processor and number of threads, at some cost in speed; false unless told. */
  readonly deterministic?: boolean;
  /**
   * Whether to set flags of the JavaScript engine that make WebAssembly faster. They hold for the whole process, so it is false unless told; `backend`
   * says what came of it.
   */
  readonly turbo?: boolean;
}

/** A parameter as users see it. */
export interface NamedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** A row-major copy. */
  readonly data: Float32Array;
}

/** Rows that predict takes at once: enough to keep the kernels busy, few enough that activations stay in the cache. */
const MOST_ROWS = 256;
const CACHE_NUMBERS = 2 ** 18;

/** @internal What a model is made of. */
export interface ModelParts {
  readonly architecture: Architecture;
  readonly backend: Backend;
  readonly seed: number;
}

/** @internal */
export type ModelClass<M extends Model> = {
  new (parts: ModelParts): M;
  readonly host: Host;
};

export class Model {
  /** @internal How this entry of the package comes by its WebAssembly. */
  static get host(): Host {
    throw new Error('myelin: expected an entry of the package that loads its WebAssembly, got the bare class');
  }

  readonly architecture: Architecture;
  /** Strings that travel in the model's file beside its parameters. */
  readonly metadata: Record<string, string> = {};
  /** @internal */
  readonly seed: number;
  readonly #backend: Backend;
  readonly #network: NetworkPlan;
  readonly #program: Program;
  /** Views of the regions that every prediction touches. */
  readonly #staging: Float32Array;
  readonly #predictions: Float32Array;
  readonly #fitted = new Map<string, Judge>();
  /** The trainer whose parameters are newer than the model's own, if any is. */
  #newest: Trainer | undefined;
  #fitting = false;

  /** @internal Use {@link Model.create}. */
  constructor({ architecture, backend, seed }: ModelParts) {
    this.architecture = architecture;
    this.seed = seed;
    this.#backend = backend;
    const widths = placedLayers(architecture).reduce((sum, layer) => sum + size(layer.outputShape), 0);
    const capacity = Math.floor(CACHE_NUMBERS / (widths + size(architecture.inputShape)));
    this.#network = planPrediction(architecture, Math.max(1, Math.min(MOST_ROWS, capacity)), backend.paired);
    this.#program = new Program(backend, this.#network.plan);
    const { plan, inputs } = this.#network;
    const address = this.#program.reserve(plan.capacity * inputs * 4);
    this.#staging = new Float32Array(this.#program.memory.buffer, address, plan.capacity * inputs);
    this.#predictions = this.#program.floats(plan.region('predictions'));
  }

  /**
   * A new model with freshly initialised parameters.
   *
   * @param architecture what {@link sequential} made
   * @param options `seed` (0), `deterministic` (false), `turbo` (false)
   */
  static async create<M extends Model>(
    this: ModelClass<M>,
    architecture: Architecture,
    options: ModelOptions = {},
  ): Promise<M> {
    checkOptions('Model.create', options, ['seed', 'deterministic', 'turbo']);
    if (typeof architecture !== 'object' || architecture === null || !('layers' in architecture)) {
      throw wrongType('Model.create: architecture', 'what sequential(…) makes', architecture);
    }
    const checked = sequential(architecture.inputShape, architecture.layers);
    const seed = checkSeed('Model.create: seed', options.seed ?? 0);
    const backend = await chooseBackend(this.host, checkBackendOptions('Model.create', options));
    const model = new this({ architecture: checked, backend, seed });
    model.#initialize();
    return model;
  }

  #initialize(): void {
    const specs = placedLayers(this.architecture).flatMap(layer => layer.parameters);
    this.#network.plan.parameters.forEach((parameter, index) => {
      const spec = specs[index];
      if (!spec) return;
      const random = new Random(this.seed, Purpose.initialize, index);
      this.#write(parameter, initialize(spec.initializer, spec.shape, random));
    });
  }

  /** What runs the model, and why. */
  get backend(): { binary: 'simd' | 'relaxed'; turbo: boolean; threads: number; reason: string } {
    const { binary, turbo, reason } = this.#backend;
    return { binary, turbo, threads: 1, reason };
  }

  /** Every parameter with a copy of its values. Weights are `[inputs, outputs]`. */
  get parameters(): NamedParameter[] {
    this.#update();
    return this.#network.plan.parameters.map(({ name, shape, rows, columns, data }) => {
      return { name, shape: [...shape], data: fromPanels(this.#program.floats(data), rows, columns) };
    });
  }

  /**
   * Sets some or all parameters by name, row-major.
   *
   * @throws where a name is unknown, a length is wrong, or a value is not a finite number; then none is set
   */
  setParameters(values: Record<string, Float32Array | readonly number[]>): void {
    const where = 'setParameters';
    this.refuseWhileFitting(where);
    const known = new Map(this.#network.plan.parameters.map(parameter => [parameter.name, parameter]));
    if (typeof values !== 'object' || values === null) {
      throw wrongType(where, `an object such as { '0.dense.weight': … }`, values);
    }
    const writes: [Parameter, ArrayLike<number>][] = [];
    for (const [name, value] of Object.entries(values)) {
      const parameter = known.get(name);
      if (!parameter) {
        const close = nearest(name, [...known.keys()]);
        throw wrongValue(where, 'known parameters', `'${name}'`, close ? `did you mean '${close}'?` : undefined);
      }
      checkParameter(`${where}: ${name}`, parameter, value);
      writes.push([parameter, value]);
    }
    this.#update();
    for (const [parameter, value] of writes) this.#write(parameter, value);
    this.#newest = undefined;
  }

  #write(parameter: Parameter, values: ArrayLike<number>): void {
    toPanels(this.#program.floats(parameter.data), values, parameter.rows, parameter.columns);
  }

  /** A table of the layers, their shapes and their numbers of parameters. */
  summary(): string {
    return summarize(this.architecture);
  }

  /**
   * Step 3: the outputs for some rows, row-major `[rows, outputs]`. While a fit runs, those of the parameters of the last finished epoch.
   *
   * @param x samples: a Float32Array of rows × inputs, `{ x: Uint8Array, scale }`, or an array of rows
   */
  predict(x: Samples): Float32Array {
    const samples = this.#samples('predict', x);
    const out = new Float32Array(samples.rows * this.#network.outputs);
    this.#predict('predict', out, samples);
    return out;
  }

  /** {@link predict} into an array of the user's, which is at least rows × outputs long; makes no garbage. Returns `out`. */
  predictInto(out: Float32Array, x: Samples): Float32Array {
    if (!(out instanceof Float32Array)) throw wrongType('predictInto: out', 'a Float32Array', out);
    const samples = this.#samples('predictInto', x);
    const numbers = samples.rows * this.#network.outputs;
    if (out.length < numbers) {
      throw wrongValue('predictInto: out', `room for ${numbers} numbers`, out.length);
    }
    this.#predict('predictInto', out, samples);
    return out;
  }

  #samples(where: string, x: unknown): ReadySamples {
    if (x instanceof Uint8Array) {
      throw wrongType(`${where}: x`, '{ x: Uint8Array, scale }', 'a bare Uint8Array', 'give { x, scale: 1 / 255 }');
    }
    const given = unwrapBytes(where, x);
    return readSamples(where, given.x, this.#network.inputs, firstLayer(this.architecture), given.scale);
  }

  #predict(where: string, out: Float32Array, samples: ReadySamples): void {
    this.#update();
    const { outputs, plan } = this.#network;
    for (let first = 0; first < samples.rows; first += plan.capacity) {
      const last = Math.min(samples.rows, first + plan.capacity);
      this.#run(where, samples, first, last);
      const numbers = (last - first) * outputs;
      if (numbers <= 64) {
        // A loop is quicker than a view for a row or two, and leaves no garbage.
        for (let i = 0; i < numbers; i++) out[first * outputs + i] = this.#predictions[i] as number;
      } else {
        out.set(this.#predictions.subarray(0, numbers), first * outputs);
      }
    }
  }

  /** Runs the plan over some rows, whose outputs then lie in the plan's regions. */
  #run(where: string, samples: ReadySamples, first: number, last: number): void {
    const program = this.#program;
    if (samples.values instanceof Float32Array && first === 0 && last === samples.rows) {
      this.#staging.set(samples.values);
      program.set('x', this.#staging.byteOffset);
      program.set('bytes', 0);
    } else {
      copySamples(program, this.#staging.byteOffset, samples, first, last);
    }
    setBatch(program, last - first);
    if (program.run('predict') === 0) {
      const { inputs } = this.#network;
      throw notFiniteAt(`${where}: x`, samples.values, first * inputs + program.get('failure'), inputs);
    }
  }

  /** Step 3 in the open: the outputs as {@link predict} gives them, and every layer's, row-major with their shapes. */
  forward(x: Samples): { output: Float32Array; layers: NamedParameter[] } {
    const samples = this.#samples('forward', x);
    this.#update();
    const { layers, plan, outputs } = this.#network;
    const shapes = placedLayers(this.architecture).map(layer => layer.outputShape);
    const results = layers.map(({ name, value }, index) => {
      const shape = [samples.rows, ...(shapes[index] ?? [])];
      return { name, shape, data: new Float32Array(samples.rows * value.columns) };
    });
    const output = new Float32Array(samples.rows * outputs);
    for (let first = 0; first < samples.rows; first += plan.capacity) {
      const last = Math.min(samples.rows, first + plan.capacity);
      this.#run('forward', samples, first, last);
      output.set(this.#predictions.subarray(0, (last - first) * outputs), first * outputs);
      layers.forEach(({ value }, index) => {
        const rows = fromPanels(this.#program.floats(value.data), last - first, value.columns);
        results[index]?.data.set(rows, first * value.columns);
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

  /** Step 5: the cost of all rows and its gradient for every parameter, by name, row-major. Dropout does nothing here. */
  gradients(
    x: Samples,
    y: Targets,
    options: { loss: Loss },
  ): { cost: number; gradients: Record<string, Float32Array> } {
    checkOptions('gradients', options, ['loss']);
    return this.#judge('gradients', { x, y }, options.loss, Infinity, (judge, data) => {
      return judge.gradients('gradients', data);
    });
  }

  /**
   * The cost of all rows, and the metrics asked for: `'accuracy'` for classifiers, `'meanSquaredError'`, `'rootMeanSquaredError'`,
   * `'meanAbsoluteError'` and `'r2'` for numbers.
   */
  evaluate(
    data: TrainingData,
    options: { loss: Loss; metrics?: readonly EvaluationMetric[] },
  ): { loss: number } & Scores {
    checkOptions('evaluate: data', data, ['x', 'y', 'scale']);
    checkOptions('evaluate', options, ['loss', 'metrics']);
    const metrics = (options.metrics ?? []).map(metric => checkChoice('evaluate: metrics', metric, evaluationMetrics));
    return this.#judge('evaluate', data, options.loss, MOST_ROWS, (judge, ready, loss) => {
      checkMetrics('evaluate', metrics, loss);
      const judgement = judge.evaluate('evaluate', ready, metrics.includes('accuracy'));
      const numeric = metrics.filter(metric => metric !== 'accuracy');
      if (numeric.length === 0) return judgement;
      const out = new Float32Array(ready.samples.rows * this.#network.outputs);
      this.#predict('evaluate', out, ready.samples);
      return { ...judgement, ...scoreNumbers(numeric, out, ready.targets, this.#network.outputs) };
    });
  }

  /** Lends a program for the loss, with this model's parameters and room for the rows, to `use`. */
  #judge<R>(
    where: string,
    data: { x: unknown; y: unknown; scale?: unknown },
    loss: unknown,
    mostRows: number,
    use: (judge: Judge, data: ReadyData, loss: FittedLoss) => R,
  ): R {
    const config = resolveLoss(where, loss);
    const fitted = this.fitLoss(config);
    const given = where === 'evaluate' ? data : { ...unwrapBytes(where, data.x), y: data.y };
    const ready = readData(where, this.architecture, this.#network.inputs, fitted, given);
    this.#update();
    const key = JSON.stringify(config);
    const rows = Math.min(ready.samples.rows, mostRows);
    let judge = this.#fitted.get(key);
    if (!judge || judge.capacity < rows) {
      judge = new Judge(this.#backend, this.architecture, fitted, rows);
      this.#fitted.clear();
      this.#fitted.set(key, judge);
    }
    judge.program.floats(judge.program.plan.parameterRegion).set(this.currentParameters);
    return use(judge, ready, fitted);
  }

  /**
   * Step 6, all at once: trains the model.
   *
   * @param data `{ x, y, scale? }`
   * @param options `loss` and `optimizer`, which are required, and those of {@link Trainer.fit}
   */
  async fit(data: TrainingData, options: TrainerOptions & FitOptions): Promise<History> {
    checkOptions('fit', options, [...trainerOptionNames, ...fitOptionNames]);
    const own: Record<string, unknown> = {};
    const rest: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(options)) (trainerOptionNames.includes(key) ? own : rest)[key] = value;
    this.refuseWhileFitting('fit');
    return this.newTrainer(own, 'fit').fit(data, rest);
  }

  /** Step 6, by hand: a trainer of this model. */
  async trainer(options: TrainerOptions): Promise<Trainer> {
    return this.newTrainer(options, 'trainer');
  }

  /** @internal */
  protected newTrainer(options: unknown, where: string): Trainer {
    return new Trainer(this, this.modelBackend, options, where);
  }

  /** @internal */
  get modelBackend(): Backend {
    return this.#backend;
  }

  /** The model as the bytes of a .safetensors file. */
  toBytes(): Uint8Array {
    return writeSafetensors(this.parameters, { ...this.metadata, ...modelMetadata(this.architecture, this.seed) });
  }

  /**
   * The model that {@link toBytes} wrote.
   *
   * @throws where the bytes are not such a file, with what is wrong with them
   */
  static async fromBytes<M extends Model>(
    this: ModelClass<M>,
    bytes: Uint8Array,
    options: Omit<ModelOptions, 'seed'> = {},
  ): Promise<M> {
    checkOptions('Model.fromBytes', options, ['deterministic', 'turbo']);
    if (!(bytes instanceof Uint8Array)) throw wrongType('Model.fromBytes', 'a Uint8Array', bytes);
    const wishes = checkBackendOptions('Model.fromBytes', options);
    const { tensors, metadata } = readSafetensors(bytes);
    const { architecture, seed } = readModelMetadata(tensors, metadata);
    const backend = await chooseBackend(this.host, wishes);
    const model = new this({ architecture, backend, seed });
    model.adopt(tensors, metadata);
    return model;
  }

  /** @internal Takes over a file's parameters and the user's metadata. */
  adopt(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>>): void {
    const values = new Map(tensors.map(({ name, data }) => [name, data]));
    for (const parameter of this.#network.plan.parameters) {
      const value = values.get(parameter.name);
      checkParameter(`model file: ${parameter.name}`, parameter, value);
      this.#write(parameter, value);
    }
    for (const [key, value] of Object.entries(metadata)) {
      if (!reservedMetadata.includes(key)) this.metadata[key] = value;
    }
  }

  /** @internal The loss fitted to this network's end. */
  fitLoss(config: LossConfig): FittedLoss {
    const { activation, columns } = endingOf(this.architecture);
    return fitLoss(config, activation, columns);
  }

  /** @internal The flat parameters as predict uses them. */
  get currentParameters(): Float32Array {
    return this.#program.floats(this.#network.plan.parameterRegion);
  }

  /** Takes over the parameters of a trainer that went ahead, unless a fit is running. */
  #update(): void {
    if (this.#newest === undefined || this.#fitting) return;
    const ahead = this.#newest.takeUpdate();
    if (ahead) this.currentParameters.set(ahead);
  }

  /** @internal The trainer goes ahead from here: gives it the current parameters unless it has them. */
  lead(trainer: Trainer, into: Float32Array): void {
    if (this.#newest === trainer) return;
    this.#update();
    into.set(this.currentParameters);
    this.#newest = trainer;
  }

  /** @internal Until {@link endFit} predictions keep to the parameters published last. */
  beginFit(where: string): void {
    this.refuseWhileFitting(where);
    this.#update();
    this.#fitting = true;
  }

  /** @internal The parameters of a finished epoch, which predictions read from now on. */
  publish(parameters: Float32Array): void {
    this.currentParameters.set(parameters);
  }

  /** @internal */
  endFit(): void {
    this.#fitting = false;
  }

  /** @internal */
  refuseWhileFitting(where: string): void {
    if (this.#fitting) {
      throw new Error(`${where}: expected no fit under way on this model, got one that runs; await it first`);
    }
  }
}

/** `x` as users give it to cost and gradients, with the scale of bytes beside it. */
function unwrapBytes(where: string, x: unknown): { x: unknown; scale?: unknown } {
  if (typeof x !== 'object' || x === null || Array.isArray(x) || ArrayBuffer.isView(x)) return { x };
  checkOptions(`${where}: x`, x, ['x', 'scale']);
  return x as { x: unknown; scale?: unknown };
}

function checkParameter(where: string, parameter: Parameter, value: unknown): asserts value is ArrayLike<number> {
  const length = parameter.rows * parameter.columns;
  const expected = `${length} numbers for shape [${parameter.shape.join(', ')}]`;
  if (!(value instanceof Float32Array) && !Array.isArray(value)) throw wrongType(where, expected, value);
  if (value.length !== length) throw wrongValue(where, expected, `${value.length} numbers`);
  for (let i = 0; i < length; i++) {
    const number: unknown = value[i];
    if (typeof number !== 'number') throw wrongType(`${where}[${i}]`, 'a number', number);
    if (!Number.isFinite(Math.fround(number))) throw wrongValue(`${where}[${i}]`, 'a finite float32 number', number);
  }
}

function checkBackendOptions(where: string, options: Omit<ModelOptions, 'seed'>): BackendOptions {
  return {
    deterministic: checkBoolean(`${where}: deterministic`, options.deterministic ?? false),
    turbo: checkBoolean(`${where}: turbo`, options.turbo ?? false),
  };
}
