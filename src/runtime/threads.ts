/** Whether threads are to be had, and how many. */
import type { Backend, ThreadSupport } from './binaries.js';
import type { ThreadHost } from './crew.js';
import { SelfTest } from './selfTest.js';

/** What `threads: 'auto'` takes at most. */
const MOST_THREADS = 16;

/** Multiply-adds that take several times as long as a message to a worker and back; less is done where it is asked for. */
export const WORK_FOR_MESSAGE = 2e6;

/** The threads that a plan is run on: they have passed the self-test. */
export interface Team {
  readonly host: ThreadHost;
  readonly module: WebAssembly.Module;
  readonly size: number;
}

/** Why a runtime's threads are not used, or undefined where they work; tested once. */
const verdicts = new WeakMap<ThreadHost, Promise<string | undefined>>();
/** The verdicts that are in, for those who cannot wait. */
const failures = new WeakMap<ThreadHost, string>();

/** How many threads training takes unless told, and in words why. */
export function threadsOf({ threads }: Backend): { threads: number; reason: string } {
  if (!threads) return { threads: 1, reason: 'one thread, as this runtime offers no others' };
  const failure = failures.get(threads.host);
  if (failure !== undefined) return { threads: 1, reason: `one thread, as ${failure}` };
  const count = Math.min(threads.host.cores, MOST_THREADS);
  return { threads: count, reason: count === 1 ? 'one thread, as there is one core' : `up to ${count} threads` };
}

/** Threads for a plan, or undefined where the caller's own has to do. */
export async function findTeam(backend: Backend, wanted: 'auto' | number): Promise<Team | undefined> {
  const { threads } = backend;
  if (!threads) return undefined;
  const { host } = threads;
  const verdict = verdicts.get(host) ?? test(backend, threads);
  verdicts.set(host, verdict);
  const failure = await verdict;
  if (failure !== undefined) {
    failures.set(host, failure);
    return undefined;
  }
  const size = wanted === 'auto' ? threadsOf(backend).threads : wanted;
  return { host, module: await threads.compile(), size };
}

/** Trains a small network with workers that write through the shared memory, and compares with one thread alone. */
async function test(backend: Backend, threads: ThreadSupport): Promise<string | undefined> {
  const size = 2;
  try {
    const module = await threads.compile();
    const wanted = new SelfTest(backend.module, backend.paired).parameters();
    const got = await new SelfTest(module, backend.paired, size).parametersOn(threads.host, module, size);
    const same = wanted.every((value, index) => Object.is(value, got[index]));
    return same ? undefined : 'what workers wrote to shared memory did not arrive';
  } catch (error) {
    return `threads did not pass the self-test (${(error as Error).message})`;
  }
}
