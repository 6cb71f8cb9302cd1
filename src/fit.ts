/**
 * Whole epochs of a run, on a crew of threads or on the caller's: steps in turns, validation, callbacks, and what ends
 * them early.
 */
import { ABORTED, unlessAborted } from './abort.js';
import type { Training } from './callbacks/callback.js';
import { wrongValue } from './errors.js';
import { Executor } from './executor.js';
import { evaluation, type Judgement, type ReadyData } from './judge.js';
import { Measuring } from './metrics/measuring.js';
import type { Directions } from './minimize/directions.js';
import { type Iteration, Minimization } from './minimize/minimization.js';
import { Purpose, Random } from './random.js';
import type { Block, Blocks, RowSource } from './rowSource.js';
import { FINITE_PARAMETERS, type Run } from './run.js';
import type { Places } from './runtime/staging.js';
import { countedRows, scoreNames, scoresOf, sumsOf, validationName } from './sums.js';
import {
  type CheckedFitOptions,
  type EpochEvent,
  type History,
  newHistory,
  record,
  rowsOfStep,
} from './trainingOptions.js';

/** An epoch's event, and why it is to be the last, where the epoch itself says so. */
interface Ended {
  readonly event: EpochEvent;
  readonly over?: string | undefined;
}

/** @internal */
export class Fit {
  readonly #run: Run;
  readonly #source: RowSource;
  readonly #validation: ReadyData | undefined;
  readonly #options: CheckedFitOptions;
  /** Epochs and steps that the model was ever trained, to which this fit adds. */
  readonly #trained: { epochs: number; steps: number };
  /** What the trainer's class adds to what callbacks are told. */
  readonly #about: Pick<Training, 'files' | 'toBytes'>;
  readonly #history: History;
  /** The metrics of validation rows. */
  readonly #judging: Measuring;
  readonly #executor: Executor;
  #stepping = false;
  /** Rows of the epoch's blocks so far that count for each output. */
  #counted: readonly number[] = [];
  /** Of full-batch optimisers, from the first iteration on. */
  #minimization: Minimization | undefined;

  constructor(
    run: Run,
    source: RowSource,
    validation: ReadyData | undefined,
    options: CheckedFitOptions,
    about: Pick<Training, 'files' | 'toBytes'>,
  ) {
    this.#run = run;
    this.#source = source;
    this.#validation = validation;
    this.#options = options;
    this.#about = about;
    this.#judging = new Measuring('fit', run.goals, run.measuring.restore);
    this.#executor = new Executor(run, options.signal);
    const scores = scoreNames(run.goals);
    const own = run.directions ? ['gradientNorm', 'stepLength'] : [];
    this.#history = newHistory([...scores, ...(validation ? scores.map(validationName) : []), ...own]);
    this.#trained = run.model.held.trained;
  }

  /** Whether steps are under way, and nothing in the run is whole. */
  get stepping(): boolean {
    return this.#stepping;
  }

