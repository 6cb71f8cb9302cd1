/**
 * Whole epochs of a run, on a crew of threads or on the caller's: steps in turns, validation, callbacks, and what ends
 * them early.
 */
import { ABORTED, unlessAborted } from './abort.js';
import type { Training } from './callbacks/callback.js';
import { wrongValue } from './errors.js';
import { evaluation, type Judgement, type ReadyData } from './judge.js';
import { Measuring } from './metrics/measuring.js';
import { align } from './plan/memory.js';
import { Purpose, Random } from './random.js';
import type { Block, Blocks, RowSource } from './rowSource.js';
import { FINITE_PARAMETERS, type Run } from './run.js';
import type { Crew } from './runtime/crew.js';
import { type Places, setLengths } from './runtime/staging.js';
import { callCrew, WORK_FOR_MESSAGE } from './runtime/threads.js';
import { Turn, workPerStep } from './runtime/turn.js';
import { countedRows, scoreNames, scoresOf, setSums, sumsOf, validationName } from './sums.js';
import {
  type CheckedFitOptions,
  type EpochEvent,
  type History,
  newHistory,
  record,
  rowsOfStep,
} from './trainingOptions.js';

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
  #crew: Crew | undefined;
  #stepping = false;
  /** Rows of the epoch's blocks so far that count for each output. */
  #counted: readonly number[] = [];
  /** The rows in the machine's memory, and where they lie there. */
  #placed: { readonly block: Block; readonly places: Places } | undefined;

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
    const scores = scoreNames(run.goals);
    this.#history = newHistory(validation ? [...scores, ...scores.map(validationName)] : scores);
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
      isScheduled: run.isScheduled,
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
      if (this.#crew?.failure) run.goBack(this.#crew.failure);
      run.lookInTheMiddle();
      throw error;
    } finally {
      this.#stepping = false;
      this.#crew?.leave();
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
    const room = await unlessAborted(signal, this.#source.open());
    if (room === ABORTED) return ABORTED;
    run.open(Math.max(room.samples.rows, this.#validation?.samples.rows ?? 0), room, false);
    const { network } = run.workspace;
    run.lead();
    this.#crew = await this.#callCrew(room.samples.rows);
    const turn = new Turn(network.plan, this.#crew?.size ?? 0);
    for (let done = 0; done < epochs; done++) {
      if (signal?.aborted) return ABORTED;
      const event = await this.#epoch(turn);
      if (event === ABORTED) return ABORTED;
      record(history, event);
      const last = done === epochs - 1;
      const stopped = run.callbacks.none
        ? undefined
        : await unlessAborted(signal, run.callbacks.epoch(event, training, last));
      if (stopped === ABORTED) return ABORTED;
      if (onEpoch && (await unlessAborted(signal, onEpoch(event))) === ABORTED) return ABORTED;
      if (!run.callbacks.none && (await unlessAborted(signal, run.callbacks.save(event, training))) === ABORTED) {
        return ABORTED;
      }
      if (stopped !== undefined) {
        history.stopped = stopped;
        return undefined;
      }
    }
    return undefined;
  }

  /**
   * A crew; none where a message to it would take as long as what it is to do at once, or where no workers are to be
   * had.
   */
  async #callCrew(rows: number): Promise<Crew | undefined> {
    const { team, config, workspace } = this.#run;
    const { signal } = this.#options;
    const steps = Math.min(Math.ceil(rows / rowsOfStep(config)), this.#mostSteps);
    if (!team || steps * workPerStep(workspace.network.plan) < WORK_FOR_MESSAGE) return undefined;
    const calling = callCrew(team, workspace.program);
    const crew = await unlessAborted(signal, calling);
    if (crew !== ABORTED) return crew;
    void calling.then(late => late?.leave());
    return undefined;
  }

  async #epoch(turn: Turn): Promise<EpochEvent | typeof ABORTED> {
    const started = performance.now();
    this.#begin();
    const blocks = this.#source.epoch();
    this.#stepping = true;
    try {
      if ((await this.#blocks(blocks, turn)) === ABORTED) return ABORTED;
    } finally {
      blocks.close();
    }
    this.#stepping = false;
    return this.#end(started, turn);
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
  async #blocks(blocks: Blocks, turn: Turn): Promise<typeof ABORTED | undefined> {
    const { model, progress, goals } = this.#run;
    const { shuffle, signal } = this.#options;
    const random = shuffle ? new Random(model.seed, Purpose.shuffle, progress.order) : undefined;
    this.#counted = goals.map(() => 0);
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
      if (order) await turn.tookOrder(rows);
      if (progress.position < first + rows) {
        await this.#place(block, order, first, turn);
        if ((await this.#steps(first, turn)) === ABORTED) return ABORTED;
      }
      this.#counted = this.#counted.map((count, i) => count + countedRows(block.samples, goals[i]));
      first += rows;
    }
  }

  /** Puts a block into the machine's memory, unless it lies there, as an epoch of its own that `first` rows precede. */
  async #place(block: Block, order: Int32Array | undefined, first: number, turn: Turn): Promise<void> {
    const { workspace, progress } = this.#run;
    const { program } = workspace;
    const { samples } = block;
    if (this.#placed?.block !== block) {
      this.#placed = { block, places: workspace.place(block, true) };
      await turn.tookData(samples.values.length);
    }
    const { places } = this.#placed;
    this.#run.aim(places);
    if (order) new Int32Array(program.memory.buffer, places.order, samples.rows).set(order);
    else program.set('order', 0);
    program.set('bytes', samples.values instanceof Uint8Array ? 1 : 0);
    program.set('scale', samples.scale);
    const behind = places.x + align(samples.values.byteLength);
    setLengths(program, behind, samples.lengths, samples.rows);
    program.set('samples', samples.rows);
    program.set('position', progress.position - first);
    setSums(program, workspace.network.tallies, progress);
  }

  /** Runs what is left of the block that `first` rows of the epoch precede, unless the signal is aborted. */
  async #steps(first: number, turn: Turn): Promise<typeof ABORTED | undefined> {
    const run = this.#run;
    const { progress } = run;
    const { program, network } = run.workspace;
    const { signal, onBatch } = this.#options;
    const { block, places } = this.#placed as { block: Block; places: Places };
    const ofStep = rowsOfStep(run.config);
    const end = first + block.samples.rows;
    while (progress.position < end) {
      if (signal?.aborted) return ABORTED;
      const left = Math.ceil((end - progress.position) / ofStep);
      const most = Math.min(left, this.#stepsAtOnce(turn), this.#mostSteps);
      program.set('keptFrom', progress.position - first);
      const steps = run.prepareRates('fit', most);
      this.#countBegun(steps);
      const finished = await this.#runSection('step', steps);
      this.#countFinished(steps, finished);
      if (finished < steps) throw run.fail(first + program.get('position'));
      const before = progress.position;
      progress.position = first + program.get('position');
      progress.samples = Math.max(progress.samples, progress.position);
      if (program.get('broken')) throw run.fail(progress.position, FINITE_PARAMETERS);
      run.ahead = true;
      Object.assign(progress, sumsOf(program, network.tallies));
      const taken = { samples: progress.position - before, first: before - first, order: this.#order(block, places) };
      run.measuring.add(program, network, block, taken);
      if (onBatch) {
        const batch = Math.ceil(progress.position / ofStep);
        const called = onBatch({ epoch: progress.epoch + 1, batch, loss: program.get('cost') });
        if ((await unlessAborted(signal, called)) === ABORTED) return ABORTED;
      }
      const others = this.#crew ? undefined : turn.tookSteps(steps);
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

  /** How many steps may pass before an abort is heard, and others have their turn. */
  #stepsAtOnce(turn: Turn): number {
    return this.#crew?.shared ? turn.fewSteps : turn.steps;
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

  /** Runs a section on the crew, or here where there is none. */
  #runSection(section: string, steps: number): number | Promise<number> {
    return this.#crew ? this.#crew.run(section, steps) : this.#run.workspace.program.run(section, steps);
  }

  /**
   * Judges the epoch, publishes its parameters to the model, and is ready for the next; unless the signal is aborted
   * first.
   */
  async #end(started: number, turn: Turn): Promise<EpochEvent | typeof ABORTED> {
    const run = this.#run;
    const { progress, goals } = run;
    const rows = progress.position;
    const scores = { ...scoresOf(progress, rows, goals, this.#counted), ...run.measuring.scores };
    // Timed before validation: samplesPerSecond speaks of training.
    const seconds = (performance.now() - started) / 1000;
    const judgement = await run.withPublished(() => this.#judge(turn));
    if (judgement === ABORTED) return ABORTED;
    run.model.held.publish(run.published, this.#trained);
    run.ahead = false;
    Object.assign(progress, { epoch: progress.epoch + 1, position: 0, costSum: 0, correct: 0, outputs: undefined });
    return {
      epoch: progress.epoch,
      ...scores,
      ...Object.fromEntries(Object.entries(judgement ?? {}).map(([name, score]) => [validationName(name), score])),
      seconds,
      samplesPerSecond: seconds > 0 ? rows / seconds : Number.POSITIVE_INFINITY,
    };
  }

  /** Judges the rows kept for that, through the room behind those that are trained on. */
  async #judge(turn: Turn): Promise<Judgement | typeof ABORTED | undefined> {
    if (!this.#validation) return undefined;
    const { workspace, goals, progress } = this.#run;
    const { network } = workspace;
    const most = () => this.#stepsAtOnce(turn);
    const places = this.#placed?.places;
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
      const finished = await this.#runSection('evaluate', steps);
      if (!this.#crew) await turn.tookSteps(steps);
      round = rounds.next(finished);
    }
    if (!round.value) throw this.#run.fail(progress.position, 'a finite cost of the validation rows');
    return round.value;
  }
}
