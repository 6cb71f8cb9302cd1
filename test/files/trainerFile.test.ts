/** Every number of a trainer's file has its rule, and what breaks it is named; nothing takes memory before. */
import { afterEach, expect, it, vi } from 'vitest';
import { adam, dense, Model, sequential, sgd, Trainer } from '../../src/entries/node.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../../src/files/safetensors.js';

const [rows, inputs, classes, batchSize] = [12, 64, 3, 4];
const x = Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i));
const y = Int32Array.from({ length: rows }, (_, i) => i % classes);
const loss = 'sparseCategoricalCrossEntropy';

async function trainer(): Promise<Trainer> {
  const layers = [dense(100, { activation: 'relu' }), dense(classes, { activation: 'softmax' })];
  const model = await Model.create(sequential(inputs, layers), { seed: 1 });
  return model.trainer({ loss, optimizer: adam(), metrics: ['accuracy'], batchSize });
}

/** A trainer's file after an epoch, or from the middle of the second one: 8 of 12 rows. */
async function file(middle: boolean): Promise<Uint8Array> {
  const made = await trainer();
  await made.fit({ x, y });
  const stop = new AbortController();
  const onBatch = ({ batch }: { batch: number }) => void (batch === 2 && stop.abort());
  if (middle) await made.fit({ x, y }, { signal: stop.signal, onBatch });
  return made.toBytes();
}

function changed(
  bytes: Uint8Array,
  change: { trainer?: (text: string) => string; counts?: string; tensor?: (tensor: Tensor) => void },
): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  for (const tensor of tensors) change.tensor?.(tensor);
  if (change.trainer) metadata.trainer = change.trainer(metadata.trainer ?? '');
  if (change.counts) metadata['myelin.trained'] = change.counts;
  return writeSafetensors(tensors, metadata);
}

const replaced = (from: string | RegExp, to: string) => ({ trainer: (text: string) => text.replace(from, to) });

