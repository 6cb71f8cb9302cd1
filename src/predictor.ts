/** A network with parameters that predicts: the half of a model that needs nothing of training. */
import { type Architecture, placedLayers } from './architecture.js';
import { fileBytes, ownFloats, roomFor } from './conversions.js';
import { countRows, notFiniteAt, type ReadySamples, type Samples, type SequenceLengths } from './data/samples.js';
import { checkBoolean, checkOptions, leftOut, shorten, wrongKind, wrongType, wrongValue } from './errors.js';
import { checkStored, readModelMetadata, type Trained } from './files/modelFile.js';
import { readSafetensors, type Tensor } from './files/safetensors.js';
import { foldingOf } from './folding.js';
import { CHAINS_ONLY, FORWARD_ONLY } from './forwardOnly.js';
import { Inputs, type NetworkSamples } from './inputs.js';
import { callOnItselfAlone } from './itself.js';
import { hasKey, isFloat32Array } from './kinds.js';
import type { ByName } from './names.js';
import { type NetworkPlan, planPrediction } from './network.js';
import { Outputs, refuseSmall } from './outputs.js';
import type { Parameter } from './plan/builder.js';
import type { StoredNumbers, WeightFormat } from './plan/formats.js';
import { toPanels } from './plan/panels.js';
import { type Backend, type BackendOptions, chooseBackend, type Host } from './runtime/binaries.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch, stagingBytes } from './runtime/staging.js';
import { size } from './shape.js';
import { type Stateful, streamOf } from './stateful.js';
import { PREPROCESSING, RawRows } from './tabular/rawRows.js';

export interface LoadOptions {
  /** The same bits on every engine, processor and number of threads, at some cost in speed; false by default. */
  readonly deterministic?: boolean;
  /**
   * Whether to set flags of the JavaScript engine that make WebAssembly faster. They hold for the whole process, so it
   * is false by default; `backend` says what came of it.
   */
  readonly turbo?: boolean;
}

export interface PredictOptions {
  /** How many steps each row has, from 1 up; what follows in x is padding, and outputs there are 0. All by default. */
  readonly lengths?: SequenceLengths;
}

/** What predictions are told besides x. */
function lengthsOf(where: string, options: PredictOptions | undefined): unknown {
  if (options === undefined) return undefined;
  checkOptions(where, options, ['lengths']);
  return options.lengths;
}

/** Rows that predict takes at once: enough to keep the kernels busy, few enough that activations stay in the cache. */
export const MOST_ROWS = 256;
const CACHE_NUMBERS = 2 ** 18;

/** @internal What a model is made of. */
export interface ModelParts {
  readonly architecture: Architecture;
  readonly backend: Backend;
  readonly seed: number;
  /** float32 by default. */
  readonly weights?: WeightFormat;
  /** Never by default. */
  readonly trained?: Trained;
}

/** A class of models with its own way to load WebAssembly; its factories return models of that class. */
export interface PredictorClass<M extends Predictor> {
  readonly prototype: M;
  /** @internal */
  new (parts: ModelParts): M;
  /** @internal */
  readonly host: Host;
}

/**
 * What metadata inherits: no key. An object that inherited nothing at all would be slower to look into, which every
 * prediction does.
 */
const NO_KEYS = Object.freeze(Object.create(null));

export class Predictor {
  /** @internal How this entry of the package comes by its WebAssembly. */
  static get host(): Host {
    throw new Error('a bare model has no host');
  }

