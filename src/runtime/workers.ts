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
  readonly workers: readonly PooledWorker[];
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
export class PooledWorker {
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

const pools = new WeakMap<ThreadHost, WorkerPool>();

/** All workers of a runtime, and what they are asked to do. */
export class WorkerPool {
  readonly #host: ThreadHost;
  /** What workers have joined and left, for others. */
  readonly memories = new Memories(true);
  readonly #workers = new Set<PooledWorker>();
  readonly #queue: Task[] = [];
  readonly #running = new Set<Running>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Calls off the end of those that nobody needs. */
  #stay = () => {};

  private constructor(host: ThreadHost) {
    this.#host = host;
  }

  static of(host: ThreadHost): WorkerPool {
    const pool = pools.get(host) ?? new WorkerPool(host);
    pools.set(host, pool);
    return pool;
  }

  /**
   * So many workers, those first that nobody needs. No more are started than there are cores, unless more are wanted at
   * once: what is asked for beyond that waits for its turn.
   *
   * @throws where one cannot be started
   */
  call(count: number): PooledWorker[] {
    const known = [...this.#workers];
    const free = known.filter(({ holders }) => holders === 0).length;
    const room = Math.max(count, this.#host.cores) - known.length;
    for (let missing = Math.min(count - free, room); missing > 0; missing--) known.push(this.#start());
    return known.sort((a, b) => a.holders - b.holders).slice(0, count);
  }

  #start(): PooledWorker {
    const worker = new PooledWorker(this.#host.spawn());
    this.#workers.add(worker);
    this.memories.holds = true;
    worker.handle.listen(
      message => this.#heard(worker, message),
      reason => this.#ended(worker, reason),
    );
    return worker;
  }

  /** Begins a task as soon as its workers are free, after those that were asked for before. */
  ask(task: Task): void {
    this.#queue.push(task);
    this.#grant();
  }

  #grant(): void {
    const reserved = new Set<PooledWorker>();
    for (const task of this.#queue.splice(0)) {
      if (task.workers.some(({ ended }) => ended !== undefined)) task.gone();
      else if (task.workers.every(worker => !worker.running && !reserved.has(worker))) this.#begin(task);
      else {
        this.#queue.push(task);
        for (const worker of task.workers) reserved.add(worker);
      }
    }
  }

  #begin(task: Task): void {
    const running = { task, missing: task.workers.length, progress: task.progress(), idleSeconds: 0 };
    this.#running.add(running);
    this.#timer ??= setInterval(() => this.#watch(), 1000);
    for (const [part, worker] of task.workers.entries()) {
      worker.running = running;
      worker.handle.post(task.message(part));
    }
  }

  #heard(worker: PooledWorker, message: FromWorker): void {
    const { running } = worker;
    if (!running) return;
    worker.running = undefined;
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
    for (const worker of running.task.workers) {
      if (worker.running === running) this.#dismiss(worker);
    }
    this.#grant();
  }

  #ended(worker: PooledWorker, reason: string): void {
    if (!this.#forgetWorker(worker)) return;
    worker.ended = reason;
    const { running, members } = worker;
    if (running) {
      const part = running.task.workers.indexOf(worker);
      this.#abandon(running, `one that ended (worker ${part}: ${reason})`);
    }
    for (const tell of members.values()) tell(reason);
    this.#grant();
  }

  /** False where it was forgotten before. */
  #forgetWorker(worker: PooledWorker): boolean {
    const known = this.#workers.delete(worker);
    if (this.#workers.size === 0) this.memories.holds = false;
    return known;
  }

  #dismiss(worker: PooledWorker): void {
    this.#forgetWorker(worker);
    worker.ended ??= 'dismissed';
    worker.running = undefined;
    worker.handle.keepAlive(false);
    worker.handle.terminate();
  }

  /** Ends the workers that nobody needs. */
  dismissIdle(): void {
    this.#stay();
    for (const worker of this.#workers) {
      if (worker.holders === 0 && !worker.running) this.#dismiss(worker);
    }
  }

  #dismissFull(): void {
    for (const worker of this.#workers) {
      if (worker.full && !worker.running) this.#dismiss(worker);
    }
  }

  /** Some workers may be needed no more: they end in a while, and at once where they hold too much. */
  rest(): void {
    this.#stay();
    this.#dismissFull();
    this.#stay = this.#host.after(LINGER, () => this.dismissIdle());
  }
}
