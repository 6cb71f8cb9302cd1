/** Tables are trained row by row: those that the batch names, and no others. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  adamW,
  add,
  dense,
  embedding,
  embeddingBag,
  flatten,
  graph,
  Model,
  type Optimizer,
  sequential,
  sgd,
  shared,
  Trainer,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const loss = 'meanSquaredError';
/** What each batch names; 3, 5 and 6 are never named, and 1 twice in a batch. */
const batches = [
  [0, 1, 1, 2],
  [4, 1, 7, 7],
  [2, 0, 4, 1],
];
const [vocabulary, units] = [8, 19];

const weightOf = (model: Model) => Float64Array.from(model.parameters[0]?.data ?? []);

it('sgd moves named rows by their gradients, and leaves all others as they are', async () => {
  const model = await Model.create(sequential([2], [embedding(vocabulary, units), flatten(), dense(1)]), { seed: 3 });
  const optimizer = sgd({ learningRate: 0.1, weightDecay: 0.01 });
  const trainer = await model.trainer({ loss, optimizer, batchSize: 2 });
  for (const batch of batches) {
    const [x, y] = [Int32Array.from(batch), numbers(2, 5)];
    const before = weightOf(model);
    const { gradients } = model.gradients(x, y, { loss });
    trainer.stepSync(x, y);
    const gradient = gradients['0.embedding.weight'] ?? [];
    const want = before.map((value, i) => {
      return batch.includes(Math.floor(i / units)) ? value - 0.1 * (at(gradient, i) + 0.01 * value) : value;
    });
    expectClose(weightOf(model), want, 1e-6);
    const others = before.filter((_, i) => !batch.includes(Math.floor(i / units)));
    expect(weightOf(model).filter((_, i) => !batch.includes(Math.floor(i / units)))).toEqual(others);
  }
});

it('adam is lazy: moments of rows that are not named rest', async () => {
  const [beta1, beta2, rate, epsilon] = [0.9, 0.999, 0.01, 1e-8];
  const model = await Model.create(sequential([2], [embedding(vocabulary, units), flatten(), dense(1)]), { seed: 3 });
  const trainer = await model.trainer({ loss, optimizer: adam({ learningRate: rate }), batchSize: 2 });
  const want = weightOf(model);
  const [m, v] = [want.map(() => 0), want.map(() => 0)];
  batches.concat(batches).forEach((batch, step) => {
    const [x, y] = [Int32Array.from(batch), numbers(2, 5)];
    const gradient = model.gradients(x, y, { loss }).gradients['0.embedding.weight'] ?? [];
    trainer.stepSync(x, y);
    want.forEach((value, i) => {
      if (!batch.includes(Math.floor(i / units))) return;
      m[i] = beta1 * at(m, i) + (1 - beta1) * at(gradient, i);
      v[i] = beta2 * at(v, i) + (1 - beta2) * at(gradient, i) ** 2;
      const [first, second] = [at(m, i) / (1 - beta1 ** (step + 1)), at(v, i) / (1 - beta2 ** (step + 1))];
      want[i] = value - (rate * first) / (Math.sqrt(second) + epsilon);
    });
    expectClose(weightOf(model), want, 2e-5, `step ${step}`);
  });
});

const architecture = sequential([5], [embeddingBag(100_000, 16), dense(4, { activation: 'tanh' }), dense(1)]);

it('a table of 100,000 × 16: no work and no memory of a step grow with it', async () => {
  const model = await Model.create(architecture);
  const { plan } = await model.trainer({ loss, optimizer: adam(), batchSize: 32, threads: 1 });
  const small = await Model.create(sequential([5], [embeddingBag(1000, 16), ...architecture.layers.slice(1)]));
  const other = (await small.trainer({ loss, optimizer: adam(), batchSize: 32, threads: 1 })).plan;
  expect(plan.sections.get('step')?.work).toBe(other.sections.get('step')?.work);
  expect(plan.region('gradients').bytes).toBe(other.region('gradients').bytes);
});

describe.each<Optimizer>([sgd(), sgd({ momentum: 0.9 }), adam(), adamW()])('%o', optimizer => {
  const x = Int32Array.from({ length: 5 * 200 }, (_, i) => (i * i * 7919) % 100_000);
  const data = { x, y: numbers(200, 2) };
  const options = { loss, optimizer, batchSize: 16 } as const;

  it('leaves rows that no batch names, bit for bit, and moves all others', async () => {
    const model = await Model.create(architecture, { seed: 1 });
    const before = weightOf(model);
    await model.fit(data, { ...options, epochs: 2 });
    const after = weightOf(model);
    const named = new Set(x);
    const changed = new Set(
      Array.from(after.keys()).flatMap(i => (after[i] === before[i] ? [] : [Math.floor(i / 16)])),
    );
    expect([...changed].sort()).toEqual([...named].sort());
  });

  it('goes on from a trainer’s file, bit for bit', async () => {
    const [whole, half] = await Promise.all(
      [0, 1].map(async () => (await Model.create(architecture, { seed: 1 })).trainer(options)),
    );
    await whole?.fit(data, { epochs: 3 });
    await half?.fit(data, { epochs: 1 });
    const resumed = await Trainer.fromBytes(half?.toBytes() ?? new Uint8Array());
    await resumed.fit(data, { epochs: 2 });
    expect(resumed.model.parameters).toEqual(whole?.model.parameters);
  });
});

it('a step that goes too far leaves the table as it was', async () => {
  const model = await Model.create(architecture);
  const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 1e38 }), batchSize: 4 });
  const before = model.parameters;
  expect(() => trainer.stepSync(Int32Array.of(1, 2, 3, 4, 5), [1e6])).toThrow(RangeError);
  expect(model.parameters).toEqual(before);
});

it('a table that several places share is updated whole: by what both of them learned, and where nobody named its rows', async () => {
  const network = graph({ a: [2], b: [2] }, ({ a, b }) => {
    const table = shared(embedding(6, 3));
    return add(a.to(table), b.to(table)).to(flatten()).to(dense(1));
  });
  const table = (model: Model) => model.parameters[0]?.data ?? new Float32Array();
  const [first, second] = [
    { a: [[0, 1]], b: [[1, 2]] },
    { a: [[3, 3]], b: [[3, 4]] },
  ];
  const model = await Model.create(network, { seed: 4 });
  const before = table(model);
  const slope = model.gradients(first, [1], { loss }).gradients['0.embedding.weight'] ?? new Float32Array();
  await (await model.trainer({ loss, optimizer: sgd({ learningRate: 0.5 }) })).step(first, [1]);
  expect(table(model)).toEqual(before.map((value, i) => value - 0.5 * (slope[i] ?? 0)));
  expect(table(model).subarray(9)).toEqual(before.subarray(9));
  const moving = await Model.create(network, { seed: 4 });
  const trainer = await moving.trainer({ loss, optimizer: 'adam' });
  await trainer.step(first, [1]);
  const after = table(moving);
  await trainer.step(second, [1]);
  for (let i = 0; i < 9; i++) expect(table(moving)[i]).not.toBe(after[i]);
  expect(table(moving).subarray(15)).toEqual(before.subarray(15));
});
