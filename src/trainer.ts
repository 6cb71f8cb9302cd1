/** Step 6 of a network: gradient descent and its refinements, whole steps at a time inside WebAssembly. */

import { instantiateSync } from '@assemblyscript/loader';
import { ABORTED, unlessAborted } from './abort.js';
import { firstLayer, indexRule, placedLayers } from './architecture.js';
import { fileBytes } from './conversions.js';
import { asFloats, refuseWrongIndices } from './data/indices.js';
import { findNotFinite, notFiniteAt, readAlone, readTargets, type Samples, type Targets } from './data/samples.js';
import { checkOptions, shorten, wrongKind, wrongState, wrongValue } from './errors.js';
import { modelMetadata, readModelMetadata } from './files/modelFile.js';
import { readSafetensors, type Tensor, writeSafetensors } from './files/safetensors.js';
import {
  bufferNaming,
  checkBuffer,
  checkProgress,
  namingOf,
  readState,
  TRAINER_FORMAT,
  type TrainerState,
  trainedBy,
} from './files/trainerFile.js';
import { callOnItselfAlone } from './itself.js';
import { answersOf, bytesPerRow, evaluation, type Judgement, type ReadyData, readData } from './judge.js';
import { type Bytes, hasKey } from './kinds.js';
import { definitionOf } from './layers/index.js';
import type { FittedLoss } from './losses/loss.js';
import { checkMetrics } from './metrics/index.js';
import type { Model } from './model.js';
import type { NetworkPlan } from './network.js';
import { type OptimizerConfig, optimizerDefinition } from './optimizers/index.js';
import type { Parameter, Plan } from './plan/builder.js';
import { fromPanels, PANEL, panelCount, toPanels } from './plan/panels.js';
import { printPlan } from './plan/print.js';
import type { PredictorClass } from './predictor.js';
import { Purpose, Random } from './random.js';
import { type Backend, chooseBackend } from './runtime/binaries.js';
import type { Crew } from './runtime/crew.js';
import { Program } from './runtime/program.js';
import { beginRows, copySamples, copyTargets, layOut, type Places } from './runtime/staging.js';
import { callCrew, findTeam, type Team, WORK_FOR_MESSAGE } from './runtime/threads.js';
import { Turn, workPerStep } from './runtime/turn.js';
import { planTraining } from './training.js';
import {
  checkFitOptions,
  checkTrainerOptions,
  dataNames,
  type EpochEvent,
  type FitOptions,
  type History,
  newHistory,
  record,
  type TrainerConfig,
  type TrainingData,
} from './trainingOptions.js';

/** Multiply-adds of a step below which it is not shared out: waiting for one another would cost as much as it saves. */
const WORK_FOR_THREADS = 2.5e5;

/** What is missed where an update, and not a cost, left the finite numbers. */
const FINITE_PARAMETERS = 'finite parameters';

/** Where the machine's count of steps stays: Adam's corrections have long been 1. */
const MOST_STEP = 2 ** 31 - 1;

/** @internal What a trainer is made of. */
export interface TrainerParts {
  readonly config: TrainerConfig;
  readonly loss: FittedLoss;
  readonly network: NetworkPlan;
  readonly program: Program;
  /** The same with room for batches of so many rows. */
  readonly withRoom: (rows: number) => { network: NetworkPlan; program: Program };
  readonly deterministic: boolean;
  /** The threads that epochs are run on; none where the caller's does it. */
  readonly team: Team | undefined;
}

