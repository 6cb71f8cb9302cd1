// Runs in jest and in vitest with jsdom, whose classes are not those of the files, clones and messages that programs
// meet.
import { readFileSync, writeFileSync } from 'node:fs';
import { dense, Model, sequential, Trainer } from 'myelin';
import * as core from 'myelin/core';
import { Model as Predictor } from 'myelin/predict';

const x = new Float32Array([1, 2, 3, 4]);
const options = { loss: 'meanSquaredError', optimizer: 'adam', batchSize: 2 };
const create = () => Model.create(sequential(2, [dense(1)]));

test('a file read by node:fs', async () => {
  const model = await create();
  await model.save('realms.safetensors');
  const [loaded, given] = [
    await Model.load('realms.safetensors'),
    await Model.fromBytes(readFileSync('realms.safetensors')),
  ];
  const small = await Predictor.fromBytes(readFileSync('realms.safetensors'));
  for (const other of [loaded, given, small]) expect([...other.predict(x)]).toEqual([...model.predict(x)]);
  await expect(Model.load('nothing.safetensors')).rejects.toThrow('no such file');
});

test('a trainer written and read by node:fs', async () => {
  const trainer = await (await create()).trainer(options);
  await trainer.fit({ x, y: [1, 2] });
  writeFileSync('realms.trainer', trainer.toBytes());
  const resumed = await Trainer.fromBytes(readFileSync('realms.trainer'));
  expect(resumed.model.parameters.map(({ data }) => [...data])).toEqual(
    trainer.model.parameters.map(({ data }) => [...data]),
  );
});

test('structured clones', async () => {
  const model = await create();
  const [cx, cy, bytes] = structuredClone([x, new Float32Array([1, 2]), model.toBytes()]);
  expect([...model.predict(cx)]).toEqual([...model.predict(x)]);
  expect([...model.predictInto(structuredClone(new Float32Array(2)), cx)]).toEqual([...model.predict(x)]);
  expect([...(await model.predictAsync(cx))]).toEqual([...model.predict(x)]);
  expect(model.cost(cx, cy, { loss: 'huber' })).toBe(model.cost(x, [1, 2], { loss: 'huber' }));
  expect([...(await Model.fromBytes(bytes)).predict(x)]).toEqual([...model.predict(x)]);
  model.setParameters({ '0.dense.weight': structuredClone(new Float32Array([1, 1])) });
  const { signal } = new AbortController();
  await model.fit(structuredClone({ x, y: [1, 2] }), { ...structuredClone(options), signal });
});

test('pixels', async () => {
  const model = await create();
  const plain = [...model.predict({ x: new Uint8Array([1, 2]), scale: 1 / 255 })];
  for (const pixels of [
    new Uint8ClampedArray([1, 2]),
    Buffer.from([1, 2]),
    structuredClone(new Uint8ClampedArray([1, 2])),
  ]) {
    expect([...model.predict({ x: pixels, scale: 1 / 255 })]).toEqual(plain);
  }
});

test('threads', async () => {
  const model = await Model.create(sequential(512, [dense(512, { activation: 'relu' }), dense(512)]));
  const samples = new Float32Array(512 * 64).fill(0.5);
  expect([...(await model.predictAsync(samples))]).toEqual([...model.predict(samples)]);
  await model.fit({ x: samples, y: samples }, options);
  await model.dispose();
});

test('WebAssembly by its bytes and its address', async () => {
  const address = new URL(import.meta.resolve ? import.meta.resolve('myelin/wasm/simd.wasm') : 'file:///');
  await core.init(readFileSync(address));
  await core.init(address);
  expect((await core.Model.create(core.sequential(1, [core.dense(1)]))).predict([[1]])).toHaveLength(1);
});