  static {
    callOnItselfAlone(this.prototype, 'model', other => #staging in other);
    callOnItselfAlone(this, 'Model', other => other === this || hasKey(other, 'host'));
  }

  readonly architecture: Architecture;
  /** What the weights are stored as: `'float32'`, or fewer bits where the model was quantised. */
  readonly weights: WeightFormat;
  /**
   * Strings that travel in the model's file beside its parameters. A model that the command line trained has its
   * `preprocessing` here, and takes raw rows of numbers in the order of its columns.
   */
  readonly metadata: Record<string, string> = Object.create(NO_KEYS);
  /** @internal */
  protected readonly runsOn: Backend;
  /** @internal */
  protected readonly network: NetworkPlan;
  /** @internal */
  protected readonly program: Program;
  /** @internal What it takes for x. */
  readonly inputs: Inputs;
  /** @internal What it gives. */
  readonly outputs: Outputs;
  /** Views of the regions that every prediction touches. */
  readonly #staging: Float32Array;
  readonly #predictions: Float32Array;
  /** Whether the parameters changed since the program was told. */
  #changed = true;
  /** What the metadata's preprocessing was when it was read. */
  #raw: { readonly text: string; readonly rows: RawRows | undefined } | undefined;

  /** @internal Use {@link fromBytes}. */
  constructor(parts: ModelParts) {
    if (!hasKey(parts, 'backend') || !hasKey(parts.backend, 'module')) {
      const expected = 'Model.create(architecture), Model.load(path) or Model.fromBytes(bytes)';
      throw wrongKind('Model', expected, 'new Model(…)', 'each gives a promise: await it');
    }
    const { architecture, backend, weights = 'float32' } = parts;
    this.architecture = architecture;
    this.weights = weights;
    this.runsOn = backend;
    this.inputs = new Inputs(architecture);
    this.outputs = new Outputs(architecture);
    const widths = placedLayers(architecture).reduce((sum, layer) => sum + size(layer.outputShape), 0);
    const capacity = Math.floor(CACHE_NUMBERS / (widths + this.inputs.numbers));
    const rows = Math.max(1, Math.min(MOST_ROWS, capacity));
    this.network = planPrediction(architecture, rows, backend.paired, weights, foldingOf(backend));
    this.program = new Program(backend.module, this.network.plan);
    const { plan, inputs } = this.network;
    const address = this.program.reserve(stagingBytes(this.network, plan.capacity));
    this.#staging = new Float32Array(this.program.memory.buffer, address, plan.capacity * inputs);
    this.#predictions = this.program.floats(plan.region('predictions'));
  }

  /** Its tag, by which Vue, Pinia and the like know to leave it as it is: on a Proxy nothing of it would work. */
  get [Symbol.toStringTag](): string {
    return 'Model';
  }

  /**
   * The model in the bytes of a file.
   *
   * @throws where the bytes are not such a file, with what is wrong with them
   */
  static async fromBytes<M extends Predictor>(
    this: PredictorClass<M>,
    bytes: Uint8Array,
    options: LoadOptions = {},
  ): Promise<M> {
    return loadModel(this, 'Model.fromBytes', bytes, options);
  }

  /** What runs the model, and why. */
  get backend(): { binary: 'simd' | 'relaxed'; turbo: boolean; threads: number; reason: string } {
    const { binary, turbo, reason } = this.runsOn;
    return { binary, turbo, threads: 1, reason };
  }

  /**
   * Step 3: the outputs for some rows, row-major `[rows, outputs]`; where outputs have names, a record of them. While a
   * fit runs, those of the parameters of the last finished epoch.
   *
   * @param x samples: a Float32Array of rows × inputs, `{ x: Uint8Array, scale }`, or an array of rows; where inputs
   *   have names, a record of such by them
   * @param options `lengths` of sequences that end early
   * @throws RangeError where a sample is not a finite number, or an output: NaN, or an infinity other than a last
   *   `exponential`'s own value. {@link forward} shows such outputs
   */
  predict(x: Samples, options?: PredictOptions): Float32Array;
  predict(x: NetworkSamples, options?: PredictOptions): ByName<Float32Array>;
  predict(x: NetworkSamples, options?: PredictOptions): ByName<Float32Array> {
    const samples = this.samples('predict', x, lengthsOf('predict', options));
    const out = roomFor(samples.rows * this.network.outputs);
    this.predictSamples('predict', out, samples);
    return this.given('predict', out, samples.rows);
  }

  /**
   * {@link predict} into an array of the user's, which is at least rows × outputs long; makes no garbage, unless inputs
   * or outputs have names. Returns `out`.
   */
  predictInto<O extends ByName<Float32Array>>(out: O, x: NetworkSamples): O {
    if (!CHAINS_ONLY && this.outputs.names) {
      this.#predictByName(out, x);
      return out;
    }
    const where = 'predictInto: out';
    if (!isFloat32Array(out)) throw wrongType(where, 'a Float32Array', out);
    // Floats go their own way, on which not even an object that tells of them is made.
    const raw = this.rawRows('predictInto');
    if (isFloat32Array(x) && raw === undefined && this.inputs.plain) {
      const values = ownFloats('predictInto: x', x);
      const rows = countRows('predictInto', values.length, this.network.inputs, this.inputs.described);
      refuseSmall(where, out, rows * this.network.outputs);
      this.#predict('predictInto', out, values, 1, rows, undefined);
    } else {
      const samples = this.samples('predictInto', x);
      refuseSmall(where, out, samples.rows * this.network.outputs);
      this.predictSamples('predictInto', out, samples);
      this.restored('predictInto', out, samples.rows);
    }
    return out;
  }

  #predictByName(out: unknown, x: NetworkSamples): void {
    const samples = this.samples('predictInto', x);
    const outs = this.outputs.roomIn('predictInto: out', out, samples.rows);
    const all = roomFor(samples.rows * this.network.outputs);
    this.predictSamples('predictInto', all, samples);
    this.outputs.split(all, outs);
  }