/** What each entry's `Trainer` extends, by another name for the reason that the model's base has one. */
class BaseTrainer {
  static {
    callOnItselfAlone(this.prototype, 'trainer', other => #config in other);
    callOnItselfAlone(this, 'Trainer', other => other === this || hasKey(other, 'modelClass'));
  }

  readonly model: Model;
  readonly #config: TrainerConfig;
  readonly #loss: FittedLoss;
  #network: NetworkPlan;
  #program: Program;
  readonly #withRoom: TrainerParts['withRoom'];
  readonly #deterministic: boolean;
  readonly #team: Team | undefined;
  #crew: Crew | undefined;
  /** Epochs finished, and updates made. */
  #epoch = 0;
  #steps = 0;
  /** Epochs and steps that the model was ever trained, while a fit adds to them. */
  readonly #trained = { epochs: 0, steps: 0 };
  /** Rows that the epoch under way has taken, of how many, and what it has added up. */
  #position = 0;
  #samples = 0;
  #costSum = 0;
  #correct = 0;
  /** Whether the epoch under way takes its rows in an order of its own, and which: its number among the model's epochs. */
  #shuffled = true;
  #order = 0;
  /** Whether the parameters here are newer than the model's. */
  #ahead = false;
  #failure: string | undefined;
  /** Whether steps are under way, and nothing here is whole. */
  #stepping = false;

  /** @internal Use {@link Model.trainer}. */
  constructor(model: Model, parts: TrainerParts) {
    if (!hasKey(parts, 'program')) {
      const expected = 'model.trainer(options) or Trainer.fromBytes(bytes)';
      throw wrongKind('Trainer', expected, 'new Trainer(…)', 'each gives a promise: await it');
    }
    this.model = model;
    this.#config = parts.config;
    this.#loss = parts.loss;
    this.#network = parts.network;
    this.#program = parts.program;
    this.#withRoom = parts.withRoom;
    this.#deterministic = parts.deterministic;
    this.#team = parts.team;
    this.#setUp();
  }

  #setUp(): void {
    const { optimizer, batchSize } = this.#config;
    this.#program.set('learningRate', optimizer.learningRate);
    this.#program.set('batchSize', batchSize);
    this.#program.set('seedLow', (this.model.seed % 2 ** 32) | 0);
    this.#program.set('seedHigh', Math.floor(this.model.seed / 2 ** 32));
    this.#program.set('step', Math.min(this.#steps, MOST_STEP));
    this.#program.set('draw', this.model.trained.steps);
    this.#program.set('keeps', 1);
  }

