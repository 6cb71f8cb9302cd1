/** Threads that run plans together over one shared memory, for whoever has a program that is worth it. */

import { shorten } from '../errors.js';
import { abortBarrier, progressOf } from './barrier.js';
import type { Program } from './program.js';
import { type FromWorker, type PooledWorker, type ThreadHost, type ToWorker, WorkerPool } from './workers.js';

/**
 * Seconds without an answer, a barrier passed or a record finished after which workers are given up; and multiply-adds
 * of the plan for which there is one second more: no machine is so slow, even where one record is all of the plan.
 */
const PATIENCE = 10;
const WORK_PER_SECOND = 2e8;

let crews = 0;

/** Workers that have joined one program. */
export class Crew {
  readonly #pool: WorkerPool;
  readonly #module: WebAssembly.Module;
  readonly #program: Program;
  readonly #count: number;
  readonly #number = ++crews;
  #workers: readonly PooledWorker[] = [];
  #failure: Error | undefined;

  private constructor(host: ThreadHost, module: WebAssembly.Module, program: Program, count: number) {
    this.#pool = WorkerPool.of(host);
    this.#module = module;
    this.#program = program;
    this.#count = count;
  }

  /**
   * Lends `count` workers to a program; its memory is shared.
   *
   * @throws where workers cannot be started or do not answer
   */
  static async join(host: ThreadHost, module: WebAssembly.Module, program: Program, count: number): Promise<Crew> {
    const crew = new Crew(host, module, program, count);
    await crew.#assemble();
    return crew;
  }

  /** How many workers it has. */
  get size(): number {
    return this.#count;
  }

  /** Why the crew cannot go on: a worker has ended, or a run did not get on. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether others may wait for its workers too. */
  get shared(): boolean {
    return this.#workers.some(({ holders }) => holders > 1);
  }

  /** Calls workers and lets them join the program. */
  async #assemble(): Promise<void> {
    for (;;) {
      this.#letGo();
      this.#workers = this.#pool.call(this.#count);
      const known = this.#workers.some(worker => worker.known);
      for (const [part, worker] of this.#workers.entries()) {
        worker.join(this.#program.memory);
        worker.hold(this);
        worker.members.set(this, reason => this.#lost(`one that ended (worker ${part}: ${reason})`));
      }
      const join = { kind: 'join', crew: this.#number, module: this.#module, memory: this.#program.memory } as const;
      try {
        if (await this.#ask(part => ({ ...join, part, parts: this.#count }))) return;
      } catch (error) {
        const someEnded = this.#workers.some(({ ended }) => ended !== undefined);
        this.#letGo();
        // One that was at work before may have ended without this thread having heard of it yet: again with new ones.
        if (!known || !someEnded) throw error;
      }
      this.#failure = undefined;
    }
  }

  /** What all workers answered; undefined where one was gone before they began. */
  #ask(message: (part: number) => ToWorker, failed = () => {}): Promise<FromWorker | undefined> {
    const program = this.#program;
    return new Promise((resolve, reject) => {
      this.#pool.ask({
        workers: this.#workers,
        message,
        progress: () => progressOf(program),
        patience: PATIENCE + Math.floor(program.plan.work / WORK_PER_SECOND),
        done: resolve,
        gone: () => resolve(undefined),
        failed: what => {
          failed();
          reject(this.#lost(what));
        },
      });
    });
  }

  #lost(what: string): Error {
    this.#program.abandon();
    this.#failure ??= new Error(
      `threads: expected ${this.#count} workers to the end, got ${shorten(what, 160)}; try again`,
    );
    return this.#failure;
  }

  /**
   * Runs a section on all threads; resolves with how many steps finished, when none of them touches the program's
   * memory any more.
   */
  async run(section: string, steps: number): Promise<number> {
    const { first, last } = this.#program.section(section);
    const run = { kind: 'run', crew: this.#number, first, last, steps } as const;
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#workers.length === 0 || this.#workers.some(({ ended }) => ended !== undefined)) {
        await this.#assemble();
      }
      for (const worker of this.#workers) worker.hold(this);
      const answer = await this.#ask(
        () => run,
        () => abortBarrier(this.#program),
      );
      if (answer?.kind === 'finished') return answer.steps;
    }
  }

  /** There is nothing to run for now: the workers may end, others are called when there is. */
  rest(): void {
    for (const worker of this.#workers) worker.release(this);
    this.#pool.rest();
  }

  /** Gives the workers back, without the program. */
  leave(): void {
    this.#letGo();
    this.#pool.rest();
  }

  #letGo(): void {
    for (const worker of this.#workers) {
      worker.members.delete(this);
      worker.leave(this.#program.memory);
      worker.release(this);
      if (worker.ended === undefined) worker.handle.post({ kind: 'leave', crew: this.#number });
    }
    this.#workers = [];
  }
}
