/**
 * Many predictions at once: on shared workers, in turns, each with its own rows and the parameters of its call,
 * whatever happens to the others.
 */
import { describe, expect, it } from 'vitest';
import { dense, sequential } from '../../src/entries/node.js';
import type { WorkerHandle } from '../../src/runtime/workers.js';
import { labels, numbers } from '../reference/data.js';
import { hostWith, modelOn, watchedThreads } from './hosts.js';

const INPUTS = 100;
const architecture = sequential(
  [INPUTS],
  [dense(400, { activation: 'relu' }), dense(200, { activation: 'relu' }), dense(10, { activation: 'softmax' })],
);
/** Rows that workers predict, and rows of which the caller does some in a turn. */
const [MANY, FEW] = [256, 20];
const rowsOf = (rows: number, seed: number) => numbers(rows * INPUTS, seed);
const alone = modelOn(hostWith(undefined));
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', threads: 2 } as const;

function newClass() {
  const threads = watchedThreads();
  return { threads, Class: modelOn(hostWith({ ...threads.host, cores: 2 })) };
}

describe('a thousand predictions at once', () => {
  it('of two models, small and large, with fits beside them, are right and take no more threads than there are cores', async () => {
    const { threads, Class } = newClass();
    const models = await Promise.all([1, 2].map(seed => Class.create(architecture, { seed })));
    const x = [rowsOf(FEW, 1), rowsOf(MANY, 2), { x: new Uint8Array(MANY * INPUTS).fill(7), scale: 0.01 }];
    const want = models.map(model => x.map(rows => model.predict(rows)));
    const data = { x: rowsOf(1000, 3), y: labels(1000, 10, 4) };
    let most = 0;
    const asked = Array.from({ length: 1000 }, async (_, i) => {
      const [model, rows] = [i % 2, i % 3];
      const got = await models[model]?.predictAsync(x[rows] ?? []);
      most = Math.max(most, threads.running.size);
      expect(got).toEqual(want[model]?.[rows]);
    });
    const fits = models.map(model => model.fit(data, { ...options, epochs: 3 }));
    await Promise.all([...asked, ...fits]);
    expect(most).toBe(2);
    for (const [index, model] of models.entries()) {
      const undisturbed = await alone.create(architecture, { seed: index + 1 });
      await undisturbed.fit(data, { ...options, epochs: 3 });
      expect(model.parameters).toEqual(undisturbed.parameters);
    }
    await models[0]?.dispose();
  });

  it('have their turn beside one of very many rows', async () => {
    for (const Class of [newClass().Class, alone]) {
      const model = await Class.create(architecture);
      const order: string[] = [];
      const endless = model.predictAsync(rowsOf(20_000, 1)).then(() => order.push('endless'));
      const others = [2, 3, 4].map(seed => model.predictAsync(rowsOf(MANY, seed)).then(() => order.push('other')));
      await Promise.all([endless, ...others]);
      expect(order.at(-1)).toBe('endless');
      await model.dispose();
    }
  });

  it('are refused where they would hold too much, and asked for again when others are done', async () => {
    const [model, other] = await Promise.all(
      [1, 2].map(() => newClass().Class.create(sequential([2 ** 16], [dense(1)]))),
    );
    if (!model || !other) throw new Error('no models');
    // 64 MiB, of which no request makes a copy.
    const x = { x: new Uint8Array(2 ** 26), scale: 1 };
    const asked = Array.from({ length: 15 }, () => model.predictAsync(x));
    for (const each of [model, other]) {
      await expect(each.predictAsync(x)).rejects.toThrow(
        'predictAsync: expected calls that hold at most 1024 MiB at once, got 65 MiB more than 960; await',
      );
    }
    expect((await Promise.all(asked)).length).toBe(15);
    expect(await other.predictAsync(x)).toEqual(other.predict(x));
    await model.dispose();
  });

  it('fail by themselves, and say where', async () => {
    for (const Class of [newClass().Class, alone]) {
      const model = await Class.create(architecture);
      for (const rows of [FEW, MANY, 3000]) {
        const x = rowsOf(rows, 1);
        const wrong = x.slice();
        wrong[(rows - 1) * INPUTS + 7] = Number.NaN;
        const results = await Promise.allSettled([x, wrong, x, wrong].map(each => model.predictAsync(each)));
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
        const said = `predictAsync: x: expected finite float32 numbers, got NaN in row ${rows - 1}, column 7`;
        for (const index of [1, 3]) expect((results[index] as PromiseRejectedResult).reason.message).toContain(said);
        for (const index of [0, 2]) {
          expect((results[index] as PromiseFulfilledResult<Float32Array>).value).toEqual(model.predict(x));
        }
      }
      await model.dispose();
    }
  });
});

describe('a prediction under way', () => {
  it('keeps the parameters and the rows of its call', async () => {
    for (const Class of [newClass().Class, alone]) {
      const model = await Class.create(architecture);
      const asked: { got: Promise<Float32Array>; want: Float32Array }[] = [];
      for (let turn = 0; turn < 6; turn++) {
        for (const rows of [FEW, FEW, MANY, 3000]) {
          const x = rowsOf(rows, turn);
          asked.push({ want: model.predict(x), got: model.predictAsync(x) });
          x.fill(Number.NaN);
        }
        model.setParameters({ '1.dense.bias': numbers(200, turn) });
        if (turn === 3) await asked[2]?.got;
      }
      for (const { got, want } of asked) expect(await got).toEqual(want);
      await model.dispose();
    }
  });

  it('of many rows reads them as their turn comes, and notices when they are gone', async () => {
    const { Class } = newClass();
    const model = await Class.create(architecture);
    const x = rowsOf(12_000, 1);
    const want = model.predict(x);
    expect(await model.predictAsync(x)).toEqual(want);
    const predicting = model.predictAsync(x);
    structuredClone(x.buffer, { transfer: [x.buffer] });
    await expect(predicting).rejects.toThrow('a buffer given away');
    expect(await model.predictAsync(rowsOf(12_000, 1))).toEqual(want);
    await model.dispose();
  });

  it('is done by the caller where its worker ends, and the next one by new workers', async () => {
    let newest: WorkerHandle | undefined;
    let deadly = false;
    const threads = watchedThreads(handle => {
      newest = handle;
      return {
        ...handle,
        post(message) {
          handle.post(message);
          if (deadly && message.kind === 'run' && handle === newest) handle.terminate();
        },
      };
    });
    const model = await modelOn(hostWith({ ...threads.host, cores: 2 })).create(architecture);
    const x = rowsOf(3000, 1);
    const want = model.predict(x);
    expect(await model.predictAsync(x)).toEqual(want);
    deadly = true;
    const results = await Promise.all([x, x, x].map(each => model.predictAsync(each)));
    for (const got of results) expect(got).toEqual(want);
    deadly = false;
    const { runs } = threads;
    expect(await model.predictAsync(x)).toEqual(want);
    expect(threads.runs).toBeGreaterThan(runs);
    await model.dispose();
  });

  it('takes as many threads as are asked for, with the same bits', async () => {
    const { threads, Class } = newClass();
    const model = await Class.create(architecture);
    const x = rowsOf(1001, 1);
    const want = model.predict(x);
    const results = await Promise.all([1, 2, 3, 7].map(count => model.predictAsync(x, { threads: count })));
    for (const got of results) expect(got).toEqual(want);
    expect(threads.running.size).toBe(7);
    await model.dispose();
  });
});
