/** A run that does not get on ends with an error, and only such a run; what is shared with others is replaced. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dense, sequential } from '../../src/entries/node.js';
import type { ToWorker, WorkerHandle } from '../../src/runtime/workers.js';
import { labels, numbers } from '../reference/data.js';
import { hostWith, modelOn, watchedThreads } from './hosts.js';

const architecture = sequential([100], [dense(90, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
const data = { x: numbers(1001 * 100, 1), y: labels(1001, 10, 2) };
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', threads: 2 } as const;
const alone = modelOn(hostWith(undefined));

afterEach(() => vi.useRealTimers());

/** Node's threads, whose newest worker hears of no run while it is deaf. */
function deafThreads() {
  const state = { deaf: false, unheard: 0 };
  let newest: WorkerHandle | undefined;
  const threads = watchedThreads(handle => {
    newest = handle;
    return {
      ...handle,
      post(message: ToWorker) {
        if (state.deaf && handle === newest && message.kind === 'run') state.unheard += 1;
        else handle.post(message);
      },
    };
  });
  return { state, threads };
}

const until = async (happened: () => boolean) => {
  while (!happened()) await new Promise(resolve => setTimeout(resolve, 2));
};
const stalled = 'threads: expected 2 workers to the end, got no answer in 10 seconds; try again';

describe('a run in which no thread gets on for ten seconds', () => {
  it('ends the fit with an error, the model has the last finished epoch, and later fits have new workers', async () => {
    const { state, threads } = deafThreads();
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    await model.fit(data, options);
    const [before] = threads.running;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const fitting = model.fit(data, {
      ...options,
      epochs: 3,
      onEpoch: ({ epoch }) => {
        state.deaf = epoch === 2;
      },
    });
    const failing = expect(fitting).rejects.toThrow(stalled);
    await until(() => state.unheard > 0);
    await vi.advanceTimersByTimeAsync(9000);
    expect(threads.running.size).toBe(2);
    await vi.advanceTimersByTimeAsync(2000);
    await failing;
    await until(() => threads.running.size === 0);
    const undisturbed = await alone.create(architecture);
    await undisturbed.fit(data, options);
    await undisturbed.fit(data, { ...options, epochs: 2 });
    expect(model.parameters).toEqual(undisturbed.parameters);
    state.deaf = false;
    await model.fit(data, options);
    expect(threads.running.size).toBe(2);
    expect(threads.running.has(before as WorkerHandle)).toBe(false);
    await undisturbed.fit(data, options);
    expect(model.parameters.every(parameter => parameter.data.every(Number.isFinite))).toBe(true);
    await model.dispose();
  });

  it('is no matter of seconds in which this process stood still: those pass as one', async () => {
    const { state, threads } = deafThreads();
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    await model.fit(data, options);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] });
    state.deaf = true;
    const fitting = model.fit(data, options);
    const failing = expect(fitting).rejects.toThrow(stalled);
    await until(() => state.unheard > 0);
    // The clocks go on by an hour, as after a laptop's sleep; the timer fires once.
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(threads.running.size).toBe(2);
    await vi.advanceTimersByTimeAsync(9000);
    await failing;
    await model.dispose();
  });

  it('may take longer where a single record is much work, which slow machines need their time for', async () => {
    const { state, threads } = deafThreads();
    const wide = sequential([1000], [dense(2000, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
    const model = await modelOn(hostWith(threads.host)).create(wide);
    const many = { x: new Float32Array(1024 * 1000), y: new Int32Array(1024) };
    await (await modelOn(hostWith(threads.host)).create(architecture)).fit(data, options);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    state.deaf = true;
    let over = false;
    const failing = expect(
      model.fit(many, { ...options, batchSize: 1024, epochs: 2 }).finally(() => {
        over = true;
      }),
    ).rejects.toThrow(/got no answer in \d+ seconds/);
    await until(() => state.unheard > 0);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(80_000);
    await failing;
    await model.dispose();
  });

  it('leaves other fits alone that share its workers and wait for their turn', async () => {
    const { state, threads } = deafThreads();
    const Class = modelOn(hostWith({ ...threads.host, cores: 2 }));
    const [first, second] = await Promise.all([1, 2].map(seed => Class.create(architecture, { seed })));
    if (!first || !second) throw new Error('no models');
    await first.fit(data, options);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    state.deaf = true;
    const failing = expect(first.fit(data, options)).rejects.toThrow('got no answer in 10 seconds');
    await until(() => state.unheard > 0);
    const waiting = second.fit(data, options);
    await new Promise(resolve => setTimeout(resolve, 20));
    state.deaf = false;
    await vi.advanceTimersByTimeAsync(10_000);
    await failing;
    await waiting;
    const undisturbed = await alone.create(architecture, { seed: 2 });
    await undisturbed.fit(data, options);
    expect(second.parameters).toEqual(undisturbed.parameters);
    await second.dispose();
  });
});

describe('workers that cannot be had', () => {
  it('while threads are tested, are asked for again later, and so is their binary', async () => {
    for (const broken of ['worker', 'binary']) {
      const threads = watchedThreads();
      let refusals = 1;
      const refuse = (what: string) => {
        if (what === broken && refusals-- > 0) throw new Error('EAGAIN');
      };
      const host = hostWith({
        ...threads.host,
        spawn() {
          refuse('worker');
          return threads.host.spawn();
        },
      });
      const compile: typeof host.compile = async name => {
        if (name.endsWith('-threads')) refuse('binary');
        return host.compile(name);
      };
      const model = await modelOn({ ...host, compile }).create(architecture);
      await model.fit(data, options);
      expect(model.backend.reason).toContain('one thread, as threads did not pass the self-test (EAGAIN)');
      const { now } = performance;
      vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60_000);
      await model.fit(data, options);
      vi.restoreAllMocks();
      expect(threads.running.size).toBe(2);
      expect(model.backend.reason).not.toContain('self-test');
      await model.dispose();
    }
  });

  it('once the self-test has passed, are done without, and asked for again later', async () => {
    const threads = watchedThreads();
    let refuse = false;
    const host = {
      ...threads.host,
      spawn() {
        if (refuse) throw new Error('EAGAIN');
        return threads.host.spawn();
      },
    };
    const model = await modelOn(hostWith(host)).create(architecture);
    await model.fit(data, options);
    await model.dispose();
    await until(() => threads.running.size === 0);
    refuse = true;
    const { loss } = await model.fit(data, options);
    expect(loss.every(Number.isFinite)).toBe(true);
    expect(model.backend.threads).toBe(1);
    expect(model.backend.reason).toContain('one thread, as workers could not be had (EAGAIN)');
    refuse = false;
    await model.fit(data, options);
    expect(threads.running.size).toBe(0);
    const { now } = performance;
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60_000);
    await model.fit(data, options);
    vi.restoreAllMocks();
    expect(threads.running.size).toBe(2);
    expect(model.backend.reason).toMatch(/up to \d+ threads?$/);
    const undisturbed = await alone.create(architecture);
    for (let i = 0; i < 4; i++) await undisturbed.fit(data, options);
    expect(model.parameters).toEqual(undisturbed.parameters);
    await model.dispose();
  });
});
