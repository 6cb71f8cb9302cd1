/** Uses every entry of the package as TypeScript sees it; nothing of this runs. */
import { adam, dense, type History, Model, sequential, Trainer } from 'myelin';
import * as core from 'myelin/core';
import { readIdx, readJsonLines, readParquet } from 'myelin/data';
import * as inline from 'myelin/inline';
import * as predict from 'myelin/predict';
import * as chains from 'myelin/predict/chains';

export async function use(bytes: Uint8Array, module: WebAssembly.Module): Promise<History> {
  const architecture = sequential([4], [dense(3, { activation: 'softmax' })]);
  const model: Model = await Model.create(architecture, { seed: 1, deterministic: true });
  await model.save('model.safetensors');
  const loaded: Model = await Model.load('model.safetensors');
  const binary: 'simd' | 'relaxed' = loaded.backend.binary;
  const output: Float32Array = model.predict(new Float32Array(4));
  const trainer: Trainer = await model.trainer({ loss: 'categoricalCrossEntropy', optimizer: adam() });
  const resumed: Trainer = await Trainer.fromBytes(trainer.toBytes());
  await resumed.step(output, output);
  const answer = new Response(model.toBytes());

  const [image, lines, parquet] = await Promise.all([
    readIdx(answer),
    readJsonLines(new Blob(['{"a": 1}\n']).stream()),
    readParquet(new URL('https://example.com/a.parquet')),
  ]);
  output.set(image.data.subarray(0, lines.rows + parquet.rows));

  await core.init(module);
  const viaCore: core.Model = await core.Model.fromBytes(bytes);
  const inlined: inline.Model = await inline.Model.fromBytes(bytes);
  await predict.init(new URL('https://example.com/predict.wasm'));
  const predictor: predict.Model = await predict.Model.fromBytes(bytes);
  await chains.init(new URL('https://example.com/chains.wasm'));
  const chain: chains.Model = await chains.Model.fromBytes(bytes);
  chain.predictInto(output, [[1, 2, 3, 4]]);
  predictor.predictInto(output, [[1, 2, 3, 4]]);
  // @ts-expect-error myelin/predict has nothing that trains
  predictor.fit;
  // @ts-expect-error nor has myelin/predict/chains
  chain.fit;
  // @ts-expect-error there is no such backend
  const wrong: 'webgpu' = binary;
  return viaCore.fit(
    { x: output, y: [wrong.length, answer.status] },
    { loss: 'hinge', optimizer: 'sgd', epochs: inlined.metadata.x?.length ?? 1 },
  );
}
