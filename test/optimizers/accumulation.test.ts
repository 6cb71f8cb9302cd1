/** Updates by several batches equal those by one large batch; averaged parameters equal PyTorch's. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  batchNormalization,
  dense,
  dropout,
  embedding,
  flatten,
  type Layer,
  l2,
  Model,
  sequential,
  sgd,
  Trainer,
  type TrainerOptions,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { caseOf, loss, named, x, y } from '../reference/goldenTraining.js';

const network = () => sequential(6, [dense(9, { activation: 'tanh' }), dense(3)]);
const bitsOf = (model: Model) => model.parameters.map(each => [...each.data]);
const rows = 26;
const data = { x: numbers(rows * 6, 1), y: labels(rows, 3, 2) };

const held = { weightRegularizer: l2(0.02), activation: 'tanh' } as const;
const cases: [string, Layer[], Partial<TrainerOptions>][] = [
  ['sgd', [dense(9, held), dense(3)], { optimizer: sgd({ learningRate: 0.2, momentum: 0.9 }) }],
  ['adam, clipped', [dense(9, held), dense(3)], { optimizer: adam(), clipValue: 0.1, clipNorm: 0.05 }],
  ['a table', [embedding(50, 5), flatten(), dense(3)], { optimizer: adam(), clipNorm: 0.05 }],
];

describe.each(cases)('%s', (name, layers, given) => {
  const words = name === 'a table' ? { ...data, x: data.x.map(value => Math.floor(Math.abs(value) * 1e4) % 50) } : data;
  const common = { loss, optimizer: 'adam', metrics: ['accuracy', 'f1'], ...given } as const;
  const start = () => Model.create(sequential(6, layers), { seed: 3 });

  it('takes the steps of large batches, an epoch’s rest too', async () => {
    const [large, small] = [await start(), await start()];
    const one = await large.trainer({ ...common, batchSize: 12 });
    const several = await small.trainer({ ...common, batchSize: 4, accumulationSteps: 3 });
    const wanted = await one.fit(words, { epochs: 3, validation: words });
    const found = await several.fit(words, { epochs: 3, validation: words });
    expect(several.steps).toBe(9);
    for (const score of ['loss', 'accuracy', 'f1', 'valLoss', 'valF1'] as const) {
      expectClose(found[score] ?? [], wanted[score] ?? [1], 1e-5, score);
    }
    const want = new Map(large.parameters.map(each => [each.name, each.data]));
    for (const { name, data } of small.parameters) expectClose(data, want.get(name) ?? [], 2e-5, name);
    const batch = { x: words.x.subarray(0, 72), y: words.y.subarray(0, 12) };
    expectClose([several.stepSync(batch.x, batch.y)], [one.stepSync(batch.x, batch.y)], 1e-5, 'cost');
  });
});

it('moves what batch normalisation averages with every batch', async () => {
  const layers = [dense(4), batchNormalization({ momentum: 0.5 }), dense(3)];
  const model = await Model.create(sequential(6, layers), { seed: 3 });
  const shown = await Model.create(sequential(6, layers), { seed: 3 });
  const still = { loss, optimizer: sgd({ learningRate: 0 }) } as const;
  const several = await model.trainer({ ...still, batchSize: 4, accumulationSteps: 3 });
  const one = await shown.trainer({ ...still, batchSize: 4 });
  several.stepSync(x, y);
  for (const first of [0, 4, 8]) one.stepSync(x.subarray(first * 6, (first + 4) * 6), y.subarray(first, first + 4));
  expect(bitsOf(model)).toEqual(bitsOf(shown));
});

it('leaves the parameters from before a step of which a batch has no finite cost', async () => {
  const model = await Model.create(sequential(6, [batchNormalization(), dense(3)]), { seed: 3 });
  const before = bitsOf(model);
  const trainer = await model.trainer({
    loss: 'meanSquaredError',
    optimizer: 'adam',
    batchSize: 4,
    accumulationSteps: 3,
  });
  const targets = numbers(36, 4).map((value, i) => (i === 30 ? 3e38 : value));
  expect(() => trainer.stepSync(x, targets)).toThrow(/finite/);
  expect(bitsOf(model)).toEqual(before);
});

describe('averages', () => {
  const averageDecay = 0.9;

  it('are PyTorch’s after ten steps', async () => {
    const each = caseOf('average of parameters, decay 0.9');
    const model = await Model.create(network());
    model.setParameters(named(each.parameters));
    const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 0.2 }), batchSize: 12, averageDecay });
    for (let step = 0; step < 10; step++) trainer.stepSync(x, y);
    const want = named(each.averageAfter10Steps ?? {});
    for (const { name, data } of model.parameters) expectClose(data, want[name] ?? [], 1e-6, name);
  });

  it('leave the rows of an embedding as they are that no batch names', async () => {
    const layers = [embedding(50, 7), flatten(), dense(3)];
    const model = await Model.create(sequential([2], layers), { seed: 4 });
    const table = () => model.parameters[0]?.data ?? [];
    const before = [...table()].slice(5 * 7);
    const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 0.2 }), averageDecay });
    const named = Float32Array.from({ length: 24 }, (_, i) => i % 5);
    for (let step = 0; step < 20; step++) trainer.stepSync(named, labels(12, 3, step));
    expect([...table()].slice(5 * 7)).toEqual(before);
  });

  it('are what validation, callbacks and the model see; the trainer keeps its own', async () => {
    const options = { loss, optimizer: adam({ learningRate: 0.05 }), batchSize: 8 } as const;
    const [plain, averaged] = [await Model.create(network(), { seed: 1 }), await Model.create(network(), { seed: 1 })];
    const wanted = await plain.fit(data, { ...options, epochs: 3, validation: data });
    const found = await averaged.fit(data, { ...options, epochs: 3, validation: data, averageDecay });
    expect(found.loss).toEqual(wanted.loss);
    expect(found.valLoss).not.toEqual(wanted.valLoss);
    expect(found.valLoss?.at(-1)).toBe(averaged.evaluate(data, { loss }).loss);
  });

  it('go on from a file in the middle of an epoch, with everything else', async () => {
    const layers = [dense(9, held), batchNormalization(), dropout(0.3), dense(3)];
    const start = async () =>
      (await Model.create(sequential(6, layers), { seed: 5 })).trainer({
        loss,
        optimizer: adam(),
        metrics: ['f1'],
        batchSize: 4,
        accumulationSteps: 2,
        averageDecay,
      });
    const whole = await start();
    await whole.fit(data, { epochs: 3 });
    const first = await start();
    const stop = new AbortController();
    let steps = 0;
    const onBatch = () => {
      if (++steps === 6) stop.abort();
    };
    await first.fit(data, { epochs: 3, signal: stop.signal, onBatch });
    const seen = bitsOf(first.model);
    const second = await Trainer.fromBytes(first.toBytes());
    expect(bitsOf(second.model)).toEqual(seen);
    expect(second.toBytes()).toEqual(first.toBytes());
    await second.fit(data, { epochs: 2 });
    expect(second.toBytes()).toEqual(whole.toBytes());
    expect(bitsOf(second.model)).toEqual(bitsOf(whole.model));
  });
});

it('refuses what makes no sense', async () => {
  const model = await Model.create(network());
  const options = { loss, optimizer: 'sgd' } as const;
  for (const accumulationSteps of [0, 1.5, -1]) {
    await expect(model.trainer({ ...options, accumulationSteps })).rejects.toThrow(/trainer: accumulationSteps/);
  }
  for (const averageDecay of [-0.1, 1, Number.NaN]) {
    await expect(model.fit(data, { ...options, averageDecay })).rejects.toThrow(/fit: averageDecay/);
  }
  const trainer = await model.trainer({ ...options, batchSize: 4, accumulationSteps: 2 });
  expect(() => trainer.stepSync(x, y)).toThrow(/at most 8 rows/);
});
