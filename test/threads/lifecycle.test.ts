/** Crews from their first worker to their last: shared, ended, lost, aborted, and never in the caller's way. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { adam, dense, dropout, sequential } from '../../src/entries/node.js';
import type { WorkerHandle } from '../../src/runtime/workers.js';
import { labels, numbers } from '../reference/data.js';
import { hostWith, modelOn, watchedThreads } from './hosts.js';

const architecture = sequential(
  [100],
  [dense(90, { activation: 'relu' }), dropout(0.2), dense(10, { activation: 'softmax' })],
);
const data = { x: numbers(1001 * 100, 1), y: labels(1001, 10, 2) };
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), threads: 2 } as const;
const alone = modelOn(hostWith(undefined));

/** The parameters after so many epochs that nothing disturbed. */
async function undisturbed(epochs: number, seed = 0) {
  const model = await alone.create(architecture, { seed });
  await model.fit(data, { ...options, epochs });
  return model.parameters;
}

/** A model that was fitted twice. */
async function twice() {
  const model = await alone.create(architecture);
  await model.fit(data, options);
  await model.fit(data, options);
  return model;
}

async function ended(running: ReadonlySet<unknown>): Promise<void> {
  while (running.size > 0) await new Promise(resolve => setTimeout(resolve, 5));
}

describe('workers', () => {
  it('are lent from model to model', async () => {
    const threads = watchedThreads();
    const Class = modelOn(hostWith(threads.host));
    for (let seed = 0; seed < 5; seed++) {
      const model = await Class.create(architecture, { seed });
      await model.fit(data, options);
      expect(threads.running.size).toBe(2);
    }
  });

  it('end with dispose and await using, and by themselves when nobody wants them', async () => {
    const threads = watchedThreads();
    const Class = modelOn(hostWith(threads.host));
    const model = await Class.create(architecture);
    await model.fit(data, options);
    await model.dispose();
    await ended(threads.running);
    {
      await using another = await Class.create(architecture);
      await another.fit(data, options);
      expect(threads.running.size).toBe(2);
    }
    await ended(threads.running);
    await model.fit(data, options);
    expect(threads.running.size).toBe(2);
    await ended(threads.running);
  });

  it('are not started for small networks, small data, or steps that are each reported', async () => {
    const threads = watchedThreads();
    const Class = modelOn(hostWith(threads.host));
    const xor = await Class.create(
      sequential([2], [dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })]),
    );
    const loss = 'binaryCrossEntropy';
    await xor.fit(
      {
        x: [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ],
        y: [0, 1, 1, 0],
      },
      { loss, optimizer: adam(), epochs: 500 },
    );
    await xor.predictAsync([[0, 1]]);
    expect(threads.running.size).toBe(0);
    const model = await Class.create(architecture);
    const few = { x: data.x.subarray(0, 32 * 100), y: data.y.subarray(0, 32) };
    await model.fit(data, { ...options, onBatch: () => {} });
    const runs = threads.runs;
    await model.fit(few, { ...options, epochs: 3 });
    // None but the self-test's.
    expect(threads.runs).toBe(runs);
  });

  it.each([2, 4])('train two models at the same time, each as if alone, and are no more than %i cores', async cores => {
    const threads = watchedThreads();
    const Class = modelOn(hostWith({ ...threads.host, cores }));
    const models = await Promise.all([1, 2].map(seed => Class.create(architecture, { seed })));
    await Promise.all(models.map(model => model.fit(data, { ...options, epochs: 3 })));
    expect(threads.running.size).toBe(cores);
    expect(models[0]?.parameters).toEqual(await undisturbed(3, 1));
    expect(models[1]?.parameters).toEqual(await undisturbed(3, 2));
    await models[0]?.dispose();
  });
});