  /**
   * The model along a stream, a step of one sequence at a time: recurrent layers and causal convolutions keep their
   * state. It has the parameters of now, and a state of its own.
   *
   * @throws TypeError where a layer needs more than the steps so far: attention, pooling over steps, what goes
   * backwards
   */
  stateful(): Stateful {
    if (CHAINS_ONLY) throw leftOut('stateful', 'a stream');
    this.update();
    const { architecture, weights, runsOn: backend, program, outputs } = this;
    const { plan } = this.network;
    const mayOverflow = (column: number) => outputs.mayOverflow(column);
    return streamOf('stateful', { architecture, weights, backend, program, plan, mayOverflow });
  }

  /** @internal Outputs of some rows as users see them. */
  protected given(where: string, out: Float32Array, rows: number): ByName<Float32Array> {
    return this.outputs.given(this.restored(where, out, rows));
  }

  /** @internal Outputs of some rows in the target's own unit, where the model's file has one; in place. */
  protected restored(where: string, out: Float32Array, rows: number): Float32Array {
    const raw = this.rawRows(where);
    if (!raw) return out;
    raw.restore(out, rows * this.network.outputs);
    this.refuseNotFinite(where, out, 0, rows);
    return out;
  }

  /** @internal */
  protected samples(where: string, x: unknown, lengths?: unknown): ReadySamples {
    return this.inputs.readAlone(where, x, this.rawRows(where), lengths);
  }

  /** @internal */
  protected predictSamples(where: string, out: Float32Array, { values, scale, rows, lengths }: ReadySamples): void {
    this.#predict(where, out, values, scale, rows, lengths);
  }