  /** What callbacks are told of it. */
  get training(): Training {
    const run = this.#run;
    const { held } = run.model;
    return {
      ...this.#about,
      keys: ['epoch', ...Object.keys(this.#history)],
      get epoch() {
        return run.progress.epoch;
      },
      get learningRate() {
        return run.learningRate;
      },
      hasFixedRate: run.hasFixedRate,
      setLearningRate: rate => run.setLearningRate(rate),
      parameters: () => held.values.slice(),
      restore: parameters => {
        run.beginAt(parameters);
        held.publish(parameters, this.#trained);
      },
    };
  }

  /** Trains; the model is ready for another fit when this has come to its end, whatever end that is. */
  async train(): Promise<History> {
    const run = this.#run;
    const history = this.#history;
    try {
      if ((await this.#epochs(history)) === ABORTED) {
        const error = run.lookInTheMiddle();
        if (error) throw error;
        history.stopped = 'aborted';
      }
      return history;
    } catch (error) {
      if (this.#executor.failure) run.goBack(this.#executor.failure);
      run.lookInTheMiddle();
      throw error;
    } finally {
      this.#stepping = false;
      this.#source.close();
      this.#executor.leave();
      run.workspace.rest('fit');
      run.model.held.endFit(this.#trained);
    }
  }

  async #epochs(history: History): Promise<typeof ABORTED | undefined> {
    const { epochs, signal, onEpoch } = this.#options;
    if (signal?.aborted) return ABORTED;
    const run = this.#run;
    const { training } = this;
    const { over } = run.callbacks;
    if (over !== undefined) {
      history.stopped = over;
      return undefined;
    }
    run.workspace.hold();
    // A search for a minimum goes through the same rows again and again.
    const [epoch, step] = run.directions
      ? [0, 0]
      : [run.progress.position > 0 ? run.progress.order : this.#trained.epochs, 1];
    const room = await unlessAborted(signal, this.#source.open(epoch, step));
    if (room === ABORTED) return ABORTED;
    run.open(Math.max(room.samples.rows, this.#validation?.samples.rows ?? 0), room, false);
    run.lead();
    await this.#executor.begin(Math.min(Math.ceil(room.samples.rows / rowsOfStep(run.config)), this.#mostSteps));
    for (let done = 0; done < epochs; done++) {
      if (signal?.aborted) return ABORTED;
      const ended = await (run.directions ? this.#iteration(run.directions) : this.#epoch(done < epochs - 1));
      if (ended === ABORTED) return ABORTED;
      const { event, over: reason } = ended;
      record(history, event);
      const last = reason !== undefined || done === epochs - 1;
      const stopped = run.callbacks.none
        ? undefined
        : await unlessAborted(signal, run.callbacks.epoch(event, training, last));
      if (stopped === ABORTED) return ABORTED;
      if (onEpoch && (await unlessAborted(signal, onEpoch(event))) === ABORTED) return ABORTED;
      if (!run.callbacks.none && (await unlessAborted(signal, run.callbacks.save(event, training))) === ABORTED) {
        return ABORTED;
      }
      const end = reason ?? stopped;
      if (end !== undefined) {
        history.stopped = end;
        return undefined;
      }
    }
    return undefined;
  }

  async #epoch(more: boolean): Promise<Ended | typeof ABORTED> {
    const started = performance.now();
    this.#begin();
    const blocks = this.#source.epoch(more);
    this.#stepping = true;
    try {
      if ((await this.#blocks(blocks)) === ABORTED) return ABORTED;
    } finally {
      blocks.close();
    }
    this.#stepping = false;
    const { progress, goals, measuring } = this.#run;
    const rows = progress.position;
    return this.#end(started, rows, { ...scoresOf(progress, rows, goals, this.#counted), ...measuring.scores });
  }

  /** A full-batch optimiser's epoch: one step, over all rows as often as that takes. */
  async #iteration(directions: Directions): Promise<Ended | typeof ABORTED> {
    const started = performance.now();
    const { progress, config } = this.#run;
    const { signal, onBatch } = this.#options;
    this.#begin();
    this.#countBegun(1);
    const minimization =
      this.#minimization ?? new Minimization(this.#run, directions, this.#source, this.#executor, signal);
    this.#minimization = minimization;
    this.#stepping = true;
    try {
      const found = await minimization.iterate((config.optimizer as { tolerance: number }).tolerance);
      if (found === ABORTED) return ABORTED;
      const { rows, scores, stopped, keep } = found;
      if (onBatch) {
        const called = onBatch({ epoch: progress.epoch + 1, batch: 1, loss: scores.loss });
        if ((await unlessAborted(signal, called)) === ABORTED) return ABORTED;
      }
      const ended = await this.#end(started, rows, scores);
      if (ended === ABORTED) return ABORTED;
      keep();
      this.#countFinished(1, 1);
      this.#stepping = false;
      return { ...ended, over: stopped };
    } finally {
      // An epoch that was cut short is gone through again.
      minimization.goBack();
    }
  }

  #begin(): void {
    const { progress, measuring } = this.#run;
    progress.samples = this.#source.rows ?? progress.position;
    progress.shuffled = this.#options.shuffle;
    if (progress.position > 0) return;
    progress.order = this.#trained.epochs;
    measuring.begin();
  }

  /** Goes through an epoch's blocks, but for the rows that it has taken before. */
  async #blocks(blocks: Blocks): Promise<typeof ABORTED | undefined> {
    const { model, progress, goals } = this.#run;
    const { shuffle, signal } = this.#options;
    const random = shuffle ? new Random(model.seed, Purpose.shuffle, progress.order) : undefined;
    const counted = goals.map(() => 0);
    this.#counted = counted;
    for (let first = 0; ; ) {
      const coming = blocks.next();
      const block = coming && 'then' in coming ? await unlessAborted(signal, coming) : coming;
      if (block === ABORTED) return ABORTED;
      if (block === undefined) {
        if (first >= progress.position) return undefined;
        throw wrongValue('fit', `the ${progress.position} rows that the epoch under way has taken, or more`, first);
      }
      const { rows } = block.samples;
      // Drawn for what is passed over too: what comes behind it draws what it would have.
      const order = random?.permutation(rows);
      const others = order && this.#executor.turn.tookOrder(rows);
      if (others) await others;
      if (progress.position < first + rows) {
        const placing = this.#executor.place(block, order, progress.position - first, progress);
        const places = 'then' in placing ? await placing : placing;
        if ((await this.#steps(block, places, first)) === ABORTED) return ABORTED;
      }
      for (const [i, goal] of goals.entries()) counted[i] = (counted[i] ?? 0) + countedRows(block.samples, goal);
      first += rows;
    }
  }

  /** Runs what is left of the block that `first` rows of the epoch precede, unless the signal is aborted. */
  async #steps(block: Block, places: Places, first: number): Promise<typeof ABORTED | undefined> {
    const run = this.#run;
    const { progress } = run;
    const { program, network } = run.workspace;
    const { signal, onBatch } = this.#options;
    const ofStep = rowsOfStep(run.config);
    const end = first + block.samples.rows;
    while (progress.position < end) {
      if (signal?.aborted) return ABORTED;
      const left = Math.ceil((end - progress.position) / ofStep);
      const most = Math.min(left, this.#executor.stepsAtOnce, this.#mostSteps);
      program.controls.keptFrom = progress.position - first;
      const steps = run.prepareRates('fit', most);
      this.#countBegun(steps);
      const running = this.#executor.run('step', steps);
      // An epoch of a small network is over before as many promises as it has awaits are made.
      const finished = typeof running === 'number' ? running : await running;
      this.#countFinished(steps, finished);
      if (finished < steps) throw run.fail(first + program.controls.position);
      const before = progress.position;
      progress.position = first + program.controls.position;
      progress.samples = Math.max(progress.samples, progress.position);
      if (program.controls.broken) throw run.fail(progress.position, FINITE_PARAMETERS);
      run.ahead = true;
      Object.assign(progress, sumsOf(program, network.tallies));
      if (network.kept) {
        const order = this.#order(block, places);
        run.measuring.add(program, network, block, {
          samples: progress.position - before,
          first: before - first,
          order,
        });
      }
      if (onBatch) {
        const batch = Math.ceil(progress.position / ofStep);
        const called = onBatch({ epoch: progress.epoch + 1, batch, loss: program.controls.cost });
        if ((await unlessAborted(signal, called)) === ABORTED) return ABORTED;
      }
      const others = this.#executor.took(steps);
      if (others) await others;
    }
    return undefined;
  }

  /** The sample in each place of the block, where that is not the order they lie in. */
  #order({ samples }: Block, places: Places): Int32Array | undefined {
    if (!this.#options.shuffle) return undefined;
    const { memory } = this.#run.workspace.program;
    return new Int32Array(memory.buffer, places.order, samples.rows);
  }

  /** How many steps may pass before JavaScript is to see what they made. */
  get #mostSteps(): number {
    const { config, workspace } = this.#run;
    const { kept, keptRows = 0 } = workspace.network;
    if (this.#options.onBatch) return 1;
    return kept ? Math.max(1, Math.floor(keptRows / rowsOfStep(config))) : Infinity;
  }

  /** Some steps of the epoch are about to be run: whatever becomes of them, no others draw what they draw. */
  #countBegun(steps: number): void {
    const trained = this.#trained;
    trained.epochs = Math.max(trained.epochs, this.#run.progress.order + 1);
    trained.steps += steps;
  }

  /** So many of them finished; the one after those was begun too. */
  #countFinished(steps: number, finished: number): void {
    this.#trained.steps -= Math.max(0, steps - finished - 1);
    this.#run.progress.step += finished;
  }

  /**
   * Judges the epoch, publishes its parameters to the model, and is ready for the next; unless the signal is aborted
   * first.
   */
  async #end(started: number, rows: number, scores: Iteration['scores']): Promise<Ended | typeof ABORTED> {
    const run = this.#run;
    const { progress } = run;
    // Timed before validation: samplesPerSecond speaks of training.
    const seconds = (performance.now() - started) / 1000;
    const judgement = this.#validation && (await run.withPublished(() => this.#judge()));
    if (judgement === ABORTED) return ABORTED;
    run.model.held.publish(run.published, this.#trained);
    run.ahead = false;
    progress.epoch += 1;
    progress.position = 0;
    progress.costSum = 0;
    progress.correct = 0;
    progress.outputs = undefined;
    const judged =
      judgement && Object.entries(judgement).map(([name, score]) => [validationName(name), score] as const);
    const samplesPerSecond = seconds > 0 ? rows / seconds : Number.POSITIVE_INFINITY;
    const validated = judged && Object.fromEntries(judged);
    return { event: { epoch: progress.epoch, ...scores, ...validated, seconds, samplesPerSecond } };
  }

  /** Judges the rows kept for that, through the room behind those that are trained on. */
  async #judge(): Promise<Judgement | typeof ABORTED | undefined> {
    if (!this.#validation) return undefined;
    const { workspace, goals, progress } = this.#run;
    const { network } = workspace;
    const most = () => this.#executor.stepsAtOnce;
    const { places } = this.#executor;
    const offset = places ? places.end - places.x : 0;
    const rounds = evaluation(
      workspace.program,
      this.#validation,
      { goals, network, measuring: this.#judging },
      offset,
      most,
    );
    let round = rounds.next();
    while (!round.done) {
      if (this.#options.signal?.aborted) return ABORTED;
      const steps = round.value;
      const finished = await this.#executor.run('evaluate', steps);
      await this.#executor.took(steps);
      round = rounds.next(finished);
    }
    if (!round.value) throw this.#run.fail(progress.position, 'a finite cost of the validation rows');
    return round.value;
  }
}
