/** Same seed, same bits; another seed, other bits. */
import { describe, expect, it } from 'vitest';
import { adam, dense, dropout, Model, sequential } from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';

const [rows, inputs, classes] = [37, 6, 3];
const data = { x: numbers(rows * inputs, 1), y: labels(rows, classes, 2) };
const withDropout = sequential(
  [inputs],
  [dense(11, { activation: 'relu' }), dropout(0.4), dense(classes, { activation: 'softmax' })],
);
const plain = sequential([inputs], [dense(11, { activation: 'relu' }), dense(classes, { activation: 'softmax' })]);
const options = {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam(),
  epochs: 3,
  batchSize: 8,
} as const;

async function trained(seed: number, architecture = withDropout, extra: { shuffle?: boolean } = {}) {
  const model = await Model.create(architecture, { seed });
  const history = await model.fit(data, { ...options, ...extra });
  return { parameters: model.parameters, loss: history.loss };
}

/** A trained model whose start is the same whatever its seed: only shuffling and dropout may differ. */
async function trainedFromSameStart(seed: number, architecture: typeof plain, extra: { shuffle?: boolean } = {}) {
  const start = await Model.create(architecture, { seed: 0 });
  const model = await Model.create(architecture, { seed });
  model.setParameters(Object.fromEntries(start.parameters.map(({ name, data: values }) => [name, values])));
  await model.fit(data, { ...options, ...extra });
  return model.parameters;
}

describe('seeds', () => {
  it('initialise', async () => {
    const [a, b, c] = await Promise.all([5, 5, 6].map(seed => Model.create(plain, { seed })));
    expect(a?.parameters).toEqual(b?.parameters);
    expect(a?.parameters).not.toEqual(c?.parameters);
    expect((await Model.create(plain)).parameters).toEqual((await Model.create(plain, { seed: 0 })).parameters);
  });

  it('give the whole run, with shuffling and dropout', async () => {
    const [a, b, c] = [await trained(5), await trained(5), await trained(6)];
    expect(a).toEqual(b);
    expect(a.parameters).not.toEqual(c.parameters);
  });

  it('two layers of the same shape start with different weights', async () => {
    const model = await Model.create(sequential([5], [dense(5), dense(5)]));
    expect(model.parameters[0]?.data).not.toEqual(model.parameters[2]?.data);
  });

  it('shuffle: by the seed with shuffle, not at all without', async () => {
    expect(await trainedFromSameStart(5, plain)).not.toEqual(await trainedFromSameStart(6, plain));
    const still = { shuffle: false };
    expect(await trainedFromSameStart(5, plain, still)).toEqual(await trainedFromSameStart(6, plain, still));
    expect(await trainedFromSameStart(5, plain)).not.toEqual(await trainedFromSameStart(5, plain, still));
  });

  it('drop: by the seed, in training only', async () => {
    const still = { shuffle: false };
    expect(await trainedFromSameStart(5, withDropout, still)).not.toEqual(
      await trainedFromSameStart(6, withDropout, still),
    );
    const model = await Model.create(withDropout, { seed: 5 });
    expect(model.predict(data.x)).toEqual(model.predict(data.x));
    const twin = await Model.create(plain, { seed: 5 });
    const values = model.parameters.map(({ name, data: v }) => [name.replace('2.dense', '1.dense'), v] as const);
    twin.setParameters(Object.fromEntries(values));
    expect(model.predict(data.x)).toEqual(twin.predict(data.x));
  });

  it('predicting, evaluating and asking for gradients do not change what training draws', async () => {
    const quiet = await trained(5);
    const model = await Model.create(withDropout, { seed: 5 });
    const { loss } = options;
    await model.fit(data, {
      ...options,
      onEpoch: () => {
        model.predict(data.x);
        model.evaluate(data, { loss, metrics: ['accuracy'] });
      },
    });
    expect(model.parameters).toEqual(quiet.parameters);
  });

  it('a deterministic model gives the same bits again', async () => {
    const runs = await Promise.all(
      [0, 1].map(async () => {
        const model = await Model.create(withDropout, { seed: 5, deterministic: true });
        await model.fit(data, options);
        return model.parameters;
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
  });
});
