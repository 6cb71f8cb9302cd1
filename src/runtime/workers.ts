/**
 * The workers of a runtime. Everyone who has work for them shares them: what several workers are to do together is
 * queued, and each does one thing at a time, in the order in which it was asked for.
 */

import { Memories } from './memories.js';

/** A worker of the runtime at hand, which runs {@link serve}. */
export interface WorkerHandle {
  post(message: ToWorker): void;
  /** Calls back for every message, and once when the worker has ended, for whatever reason. */
  listen(onMessage: (message: FromWorker) => void, onEnd: (reason: string) => void): void;
  /** Whether the worker keeps the process alive. */
  keepAlive(on: boolean): void;
  terminate(): void;
}

/** What a runtime that has threads offers. */
export interface ThreadHost {
  /** Threads that run at the same time. */
  readonly cores: number;
  /** Starts a worker; throws where the runtime does not let it. */
  spawn(): WorkerHandle;
  /** Calls back after so many milliseconds without keeping the process alive; returns how to call it off. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** `crew` is the crew's number: a worker may have joined the programs of several. */
export type ToWorker =
  | {
      readonly kind: 'join';
      readonly crew: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly part: number;
      readonly parts: number;
    }
  | {
      readonly kind: 'run';
      readonly crew: number;
      readonly first: number;
      readonly last: number;
      readonly steps: number;
    }
  | { readonly kind: 'leave'; readonly crew: number };

export type FromWorker = { readonly kind: 'joined' } | { readonly kind: 'finished'; readonly steps: number };

/** How many milliseconds workers stay that nobody needs. */
export const LINGER = 2000;

/**
 * Bytes of memories that a worker has left and may still hold: it lets go of one only when its garbage is collected,
 * which shared memory does nothing to bring about. Its end always does, so one that holds more is ended, and whoever
 * needs it is given another.
 */
const MOST_BYTES = 2 ** 28;

/** What some workers do together: each is sent a message, and is to answer. */
export interface Task {
  readonly colleagues: readonly Colleague[];
  message(part: number): ToWorker;
  /** Grows whenever a worker gets on with it. */
  progress(): number;
  /** Seconds without progress after which it is given up. */
  readonly patience: number;
  /** All have answered, the last one with this. */
  done(message: FromWorker): void;
  /** It began and will never end; its workers are ended. */
  failed(what: string): void;
  /** One of its workers has ended before it began. */
  gone(): void;
}

/** A task under way. */
interface Running {
  readonly task: Task;
  missing: number;
  progress: number;
  idleSeconds: number;
}

/** A worker, and what it does. */
export class Colleague {
  readonly handle: WorkerHandle;
  running: Running | undefined;
  /** Why it has ended; 'dismissed' where this side ended it. */
  ended: string | undefined;
  /** Who has joined it to a program, and is told when it ends by itself. */
  readonly members = new Map<object, (reason: string) => void>();
  /** Those among them who may need it at any time. */
  readonly #holders = new Set<object>();
  /** Memories that it has left, and how many bytes each of them had. */
  readonly #left = new WeakMap<WebAssembly.Memory, number>();
  #bytesLeft = 0;
  /** Whether it was at work before. */
  known = false;

  constructor(handle: WorkerHandle) {
    this.handle = handle;
  }

  /** How many may need it at any time. */
  get holders(): number {
    return this.#holders.size;
  }

  hold(member: object): void {
    this.#holders.add(member);
    this.handle.keepAlive(true);
  }