it.each<[string, boolean, Parameters<typeof changed>[1], RegExp]>([
  ['an infinite cost sum', true, replaced(/"costSum":[^,]+/, '"costSum":1e999'), /costSum: expected a finite number/],
  ['a cost of no rows', false, replaced('"costSum":0', '"costSum":1'), /costSum: expected a sum of 0 rows/],
  ['a cost beyond its rows', true, replaced(/"costSum":[^,]+/, '"costSum":1e300'), /costSum: expected a sum of 8 rows/],
  ['a cost below 0', true, replaced(/"costSum":[^,]+/, '"costSum":-1'), /costSum: expected a sum of 8 rows/],
  ['more right answers than rows', true, replaced(/"correct":\d+/, '"correct":9'), /correct: expected at most 8/],
  ['answers of no rows', false, replaced('"correct":0', '"correct":1'), /correct: expected at most 0/],
  ['half a batch', true, replaced('"position":8', '"position":7'), /position: expected whole batches of 4/],
  ['more rows than there are', true, replaced('"position":8', '"position":16'), /position/],
  ['half an epoch', false, replaced('"epoch":1', '"epoch":0.5'), /epoch/],
  ['a count without room', false, replaced(/"step":\d+/, `"step":${2 ** 53 - 1}`), /step/],
  ['more steps than the model has made', false, replaced('"step":3', '"step":4'), /step: expected from 1 to 3/],
  ['fewer steps than its epochs have', true, replaced('"step":5', '"step":2'), /step: expected from 3 to 5/],
  ['more epochs than the model has begun', true, replaced('"epoch":1', '"epoch":2'), /epoch: .*2 epochs, got 3/],
  ['a setting of null', false, replaced('"learningRate":0.001', '"learningRate":null'), /a value other than null/],
  ['an order to come', true, replaced('"order":1', '"order":2'), /order: expected less than the model's 2 epochs/],
  ['a newer format', false, replaced('"format":2', '"format":3'), /format: expected at most 2, got 3; update/],
  ['a key twice', false, replaced('"batchSize":4', '"batchSize":1,"batchSize":4'), /"batchSize" twice/],
  ['a deep key twice', false, replaced('"beta1":0.9', '"beta1":0.5,"beta1":0.9'), /"beta1" twice/],
  ['no whole epochs', false, { counts: '{"epochs":-1,"steps":3}' }, /myelin\.trained: epochs/],
  ['fewer steps than epochs', false, { counts: '{"epochs":4,"steps":3}' }, /myelin\.trained: epochs/],
  ['counts of something else', false, { counts: '{"epochs":1,"steps":3,"years":1}' }, /years/],
])('%s is refused', async (_, middle, change, message) => {
  const bytes = await file(middle);
  await Trainer.fromBytes(changed(bytes, {}));
  await expect(Trainer.fromBytes(changed(bytes, change))).rejects.toThrow(message);
});

it.each([
  ['optimizer.m.0.dense.weight', [Number.NaN, Infinity, -Infinity], /optimizer\.m of 0\.dense\.weight\[0\]/],
  ['optimizer.v.1.dense.bias', [Number.NaN, Infinity, -1e-30], /optimizer\.v of 1\.dense\.bias\[0\]: .*not negative/],
] as const)('numbers in %s that no training leaves there are refused', async (name, values, message) => {
  const bytes = await file(false);
  for (const value of values) {
    const tensor = (each: Tensor) => void (each.name === name && each.data.set([value]));
    await expect(Trainer.fromBytes(changed(bytes, { tensor }))).rejects.toThrow(message);
  }
});

it('a state that its settings do not have is refused as its own reader may', async () => {
  const model = await Model.create(sequential(inputs, [dense(classes, { activation: 'softmax' })]));
  const made = await model.trainer({ loss, optimizer: sgd({ momentum: 0.9 }), batchSize });
  const change = replaced('"momentum":0.9', '"momentum":0');
  await expect(Trainer.fromBytes(changed(made.toBytes(), change))).rejects.toThrow(
    /^model file: expected only tensors of its architecture and optimiser, got "optimizer\.velocity\.0\.dense\.weight"$/,
  );
});

it('costs below 0 are read where the loss has them', async () => {
  const model = await Model.create(sequential(inputs, [dense(classes, { activation: 'sigmoid' })]), { seed: 1 });
  const made = await model.trainer({ loss: 'klDivergence', optimizer: sgd(), batchSize });
  const stop = new AbortController();
  const faint = new Float32Array(rows * classes).fill(0.01);
  await made.fit({ x, y: faint }, { signal: stop.signal, onBatch: () => stop.abort() });
  const bytes = made.toBytes();
  expect(readSafetensors(bytes).metadata.trainer).toMatch(/"costSum":-\d/);
  expect((await Trainer.fromBytes(bytes)).toBytes()).toEqual(bytes);
});

it('key twice in the architecture is refused, at any depth', async () => {
  const { tensors, metadata } = readSafetensors(await file(false));
  metadata.architecture = (metadata.architecture ?? '').replace('"units":100', '"units":7,"units":100');
  await expect(Trainer.fromBytes(writeSafetensors(tensors, metadata))).rejects.toThrow(/"units" twice/);
});

it.each(['', '0x1', ' 1', '1.0', '1e0', '+1', '-0', '9007199254740993'])('a seed of «%s» is refused', async seed => {
  const { tensors, metadata } = readSafetensors(await file(false));
  metadata.seed = seed;
  await expect(Trainer.fromBytes(writeSafetensors(tensors, metadata))).rejects.toThrow(
    /model file: seed: expected a whole/,
  );
});

it('a file of before there were counts goes on as it would have', async () => {
  for (const middle of [false, true]) {
    const bytes = await file(middle);
    const { tensors, metadata } = readSafetensors(bytes);
    delete metadata['myelin.trained'];
    metadata.trainer = (metadata.trainer ?? '').replace('"format":2,', '').replace(/"order":\d+,/, '');
    const [old, now] = [await Trainer.fromBytes(writeSafetensors(tensors, metadata)), await Trainer.fromBytes(bytes)];
    await Promise.all([old, now].map(each => each.fit({ x, y }, { epochs: 2 })));
    expect(old.toBytes()).toEqual(now.toBytes());
  }
});

it('whatever counts a file has, what is trained on from it can be saved and read again', async () => {
  const most = 2 ** 52;
  const counts = `{"epochs":${most},"steps":${most}}`;
  const everywhere = (text: string) =>
    ['epoch', 'order', 'step'].reduce(
      (all, name) => all.replace(new RegExp(`"${name}":\\d+`), `"${name}":${most}`),
      text,
    );
  const finished = await Trainer.fromBytes(changed(await file(false), { trainer: everywhere, counts }));
  await finished.fit({ x, y });
  const again = await Trainer.fromBytes(finished.toBytes());
  const stop = new AbortController();
  await again.fit({ x, y }, { signal: stop.signal, onBatch: () => stop.abort() });
  const underWay = await Trainer.fromBytes(again.toBytes());
  await underWay.fit({ x, y });
  await Model.fromBytes(underWay.model.toBytes());
  await Trainer.fromBytes(underWay.toBytes());
});

it('the largest count of steps leaves finite numbers', async () => {
  for (const step of [2 ** 31 - 1, 2 ** 31, 2 ** 52]) {
    const counts = `{"epochs":1,"steps":${step}}`;
    const change = { ...replaced(/"step":\d+/, `"step":${step}`), counts };
    const opened = await Trainer.fromBytes(changed(await file(false), change));
    await opened.fit({ x, y });
    expect(opened.steps).toBe(step + 3);
    expect(opened.model.predict(x).every(Number.isFinite)).toBe(true);
  }
});

afterEach(() => vi.unstubAllGlobals());

it('a huge batchSize takes room for the rows there are, and changes no bit', async () => {
  const bytes = await file(false);
  let asked = 0;
  const real = WebAssembly.Memory;
  const Memory = new Proxy(real, {
    construct(target, args: [WebAssembly.MemoryDescriptor]) {
      asked += args[0].initial;
      return new target(...args);
    },
  });
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory }));
  const opened = await Trainer.fromBytes(changed(bytes, replaced('"batchSize":4', `"batchSize":${2 ** 20}`)));
  await opened.fit({ x, y });
  opened.stepSync(x.subarray(0, inputs), y.subarray(0, 1));
  expect(asked * 65536).toBeLessThan(2 ** 25);
  const small = await Trainer.fromBytes(changed(bytes, replaced('"batchSize":4', '"batchSize":12')));
  await small.fit({ x, y });
  small.stepSync(x.subarray(0, inputs), y.subarray(0, 1));
  expect(opened.model.parameters).toEqual(small.model.parameters);
});