  #predict(
    where: string,
    out: Float32Array,
    values: Float32Array | Uint8Array,
    scale: number,
    rows: number,
    lengths: Int32Array | undefined,
  ): void {
    this.update();
    const { outputs, plan } = this.network;
    let areFinite = true;
    for (let first = 0; first < rows; first += plan.capacity) {
      const last = Math.min(rows, first + plan.capacity);
      this.#run(where, values, scale, rows, lengths, first, last);
      const numbers = (last - first) * outputs;
      // A loop: a view to copy from would be garbage.
      for (let i = 0; i < numbers; i++) {
        const value = this.#predictions[i] as number;
        out[first * outputs + i] = value;
        if (value - value !== 0) areFinite = false;
      }
    }
    if (!areFinite) this.refuseNotFinite(where, out, 0, rows);
  }

  /**
   * @internal Refuses outputs of some rows that are not finite: what made them has left the numbers, and they would
   * mislead whoever goes on with them.
   */
  protected refuseNotFinite(where: string, out: Float32Array, first: number, last: number): void {
    const { outputs } = this.network;
    for (let i = first * outputs; i < last * outputs; i++) {
      const value = out[i] as number;
      // A finite number less itself is 0.
      if (value - value === 0 || (!Number.isNaN(value) && this.outputs.mayOverflow(i % outputs))) continue;
      const got = `${value} in row ${Math.floor(i / outputs)}, column ${i % outputs}`;
      throw wrongValue(where, 'finite outputs', got, 'look for parameters or samples that are too large');
    }
  }

  /** @internal Runs the plan over some rows, whose outputs then lie in the plan's regions. */
  protected runRows(where: string, samples: ReadySamples, first: number, last: number): void {
    const { values, scale, rows, lengths } = samples;
    this.#run(where, values, scale, rows, lengths, first, last);
  }

  #run(
    where: string,
    values: Float32Array | Uint8Array,
    scale: number,
    rows: number,
    lengths: Int32Array | undefined,
    first: number,
    last: number,
  ): void {
    const { program } = this;
    if (!FORWARD_ONLY && this.#changed) program.settle();
    this.#changed = false;
    if (values instanceof Float32Array && first === 0 && last === rows && !lengths) {
      this.#staging.set(values);
      program.controls.x = this.#staging.byteOffset;
      program.controls.bytes = 0;
      program.controls.lengths = 0;
    } else {
      copySamples(program, this.#staging.byteOffset, { values, scale, rows, lengths }, first, last);
    }
    setBatch(program, last - first);
    if (program.run('predict') === 0) {
      const { inputs } = this.network;
      throw notFiniteAt(`${where}: x`, values, first * inputs + program.controls.failure, inputs);
    }
  }

  /** @internal How raw rows become inputs, where the metadata says so: a model that the command line trained. */
  rawRows(where: string): RawRows | undefined {
    const text = this.metadata[PREPROCESSING];
    // Outputs of the command line's networks have no names.
    if (text === undefined || this.outputs.names) return undefined;
    if (typeof text !== 'string') throw wrongType(`${where}: model.metadata.${PREPROCESSING}`, 'a string', text);
    if (this.#raw?.text !== text) this.#raw = { text, rows: RawRows.from(where, text, this.network.inputs) };
    return this.#raw.rows;
  }

  /** @internal Called before parameters are read: a model that is being trained may have newer ones elsewhere. */
  protected update(): void {}

  /** @internal The parameters change before the next prediction. */
  protected changed(): void {
    this.#changed = true;
  }

  /** @internal */
  protected write(parameter: Parameter, values: StoredNumbers | ArrayLike<number>): void {
    const { program } = this;
    this.changed();
    if (parameter.format !== 'float32' || values.length > this.#staging.length) {
      toPanels(program.stored(parameter), values, parameter.rows, parameter.columns);
      return;
    }
    // The machine's own way from rows to panels is quick when it runs for the first time, which is when models are
    // loaded.
    this.#staging.set(values);
    program.controls.x = this.#staging.byteOffset;
    program.controls.bytes = 0;
    setBatch(program, parameter.rows);
    program.run(parameter);
  }

  /** @internal Takes over stored parameters and the user's metadata. */
  adopt(tensors: readonly Tensor[], users: readonly (readonly [key: string, value: string])[]): void {
    const values = new Map(tensors.map(({ name, data }) => [name, data]));
    for (const parameter of this.network.plan.parameters) {
      const value = values.get(parameter.name);
      checkStored(`model file: ${shorten(parameter.name)}`, parameter, value);
      this.write(parameter, value);
    }
    for (const [key, value] of users) this.metadata[key] = value;
  }
}

/** @internal The model of that class in the bytes of a file. */
export async function loadModel<M extends Predictor>(
  modelClass: PredictorClass<M>,
  where: string,
  bytes: unknown,
  options: LoadOptions,
): Promise<M> {
  checkOptions(where, options, ['deterministic', 'turbo']);
  const file = fileBytes(where, bytes);
  const wishes = checkBackendOptions(where, options);
  const { tensors, metadata } = readSafetensors(file);
  const { users, ...parts } = readModelMetadata(tensors, metadata);
  const model = new modelClass({ ...parts, backend: await chooseBackend(modelClass.host, wishes) });
  model.adopt(tensors, users);
  return model;
}

/** @internal */
export function checkBackendOptions(where: string, options: LoadOptions): BackendOptions {
  const { deterministic = false, turbo = false } = options;
  return {
    deterministic: checkBoolean(`${where}: deterministic`, deterministic),
    turbo: checkBoolean(`${where}: turbo`, turbo),
  };
}
