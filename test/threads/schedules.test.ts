/**
 * Crews that share workers, join, run, leave and lose some of them: in hundreds of orders that a seed draws. Time
 * stands still meanwhile, so whoever would have to be given up waits for ever, and is found.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Crew } from '../../src/runtime/crew.js';
import { numbers } from '../reference/data.js';
import { FakeProgram, type FakeWorker, fakeThreads } from './schedules.js';

/** Of so many a worker that has left four is to end. */
const BYTES = 2 ** 26;
const module = {} as WebAssembly.Module;

// Programs have no memory here.
vi.mock('../../src/runtime/barrier.js', () => ({
  abortBarrier: (program: FakeProgram) => program.abandon(),
  progressOf: () => 0,
}));

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => vi.useRealTimers());

/** Whole numbers below n. */
function drawing(seed: number): (n: number) => number {
  const drawn = numbers(5000, seed * 7919);
  let used = 0;
  return n => Math.min(n - 1, Math.floor((((drawn[used++ % drawn.length] ?? 0) + 1) / 2) * n));
}

/**
 * Moves the workers, one step of one of them at a time, until all users are done; one in so many steps a worker dies.
 */
async function move(
  users: readonly Promise<void>[],
  workers: readonly FakeWorker[],
  below: (n: number) => number,
  deaths: number,
) {
  let left = users.length;
  const all = Promise.all(users.map(user => user.finally(() => left--)));
  all.catch(() => {});
  for (;;) {
    // Lets everyone go on who does not wait for a worker.
    await new Promise(resolve => setImmediate(resolve));
    if (left === 0) return all;
    const alive = workers.filter(({ state }) => state === 'alive');
    // Whoever wants three gets three; otherwise there are two cores.
    expect(alive.length).toBeLessThanOrEqual(3);
    const victim = alive[below(alive.length)];
    if (victim && deaths > 0 && below(deaths) === 0) victim.state = 'dead';
    const steps = workers.flatMap(worker => worker.steps);
    expect(steps.length, `${left} wait for ever`).toBeGreaterThan(0);
    steps[below(steps.length)]?.();
  }
}

it.each([
  ['all runs are done where no worker dies', 0],
  ['nobody waits for ever where workers die at any time', 50],
])('%s', async (_, deaths) => {
  let [done, lost] = [0, 0];
  for (let seed = 1; seed <= 500; seed++) {
    const below = drawing(seed);
    const { host, workers } = fakeThreads(2);
    const user = async () => {
      let program = new FakeProgram(BYTES);
      for (let fit = 0; fit < 4; fit++) {
        let crew: Crew | undefined;
        try {
          crew = await Crew.join(host, module, program.asProgram, 1 + below(3));
          for (let run = below(4); run > 0; run--) {
            expect(await crew.run('step', 1)).toBe(1);
            expect(workers.some(worker => worker.isIn(program.memory))).toBe(false);
            done += 1;
            if (below(4) === 0) crew.rest();
          }
        } catch (error) {
          expect((error as Error).message).toMatch(/^threads: expected \d workers to the end, got one that ended/);
          lost += 1;
        }
        crew?.leave();
        if (program.abandoned) program = new FakeProgram(BYTES);
      }
    };
    await move([user(), user(), user()], workers, below, deaths);
    // Nothing is watched any more.
    expect(vi.getTimerCount()).toBe(0);
  }
  expect(done).toBeGreaterThan(2000);
  if (deaths > 0) expect(lost).toBeGreaterThan(200);
  else expect(lost).toBe(0);
});

it('a worker that has left many memories makes room for another, though a long fit needs it all the time', async () => {
  const { host, workers } = fakeThreads(1);
  let over = false;
  const long = async () => {
    const crew = await Crew.join(host, module, new FakeProgram(8 * BYTES).asProgram, 1);
    while (!over) await crew.run('step', 1);
    crew.leave();
  };
  const short = async () => {
    for (let fit = 0; fit < 9; fit++) {
      const crew = await Crew.join(host, module, new FakeProgram(BYTES).asProgram, 1);
      await crew.run('step', 1);
      crew.leave();
    }
    over = true;
  };
  await move([long(), short()], workers, drawing(1), 0);
  // Two times four of the nine, and once the long fit's own.
  expect(workers.length).toBeGreaterThanOrEqual(3);
  expect(workers.length).toBeLessThanOrEqual(4);
});

it('tells what keeps workers from joining, though it has tried others', async () => {
  const { host, workers } = fakeThreads(2);
  const join = () => Crew.join(host, module, new FakeProgram(BYTES).asProgram, 2);
  const first = join();
  for (const { steps } of workers) steps[0]?.();
  for (const { steps } of workers) steps[0]?.();
  (await first).leave();
  const uncloneable = new FakeProgram(BYTES);
  Object.defineProperty(uncloneable, 'plan', {
    get() {
      throw new Error('no plan');
    },
  });
  await expect(Crew.join(host, module, uncloneable.asProgram, 2)).rejects.toThrow('no plan');
});
