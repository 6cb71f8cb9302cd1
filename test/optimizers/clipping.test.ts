/** Clipping against PyTorch's ten steps, the same on any number of threads, kept in files, and what is refused. */
import { afterAll, describe, expect, it } from 'vitest';
import { adam, dense, embedding, flatten, Model, sequential, sgd, Trainer } from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { caseOf, loss, named, x, y } from '../reference/goldenTraining.js';
import { hostWith, modelOn, watchedThreads } from '../threads/hosts.js';

const network = () => sequential(6, [dense(9, { activation: 'tanh' }), dense(3)]);

describe('ten steps, clipped', () => {
  it.each([
    ['plain', {}],
    ['gradients clipped to norm 0.1', { clipNorm: 0.1 }],
    ['gradients clipped to ±0.01', { clipValue: 0.01 }],
  ])('%s', async (name, clipping) => {
    const each = caseOf(name);
    const model = await Model.create(network());
    model.setParameters(named(each.parameters));
    const optimizer = sgd({ learningRate: 0.2, momentum: 0.9 });
    const trainer = await model.trainer({ loss, optimizer, batchSize: y.length, ...clipping });
    expectClose(
      each.costBeforeEachStep.map(() => trainer.stepSync(x, y)),
      each.costBeforeEachStep,
      1e-6,
      'costs',
    );
    const want = named(each.parametersAfter10Steps);
    for (const { name: parameter, data } of model.parameters) {
      expectClose(data, want[parameter] ?? [], 1e-5, parameter);
    }
  });
});

describe('clipping', () => {
  const threaded = watchedThreads();
  const Together = modelOn(hostWith(threaded.host));
  const layers = [dense(203, { activation: 'relu' }), dense(37, { activation: 'tanh' }), dense(5)];
  const clipping = { clipValue: 1e-3, clipNorm: 0.02 };
  const options = { loss, optimizer: adam(), batchSize: 48 } as const;
  const data = { x: numbers(200 * 301, 1), y: labels(200, 5, 2) };
  const bitsOf = (model: Model) => model.parameters.map(each => [...each.data]);

  afterAll(async () => {
    const model = await Together.create(sequential([1], [dense(1)]));
    await model.dispose();
  });

  it('gives the same bits on 1, 2 and 3 threads', async () => {
    const found = [];
    for (const threads of [1, 2, 3]) {
      const before = threaded.runs;
      const model = await Together.create(sequential(301, layers), { seed: 3 });
      await model.fit(data, { ...options, ...clipping, threads });
      if (threads > 1) expect(threaded.runs).toBeGreaterThan(before);
      found.push(bitsOf(model));
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
    const free = await Model.create(sequential(301, layers), { seed: 3 });
    await free.fit(data, options);
    expect(bitsOf(free)).not.toEqual(found[0]);
  });

  it('counts the rows of tables that a batch names', async () => {
    const tables = sequential(3, [embedding(7, 5), flatten(), dense(3)]);
    const model = await Model.create(tables, { seed: 3 });
    const words = { x: Int32Array.from([1, 2, 1, 0, 6, 2]), y: [0, 2] };
    const before = model.parameters.map(each => each.data);
    const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 1 }), clipNorm: 1e-3 });
    trainer.stepSync(words.x, words.y);
    const moved = model.parameters.flatMap((each, p) =>
      [...each.data].map((value, i) => value - (before[p]?.[i] ?? 0)),
    );
    expect(Math.abs(Math.hypot(...moved) / 1e-3 - 1)).toBeLessThan(3e-3);
  });

  it('goes on from a file', async () => {
    const model = await Model.create(network(), { seed: 2 });
    const trainer = await model.trainer({ loss, optimizer: adam(), batchSize: 5, clipNorm: 0.05, clipValue: 0.01 });
    await trainer.fit({ x, y });
    const resumed = await Trainer.fromBytes(trainer.toBytes());
    await Promise.all([trainer.fit({ x, y }), resumed.fit({ x, y })]);
    expect(bitsOf(resumed.model)).toEqual(bitsOf(model));
  });

  it('refuses limits that are not above 0', async () => {
    const model = await Model.create(network());
    for (const limit of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(model.fit({ x, y }, { ...options, clipNorm: limit })).rejects.toThrow(/fit: clipNorm: .*> 0/);
      await expect(model.fit({ x, y }, { ...options, clipValue: limit })).rejects.toThrow(/fit: clipValue: .*> 0/);
    }
    await expect(model.trainer({ ...options, clipNorm: '1' as never })).rejects.toThrow(/trainer: clipNorm/);
  });
});