  release(member: object): void {
    this.#holders.delete(member);
    if (this.#holders.size === 0) this.handle.keepAlive(false);
  }

  /** It is to join a memory, which it may have left before. */
  join(memory: WebAssembly.Memory): void {
    this.#bytesLeft -= this.#left.get(memory) ?? 0;
    this.#left.delete(memory);
    this.known = true;
  }

  /** It has left a memory, for this crew or for one before. */
  leave(memory: WebAssembly.Memory): void {
    if (this.#left.has(memory)) return;
    this.#left.set(memory, memory.buffer.byteLength);
    this.#bytesLeft += memory.buffer.byteLength;
  }

  /** Whether it is to end as soon as it has nothing to do. */
  get full(): boolean {
    return this.#bytesLeft >= MOST_BYTES;
  }
}

const offices = new WeakMap<ThreadHost, Office>();

/** All workers of a runtime, and what they are asked to do. */
export class Office {
  readonly #host: ThreadHost;
  /** What workers have joined and left, for others. */
  readonly memories = new Memories(true);
  readonly #colleagues = new Set<Colleague>();
  readonly #queue: Task[] = [];
  readonly #running = new Set<Running>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Calls off the end of those that nobody needs. */
  #stay = () => {};

  private constructor(host: ThreadHost) {
    this.#host = host;
  }

  static of(host: ThreadHost): Office {
    const office = offices.get(host) ?? new Office(host);
    offices.set(host, office);
    return office;
  }

  /**
   * So many workers, those first that nobody needs. No more are started than there are cores, unless more are wanted at
   * once: what is asked for beyond that waits for its turn.
   *
   * @throws where one cannot be started
   */
  call(count: number): Colleague[] {
    const known = [...this.#colleagues];
    const free = known.filter(({ holders }) => holders === 0).length;
    const room = Math.max(count, this.#host.cores) - known.length;
    for (let missing = Math.min(count - free, room); missing > 0; missing--) known.push(this.#hire());
    return known.sort((a, b) => a.holders - b.holders).slice(0, count);
  }

  #hire(): Colleague {
    const colleague = new Colleague(this.#host.spawn());
    this.#colleagues.add(colleague);
    this.memories.holds = true;
    colleague.handle.listen(
      message => this.#heard(colleague, message),
      reason => this.#ended(colleague, reason),
    );
    return colleague;
  }

  /** Begins a task as soon as its workers are free, after those that were asked for before. */
  ask(task: Task): void {
    this.#queue.push(task);
    this.#grant();
  }

  #grant(): void {
    const reserved = new Set<Colleague>();
    for (const task of this.#queue.splice(0)) {
      if (task.colleagues.some(({ ended }) => ended !== undefined)) task.gone();
      else if (task.colleagues.every(colleague => !colleague.running && !reserved.has(colleague))) this.#begin(task);
      else {
        this.#queue.push(task);
        for (const colleague of task.colleagues) reserved.add(colleague);
      }
    }
  }

  #begin(task: Task): void {
    const running = { task, missing: task.colleagues.length, progress: task.progress(), idleSeconds: 0 };
    this.#running.add(running);
    this.#timer ??= setInterval(() => this.#watch(), 1000);
    for (const [part, colleague] of task.colleagues.entries()) {
      colleague.running = running;
      colleague.handle.post(task.message(part));
    }
  }

  #heard(colleague: Colleague, message: FromWorker): void {
    const { running } = colleague;
    if (!running) return;
    colleague.running = undefined;
    running.missing -= 1;
    running.idleSeconds = 0;
    if (running.missing > 0) return;
    this.#forget(running);
    running.task.done(message);
    this.#dismissFull();
    this.#grant();
  }

  #forget(running: Running): void {
    this.#running.delete(running);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Looks once a second whether tasks get on. Seconds in which this thread, or the whole process, stood still are not
   * counted: they pass as one.
   */
  #watch(): void {
    for (const running of this.#running) {
      const progress = running.task.progress();
      running.idleSeconds = progress === running.progress ? running.idleSeconds + 1 : 0;
      running.progress = progress;
      if (running.idleSeconds >= running.task.patience) {
        this.#abandon(running, `no answer in ${running.task.patience} seconds`);
      }
    }
  }

  /** A task that will never end: those of its workers that have not answered are let out of it and ended. */
  #abandon(running: Running, what: string): void {
    this.#forget(running);
    running.task.failed(what);
    for (const colleague of running.task.colleagues) {
      if (colleague.running === running) this.#dismiss(colleague);
    }
    this.#grant();
  }

  #ended(colleague: Colleague, reason: string): void {
    if (!this.#forgetColleague(colleague)) return;
    colleague.ended = reason;
    const { running, members } = colleague;
    if (running) {
      const part = running.task.colleagues.indexOf(colleague);
      this.#abandon(running, `one that ended (worker ${part}: ${reason})`);
    }
    for (const tell of members.values()) tell(reason);
    this.#grant();
  }

  /** False where it was forgotten before. */
  #forgetColleague(colleague: Colleague): boolean {
    const known = this.#colleagues.delete(colleague);
    if (this.#colleagues.size === 0) this.memories.holds = false;
    return known;
  }

  #dismiss(colleague: Colleague): void {
    this.#forgetColleague(colleague);
    colleague.ended ??= 'dismissed';
    colleague.running = undefined;
    colleague.handle.keepAlive(false);
    colleague.handle.terminate();
  }

  /** Ends the workers that nobody needs. */
  dismissIdle(): void {
    this.#stay();
    for (const colleague of this.#colleagues) {
      if (colleague.holders === 0 && !colleague.running) this.#dismiss(colleague);
    }
  }

  #dismissFull(): void {
    for (const colleague of this.#colleagues) {
      if (colleague.full && !colleague.running) this.#dismiss(colleague);
    }
  }

  /** Some workers may be needed no more: they end in a while, and at once where they hold too much. */
  rest(): void {
    this.#stay();
    this.#dismissFull();
    this.#stay = this.#host.after(LINGER, () => this.dismissIdle());
  }
}
