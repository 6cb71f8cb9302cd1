/** Whether threads are to be had, and how many. */
import type { Backend, ThreadSupport } from './binaries.js';
import { Crew } from './crew.js';
import type { Program } from './program.js';
import { SelfTest } from './selfTest.js';
import type { ThreadHost } from './workers.js';
import { yieldToOthers } from './yield.js';

/** What `threads: 'auto'` takes at most. */
const MOST_THREADS = 16;

/**
 * Multiply-adds that take several times as long as a message to a worker and back; less is done where it is asked for.
 */
export const WORK_FOR_MESSAGE = 2e6;

/** The threads that a plan is run on: they have passed the self-test. */
export interface Team {
  readonly host: ThreadHost;
  readonly module: WebAssembly.Module;
  readonly size: number;
}

/**
 * Milliseconds after which threads that did not work are tried again: at least so many, ten times what the trial took,
 * and twice as many each time; but no more than that.
 */
const LEAST_PAUSE = 5000;
const MOST_PAUSE = 600_000;

/** Why a runtime's threads are not used, until when, and how long that is. */
interface Failure {
  readonly reason: string;
  readonly until: number;
  readonly pause: number;
}

const failures = new WeakMap<ThreadHost, Failure>();
const passed = new WeakSet<ThreadHost>();
/** The tests under way. */
const tests = new WeakMap<ThreadHost, Promise<void>>();

/** How many threads training takes by default, and in words why. */
export function threadsOf({ threads, alone }: Backend): { threads: number; reason: string } {
  if (!threads) return { threads: 1, reason: `one thread, as ${alone ?? 'this runtime offers no others'}` };
  const failure = failures.get(threads.host);
  if (failure) return { threads: 1, reason: `one thread, as ${failure.reason}` };
  const count = Math.min(threads.host.cores, MOST_THREADS);
  return { threads: count, reason: count === 1 ? 'one thread, as there is one core' : `up to ${count} threads` };
}

/** Threads for a plan, or undefined where the caller's own has to do. */
export async function findTeam(backend: Backend, wanted: 'auto' | number): Promise<Team | undefined> {
  const { threads } = backend;
  if (!threads) return undefined;
  const { host } = threads;
  if (performance.now() < (failures.get(host)?.until ?? 0)) return undefined;
  if (!passed.has(host)) {
    const testing = tests.get(host) ?? test(backend, threads).finally(() => tests.delete(host));
    tests.set(host, testing);
    await testing;
    if (failures.has(host)) return undefined;
  }
  const size = wanted === 'auto' ? threadsOf(backend).threads : wanted;
  return { host, module: await threads.compile(), size };
}

/** Workers for a program; none where they cannot be had, of which the backend's reason then tells. */
export async function callCrew({ host, module, size }: Team, program: Program): Promise<Crew | undefined> {
  const started = performance.now();
  try {
    return await Crew.join(host, module, program, size);
  } catch (error) {
    blame(host, `workers could not be had (${(error as Error).message})`, started);
    return undefined;
  }
}

/** Trains a small network with workers that write through the shared memory, and compares with one thread alone. */
async function test(backend: Backend, { host, compile }: ThreadSupport): Promise<void> {
  const size = 2;
  const started = performance.now();
  try {
    const module = await compile();
    // Code that runs for the first time is slow: others have their turn in between.
    const alone = new SelfTest(backend.module, backend.paired);
    await yieldToOthers();
    const wanted = alone.parameters();
    await yieldToOthers();
    const together = new SelfTest(module, backend.paired, size);
    await yieldToOthers();
    const got = await together.parametersOn(host, module, size);
    if (wanted.every((value, index) => Object.is(value, got[index]))) {
      failures.delete(host);
      passed.add(host);
    } else {
      // Threads that give other bits are not believed a second time.
      const reason = 'what workers wrote to shared memory did not arrive';
      failures.set(host, { reason, until: Number.POSITIVE_INFINITY, pause: 0 });
    }
  } catch (error) {
    blame(host, `threads did not pass the self-test (${(error as Error).message})`, started);
  }
}

/** Threads are done without for a while, then tested again. */
function blame(host: ThreadHost, reason: string, started: number): void {
  const now = performance.now();
  const pause = Math.max(LEAST_PAUSE, 10 * (now - started), 2 * (failures.get(host)?.pause ?? 0));
  passed.delete(host);
  failures.set(host, { reason, until: now + Math.min(pause, MOST_PAUSE), pause: Math.min(pause, MOST_PAUSE) });
}
