/** Whether threads are to be had, and how many. */
import type { Backend } from './binaries.js';
import type { ThreadHost } from './crew.js';
import { SelfTest } from './selfTest.js';

/** What `threads: 'auto'` takes at most. */
const MOST_THREADS = 16;

/** Milliseconds after which workers that do not answer are given up. */
const PATIENCE = 10_000;

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
  const module = await threads.compile();
  const verdict = verdicts.get(threads.host) ?? test(backend, threads.host, module);
  verdicts.set(threads.host, verdict);
  const failure = await verdict;
  if (failure !== undefined) {
    failures.set(threads.host, failure);
    return undefined;
  }
  const size = wanted === 'auto' ? threadsOf(backend).threads : wanted;
  return { host: threads.host, module, size };
}

/** Trains a small network with workers that write through the shared memory, and compares with one thread alone. */
async function test(backend: Backend, host: ThreadHost, module: WebAssembly.Module): Promise<string | undefined> {
  const wanted = new SelfTest(backend.module, backend.paired).parameters();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<string>(resolve => {
    timer = setTimeout(() => resolve('workers did not answer in time'), PATIENCE);
  });
  try {
    const size = 2;
    const got = await Promise.race([
      new SelfTest(module, backend.paired, size).parametersOn(host, module, size),
      patience,
    ]);
    if (typeof got === 'string') return got;
    const same = wanted.every((value, index) => Object.is(value, got[index]));
    return same ? undefined : 'what workers wrote to shared memory did not arrive';
  } catch (error) {
    return `workers could not be started (${(error as Error).message})`;
  } finally {
    clearTimeout(timer);
  }
}
