/**
 * Predictions beside the caller's own work. Small requests are carried out by the caller's thread, so much in each turn
 * of its event loop; large ones by the workers that all models share, a part at a time. Each model keeps two queues, in
 * which requests take turns.
 */
import type { Architecture } from './architecture.js';
import { notFiniteAt, type ReadySamples } from './data/samples.js';
import { wrongValue } from './errors.js';
import { foldingOf } from './folding.js';
import { type NetworkPlan, planPrediction } from './network.js';
import { together } from './plan/barriers.js';
import { numbersOf } from './plan/builder.js';
import type { WeightFormat } from './plan/formats.js';
import type { Backend } from './runtime/binaries.js';
import { copyOf, takeBack } from './runtime/copies.js';
import type { Crew } from './runtime/crew.js';
import { type Memories, ownMemories } from './runtime/memories.js';
import { Program } from './runtime/program.js';
import { copySamples, setBatch, stagingBytes } from './runtime/staging.js';
import { callCrew, type Team } from './runtime/threads.js';
import { WORK_AT_ONCE, whenSpare } from './runtime/turn.js';
import { LINGER, WorkerPool } from './runtime/workers.js';
import { yieldToOthers } from './runtime/yield.js';

const WHERE = 'predictAsync: x';

/** What the requests of the process hold. */
let held = 0;

/**
 * Rows, numbers of the widest layer, and multiply-adds that workers take at once: then it is the next request's turn.
 */
const MOST_ROWS = 1024;
const MOST_NUMBERS = 2 ** 20;
const MOST_WORK = 2e8;
/** Bytes of rows that a request copies: more would hold up the caller. */
const MOST_COPIED = 2 ** 22;
/** Bytes that a process's requests hold while they wait, and what each holds beside its rows and outputs. */
const MOST_HELD = 2 ** 30;
const REQUEST_BYTES = 2 ** 10;
/** Parameters that are copied in one turn: into memory that nobody has touched, that takes up to two milliseconds. */
const MOST_PARAMETERS = 2 ** 16;

/**
 * What each number of a layer costs beside its multiply-adds, counted in those; and for how many rows the weights could
 * be used in the time that reading them takes.
 */
const WORK_PER_NUMBER = 8;
const ROWS_TO_READ = 3;

/** The parameters at some time, copied only when they are about to change while somebody still needs them. */
export class Snapshot {
  readonly #live: Float32Array;
  #kept: Float32Array | undefined;
  /** How many requests are to be answered with these parameters. */
  users = 0;

  constructor(live: Float32Array) {
    this.#live = live;
  }

  /** Whether the model still has these parameters. */
  get live(): boolean {
    return this.#kept === undefined;
  }

  get values(): Float32Array {
    return this.#kept ?? this.#live;
  }

  /** The model's parameters are about to change. */
  keep(): void {
    if (this.users > 0) this.#kept ??= this.#live.slice();
  }
}

/** The model that predicts. */
export interface Source {
  readonly architecture: Architecture;
  readonly weights: WeightFormat;
  readonly backend: Backend;
  readonly network: NetworkPlan;
  /** Runs the model's own plan, with its parameters of now, and returns the outputs where they lie. */
  runRows(samples: ReadySamples, first: number, last: number): Float32Array;
  /** @throws where an output of some rows is not finite */
  checkOutputs(out: Float32Array, first: number, last: number): void;
}

interface Request {
  readonly samples: ReadySamples;
  readonly parameters: Snapshot;
  readonly out: Float32Array;
  /** Rows that are done. */
  done: number;
  readonly resolve: (out: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** A program of its own that predicts with the parameters of a snapshot, on a crew or alone. */
class Machine {
  readonly #program: Program;
  readonly #network: NetworkPlan;
  readonly #staging: number;
  readonly #predictions: Float32Array;
  readonly #memories: Memories;
  #loaded: Snapshot | undefined;
  crew: Crew | undefined;

  constructor({ architecture, weights, backend, network }: Source, team: Team | undefined) {
    const capacity = mostRows(network);
    this.#network = planPrediction(architecture, capacity, backend.paired, weights, {
      together: together(team?.size ?? 1),
      ...foldingOf(backend),
    });
    this.#memories = team ? WorkerPool.of(team.host).memories : ownMemories;
    const { plan } = this.#network;
    const staging = stagingBytes(network, capacity);
    const memory = this.#memories.take(plan.end, staging, true);
    this.#program = new Program(team?.module ?? backend.module, plan, team !== undefined, memory);
    this.#staging = this.#program.reserve(staging);
    this.#predictions = this.#program.floats(this.#network.plan.region('predictions'));
  }

