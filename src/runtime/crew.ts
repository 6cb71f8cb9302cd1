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
  /** Starts a worker; throws where the runtime does not let it. */
  spawn(): WorkerHandle;
  /** Calls back after so many milliseconds without keeping the process alive; returns how to call it off. */
  after(milliseconds: number, callback: () => void): () => void;
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

/** The most workers that are kept idle, and for how many milliseconds. */
const MOST_IDLE = 16;
const LINGER = 2000;

/**
 * Bytes of programs that one worker joins in its life. A worker lets go of a program's memory only when its own garbage is collected, which shared memory
 * does nothing to bring about; its end always does.
 */
const MOST_BYTES = 2 ** 28;

/** Seconds after which workers that do not answer are given up. */
const PATIENCE = 10;

/** The workers of a runtime that nobody has in use. */
interface Idle {
  readonly colleagues: Colleague[];
  /** Calls off their end. */
  stay: () => void;
}

const lounges = new WeakMap<ThreadHost, Idle>();

function idleOf(host: ThreadHost): Idle {
  const known = lounges.get(host) ?? { colleagues: [], stay: () => {} };
  lounges.set(host, known);
  return known;
}

/** A worker, and what is to happen with its next message. */
class Colleague {
  readonly handle: WorkerHandle;
  /** Bytes of the programs it has joined. */
  bytes = 0;
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
  /** Who waits until every worker has answered, and how many have not. */
  #waiting: { resolve: (steps: number) => void; reject: (error: Error) => void; missing: number } | undefined;
  /** Whether workers may be in the program's barrier, or about to be. */
  #running = false;

  private constructor(host: ThreadHost, program: Program, colleagues: Colleague[]) {
    this.#host = host;
    this.#program = program;
    this.#colleagues = colleagues;
  }

  /**
   * Lends `count` workers to a program; its memory is shared.
   *
   * @throws where workers cannot be started or do not answer
   */
  static async join(host: ThreadHost, module: WebAssembly.Module, program: Program, count: number): Promise<Crew> {
    const rested = idleOf(host).colleagues.length > 0;
    try {
      return await Crew.#join(host, module, program, count);
    } catch (error) {
      if (!rested) throw error;
      // An idle worker may have ended without this thread having heard of it yet: once more with new ones.
      dismissIdle(host);
      return Crew.#join(host, module, program, count);
    }
  }

  static async #join(host: ThreadHost, module: WebAssembly.Module, program: Program, count: number): Promise<Crew> {
    const crew = new Crew(host, program, callColleagues(host, count));
    const { memory } = program;
    const calm = crew.#expectAnswers();
    try {
      await new Promise<number>((resolve, reject) => {
        crew.#waiting = { resolve, reject, missing: count };
        crew.#colleagues.forEach((colleague, part) => {
          colleague.attend(
            message => crew.#heard(message),
            reason => crew.#end(`one that ended (worker ${part}: ${reason})`),
          );
          colleague.handle.post({ kind: 'join', module, memory, part, parts: count });
        });
      });
    } finally {
      calm();
    }
    return crew;
  }

  /** Ends the crew unless the returned function is called in time. Seconds in which this thread is busy itself, and hears nothing, count as one. */
  #expectAnswers(): () => void {
    let left = PATIENCE;
    const timer = setInterval(() => {
      left -= 1;
      if (left === 0) this.#end(`no answer in ${PATIENCE} seconds`);
    }, 1000);
    return () => clearInterval(timer);
  }

  /** {@link run} for a few steps that cannot take long: a crew that does not answer in time is ended. */
  async runBriefly(section: string, steps: number): Promise<number> {
    const calm = this.#expectAnswers();
    try {
      return await this.run(section, steps);
    } finally {
      calm();
    }
  }

  /** Why the crew cannot go on, where a worker has ended. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Goes on when every worker has answered, and none before: the last of them may still be on its way out of the barrier. */
  #heard(message: FromWorker): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    waiting.missing -= 1;
    if (waiting.missing > 0) return;
    this.#waiting = undefined;
    this.#running = false;
    waiting.resolve(message.kind === 'finished' ? message.steps : 0);
  }

  /** Something is wrong: all workers are let out of their barrier and ended, and whoever waits hears of it. */
  #end(what: string): void {
    if (this.#failure) return;
    const count = this.#colleagues.length;
    this.#failure = new Error(`threads: expected ${count} workers to the end, got ${what}; try again`);
    if (this.#running) this.#program.abortBarrier();
    for (const colleague of this.#colleagues) {
      colleague.attend(undefined, undefined);
      colleague.handle.terminate();
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }

  /** Runs a section on all threads; resolves with how many steps finished, when none of them touches the program's memory any more. */
  run(section: string, steps: number): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { first, last } = this.#program.section(section);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, missing: this.#colleagues.length };
      this.#running = true;
      for (const colleague of this.#colleagues) colleague.handle.post({ kind: 'run', first, last, steps });
    });
  }

  /** Gives the workers back, without the program. */
  leave(): void {
    if (this.#running) this.#end('one that left while it ran');
    if (this.#failure) return;
    const host = this.#host;
    const idle = idleOf(host);
    idle.stay();
    for (const colleague of this.#colleagues) {
      colleague.attend(undefined, undefined);
      if (!colleague.alive) continue;
      colleague.handle.post({ kind: 'leave' });
      colleague.bytes += this.#program.memory.buffer.byteLength;
      if (colleague.bytes < MOST_BYTES && idle.colleagues.length < MOST_IDLE) idle.colleagues.push(colleague);
      else colleague.handle.terminate();
    }
    // Through the host alone, not this crew, whose program would stay with it.
    idle.stay = host.after(LINGER, () => dismissIdle(host));
  }
}

/** As many workers: idle ones first, then new ones. */
function callColleagues(host: ThreadHost, count: number): Colleague[] {
  const { colleagues: waiting } = idleOf(host);
  const alive = waiting.splice(0).filter(colleague => colleague.alive);
  const called = alive.splice(0, count);
  waiting.push(...alive);
  try {
    while (called.length < count) called.push(new Colleague(host));
  } catch (error) {
    for (const colleague of called) colleague.handle.terminate();
    throw error;
  }
  return called;
}

/** Ends all idle workers of a runtime. */
export function dismissIdle(host: ThreadHost): void {
  const { colleagues, stay } = idleOf(host);
  stay();
  for (const colleague of colleagues.splice(0)) colleague.handle.terminate();
}
