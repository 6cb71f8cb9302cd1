/** Layers with `trainable: false`: no gradient, no state of the optimiser's, and no work below the last that learns. */
import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import {
  Architecture,
  adam,
  dense,
  layerNormalization,
  Model,
  rmsNormalization,
  Trainer,
} from '../../src/entries/node.js';
import { opName } from '../../src/plan/ops/op.js';
import { checkNetwork } from '../checkLayer.js';
import { numbers } from '../reference/data.js';
import { backends } from '../support/binaries.js';

const frozen = { trainable: false } as const;
const relu = { activation: 'relu' } as const;

describe.each(backends)('$binary', backend => {
  it('above, below and between layers that learn', () => {
    const [learning, resting] = [dense(10, relu), dense(17, { ...relu, ...frozen })];
    for (const layers of [
      [resting, learning],
      [learning, resting],
      [learning, resting, learning],
      [resting, learning, resting],
      [learning, layerNormalization(frozen), resting, rmsNormalization(frozen)],
    ]) {
      checkNetwork(backend, sequential([5], [...layers, dense(3, frozen)]), 6);
    }
  });
});

const layers = [dense(4, { ...relu, ...frozen }), dense(3, relu), dense(2, frozen)];
const data = { x: numbers(60, 1), y: numbers(40, 2) };
const options = { loss: 'meanSquaredError', optimizer: adam(), batchSize: 8 } as const;

it('keeps what does not learn, bit for bit, and trains the rest', async () => {
  const model = await Model.create(sequential([3], layers), { seed: 4 });
  const before = model.parameters;
  await model.fit(data, { ...options, epochs: 3 });
  const changed = model.parameters.flatMap(({ name, data }, i) => {
    return data.every((value, k) => value === before[i]?.data[k]) ? [] : [name];
  });
  expect(changed).toEqual(['1.dense.weight', '1.dense.bias']);
  expect(model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name)).toEqual(changed);
  const { gradients } = model.gradients(data.x, data.y, { loss: 'meanSquaredError' });
  expect(Object.keys(gradients)).toEqual(changed);
});

it('goes back no further than the last layer that learns, and keeps no optimiser state for others', async () => {
  const model = await Model.create(sequential([3], layers));
  const { plan } = await model.trainer(options);
  const backward = plan.records
    .filter(({ op }) => /Gradient$/.test(opName(op)))
    .map(({ op, owner }) => [opName(op), owner]);
  expect(backward).toEqual([
    ['denseInputGradient', '2.dense'],
    ['denseWeightGradient', '1.dense'],
  ]);
  expect(plan.region('optimizer.m').bytes).toBe(plan.region('gradients').bytes);
  expect(plan.region('gradients').bytes).toBeLessThan(plan.region('parameters').bytes);
});

it('is the same from JSON and from a trainer’s file; layers that learn say nothing of it', async () => {
  const architecture = sequential([3], layers);
  const text = JSON.stringify(architecture);
  expect(text.match(/"trainable":false/g)).toHaveLength(2);
  expect(text).not.toContain('"trainable":true');
  expect(Architecture.fromJSON(text)).toEqual(architecture);
  const [whole, half] = await Promise.all(
    [0, 1].map(async () => (await Model.create(architecture, { seed: 4 })).trainer(options)),
  );
  await whole?.fit(data, { epochs: 4 });
  await half?.fit(data, { epochs: 2 });
  const resumed = await Trainer.fromBytes(half?.toBytes() ?? new Uint8Array());
  await resumed.fit(data, { epochs: 2 });
  expect(resumed.model.parameters).toEqual(whole?.model.parameters);
});

it('fits a network of which nothing learns, and refuses other values', async () => {
  const model = await Model.create(sequential([3], [dense(2, frozen)]));
  const before = model.parameters;
  await model.fit(data, options);
  expect(model.parameters).toEqual(before);
  expect(() => dense(2, { trainable: 'no' as never })).toThrow(TypeError);
});
