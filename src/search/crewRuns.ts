/**
 * Runs on this thread as long as that is quick, and what is left on worker threads.
 *
 * Runs on threads of their own keep every core busy, whatever their networks; threads within a fit wait for one another
 * several times a step, and small networks have nothing to share out. So there are as many workers as cores, and only
 * where runs are fewer do fits get several threads each. A worker takes a fifth of a second to start, as long as a
 * search of small networks takes altogether: that is what this thread tries first. Neither changes a bit.
 */
import { ABORTED, unlessAborted } from '../abort.js';
import type { Signal } from '../platform.js';
import { inTurn, type JobKind, type RunOptions, type Runs, type RunsOf } from './runs.js';

/** Workers, each with what all jobs have in common. */
export interface RunCrew {
  /** Carries a job out on the next worker that is free. */
  run(job: unknown): Promise<unknown>;
  /** Ends them, whatever they do; resolves when they have. */
  close(): Promise<void>;
}

/** What a platform offers whose workers carry out whole runs. */
export interface RunHost {
  readonly cores: number;
  /**
   * So many workers; none where they cannot be had, where what they need cannot travel, or after an abort, which is
   * heard while they start.
   */
  open(kind: JobKind, common: unknown, workers: number, signal: Signal | undefined): Promise<RunCrew | undefined>;
}

/** Milliseconds of runs on this thread after which workers are worth their start. */
const TRIAL = 200;
/** Each has its copy of the data. */
const MOST_WORKERS = 16;

/** On the workers of a host. */
export function runsOn(host: RunHost): RunsOf {
  return options => new CrewRuns(host, options);
}

/** Whether it can be sent to a worker: functions cannot. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return typeof value !== 'function';
  return Object.values(value).every(isPlain);
}

/** What a run comes to, unless an abort, after which it ends soon, was first. */
async function unlessEnded<R>(run: Promise<R>, signal: Signal | undefined): Promise<R | typeof ABORTED> {
  try {
    const result = await run;
    return signal?.aborted ? ABORTED : result;
  } catch (error) {
    if (signal?.aborted) return ABORTED;
    throw error;
  }
}

class CrewRuns<J, R> implements Runs<J, R> {
  readonly #host: RunHost;
  readonly #options: RunOptions<J, R>;
  #crew: RunCrew | undefined;

  constructor(host: RunHost, options: RunOptions<J, R>) {
    this.#host = host;
    this.#options = options;
  }

  /** What each job comes to, in their order; an abort is thrown, and so is the first error in that order. */
  async *inOrder(jobs: readonly J[]): AsyncGenerator<R, void, void> {
    const { signal, workers, threads = 'auto', forWorker } = this.#options;
    const { cores } = this.#host;
    const most = Math.floor(Math.min(cores, MOST_WORKERS) / (threads === 'auto' ? 1 : threads));
    const wanted = jobs.every(isPlain) ? (typeof workers === 'number' ? workers : most) : 1;
    let done = 0;
    if (Math.min(wanted, jobs.length) > 1) {
      if (typeof workers !== 'number' && !this.#crew) {
        for await (const result of this.#tried(jobs)) {
          done++;
          yield result;
        }
      }
      const left = jobs.slice(done);
      const count = Math.min(wanted, left.length);
      const crew = count > 1 ? await this.#open(count) : undefined;
      signal?.throwIfAborted();
      if (crew) {
        const own = threads === 'auto' ? Math.max(1, Math.floor(cores / count)) : threads;
        const results = left.map(job => crew.run(forWorker(job, own)));
        // Whoever comes first in order is heard; those behind it are nobody's any more.
        for (const result of results) result.catch(() => {});
        for (const coming of results) {
          const result = await unlessAborted(signal, coming);
          signal?.throwIfAborted();
          yield result as R;
        }
        return;
      }
    }
    yield* inTurn(this.#options, jobs.slice(done));
  }

  /** The first jobs, as many as this thread does at once; what it has begun by then is given up. */
  async *#tried(jobs: readonly J[]): AsyncGenerator<R, void, void> {
    const { here, signal } = this.#options;
    const trial = new AbortController();
    const end = () => trial.abort();
    const timer = setTimeout(end, TRIAL);
    signal?.addEventListener('abort', end);
    try {
      for (const job of jobs) {
        const result = await unlessEnded(here(job, trial.signal), trial.signal);
        signal?.throwIfAborted();
        if (result === ABORTED) return;
        yield result;
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }

  async #open(count: number): Promise<RunCrew | undefined> {
    const { kind, common, signal } = this.#options;
    this.#crew ??= await this.#host.open(kind, common, count, signal);
    return this.#crew;
  }

  /** Ends the workers, and waits for that unless there was an abort, which nothing holds up. */
  async close(): Promise<void> {
    const closing = this.#crew?.close();
    this.#crew = undefined;
    if (!this.#options.signal?.aborted) await closing;
  }
}
