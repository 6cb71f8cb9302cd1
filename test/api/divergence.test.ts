/** A cost that is not finite stops the training, says where it came from, and leaves the last finished epoch. */
import { describe, expect, it } from 'vitest';
import { dense, Model, sequential, sgd } from '../../src/entries/node.js';
import { numbers } from '../reference/data.js';

const [rows, inputs, batchSize] = [12, 3, 4];
const x = numbers(rows * inputs, 1);
const y = numbers(rows, 2);
const options = { loss: 'meanSquaredError', batchSize, shuffle: false } as const;

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('the training did not stop');
}

const linear = () => Model.create(sequential([inputs], [dense(1)]), { seed: 1 });

describe('a learning rate far too large', () => {
  // Each step multiplies the parameters by some thousands: the first epoch of three steps is finite, a later one is
  // not.
  const diverging = { ...options, optimizer: sgd({ learningRate: 1e4 }) };

  it('stops with epoch, step and layer; the parameters are those of the last finished epoch', async () => {
    const model = await linear();
    const finished: { epoch: number; parameters: typeof model.parameters }[] = [];
    const error = await failure(
      model.fit(
        { x, y },
        {
          ...diverging,
          epochs: 50,
          onEpoch: ({ epoch }) => void finished.push({ epoch, parameters: model.parameters }),
        },
      ),
    );
    const last = finished.at(-1);
    expect(last?.epoch).toBeGreaterThanOrEqual(1);
    expect(error.message).toMatch(new RegExp(`epoch ${(last?.epoch ?? 0) + 1}\\b`));
    expect(error.message).toMatch(/step [1-3]\b/);
    expect(error.message).toMatch(/cost|0\.dense/);
    expect(model.parameters).toEqual(last?.parameters);

    const alone = await linear();
    await alone.fit({ x, y }, { ...diverging, epochs: last?.epoch ?? 1 });
    expect(model.parameters).toEqual(alone.parameters);
  });

  it('leaves a model that trains again', async () => {
    const model = await linear();
    await failure(model.fit({ x, y }, { ...diverging, epochs: 50 }));
    const start = await linear();
    model.setParameters(Object.fromEntries(start.parameters.map(({ name, data }) => [name, data])));
    const calm = { ...options, optimizer: sgd({ learningRate: 0.01 }), epochs: 2 };
    const again = await model.fit({ x, y }, calm);
    expect(again.loss).toEqual((await start.fit({ x, y }, calm)).loss);
  });
});

describe('the first layer that made it', () => {
  const deep = sequential([inputs], [dense(4), dense(5, { activation: 'exponential' }), dense(1)]);

  it('is named, with epoch 1 and step 1, and the parameters are untouched', async () => {
    const model = await Model.create(deep, { seed: 1 });
    // Layer 0 gives about 300, which is fine; e to that power is not.
    model.setParameters({ '0.dense.bias': [300, 300, 300, 300], '1.dense.weight': new Float32Array(20).fill(1) });
    const before = model.parameters;
    const error = await failure(model.fit({ x, y }, { ...options, optimizer: 'sgd' }));
    expect(error.message).toMatch(/epoch 1\b.*step 1\b|step 1\b.*epoch 1\b/);
    expect(error.message).toMatch(/1\.dense/);
    expect(error.message).not.toMatch(/0\.dense|2\.dense/);
    expect(model.parameters).toEqual(before);
  });

  it('is named by trainer.step too', async () => {
    const model = await Model.create(deep, { seed: 1 });
    model.setParameters({ '0.dense.bias': [300, 300, 300, 300], '1.dense.weight': new Float32Array(20).fill(1) });
    const before = model.parameters;
    const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: 'sgd', batchSize: rows });
    expect(() => trainer.stepSync(x, y)).toThrow(/1\.dense/);
    await expect(trainer.step(x, y)).rejects.toThrow(/1\.dense/);
    expect(model.parameters).toEqual(before);
  });
});

describe('a parameter that was already not finite', () => {
  // The first update itself overflows: the cost before it was fine, so no layer is to blame at the next step.
  const overflowing = sgd({ learningRate: 3e38 });
  const data = { x: x.map(v => 100 * v), y };

  it('is named by fit, with the step that met it', async () => {
    const model = await linear();
    const before = model.parameters;
    const error = await failure(model.fit(data, { ...options, optimizer: overflowing }));
    expect(error.message).toMatch(/0\.dense\.weight/);
    expect(error.message).toMatch(/epoch 1\b/);
    expect(error.message).toMatch(/step 2\b/);
    expect(model.parameters).toEqual(before);
  });

  it('is named by trainer.stepSync', async () => {
    const model = await linear();
    const trainer = await model.trainer({
      loss: 'meanSquaredError',
      optimizer: overflowing,
      batchSize: rows,
    });
    expect(() => trainer.stepSync(data.x, y)).toThrow(/step 1\b.*0\.dense\.weight/);
    expect(() => trainer.stepSync(data.x, y)).toThrow(/make another/);
  });
});

it.each([Number.NaN, Infinity])('a parameter set to %s is refused by name, before anything is set', async bad => {
  const model = await linear();
  const before = model.parameters;
  expect(() => model.setParameters({ '0.dense.bias': [1], '0.dense.weight': [0, bad, 0] })).toThrow(
    new RegExp(`0\\.dense\\.weight.*finite.*${bad}`),
  );
  expect(model.parameters).toEqual(before);
});
