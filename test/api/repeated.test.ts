/** No fit repeats the shuffles and masks of another, whoever trains the model and wherever it was meanwhile. */
import { describe, expect, it } from 'vitest';
import { adam, dense, dropout, Model, type Optimizer, sequential, sgd, Trainer } from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';

const [rows, inputs, classes, batchSize] = [37, 6, 3, 8];
const steps = Math.ceil(rows / batchSize);
const data = { x: numbers(rows * inputs, 1), y: labels(rows, classes, 2) };
const batch = { x: data.x.subarray(0, batchSize * inputs), y: data.y.subarray(0, batchSize) };
const layers = [dense(11, { activation: 'relu' }), dropout(0.4), dense(classes, { activation: 'softmax' })];
const loss = 'sparseCategoricalCrossEntropy';
const create = () => Model.create(sequential(inputs, layers), { seed: 9 });
const options = (optimizer: Optimizer) => ({ loss, optimizer, batchSize }) as const;

/** The batches' costs of a fit that changes no parameter: they tell its orders and masks. */
async function drawn(model: Model, epochs = 1): Promise<number[]> {
  const costs: number[] = [];
  await model.fit(data, { ...options(sgd({ learningRate: 0 })), epochs, onBatch: ({ loss }) => void costs.push(loss) });
  return costs;
}

const again = async (model: Model) => Model.fromBytes(model.toBytes());

it('many fits of one epoch are one fit of many, bit for bit, where the optimiser keeps nothing', async () => {
  const [one, many] = [await create(), await create()];
  await one.fit(data, { ...options(sgd({ learningRate: 0.1 })), epochs: 7 });
  for (let epoch = 0; epoch < 7; epoch++) await many.fit(data, options(sgd({ learningRate: 0.1 })));
  expect(many.parameters).toEqual(one.parameters);
  expect(many.trained).toEqual({ epochs: 7, steps: 7 * steps });
  expect(many.toBytes()).toEqual(one.toBytes());
});

it('neither orders nor masks come again, and each model of a seed draws the same', async () => {
  const [one, other] = [await create(), await create()];
  const costs = [...(await drawn(one)), ...(await drawn(one, 2)), ...(await drawn(one))];
  expect(new Set(costs).size).toBe(4 * steps);
  expect(await drawn(other, 4)).toEqual(costs);
});

it('a model that was saved goes on as the one that was not, and a quantised one says as much', async () => {
  const model = await create();
  await drawn(model, 2);
  const second = await again(model);
  expect(second.trained).toEqual(model.trained);
  expect((await model.quantize({ weights: 'int8' })).trained).toEqual(model.trained);
  expect(await drawn(second)).toEqual(await drawn(model));
});

describe('trainers', () => {
  const still = options(sgd({ learningRate: 0 }));

  it('of one model take turns, fits and steps mixed, and none draws what was drawn', async () => {
    const model = await create();
    const [one, other] = [await model.trainer(still), await model.trainer(still)];
    const costs = [one, other, one, one, other].map(trainer => trainer.stepSync(batch.x, batch.y));
    expect(new Set(costs).size).toBe(5);
    await one.fit(data);
    costs.push(other.stepSync(batch.x, batch.y), one.stepSync(batch.x, batch.y));
    expect(new Set(costs).size).toBe(7);
    expect(model.trained).toEqual({ epochs: 1, steps: 7 + steps });
    expect([one.epoch, one.steps, other.epoch, other.steps]).toEqual([1, 4 + steps, 0, 3]);

    const alone = await (await create()).trainer(still);
    const wanted = Array.from({ length: 5 }, () => alone.stepSync(batch.x, batch.y));
    expect(costs.slice(0, 5)).toEqual(wanted);
  });

  it('an epoch cut short is finished in its own order, and others do not take that again', async () => {
    const whole = await create();
    const wanted = await drawn(whole, 2);

    const model = await create();
    const trainer = await model.trainer(still);
    const stop = new AbortController();
    const costs: number[] = [];
    const onBatch = ({ loss }: { loss: number }) => {
      costs.push(loss);
      if (costs.length === 2) stop.abort();
    };
    await trainer.fit(data, { onBatch, signal: stop.signal });
    expect(model.trained).toEqual({ epochs: 1, steps: 2 });
    const resumed = await Trainer.fromBytes(trainer.toBytes());
    expect(resumed.model.trained).toEqual({ epochs: 1, steps: 2 });
    await resumed.fit(data, { onBatch });
    expect(costs).toEqual(wanted.slice(0, steps));

    // Another fit of the model takes the next order, with the masks that follow the two steps made.
    const between = await drawn(model);
    expect(new Set([...between, ...wanted.slice(0, steps)]).size).toBe(2 * steps);
    const late: number[] = [];
    await trainer.fit(data, { onBatch: ({ loss }) => void late.push(loss) });
    expect(late.length).toBe(steps - 2);
    expect(model.trained).toEqual({ epochs: 2, steps: 2 + steps + late.length });
  });

  it('that were resumed go on as if never stopped, other trainers before them or not', async () => {
    const model = await create();
    await drawn(model);
    const trainer = await model.trainer(options(adam()));
    await trainer.fit(data, { epochs: 2 });
    const second = await Trainer.fromBytes(trainer.toBytes());
    for (const each of [trainer, second]) {
      await each.fit(data, { epochs: 2 });
      each.stepSync(batch.x, batch.y);
    }
    expect(second.toBytes()).toEqual(trainer.toBytes());
    expect(second.model.trained).toEqual({ epochs: 5, steps: 5 * steps + 1 });
  });
});

it('a fit that ended in an error is not repeated by the next one, on however many threads', async () => {
  const after: number[][] = [];
  for (const each of [false, true]) {
    const model = await create();
    const onBatch = each ? () => {} : undefined;
    const wild = { ...options(sgd({ learningRate: 1e25 })), epochs: 3, ...(onBatch && { onBatch }) };
    await expect(model.fit(data, wild)).rejects.toThrow(/finite/);
    after.push(await drawn(model));
  }
  expect(after[0]).toEqual(after[1]);
  const first = await drawn(await create());
  expect(after[0]?.filter(cost => first.includes(cost))).toEqual([]);
});

it('what a user calls metadata is no count', async () => {
  const model = await create();
  model.metadata['myelin.trained'] = '{"epochs":5,"steps":5}';
  model.metadata.trained = 'twice';
  const second = await again(model);
  expect(second.trained).toEqual({ epochs: 0, steps: 0 });
  expect({ ...second.metadata }).toEqual({ ...model.metadata });
});
