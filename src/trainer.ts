/** Step 6 of a network: gradient descent and its refinements, whole steps at a time inside WebAssembly. */
import './disposal.js';
import { Callbacks } from './callbacks/index.js';
import { notFiniteAt } from './data/samples.js';
import { checkOptions, wrongKind, wrongState, wrongValue } from './errors.js';
import { eventsOf } from './events.js';
import { checkPath, filesOf } from './files/access.js';
import { Fit } from './fit.js';
import { rowsOf } from './fitRows.js';
import {
  isGiven,
  type NetworkGradient,
  type NetworkTargets,
  readAllGradients,
  readAllTargets,
  targetsByOutput,
} from './goals.js';
import type { NetworkSamples } from './inputs.js';
import { callOnItselfAlone } from './itself.js';
import type { ReadyData } from './judge.js';
import { type Bytes, hasKey, isRevoked } from './kinds.js';
import { refuseOptions } from './minimize/refusals.js';
import type { Plan } from './plan/builder.js';
import { printPlan } from './plan/print.js';
import type { PredictorClass } from './predictor.js';
import { prepareRun } from './prepareRun.js';
import { type Chunks, Whole } from './rowSource.js';
import { Run } from './run.js';
import { chooseBackend } from './runtime/binaries.js';
import { beginRows } from './runtime/staging.js';
import { readRun, runBytes } from './savedRun.js';
import { learntTargets } from './tabular/rawTraining.js';
import {
  type CheckedFitOptions,
  type ChunkedData,
  checkFitOptions,
  type EpochEvent,
  type FitOptions,
  type History,
  type ResumeOptions,
  rowsOfStep,
  type TrainingData,
} from './trainingOptions.js';
import type { Trainable } from './weights.js';

/** What makes trainers of models. */
export interface TrainerOf<M extends Trainable, T extends BaseTrainer<M> = BaseTrainer<M>> {
  /** @internal */
  new (run: Run<M>): T;
}

/** A class of trainers with its class of models; its factory returns trainers of that class. */
export interface TrainerClass<T extends BaseTrainer> extends TrainerOf<T['model'], T> {
  readonly prototype: T;
  /** @internal */
  readonly modelClass: PredictorClass<T['model']>;
}