  /** Room for batches of so many rows, where a file was opened with less: everything moves into another memory. */
  #makeRoom(rows: number): void {
    const { plan } = this.#network;
    const needed = Math.min(rows, this.#config.batchSize);
    if (needed <= plan.capacity) return;
    const old = this.#program;
    const { network, program } = this.#withRoom(needed);
    for (const name of ['parameters', ...Object.keys(stateOf(this.#config.optimizer))]) {
      program.floats(network.plan.region(name)).set(old.floats(plan.region(name)));
    }
    this.#network = network;
    this.#program = program;
    this.#setUp();
  }

  /**
   * @internal Checks the options and plans; all of it before any work. Takes memory for whole batches unless they need more than `mostBytes`; then for one row at first.
   * An aborted `signal` ends the wait for threads.
   */
  static async prepare(
    model: Model,
    backend: Backend,
    options: unknown,
    where: string,
    { mostBytes = Infinity, signal }: { mostBytes?: number; signal?: FitOptions['signal'] } = {},
  ): Promise<TrainerParts> {
    model.refuseQuantized(where);
    const { threads, ...config } = checkTrainerOptions(where, options);
    const loss = model.fitLoss(config.loss);
    const accuracy = config.metrics.includes('accuracy');
    checkMetrics(where, config.metrics, loss);
    const { optimizer, batchSize } = config;
    const judgement = { loss, accuracy, optimizer, paired: backend.paired };
    const alone = planTraining(model.architecture, batchSize, judgement);
    const { deterministic } = backend;
    const small = alone.plan.work < WORK_FOR_THREADS;
    const found = small ? undefined : await unlessAborted(signal, findTeam(backend, threads));
    const team = found === ABORTED ? undefined : found;
    const module = team?.module ?? backend.module;
    const planFor = (rows: number) =>
      planTraining(model.architecture, rows, { ...judgement, threads: team?.size ?? 1 });
    const load = (network: NetworkPlan) => ({
      network,
      program: new Program(module, network.plan, team !== undefined, instantiateSync),
    });
    const whole = team ? planFor(batchSize) : alone;
    const first = load(whole.plan.end <= mostBytes ? whole : planFor(1));
    return { config, loss, ...first, withRoom: rows => load(planFor(rows)), deterministic, team };
  }

  /** Its tag: as a model's. */
  get [Symbol.toStringTag](): string {
    return 'Trainer';
  }

  /** Epochs that this trainer has finished, before it was saved too. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Updates that it has made, likewise. */
  get steps(): number {
    return this.#steps;
  }

  /** The training plan: `print()` shows its records and regions as a table. */
  get plan(): Plan & { print(): string } {
    const { plan } = this.#network;
    return { ...plan, print: () => printPlan(plan) };
  }

  get #parameters(): Float32Array {
    return this.#program.floats(this.#network.plan.parameterRegion);
  }

  /**
   * One step on one batch of at most `batchSize` rows.
   *
   * @returns the batch's cost before the update
   * @throws where the cost or an updated parameter is not a finite number: then the parameters are those from before the step
   */
  async step(x: Samples, y: Targets): Promise<number> {
    return this.stepSync(x, y);
  }

  /** {@link step} without a promise. */
  stepSync(x: Samples, y: Targets): number {
    this.#refuseAfterFailure('step');
    this.model.refuseWhileFitting('step');
    const { inputs } = this.#network;
    const { batchSize } = this.#config;
    const raw = this.model.rawRows('step');
    const rule = indexRule(this.model.architecture);
    const samples = readAlone('step', asFloats(x, rule), inputs, firstLayer(this.model.architecture), raw);
    refuseWrongIndices('step: x', samples, inputs, rule);
    const { rows } = samples;
    if (rows > batchSize) throw wrongValue('step: x', `at most ${batchSize} rows, the batchSize`, rows);
    const targets = readTargets('step: y', raw?.y(y) ?? y, rows, this.#loss);
    this.#makeRoom(rows);
    const places = this.#place({ samples, targets }, 0);
    const program = this.#program;
    this.#aim(places);
    beginRows(program, rows);
    if (program.run('check') === 0) throw notFiniteAt('step: x', samples.values, program.get('failure'), inputs);
    this.#lead();
    const finished = program.run('step');
    this.model.countStep();
    if (finished === 0) throw this.#explain(`step ${this.#steps + 1}`);
    this.#steps += 1;
    const cost = program.get('cost');
    // The cost was finite, or the step would not have finished: the update says so.
    if (Number.isNaN(cost)) throw this.#takeBack();
    this.#ahead = true;
    return cost;
  }

  /** Takes over the model's newest parameters and its count of steps, where another trainer may have been at work since. */
  #lead(): void {
    if (this.model.lead(this, this.#parameters)) this.#program.set('draw', this.model.trained.steps);
  }

  /** Ends training at an update that left the finite numbers. It kept the parameters from before it, in the gradients' place. */
  #takeBack(): Error {
    const error = this.#explain(`step ${this.#steps}`, FINITE_PARAMETERS);
    this.#failure = error.message;
    this.#parameters.set(this.#program.floats(this.#network.plan.region('gradients')));
    return error;
  }

  /**
   * Trains for some epochs.
   *
   * @param data `{ x, y, scale? }`
   * @returns the history, one entry for each epoch finished
   * @throws before any work where data or options are wrong; while training where the cost stops being a finite number: then the model has the
   * parameters of the last finished epoch, and the error says where the first such number was
   */
  async fit(data: TrainingData, options: FitOptions = {}): Promise<History> {
    const where = 'fit';
    this.#refuseAfterFailure(where);
    const { epochs, shuffle, signal, onBatch, onEpoch } = checkFitOptions(where, options);
    checkOptions(`${where}: data`, data, dataNames);
    const { architecture } = this.model;
    const raw = this.model.rawRows(where);
    const ready = readData(where, architecture, this.#network.inputs, this.#loss, data, raw);
    let validation: ReadyData | undefined;
    if (options.validation !== undefined) {
      checkOptions(`${where}: validation`, options.validation, dataNames);
      const { validation: rows } = options;
      validation = readData(`${where}: validation`, architecture, this.#network.inputs, this.#loss, rows, raw);
    }
    const { rows } = ready.samples;
    if (this.#position > 0 && rows !== this.#samples) {
      const mend = 'finish it with the same data';
      throw wrongValue(where, `the ${this.#samples} rows of the epoch under way`, `${rows} rows`, mend);
    }
    if (this.#position > 0 && shuffle !== this.#shuffled) {
      throw wrongValue(`${where}: shuffle`, `${this.#shuffled}, as the epoch under way began`, String(shuffle));
    }
    this.model.refuseWhileFitting(where);
    this.model.adaptTo(where, ready);
    this.model.beginFit(where);
    Object.assign(this.#trained, this.model.trained);
    const history = newHistory(this.#config.metrics.length > 0, validation !== undefined);
    try {
      if (signal?.aborted) return this.#stop(history);
      this.#makeRoom(Math.max(rows, validation?.samples.rows ?? 0));
      const places = this.#place(ready, rows);
      this.#lead();
      this.#program.set('keeps', 0);
      this.#crew = await this.#callCrew(onBatch ? 1 : Math.ceil(rows / this.#config.batchSize), signal);
      const turn = new Turn(this.#network.plan, this.#crew?.size ?? 0);
      await turn.tookData(ready.samples.values.length);
      for (let done = 0; done < epochs; done++) {
        if (signal?.aborted) return this.#stop(history);
        const started = performance.now();
        this.#beginEpoch(places, ready, shuffle);
        if (shuffle) await turn.tookOrder(rows);
        this.#stepping = true;
        if ((await this.#runEpoch(turn, signal, onBatch)) === ABORTED) return this.#stop(history);
        this.#stepping = false;
        const event = await this.#endEpoch(ready, validation, places, started, turn, signal);
        if (event === ABORTED) return this.#stop(history);
        record(history, event);
        if (onEpoch && (await unlessAborted(signal, onEpoch(event))) === ABORTED) return this.#stop(history);
      }
      return history;
    } catch (error) {
      if (this.#crew?.failure) this.#end(this.#crew.failure);
      this.#lookInTheMiddle();
      throw error;
    } finally {
      this.#stepping = false;
      this.#crew?.leave();
      this.#crew = undefined;
      this.#program.set('keeps', 1);
      this.model.endFit(this.#trained);
    }
  }

  /** Ends a fit whose signal was aborted. */
  #stop(history: History): History {
    const error = this.#lookInTheMiddle();
    if (error) throw error;
    return Object.assign(history, { stopped: 'aborted' });
  }

  /** A crew for calls of so many steps; none where a message to it would take as long, or where no workers are to be had. */
  async #callCrew(steps: number, signal: FitOptions['signal']): Promise<Crew | undefined> {
    const team = this.#team;
    if (!team || steps * workPerStep(this.#network.plan) < WORK_FOR_MESSAGE) return undefined;
    const calling = callCrew(team, this.#program);
    const crew = await unlessAborted(signal, calling);
    if (crew !== ABORTED) return crew;
    void calling.then(late => late?.leave());
    return undefined;
  }

  /** Runs a section on the crew, or here where there is none. */
  #run(section: string, steps: number): number | Promise<number> {
    return this.#crew ? this.#crew.run(section, steps) : this.#program.run(section, steps);
  }

  /** Copies the data behind the plan. */
  #place(data: ReadyData, orderRows: number): Places {
    const program = this.#program;
    const bytes = bytesPerRow(data);
    const { rows } = data.samples;
    const size = layOut(0, rows, bytes.sample, bytes.target).end;
    const places = layOut(program.reserve(size), rows, bytes.sample, bytes.target);
    copySamples(program, places.x, data.samples, 0, rows);
    copyTargets(program, places.y, data.targets, rows, 0, rows);
    return orderRows > 0 ? places : { ...places, order: 0 };
  }

  #aim(places: Places): void {
    this.#program.set('x', places.x);
    this.#program.set('y', places.y);
    this.#program.set('order', places.order);
  }

  #beginEpoch(places: Places, { samples }: ReadyData, shuffle: boolean): void {
    const program = this.#program;
    this.#aim(places);
    this.#samples = samples.rows;
    this.#shuffled = shuffle;
    if (this.#position === 0) this.#order = this.#trained.epochs;
    if (shuffle) {
      const random = new Random(this.model.seed, Purpose.shuffle, this.#order);
      new Int32Array(program.memory.buffer, places.order, samples.rows).set(random.permutation(samples.rows));
    } else {
      program.set('order', 0);
    }
    program.set('bytes', samples.values instanceof Uint8Array ? 1 : 0);
    program.set('scale', samples.scale);
    program.set('samples', samples.rows);
    program.set('position', this.#position);
    program.set('costSum', this.#costSum);
    program.set('correct', this.#correct);
  }

  /** Runs what is left of the epoch, unless the signal is aborted. */
  async #runEpoch(
    turn: Turn,
    signal: FitOptions['signal'],
    onBatch: FitOptions['onBatch'],
  ): Promise<typeof ABORTED | undefined> {
    const program = this.#program;
    const { batchSize } = this.#config;
    while (this.#position < this.#samples) {
      if (signal?.aborted) return ABORTED;
      const left = Math.ceil((this.#samples - this.#position) / batchSize);
      const steps = onBatch ? 1 : Math.min(left, this.#stepsAtOnce(turn));
      this.#countBegun(steps);
      const finished = await this.#run('step', steps);
      this.#countFinished(steps, finished);
      if (finished < steps) throw this.#fail(program.get('position'));
      this.#position = program.get('position');
      if (program.get('broken')) throw this.#fail(this.#position, FINITE_PARAMETERS);
      this.#ahead = true;
      this.#costSum = program.get('costSum');
      this.#correct = program.get('correct');
      if (onBatch) {
        const batch = Math.ceil(this.#position / batchSize);
        const called = onBatch({ epoch: this.#epoch + 1, batch, loss: program.get('cost') });
        if ((await unlessAborted(signal, called)) === ABORTED) return ABORTED;
      }
      const others = this.#crew ? undefined : turn.tookSteps(steps);
      if (others) await others;
    }
    return undefined;
  }

  /** How many steps may pass before an abort is heard, and others have their turn. */
  #stepsAtOnce(turn: Turn): number {
    return this.#crew?.shared ? turn.fewSteps : turn.steps;
  }

  /** Some steps of the epoch are about to be run: whatever becomes of them, no others draw what they draw. */
  #countBegun(steps: number): void {
    const trained = this.#trained;
    trained.epochs = Math.max(trained.epochs, this.#order + 1);
    trained.steps += steps;
  }

  /** So many of them finished; the one after those was begun too. */
  #countFinished(steps: number, finished: number): void {
    this.#trained.steps -= Math.max(0, steps - finished - 1);
    this.#steps += finished;
  }

  /** Judges the epoch, publishes the parameters to the model, and is ready for the next; unless the signal is aborted first. */
  async #endEpoch(
    ready: ReadyData,
    validation: ReadyData | undefined,
    places: Places,
    started: number,
    turn: Turn,
    signal: FitOptions['signal'],
  ): Promise<EpochEvent | typeof ABORTED> {
    const { rows } = ready.samples;
    const accuracy = this.#config.metrics.includes('accuracy');
    const judged = answersOf(this.#loss, ready);
    const loss = this.#costSum / rows;
    const right = accuracy ? { accuracy: this.#correct / judged } : {};
    // Timed before validation: samplesPerSecond speaks of training.
    const seconds = (performance.now() - started) / 1000;
    const judgement = validation && (await this.#judge(validation, accuracy, places.end - places.x, turn, signal));
    if (judgement === ABORTED) return ABORTED;
    this.model.publish(this.#parameters, this.#trained);
    this.#ahead = false;
    this.#epoch += 1;
    this.#position = 0;
    this.#costSum = 0;
    this.#correct = 0;
    return {
      epoch: this.#epoch,
      loss,
      ...right,
      ...(judgement && { valLoss: judgement.loss }),
      ...(judgement?.accuracy !== undefined && { valAccuracy: judgement.accuracy }),
      seconds,
      samplesPerSecond: seconds > 0 ? rows / seconds : Number.POSITIVE_INFINITY,
    };
  }

  async #judge(
    data: ReadyData,
    accuracy: boolean,
    offset: number,
    turn: Turn,
    signal: FitOptions['signal'],
  ): Promise<Judgement | typeof ABORTED> {
    const rounds = evaluation(this.#program, data, this.#loss, accuracy, offset, () => this.#stepsAtOnce(turn));
    let round = rounds.next();
    while (!round.done) {
      if (signal?.aborted) return ABORTED;
      const steps = round.value;
      const finished = await this.#run('evaluate', steps);
      if (!this.#crew) await turn.tookSteps(steps);
      round = rounds.next(finished);
    }
    if (!round.value) throw this.#fail(this.#position, 'a finite cost of the validation rows');
    return round.value;
  }

  /** Ends training where it stops in the middle of an epoch with numbers that are not finite: updates look for them at its end. */
  #lookInTheMiddle(): Error | undefined {
    if (!this.#ahead) return undefined;
    const { plan } = this.#network;
    const regions = ['parameters', ...Object.keys(stateOf(this.#config.optimizer))];
    const bad = regions.some(name => findNotFinite(this.#program.floats(plan.region(name))) >= 0);
    return bad ? this.#fail(this.#position, FINITE_PARAMETERS) : undefined;
  }

  /** Ends training at a cost or parameter that is not finite. */
  #fail(position: number, expected = 'a finite cost'): Error {
    const batch = Math.ceil(position / this.#config.batchSize);
    const error = this.#explain(`fit: epoch ${this.#epoch + 1}, step ${batch}`, expected);
    this.#end(error);
    return error;
  }

  /** Goes back to the last finished epoch's parameters; what else this trainer holds may be half a step's, so it cannot go on. */
  #end(error: Error): void {
    this.#failure = error.message;
    this.#ahead = false;
    this.#parameters.set(this.model.currentParameters);
  }

  /** Finds the first number that is not finite: a parameter, a layer's output, or else the cost itself. */
  #explain(where: string, expected = 'a finite cost'): Error {
    const program = this.#program;
    // Where the cost was not finite there was no update, so the step does not count.
    program.set('step', Math.min(this.#steps, MOST_STEP));
    const cost = program.get('cost');
    const mend = 'lower the learning rate or scale the data';
    for (const parameter of this.#network.plan.parameters) {
      const { name, data, rows, columns } = parameter;
      const numbers = panelCount(columns) * PANEL * rows;
      const buffers = this.#stateOf(parameter).map(({ name: buffer, values }) => {
        return { what: `${buffer} of ${shorten(name)}`, values: values.subarray(0, numbers) };
      });
      for (const { what, values } of [
        { what: `parameter ${shorten(name)}`, values: program.floats(data) },
        ...buffers,
      ]) {
        if (findNotFinite(values) < 0) continue;
        const got =
          expected === FINITE_PARAMETERS
            ? `${what} not finite after the last update`
            : `${cost}: ${what} was already not finite`;
        return wrongValue(where, expected, got, mend);
      }
    }
    const rows = program.get('rows');
    const placed = placedLayers(this.model.architecture);
    for (const [index, { name, value }] of this.#network.layers.entries()) {
      const layer = placed[index]?.layer;
      const used = panelCount(value.columns) * PANEL * rows * value.positions;
      if (layer && findNotFinite(program.floats(value.data).subarray(0, used)) >= 0) {
        const what = `layer ${shorten(name)} (${definitionOf(layer).describe(layer)})`;
        return wrongValue(where, expected, `${cost}: ${what} was the first to give such a number`, mend);
      }
    }
    return wrongValue(where, expected, `${cost}: every layer's output is finite, the loss is not`, mend);
  }

  #refuseAfterFailure(where: string): void {
    if (this.#failure === undefined) return;
    throw wrongState(where, 'a trainer that can go on', `one that ended with «${this.#failure}»`, 'make another');
  }

  /** @internal The flat parameters where they are newer than the model's, which then has them. */
  takeUpdate(): Float32Array | undefined {
    if (!this.#ahead) return undefined;
    this.#ahead = false;
    return this.#parameters;
  }

  /**
   * Everything that training goes on from, as the bytes of a .safetensors file: parameters, the optimiser's state, random state, epoch and position.
   * Training resumed from it equals training never stopped, bit for bit. May be called from `onEpoch`, but not in the middle of an epoch.
   */
  toBytes(): Bytes {
    if (this.#stepping) {
      throw new Error(
        'Trainer.toBytes: expected no epoch under way, got one that runs; await the fit, or call it from onEpoch',
      );
    }
    this.#refuseAfterFailure('Trainer.toBytes');
    this.#lead();
    const { plan } = this.#network;
    const tensors: Tensor[] = [];
    const nameOf = bufferNaming(plan.parameters);
    for (const parameter of plan.parameters) {
      const { name, shape, rows, columns, data } = parameter;
      tensors.push({ name, shape, data: fromPanels(this.#program.floats(data), rows, columns) });
      for (const buffer of this.#stateOf(parameter)) {
        tensors.push({ name: nameOf(buffer.name, name), shape, data: fromPanels(buffer.values, rows, columns) });
      }
    }
    const state: TrainerState = {
      format: TRAINER_FORMAT,
      ...this.#config,
      deterministic: this.#deterministic,
      epoch: this.#epoch,
      position: this.#position,
      samples: this.#samples,
      costSum: this.#costSum,
      correct: this.#correct,
      shuffled: this.#shuffled,
      order: this.#order,
      step: this.#steps,
    };
    return writeSafetensors(tensors, { ...modelMetadata(this.model), trainer: JSON.stringify(state) });
  }

  /** The optimiser's buffers for a parameter; those that are not trainable have none. */
  #stateOf({ trainable, data }: Parameter): { name: string; rule: 'finite' | 'notNegative'; values: Float32Array }[] {
    if (!trainable) return [];
    const { plan } = this.#network;
    return Object.entries(stateOf(this.#config.optimizer)).map(([name, rule]) => {
      return { name, rule, values: this.#program.floats(plan.region(name)).subarray(data.offset / 4) };
    });
  }

  /** @internal Takes over a saved trainer's state. */
  restore(state: TrainerState, stored: (buffer: string, parameter: string) => ArrayLike<number>): void {
    for (const parameter of this.#network.plan.parameters) {
      const { name, rows, columns } = parameter;
      for (const buffer of this.#stateOf(parameter)) {
        const values = stored(buffer.name, name);
        checkBuffer(`${buffer.name} of ${shorten(name)}`, values, buffer.rule);
        toPanels(buffer.values, values, rows, columns);
      }
    }
    const { target, accuracy, positions } = this.#loss;
    const columns = accuracy?.kind === 'threshold' && target.kind === 'values' ? target.columns : 1;
    const answers = positions * columns;
    checkProgress(state, this.model.trained, this.#config.metrics.length > 0 ? answers : 0, this.#network.outputs);
    this.#epoch = state.epoch;
    this.#position = state.position;
    this.#samples = state.samples;
    this.#costSum = state.costSum;
    this.#correct = state.correct;
    this.#shuffled = state.shuffled;
    this.#order = state.order;
    this.#steps = state.step;
    this.#program.set('step', Math.min(state.step, MOST_STEP));
  }

  /** @internal The model class of this entry of the package. */
  static get modelClass(): PredictorClass<Model> {
    throw new Error('myelin: expected an entry of the package that loads its WebAssembly, got the bare class');
  }

  /** The trainer that {@link toBytes} wrote, with a model of its own as `trainer.model`. */
  static async fromBytes(bytes: Uint8Array): Promise<BaseTrainer> {
    const where = 'Trainer.fromBytes';
    const { tensors, metadata } = readSafetensors(fileBytes(where, bytes));
    const state = readState(metadata.trainer);
    const names = Object.keys(stateOf(state.optimizer));
    const nameOf = namingOf(tensors);
    const { users, ...parts } = readModelMetadata(tensors, metadata, name => names.map(buffer => nameOf(buffer, name)));
    const { modelClass } = this;
    const backend = await chooseBackend(modelClass.host, { deterministic: state.deterministic, turbo: false });
    const model = new modelClass({ ...parts, trained: trainedBy(state, parts.trained), backend });
    model.adopt(tensors, users);
    const { loss, optimizer, metrics, batchSize } = state;
    const options = { loss, optimizer, metrics, batchSize };
    const mostBytes = bytesAtOnce(bytes.byteLength);
    const trainer = new this(model, await this.prepare(model, backend, options, where, { mostBytes }));
    const stored = new Map(tensors.map(({ name, data }) => [name, data]));
    trainer.restore(state, (buffer, parameter) => stored.get(nameOf(buffer, parameter)) ?? []);
    return trainer;
  }
}

export { BaseTrainer as Trainer };

/** How much memory a file of so many bytes may have before anything is trained: a batchSize is a number that anybody can write. */
function bytesAtOnce(fileBytes: number): number {
  return Math.max(2 ** 24, 64 * fileBytes);
}

/** The regions that hold an optimiser's state, and what their numbers always are. */
function stateOf(optimizer: OptimizerConfig): Record<string, 'finite' | 'notNegative'> {
  const state = Object.entries(optimizerDefinition(optimizer.kind).state(optimizer));
  return Object.fromEntries(state.map(([name, rule]) => [`optimizer.${name}`, rule]));
}