  async join(team: Team): Promise<boolean> {
    this.crew = await callCrew(team, this.#program);
    return this.crew !== undefined;
  }

  /** Gives the workers back, and the memory. */
  close(): void {
    this.crew?.leave();
    if (!this.#program.abandoned) this.#memories.give(this.#program.memory);
  }

  /** Takes over the parameters, as many at once as the event loop does not feel. */
  async load(parameters: Snapshot): Promise<void> {
    if (this.#loaded === parameters) return;
    this.#loaded = undefined;
    const into = this.#program.floats(this.#network.plan.parameterRegion);
    for (let first = 0; first < into.length; first += MOST_PARAMETERS) {
      if (first > 0) await yieldToOthers();
      into.set(parameters.values.subarray(first, first + MOST_PARAMETERS), first);
    }
    this.#program.settle();
    this.#loaded = parameters;
  }

  /** The outputs for some rows, where they lie. */
  async run(samples: ReadySamples, first: number, last: number): Promise<Float32Array> {
    const program = this.#program;
    copySamples(program, this.#staging, samples, first, last);
    setBatch(program, last - first);
    const finished = this.crew ? await this.crew.run('predict', 1) : program.run('predict');
    const { inputs } = this.#network;
    if (finished === 0) throw notFiniteAt(WHERE, samples.values, first * inputs + program.controls.failure, inputs);
    return this.#predictions;
  }
}

/** Requests that take turns: after each part the next one has its own. */
abstract class Queue {
  protected readonly source: Source;
  #requests: Request[] = [];
  #busy = false;

  constructor(source: Source) {
    this.source = source;
  }

  get busy(): boolean {
    return this.#busy;
  }

  push(request: Request): void {
    this.#requests.push(request);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    this.begin();
    for (let request = this.#requests.shift(); request; request = this.#requests.shift()) {
      try {
        const { samples, done, out } = request;
        const { inputs, outputs } = this.source.network;
        if (samples.values.length !== samples.rows * inputs) {
          throw wrongValue(WHERE, 'rows that stay as they are until they are predicted', 'a buffer given away');
        }
        const last = Math.min(samples.rows, done + this.rowsAtOnce);
        const predictions = await this.predict(request, last);
        // Handed to the other queue.
        if (!predictions) continue;
        out.set(predictions.subarray(0, (last - done) * outputs), done * outputs);
        this.source.checkOutputs(out, done, last);
        request.done = last;
        if (last < samples.rows) this.#putBack(request);
        else request.resolve(out);
      } catch (error) {
        request.reject(error);
      }
    }
    this.#busy = false;
    this.end();
  }

  /** Behind those that need the same parameters: others would take them away and give them back for each part. */
  #putBack(request: Request): void {
    const next = this.#requests.findIndex(({ parameters }) => parameters !== request.parameters);
    this.#requests.splice(next < 0 ? this.#requests.length : next, 0, request);
  }

  protected abstract get rowsAtOnce(): number;
  /** The outputs for the request's next rows; undefined where it was handed on. */
  protected abstract predict(request: Request, last: number): Promise<Float32Array | undefined>;
  protected begin(): void {}
  protected end(): void {}
}

/** What the caller's thread does: with the model's own plan, unless its parameters have changed since. */
class OwnQueue extends Queue {
  #machine: Machine | undefined;

  protected get rowsAtOnce(): number {
    const { network } = this.source;
    const affordable = Math.max(1, Math.floor(WORK_AT_ONCE / workPerRow(network)) - ROWS_TO_READ);
    return Math.min(network.plan.capacity, mostRows(network), affordable);
  }

  protected async predict({ samples, parameters, done }: Request, last: number): Promise<Float32Array> {
    await whenSpare(workOf(this.source.network, last - done));
    if (parameters.live) return this.source.runRows(samples, done, last);
    this.#machine ??= new Machine(this.source, undefined);
    await this.#machine.load(parameters);
    return this.#machine.run(samples, done, last);
  }

  protected override end(): void {
    this.#machine?.close();
    this.#machine = undefined;
  }
}

/** What workers do. The program and its crew are kept for the next request, but not for long. */
class CrewQueue extends Queue {
  readonly #team: Team;
  readonly #own: OwnQueue;
  #machine: Machine | undefined;
  #stay = () => {};

  constructor(source: Source, team: Team, own: OwnQueue) {
    super(source);
    this.#team = team;
    this.#own = own;
  }

  protected get rowsAtOnce(): number {
    const { network } = this.source;
    // Rows are shared out four at a time.
    const affordable = Math.max(4 * this.#team.size, Math.floor(MOST_WORK / workPerRow(network)));
    return Math.min(mostRows(network), affordable);
  }

  protected async predict(request: Request, last: number): Promise<Float32Array | undefined> {
    const { samples, parameters, done } = request;
    if (!this.#machine) {
      const machine = new Machine(this.source, this.#team);
      if (await machine.join(this.#team)) this.#machine = machine;
      else machine.close();
    }
    if (this.#machine) {
      await this.#machine.load(parameters);
      try {
        return await this.#machine.run(samples, done, last);
      } catch (error) {
        if (!this.#machine.crew?.failure) throw error;
        this.#machine.close();
        this.#machine = undefined;
      }
    }
    // No worker, or one that ended: nobody has seen this part yet.
    this.#own.push(request);
    return undefined;
  }

  protected override begin(): void {
    this.#stay();
  }

  protected override end(): void {
    this.#machine?.crew?.rest();
    this.#stay = this.#team.host.after(LINGER, () => {
      this.#machine?.close();
      this.#machine = undefined;
    });
  }
}

/** What a row costs, counted in multiply-adds. */
function workPerRow({ plan, inputs, layers }: NetworkPlan): number {
  const numbers = layers.reduce((sum, { value }) => sum + numbersOf(value), inputs);
  return plan.work / plan.capacity + WORK_PER_NUMBER * numbers;
}

/** What so many rows cost at once, counted in multiply-adds. */
export function workOf(network: NetworkPlan, rows: number): number {
  return (rows + ROWS_TO_READ) * workPerRow(network);
}

/** How many rows are taken at once at most. */
function mostRows({ inputs, layers }: NetworkPlan): number {
  const widest = layers.reduce((most, { value }) => Math.max(most, numbersOf(value)), inputs);
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_NUMBERS / widest)));
}

/** A model's requests. */
export class Predictions {
  readonly #source: Source;
  readonly #own: OwnQueue;
  /** By the number of threads asked for. */
  readonly #crews = new Map<number, CrewQueue>();

  constructor(source: Source) {
    this.#source = source;
    this.#own = new OwnQueue(source);
  }

  /** Whether small requests wait: another one is then to wait behind them. */
  get waiting(): boolean {
    return this.#own.busy;
  }

  /**
   * The outputs for the samples, on workers where `findTeam` finds some.
   *
   * @throws where all requests of the process together hold too much; one alone may hold whatever it needs
   */
  async predict(
    samples: ReadySamples,
    parameters: Snapshot,
    findTeam: (() => Promise<Team | undefined>) | undefined,
  ): Promise<Float32Array> {
    const { values, rows } = samples;
    const { outputs } = this.#source.network;
    const bytes = values.byteLength + rows * outputs * 4 + REQUEST_BYTES;
    if (held > 0 && held + bytes > MOST_HELD) {
      const got = `${Math.ceil(bytes / 2 ** 20)} MiB more than ${Math.floor(held / 2 ** 20)}`;
      const mend = 'await some of the earlier calls first';
      throw wrongValue('predictAsync', `calls that hold at most ${MOST_HELD / 2 ** 20} MiB at once`, got, mend);
    }
    held += bytes;
    parameters.users += 1;
    const own = values.byteLength > MOST_COPIED ? undefined : copyOf(values);
    try {
      const kept = own ? { ...samples, values: own, lengths: samples.lengths?.slice() } : samples;
      const out = new Float32Array(rows * outputs);
      const queue = findTeam ? this.#queueOf(await findTeam()) : this.#own;
      return await new Promise((resolve, reject) => {
        queue.push({ samples: kept, parameters, out, done: 0, resolve, reject });
      });
    } finally {
      held -= bytes;
      parameters.users -= 1;
      if (own) takeBack(own);
    }
  }

  #queueOf(team: Team | undefined): Queue {
    if (!team) return this.#own;
    const queue = this.#crews.get(team.size) ?? new CrewQueue(this.#source, team, this.#own);
    this.#crews.set(team.size, queue);
    return queue;
  }
}