describe('a run', () => {
  it('has ended when every worker has told so: until then one may still be on its way out of the memory', async () => {
    const held: (() => void)[] = [];
    let hold = false;
    let handles = 0;
    const threads = watchedThreads(handle => {
      const second = ++handles === 2;
      return {
        ...handle,
        listen: (onMessage, onEnd) =>
          handle.listen(message => {
            if (hold && second && message.kind === 'finished') held.push(() => onMessage(message));
            else onMessage(message);
          }, onEnd),
      };
    });
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    await model.fit(data, options);
    hold = true;
    let over = false;
    const fitting = model.fit(data, options).then(() => {
      over = true;
    });
    while (held.length === 0 && !over) await new Promise(resolve => setTimeout(resolve, 1));
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(over).toBe(false);
    hold = false;
    for (const tell of held) tell();
    await fitting;
    await model.dispose();
  });
});

describe('the caller', () => {
  it('has its timers called while a large network trains, with a crew and without', async () => {
    const large = sequential(
      [784],
      [dense(512, { activation: 'relu' }), dense(256, { activation: 'relu' }), dense(10, { activation: 'softmax' })],
    );
    const many = { x: numbers(2048 * 784, 1), y: labels(2048, 10, 2) };
    for (const Class of [modelOn(hostWith(watchedThreads().host)), alone]) {
      const model = await Class.create(large);
      let calls = 0;
      let last = performance.now();
      let longest = 0;
      const timer = setInterval(() => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        calls += 1;
      }, 5);
      await model.fit(many, { ...options, batchSize: 128, epochs: 3 });
      clearInterval(timer);
      expect(calls).toBeGreaterThan(5);
      expect(longest).toBeLessThan(5000);
      await model.dispose();
    }
  });

  it('has its turn between slices of validation and of predictions, where there are no threads', async () => {
    const model = await alone.create(
      sequential([784], [dense(512, { activation: 'relu' }), dense(256), dense(10, { activation: 'softmax' })]),
    );
    const [x, y] = [numbers(4096 * 784, 1), labels(4096, 10, 2)];
    let turns = 0;
    let waiting = true;
    const turn = () => {
      turns += 1;
      if (waiting) setImmediate(turn);
    };
    setImmediate(turn);
    const few = { x: x.subarray(0, 64 * 784), y: y.subarray(0, 64) };
    await model.fit(few, { ...options, batchSize: 64, validation: { x, y } });
    const validating = turns;
    const predictions = await model.predictAsync(x);
    waiting = false;
    expect(validating).toBeGreaterThan(4);
    expect(turns - validating).toBeGreaterThan(20);
    expect(predictions).toEqual(model.predict(x));
  });

  it('may write over its rows and train on while predictions are under way', async () => {
    for (const Class of [modelOn(hostWith(watchedThreads().host)), alone]) {
      const model = await Class.create(architecture);
      const x = numbers(3000 * 100, 7);
      const want = model.predict(x);
      const predicting = model.predictAsync(x, { threads: 2 });
      x.fill(Number.NaN);
      const trainer = await model.trainer({ ...options, batchSize: 64 });
      trainer.stepSync(data.x.subarray(0, 64 * 100), data.y.subarray(0, 64));
      expect(await predicting).toEqual(want);
      await model.dispose();
    }
  });

  it('may await its own work after each step', async () => {
    const model = await alone.create(architecture);
    const seen: number[] = [];
    const onBatch = async ({ batch }: { batch: number }) => {
      await new Promise(resolve => setImmediate(resolve));
      seen.push(batch);
    };
    await model.fit({ x: data.x.subarray(0, 9600), y: data.y.subarray(0, 96) }, { ...options, onBatch });
    expect(seen).toEqual([1, 2, 3]);
    const failing = { ...options, onBatch: () => Promise.reject(new Error('full')) };
    await expect(model.fit(data, failing)).rejects.toThrow('full');
  });

  it('predicts from the last finished epoch while a fit runs', async () => {
    const model = await modelOn(hostWith(watchedThreads().host)).create(architecture);
    const before = model.predict(data.x);
    const seen: Float32Array[] = [];
    const asked: Promise<Float32Array>[] = [];
    let epochs = 0;
    const timer = setInterval(() => {
      if (epochs === 1) {
        seen.push(model.predict(data.x));
        asked.push(model.predictAsync(data.x, { threads: 2 }));
      }
    }, 0);
    const fitting = model.fit(data, {
      ...options,
      epochs: 40,
      onEpoch: async ({ epoch }) => {
        epochs = epoch;
        // Long enough for the timer, and the second epoch begins meanwhile.
        if (epoch === 1) await new Promise(resolve => setTimeout(resolve, 20));
      },
    });
    expect(model.predict(data.x)).toEqual(before);
    await fitting;
    clearInterval(timer);
    const first = await alone.create(architecture);
    await first.fit(data, options);
    const want = first.predict(data.x);
    expect(seen.length).toBeGreaterThan(0);
    for (const got of [...seen, ...(await Promise.all(asked))]) expect(got).toEqual(want);
    expect(model.parameters).toEqual(await undisturbed(40));
    await model.dispose();
  });

  it('is refused a second fit on a model that is being fitted, and the first goes on', async () => {
    const model = await modelOn(hostWith(watchedThreads().host)).create(architecture);
    const fits = [model.fit(data, options), model.fit(data, options)];
    const results = await Promise.allSettled(fits);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(fits[1]).rejects.toThrow(
      'fit: expected no fit under way on this model, got one that runs; await it first',
    );
    expect(model.parameters).toEqual(await undisturbed(1));
    await model.dispose();
  });
});

