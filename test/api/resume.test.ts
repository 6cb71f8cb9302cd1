/** A run resumed from its bytes equals the run never stopped, bit for bit. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  adamW,
  dense,
  dropout,
  Model,
  type Optimizer,
  sequential,
  sgd,
  Trainer,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';

const [rows, inputs, classes, batchSize] = [37, 6, 3, 8];
const data = { x: numbers(rows * inputs, 1), y: labels(rows, classes, 2) };
const architecture = sequential(
  [inputs],
  [dense(11, { activation: 'relu' }), dropout(0.4), dense(classes, { activation: 'softmax' })],
);
const loss = 'sparseCategoricalCrossEntropy';

async function start(optimizer: Optimizer): Promise<Trainer> {
  const model = await Model.create(architecture, { seed: 9 });
  return model.trainer({ loss, optimizer, metrics: ['accuracy'], batchSize });
}

const optimizers: [string, Optimizer][] = [
  ['sgd', sgd({ learningRate: 0.1 })],
  ['sgd with momentum', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
  ['adam', adam()],
  ['adamW', adamW()],
];

describe.each(optimizers)('%s, shuffled and with dropout', (_, optimizer) => {
  it('stopped between epochs', async () => {
    const whole = await start(optimizer);
    const wanted = await whole.fit(data, { epochs: 5 });

    const first = await start(optimizer);
    const before = await first.fit(data, { epochs: 2 });
    const second = await Trainer.fromBytes(first.toBytes());
    const after = await second.fit(data, { epochs: 3 });

    expect(second.model.parameters).toEqual(whole.model.parameters);
    expect([...before.loss, ...after.loss]).toEqual(wanted.loss);
    expect([...(before.accuracy ?? []), ...(after.accuracy ?? [])]).toEqual(wanted.accuracy);
    expect(second.toBytes()).toEqual(whole.toBytes());
  });

  it('saved by onEpoch while training goes on', async () => {
    const whole = await start(optimizer);
    let saved: Uint8Array | undefined;
    await whole.fit(data, {
      epochs: 4,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) saved = whole.toBytes();
      },
    });
    const second = await Trainer.fromBytes(saved ?? new Uint8Array());
    await second.fit(data, { epochs: 2 });
    expect(second.toBytes()).toEqual(whole.toBytes());
  });

  it('stopped between steps', async () => {
    const batches = Array.from({ length: 7 }, (_, i) => ({
      x: numbers(batchSize * inputs, 10 + i),
      y: labels(batchSize, classes, 20 + i),
    }));
    const whole = await start(optimizer);
    const wanted = batches.map(b => whole.stepSync(b.x, b.y));

    const first = await start(optimizer);
    const costs = batches.slice(0, 3).map(b => first.stepSync(b.x, b.y));
    const second = await Trainer.fromBytes(first.toBytes());
    costs.push(...batches.slice(3).map(b => second.stepSync(b.x, b.y)));

    expect(costs).toEqual(wanted);
    expect(second.model.parameters).toEqual(whole.model.parameters);
  });

  it('stopped in the middle of an epoch', async () => {
    const whole = await start(optimizer);
    const wanted = await whole.fit(data, { epochs: 3 });

    const first = await start(optimizer);
    const stop = new AbortController();
    let batches = 0;
    const history = await first.fit(data, {
      epochs: 3,
      signal: stop.signal,
      onBatch: () => {
        batches++;
        if (batches === 7) stop.abort();
      },
    });
    expect(history.stopped).toMatch(/abort/);
    const second = await Trainer.fromBytes(first.toBytes());
    const after = await second.fit(data, { epochs: 2 });
    expect([...history.loss, ...after.loss]).toEqual(wanted.loss);

    expect(second.model.parameters).toEqual(whole.model.parameters);
    expect(second.toBytes()).toEqual(whole.toBytes());
  });
});

it('the bytes do not depend on when they are asked for', async () => {
  const [quiet, asked] = [await start(adam()), await start(adam())];
  await quiet.fit(data, { epochs: 2 });
  await asked.fit(data, { epochs: 1 });
  expect(asked.toBytes()).toEqual(asked.toBytes());
  await asked.fit(data, { epochs: 1 });
  expect(asked.toBytes()).toEqual(quiet.toBytes());
});

it("a trainer's bytes are refused when they are cut short or are not a trainer's", async () => {
  const trainer = await start(adam());
  const bytes = trainer.toBytes();
  await expect(Trainer.fromBytes(bytes.slice(0, bytes.length - 1))).rejects.toThrow(RangeError);
  await expect(Trainer.fromBytes(trainer.model.toBytes())).rejects.toThrow(/trainer/i);
});