/** What each entry's `Trainer` extends, by another name for the reason that the model's base has one. */
class BaseTrainer<M extends Trainable = Trainable> {
  static {
    callOnItselfAlone(this.prototype, 'trainer', other => #run in other);
    callOnItselfAlone(this, 'Trainer', other => other === this || hasKey(other, 'modelClass'));
  }

  readonly model: M;
  readonly #run: Run<M>;
  /** The fit under way. */
  #fit: Fit | undefined;

  /** @internal Use {@link Model.trainer}. */
  constructor(run: Run<M>) {
    if (isRevoked(run) || !(run instanceof Run)) {
      const expected = 'model.trainer(options) or Trainer.fromBytes(bytes)';
      throw wrongKind('Trainer', expected, 'new Trainer(…)', 'each gives a promise: await it');
    }
    this.model = run.model;
    this.#run = run;
  }

  /** Its tag: as a model's. */
  get [Symbol.toStringTag](): string {
    return 'Trainer';
  }

  /** Epochs that this trainer has finished, before it was saved too. */
  get epoch(): number {
    return this.#run.progress.epoch;
  }

  /** Updates that it has made, likewise. */
  get steps(): number {
    return this.#run.progress.step;
  }

  /**
   * The training plan: `print()` shows its records and regions as a table. It is for whole batches, or for the rows
   * there were where those were less.
   */
  get plan(): Plan & { print(): string } {
    const { plan } = this.#run.workspace.network;
    return { ...plan, print: () => printPlan(plan) };
  }

  /**
   * One step on one batch of at most `batchSize` rows, or with `accumulationSteps` on so many batches.
   *
   * @param y targets; or `{ gradient }`, in place of targets and loss the cost's gradient for each output, after its
   *   activation: for costs of one's own
   * @returns the batch's cost before the update; 0 where its gradient was given
   * @throws where the cost or an updated parameter is not a finite number: then the parameters are those from before
   *   the step
   */
  async step(x: NetworkSamples, y: NetworkTargets | NetworkGradient): Promise<number> {
    return this.stepSync(x, y);
  }

  /** {@link step} without a promise. */
  stepSync(x: NetworkSamples, y: NetworkTargets | NetworkGradient): number {
    const run = this.#run;
    const { model, workspace } = run;
    run.refuseEnded('step');
    if (run.directions) {
      const mend = 'an epoch of fit is an iteration over all rows';
      throw wrongState('step', 'an optimiser that takes batches', run.config.optimizer.kind, mend);
    }
    this.#refuseBusy('step');
    run.refuseBalanced('step');
    const { inputs } = workspace.network;
    const most = rowsOfStep(run.config);
    const raw = model.rawRows('step');
    const samples = model.inputs.readAlone('step', x, raw);
    const { rows } = samples;
    if (rows > most) throw wrongValue('step: x', `at most ${most} rows, those of a step`, rows);
    const given = isGiven(y, run.goals) ? readAllGradients('step', y, rows, run.goals) : undefined;
    const targets = given ?? readAllTargets('step', learntTargets(raw, y), rows, run.goals);
    const data = given ? { samples, targets } : run.ready({ samples, targets });
    run.open(rows, data, true, given !== undefined);
    workspace.rest('step');
    run.aim(workspace.place(data));
    const { program } = workspace;
    const { controls } = program;
    beginRows(program, rows);
    if (program.run('check') === 0) throw notFiniteAt('step: x', samples.values, controls.failure, inputs);
    run.lead();
    if (given) controls.cost = 0;
    // A batch before one that leaves the finite numbers has moved what batch normalisation averages.
    const before = rows > run.config.batchSize ? workspace.parameters.slice() : undefined;
    run.prepareRates('step', 1);
    const finished = program.run(given ? 'stepBy' : 'step');
    model.held.countStep();
    if (finished === 0) {
      const error = run.explain(`step ${this.steps + 1}`);
      if (before) workspace.parameters.set(before);
      throw error;
    }
    run.progress.step += 1;
    const { cost } = controls;
    // The cost was finite, or the step would not have finished: the update says so.
    if (Number.isNaN(cost)) throw run.takeBack();
    run.ahead = true;
    return cost;
  }

  /**
   * Trains for some epochs.
   *
   * @param data `{ x, y, scale? }`, or `{ chunks, rows? }` of such for more than memory holds
   * @returns the history, one entry for each epoch finished
   * @throws before any work where data or options are wrong; while training where the cost stops being a finite number:
   *   then the model has the parameters of the last finished epoch, and the error says where the first such number was;
   *   and what a callback throws
   */
  async fit(data: TrainingData | ChunkedData, options: FitOptions = {}): Promise<History> {
    const where = 'fit';
    this.#run.refuseEnded(where);
    const checked = checkFitOptions(where, options);
    const { directions, config } = this.#run;
    if (directions) refuseOptions(where, config.optimizer.kind, options);
    const { source, judged } = rowsOf(this.#run, where, data, options);
    this.#refuseOther(where, source, checked);
    this.#refuseBusy(where);
    this.#run.checkRate(where);
    if (checked.callbacks) this.#run.callbacks = new Callbacks(checked.callbacks);
    const { files } = (this.constructor as TrainerClass<this>).modelClass.host;
    const fit = new Fit(this.#run, source, judged, checked, { files, toBytes: () => this.toBytes() });
    // From now on the trainer is busy, whatever is awaited first.
    this.#fit = fit;
    try {
      if (!this.#run.callbacks.none) await this.#run.callbacks.begin(where, fit.training);
      if (source instanceof Whole) this.#adapt(where, source);
      else await this.#adaptToChunks(where, source);
      this.model.held.beginFit(where);
      return await fit.train();
    } finally {
      this.#fit = undefined;
    }
  }

  /**
   * {@link fit} as an iterable of its epochs' events: training waits until the next one is asked for, and ends where
   * the loop is left. What it returns in the end is the history.
   */
  events(data: TrainingData | ChunkedData, options: FitOptions = {}): AsyncGenerator<EpochEvent, History, undefined> {
    checkFitOptions('events', options);
    return eventsOf(own => this.fit(data, own), options);
  }

  /** Adapts what is not adapted yet to the rows that are trained on. */
  #adapt(where: string, source: Whole): void {
    const { samples, targets } = this.#partOf(source.open());
    this.model.adaptTo(where, samples, targets);
  }

  async #adaptToChunks(where: string, source: Chunks): Promise<void> {
    const partOf = this.#partOf.bind(this);
    await this.model.adaptToParts(where, async function* () {
      for await (const block of source.pass()) yield partOf(block);
    });
  }

  #partOf({ samples, targets }: ReadyData) {
    return { samples, targets: targetsByOutput(targets, samples.rows, this.#run.goals) };
  }

  #refuseBusy(where: string): void {
    if (this.#fit) throw wrongState(where, 'no fit under way on this model', 'one that runs', 'await it first');
    this.model.held.refuseWhileFitting(where);
  }

  /** Refuses what the epoch under way cannot be finished with. */
  #refuseOther(where: string, source: Whole | Chunks, { shuffle }: CheckedFitOptions): void {
    const { position, samples, shuffled } = this.#run.progress;
    const { rows } = source;
    if (source instanceof Whole && position > 0 && rows !== samples) {
      const mend = 'finish it with the same data';
      throw wrongValue(where, `the ${samples} rows of the epoch under way`, `${rows} rows`, mend);
    }
    if (position > 0 && shuffle !== shuffled) {
      throw wrongValue(`${where}: shuffle`, `${shuffled}, as the epoch under way began`, String(shuffle));
    }
  }

  /**
   * Gives the trainer's memory to those that come; its model keeps what it has learned, and it can train and be saved
   * no more. A trainer that is let go of without it does no harm: until garbage collection finds it others may have all
   * of its memory but the parameters and the optimiser's state.
   *
   * @throws while a fit of its own runs: abort and await that first
   */
  dispose(): void {
    if (this.#fit) {
      throw wrongState('dispose', 'no fit under way on this trainer', 'one that runs', 'abort and await it first');
    }
    this.#run.close();
  }

  /** {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Everything that training goes on from, as the bytes of a .safetensors file: parameters, the optimiser's state,
   * random state, epoch and position. Training resumed from it equals training never stopped, bit for bit. May be
   * called from `onEpoch`, but not in the middle of an epoch.
   */
  toBytes(): Bytes {
    if (this.#fit?.stepping) {
      throw new Error(
        'Trainer.toBytes: expected no epoch under way, got one that runs; await the fit, or call it from onEpoch',
      );
    }
    this.#run.refuseEnded('Trainer.toBytes');
    return runBytes(this.#run);
  }

  /** @internal The model class of this entry of the package. */
  static get modelClass(): PredictorClass<Trainable> {
    throw new Error('a bare trainer has no model class');
  }

  /**
   * The trainer that {@link toBytes} wrote, with a model of its own as `trainer.model`.
   *
   * @param options `callbacks` in place of the file's: where one of those has a function, which no file holds, all are
   *   to be given again; each goes on from the state of the file's one of its kind
   */
  static async fromBytes<T extends BaseTrainer>(
    this: TrainerClass<T>,
    bytes: Uint8Array,
    options: ResumeOptions = {},
  ): Promise<T> {
    const where = 'Trainer.fromBytes';
    checkOptions(where, options, ['callbacks', 'learningRate']);
    const saved = readRun(where, bytes, options);
    const { tensors, users, config } = saved;
    const { modelClass } = this;
    const backend = await chooseBackend(modelClass.host, { deterministic: saved.deterministic, turbo: false });
    const model = new modelClass({ ...saved.model, backend });
    model.adopt(tensors, users);
    const run = await prepareRun(model, backend, config, where);
    saved.restore(run);
    return new this(run);
  }

  /**
   * Writes {@link toBytes} to a file, on platforms with files: beside it first, then in its place, so that a crash
   * leaves the old file whole.
   */
  async save(path: string): Promise<void> {
    const where = 'Trainer.save';
    const { host } = (this.constructor as TrainerClass<this>).modelClass;
    const files = filesOf(host, where, 'keep what trainer.toBytes() gives');
    await files.write(checkPath(`${where}: path`, path), this.toBytes());
  }

  /** The trainer in a file that {@link save} or `checkpoint` wrote; `options` as {@link fromBytes} takes them. */
  static async load<T extends BaseTrainer>(
    this: TrainerClass<T>,
    path: string,
    options: ResumeOptions = {},
  ): Promise<T> {
    const where = 'Trainer.load';
    const files = filesOf(this.modelClass.host, where, 'fetch the bytes and give them to Trainer.fromBytes');
    return BaseTrainer.fromBytes.call<TrainerClass<T>, [Uint8Array, ResumeOptions], Promise<T>>(
      this,
      await files.read(checkPath(`${where}: path`, path)),
      options,
    );
  }
}

export { BaseTrainer as Trainer };
