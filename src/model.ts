/** A network with parameters: predicts, judges, and hands out trainers. */
import './disposal.js';
import {
  type Adaptable,
  type Adapting,
  type AdaptingData,
  type AdaptingPart,
  adaptables,
  adaptInParts,
  adaptLayers,
  adaptToGiven,
} from './adapt.js';
import { type Architecture, checkArchitecture } from './architecture.js';
import type { ReadySamples } from './data/samples.js';
import { checkOptions, wrongType } from './errors.js';
import { checkPath, filesOf } from './files/access.js';
import type { CostOptions, GoalOptions, GradientOptions, NetworkTargets } from './goals.js';
import type { NetworkSamples } from './inputs.js';
import { callOnItselfAlone } from './itself.js';
import { type Judged, Judges } from './judges.js';
import { hasKey, kindOf } from './kinds.js';
import type { Evaluation } from './metrics/index.js';
import type { ModelOf } from './naming.js';
import { OpenModel } from './openModel.js';
import { initialValues } from './parameters.js';
import { toPanels } from './plan/panels.js';
import { checkBackendOptions, type LoadOptions, loadModel, type ModelParts, type PredictorClass } from './predictor.js';
import { prepareRun } from './prepareRun.js';
import { checkSeed } from './random.js';
import { chooseBackend } from './runtime/binaries.js';
import type { Program } from './runtime/program.js';
import { threadsOf } from './runtime/threads.js';
import { WorkerPool } from './runtime/workers.js';
import { Trainer, type TrainerOf } from './trainer.js';
import {
  type ChunkedData,
  checkFitOptions,
  type FitOptions,
  fitOptionNames,
  type History,
  type TrainerOptions,
  type TrainingData,
  trainerOptionNames,
} from './trainingOptions.js';

export interface ModelOptions extends LoadOptions {
  /** Where all random numbers come from; 0 by default. */
  readonly seed?: number;
}

/**
 * What each entry's `Model` extends. Another name than theirs: bundled into one scope they would be numbered, and stack
 * traces would say `Model2`.
 */
class BaseModel extends OpenModel {
  /** @internal */
  static get trainerClass(): TrainerOf<BaseModel> {
    return Trainer;
  }

  static {
    callOnItselfAlone(this.prototype, 'model', other => #judges in other);
    callOnItselfAlone(this, 'Model', other => other === this || hasKey(other, 'host'));
  }

  readonly #judges: Judges;

  /** @internal Use {@link Model.create}. */
  constructor(parts: ModelParts) {
    super(parts);
    this.#judges = new Judges(this.#judged);
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
    for (const [parameter, values] of initialValues(checked, model.network.plan.parameters, seed)) {
      model.write(parameter, values);
    }
    return model as ModelOf<M, A>;
  }

  /** The model in a file that {@link save} wrote. */
  static async load<M extends BaseModel>(this: PredictorClass<M>, path: string, options: LoadOptions = {}): Promise<M> {
    const files = filesOf(this.host, 'Model.load', 'fetch the bytes and give them to Model.fromBytes');
    return loadModel(this, 'Model.load', await files.read(checkPath('Model.load: path', path)), options);
  }

  /**
   * Sets the state of the `normalization` layers: each one's `mean` and `variance` to those of what comes to it when
   * the network is given `x`, in their order; an inverted one's at the network's end to those of the targets `y`.
   *
   * @param data x as `predict` takes it, with the `scale` of bytes beside it or with it; y numbers or rows, where
   *   outputs have names by those; one or both
   * @throws where the network has no layer that is adapted to them, or they do not fit it
   */
  adapt(data: AdaptingData): void {
    const where = 'adapt';
    this.held.refuseWhileFitting(where);
    this.refuseQuantized(where);
    adaptToGiven(where, this.#adapting, data, this.rawRows(where));
  }

  /** @internal Adapts what is not adapted yet to the rows that a fit trains on: each output's targets. */
  adaptTo(where: string, samples: ReadySamples, targets: readonly unknown[]): void {
    adaptLayers(where, this.#adapting, this.#unadapted(where), samples, targets);
  }

  /** @internal The same where rows come in parts, which are gone through only where there is such a layer. */
  async adaptToParts(where: string, parts: () => AsyncIterable<AdaptingPart>): Promise<void> {
    await adaptInParts(where, this.#adapting, this.#unadapted(where), parts);
  }

  #unadapted(where: string): Adaptable[] {
    this.update();
    const { parameters } = this.network.plan;
    const isUnset = (name: string) => {
      const state = parameters.filter(parameter => [`${name}.mean`, `${name}.variance`].includes(parameter.name));
      return state.every(({ data }) => this.program.floats(data).every(value => value === 0));
    };
    return adaptables(where, this.architecture).filter(({ name }) => isUnset(name));
  }

  get #adapting(): Adapting {
    const { architecture, inputs, outputs } = this;
    return {
      architecture,
      inputs,
      outputs,
      forward: samples => this.forwardAll('adapt', samples).layers,
      setState: values => this.setParameters(values),
    };
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
   * The cost of all rows, and the metrics asked for, as {@link score} finds them: names such as `'accuracy'` and
   * `'r2'`, and what factories make. Where outputs have names, `loss` is the weighted sum of the costs, each of which
   * is there too: `kind.loss`, as `kind.accuracy`.
   */
  evaluate(data: TrainingData, options: GoalOptions): Evaluation {
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
   * @param data `{ x, y, scale? }`, or `{ chunks, rows? }` of such for more than memory holds
   * @param options `loss` and `optimizer`, which are required, and those of {@link Trainer.fit}
   */
  async fit(data: TrainingData | ChunkedData, options: TrainerOptions & FitOptions): Promise<History> {
    checkOptions('fit', options, [...new Set([...trainerOptionNames, ...fitOptionNames])]);
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
    return new trainerClass(await prepareRun(this, this.runsOn, options, where, signal));
  }

  /** What runs the model, and why. `threads` is how many training takes by default. */
  override get backend(): { binary: 'simd' | 'relaxed'; turbo: boolean; threads: number; reason: string } {
    const { binary, turbo, reason } = this.runsOn;
    const own = threadsOf(this.runsOn);
    return { binary, turbo, threads: own.threads, reason: `${reason}; ${own.reason}` };
  }

  /** Ends the worker threads that no fit has in use. Models share them; whichever trains next starts others. */
  async dispose(): Promise<void> {
    const { threads } = this.runsOn;
    if (threads) WorkerPool.of(threads.host).dismissIdle();
  }

  /** {@link dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

export { BaseModel as Model };
