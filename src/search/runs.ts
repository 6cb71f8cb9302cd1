/** Runs that do not need one another, in the order of their jobs. */
import { checkInteger } from '../errors.js';
import type { Signal } from '../platform.js';

/** What jobs are carried out by: models' fits, or fits of tables. */
export type JobKind = 'fit' | 'table';

export interface RunOptions<J, R> {
  readonly kind: JobKind;
  /** What all jobs have in common; it travels once to each worker. */
  readonly common: unknown;
  /** The job as a worker gets it, whose fits have so many threads. */
  forWorker(job: J, threads: number): unknown;
  /** Carries one out on this thread. */
  here(job: J, signal: Signal | undefined): Promise<R>;
  /** Threads that each fit asks for. */
  readonly threads?: 'auto' | number | undefined;
  /** How many run at a time; `'auto'` by default. */
  readonly workers?: Workers | undefined;
  readonly signal?: Signal | undefined;
}

/** How many runs there are at a time: with 1 all of them on this thread. */
export type Workers = 'auto' | number;

/** Carries jobs out, list after list, until it is closed. */
export interface Runs<J, R> {
  /** What each job comes to, in their order; an abort is thrown, and so is the first error in that order. */
  inOrder(jobs: readonly J[]): AsyncGenerator<R, void, void>;
  /** Ends all that is under way, and waits for that unless there was an abort, which nothing holds up. */
  close(): Promise<void>;
}

/** How a platform carries runs out that has workers for them. */
export type RunsOf = <J, R>(options: RunOptions<J, R>) => Runs<J, R>;

/** Refuses all but 'auto' and a number of workers. */
export function checkWorkers(where: string, workers: unknown): Workers {
  return workers === undefined || workers === 'auto' ? 'auto' : checkInteger(`${where}: workers`, workers, 1, 256);
}

/** On this thread, one after the other. */
export const runsHere: RunsOf = options => ({
  inOrder: jobs => inTurn(options, jobs),
  close: async () => {},
});

export async function* inTurn<J, R>(
  { here, signal }: RunOptions<J, R>,
  jobs: readonly J[],
): AsyncGenerator<R, void, void> {
  for (const job of jobs) {
    signal?.throwIfAborted();
    try {
      const result = await here(job, signal);
      signal?.throwIfAborted();
      yield result;
    } catch (error) {
      // Of what an abort cut short nobody wants to know how it ended.
      signal?.throwIfAborted();
      throw error;
    }
  }
}
