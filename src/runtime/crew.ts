/**
 * Threads that run plans together over one shared memory. Workers are kept and lent from fit to fit; an idle one keeps neither the process alive nor any
 * model's memory.
 */
import type { Program } from './program.js';

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
  spawn(): WorkerHandle;
}

export type ToWorker =
  | {
      readonly kind: 'join';
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly part: number;
      readonly parts: number;
    }
  | { readonly kind: 'run'; readonly first: number; readonly last: number; readonly steps: number }
  | { readonly kind: 'leave' };

export type FromWorker = { readonly kind: 'joined' } | { readonly kind: 'finished'; readonly steps: number };

/** The most workers that are kept idle. */
const MOST_IDLE = 16;

const idle = new WeakMap<ThreadHost, Colleague[]>();

/** A worker, and what is to happen with its next message. */
class Colleague {
  readonly handle: WorkerHandle;
  #ended: string | undefined;
  #onMessage: ((message: FromWorker) => void) | undefined;
  #onEnd: ((reason: string) => void) | undefined;

  constructor(host: ThreadHost) {
    this.handle = host.spawn();
    this.handle.listen(
      message => this.#onMessage?.(message),
      reason => {
        this.#ended = reason;
        this.#onEnd?.(reason);
      },
    );
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Who hears of this worker from now on. */
  attend(onMessage: ((message: FromWorker) => void) | undefined, onEnd: ((reason: string) => void) | undefined): void {
    this.#onMessage = onMessage;
    this.#onEnd = onEnd;
    this.handle.keepAlive(onMessage !== undefined);
    if (this.#ended !== undefined) onEnd?.(this.#ended);
  }
}

/** Threads that have joined one program. */
export class Crew {
  readonly #host: ThreadHost;
  readonly #program: Program;
  readonly #colleagues: Colleague[];
  #failure: Error | undefined;
  #waiting: { resolve: (steps: number) => void; reject: (error: Error) => void } | undefined;
  #joined = 0;

  private constructor(host: ThreadHost, program: Program, count: number) {
    this.#host = host;
    this.#program = program;
    const waiting = idle.get(host) ?? [];
    this.#colleagues = Array.from({ length: count }, () => {
      for (let colleague = waiting.pop(); colleague; colleague = waiting.pop()) if (colleague.alive) return colleague;
      return new Colleague(host);
    });
  }

  /** Lends `count` workers to a program; its memory is shared. */
  static async join(host: ThreadHost, module: WebAssembly.Module, program: Program, count: number): Promise<Crew> {
    const crew = new Crew(host, program, count);
    program.clearBarrier();
    await new Promise<number>((resolve, reject) => {
      crew.#waiting = { resolve, reject };
      crew.#colleagues.forEach((colleague, part) => {
        colleague.attend(
          message => crew.#heard(message),
          reason => crew.#lost(part, reason),
        );
        colleague.handle.post({ kind: 'join', module, memory: program.memory, part, parts: count });
      });
    });
    return crew;
  }

  /** Why the crew cannot go on, where a worker has ended. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  #heard(message: FromWorker): void {
    if (message.kind === 'joined') {
      this.#joined += 1;
      if (this.#joined < this.#colleagues.length) return;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(message.kind === 'finished' ? message.steps : 0);
  }

  /** A worker has ended: the others are let out of their barrier and ended too, and whoever waits hears of it. */
  #lost(part: number, reason: string): void {
    if (this.#failure) return;
    this.#failure = new Error(
      `threads: expected ${this.#colleagues.length} workers until the end, got one that ended (worker ${part}: ${reason}); train again`,
    );
    this.#program.abortBarrier();
    for (const colleague of this.#colleagues) {
      colleague.attend(undefined, undefined);
      colleague.handle.terminate();
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }

  /** Runs a section on all threads; resolves with how many steps finished. */
  run(section: string, steps: number): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { first, last } = this.#program.section(section);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      for (const colleague of this.#colleagues) colleague.handle.post({ kind: 'run', first, last, steps });
    });
  }

  /** Gives the workers back, without the program. */
  leave(): void {
    if (this.#failure) return;
    const waiting = idle.get(this.#host) ?? [];
    idle.set(this.#host, waiting);
    for (const colleague of this.#colleagues) {
      colleague.attend(undefined, undefined);
      if (!colleague.alive) continue;
      colleague.handle.post({ kind: 'leave' });
      if (waiting.length < MOST_IDLE) waiting.push(colleague);
      else colleague.handle.terminate();
    }
  }
}

/** Ends all idle workers of a runtime. */
export function dismissIdle(host: ThreadHost): void {
  for (const colleague of idle.get(host) ?? []) colleague.handle.terminate();
  idle.delete(host);
}