describe('an abort in the middle of an epoch', () => {
  it('leaves a model that predicts and a trainer that goes on as if never aborted', async () => {
    const wide = sequential([784], [dense(400, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
    // More than one call of the machine an epoch.
    const many = { x: numbers(3001 * 784, 1), y: labels(3001, 10, 2) };
    const threads = watchedThreads();
    const Class = modelOn(hostWith(threads.host));
    const settings = { ...options, batchSize: 64 };
    const want = await alone.create(wide);
    const history = await (await want.trainer(settings)).fit(many, { epochs: 2 });

    const model = await Class.create(wide);
    const trainer = await model.trainer(settings);
    const controller = new AbortController();
    const fitting = trainer.fit(many, { epochs: 2, signal: controller.signal });
    const runs = threads.runs;
    while (threads.runs === runs) await new Promise(resolve => setImmediate(resolve));
    controller.abort();
    const stopped = await fitting;
    expect(stopped).toMatchObject({ loss: [], stopped: 'aborted' });
    const midway = model.predict(many.x.subarray(0, 784));
    expect(midway.every(Number.isFinite)).toBe(true);
    expect(midway).not.toEqual((await alone.create(wide)).predict(many.x.subarray(0, 784)));
    const rest = await trainer.fit(many, { epochs: 2 });
    expect(rest.loss).toEqual(history.loss);
    expect(model.parameters).toEqual(want.parameters);
    await model.dispose();
  });
});

describe('a worker that dies', () => {
  /** Threads whose newest worker can be killed. */
  function mortalThreads() {
    const handles: WorkerHandle[] = [];
    const threads = watchedThreads(handle => {
      handles.push(handle);
      return handle;
    });
    return { threads, killLast: () => handles.at(-1)?.terminate() };
  }

  it.each(['while it runs', 'between two epochs'])('%s ends the fit with an error, and nothing more', async when => {
    const { threads, killLast } = mortalThreads();
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    const ended: Promise<unknown> = model.fit(data, {
      ...options,
      epochs: 10_000,
      onEpoch: async ({ epoch }) => {
        if (epoch !== 3) return;
        if (when === 'while it runs') setImmediate(killLast);
        else {
          killLast();
          await new Promise(resolve => setTimeout(resolve, 50));
        }
      },
    });
    await expect(ended).rejects.toThrow(
      /^threads: expected 2 workers to the end, got one that ended \(worker \d: exit code 1\); try again$/,
    );
    if (when === 'between two epochs') expect(model.parameters).toEqual(await undisturbed(3));
    const parameters = model.parameters;
    expect(model.predict(data.x).every(Number.isFinite)).toBe(true);
    const { loss } = await model.fit(data, options);
    expect(loss.every(Number.isFinite)).toBe(true);
    expect(model.parameters).not.toEqual(parameters);
    await model.dispose();
    await new Promise(resolve => setTimeout(resolve, 0));
  });

  it('while it idles is replaced, even before anyone has heard of its end', async () => {
    const { threads, killLast } = mortalThreads();
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    await model.fit(data, options);
    killLast();
    const { loss } = await model.fit(data, options);
    expect(loss).toHaveLength(1);
    expect(model.parameters).toEqual((await twice()).parameters);
    await model.dispose();
  });

  it('by an error of its own tells of it', async () => {
    const threads = watchedThreads(handle => ({
      ...handle,
      // An address beyond the memory, on the seventh run: after the self-test.
      post: (message => {
        const wrong = message.kind === 'run' && message.steps > 1;
        handle.post(wrong ? { ...message, first: -64, last: -1 } : message);
      }) satisfies WorkerHandle['post'],
    }));
    const model = await modelOn(hostWith(threads.host)).create(architecture);
    await expect(model.fit(data, options)).rejects.toThrow(/worker \d: .*(out of bounds|memory)/);
    expect(model.parameters).toEqual((await alone.create(architecture)).parameters);
  });
});

describe('a process', () => {
  const entry = new URL('../../dist/entries/node.js', import.meta.url).href;
  const run = promisify(execFile);
  const script = (body: string) => `
    import { Model, adam, dense, sequential } from ${JSON.stringify(entry)};
    const x = new Float32Array(64 * 784).fill(0.5);
    const y = new Int32Array(64);
    const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), batchSize: 64, threads: 2 };
    const create = () => Model.create(sequential([784], [dense(512, { activation: 'relu' }), dense(10, { activation: 'softmax' })]));
    ${body}`;
  const node = (body: string) => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    return run(process.execPath, ['--expose-gc', '--input-type=module', '--eval', script(body)], {
      cwd,
      timeout: 100_000,
    });
  };

  it('ends by itself while workers idle', async () => {
    const { stdout } = await node(`
      const model = await create();
      await model.fit({ x, y }, options);
      process.on('exit', () => console.log('ended after', performance.now() - fitted < 1500 ? 'a moment' : 'the workers'));
      const fitted = performance.now();`);
    expect(stdout.trim()).toBe('ended after a moment');
  });

  it('may hold the package twice, and train in a worker of a worker, all at the same time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'myelin-'));
    try {
      const root = fileURLToPath(new URL('../..', import.meta.url));
      for (const name of ['dist', 'wasm', 'package.json']) {
        await cp(join(root, name), join(folder, name), { recursive: true });
      }
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
      const program = fileURLToPath(new URL('programs/nested.js', import.meta.url));
      const other = pathToFileURL(join(folder, 'dist/entries/node.js')).href;
      const { stdout } = await run(process.execPath, [program, entry, other], { timeout: 100_000 });
      const all: string[] = JSON.parse(stdout);
      expect(all).toHaveLength(6);
      expect(new Set(all).size).toBe(1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('gets its memory back from 100 models that were trained and dropped', async () => {
    const { stdout } = await node(`
      const models = [];
      const megabytes = () => { gc(); return process.memoryUsage.rss() / 2 ** 20; };
      const trainAndDrop = async () => {
        const model = await create();
        await model.fit({ x, y }, options);
        models.push(new WeakRef(model));
      };
      await trainAndDrop();
      const before = megabytes();
      for (let i = 1; i < 100; i++) await trainAndDrop();
      const left = () => models.filter(model => model.deref()).length;
      for (let i = 0; i < 100 && left() > 0; i++) { gc(); await new Promise(resolve => setTimeout(resolve, 50)); }
      await new Promise(resolve => setTimeout(resolve, 3000));
      console.log(JSON.stringify({ left: left(), before, after: megabytes() }));`);
    const { left, before, after } = JSON.parse(stdout);
    // The engine may keep some a while; none would go if something held them.
    expect(left).toBeLessThan(30);
    // Each of them held some 8 MiB.
    expect(after - before).toBeLessThan(200);
  });
});
