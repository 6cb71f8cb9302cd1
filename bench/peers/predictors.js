/**
 * The same 784-128-10 network in each library, from files in a folder to a function that predicts one row. Everything is imported inside, so that the time
 * from nothing to the first prediction holds all of it.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

async function tensorflow(folder, backend) {
  const { readSafetensors } = await import('../../dist/files/safetensors.js');
  const tf = await import('@tensorflow/tfjs-core');
  if (backend === 'wasm') {
    // The package's main file for Node, as its documentation has it.
    const require = createRequire(import.meta.url);
    const path = require.resolve('@tensorflow/tfjs-backend-wasm');
    const { default: wasm } = await import(pathToFileURL(path).href);
    wasm.setWasmPaths(`${dirname(path)}/`);
  } else {
    await import('@tensorflow/tfjs-backend-cpu');
  }
  await tf.setBackend(backend);
  const { tensors } = readSafetensors(new Uint8Array(await readFile(`${folder}/model.safetensors`)));
  const [w1, b1, w2, b2] = tensors.map(({ data, shape }) => tf.tensor(data, shape));
  return x =>
    tf.tidy(() => {
      const hidden = tf.relu(tf.add(tf.matMul(tf.tensor2d(x, [1, 784]), w1), b1));
      return tf.softmax(tf.add(tf.matMul(hidden, w2), b2)).dataSync();
    });
}

export const predictors = {
  async myelin(folder) {
    const { Model } = await import('../../dist/entries/predict.node.js');
    const model = await Model.fromBytes(new Uint8Array(await readFile(`${folder}/model.safetensors`)));
    return x => model.predict(x);
  },

  'TensorFlow.js wasm': folder => tensorflow(folder, 'wasm'),
  'TensorFlow.js cpu': folder => tensorflow(folder, 'cpu'),

  async 'onnxruntime-web'(folder) {
    const ort = await import('onnxruntime-web');
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(await readFile(`${folder}/model.onnx`), {
      executionProviders: ['wasm'],
    });
    return async x => (await session.run({ x: new ort.Tensor('float32', x, [1, 784]) })).y.data;
  },
};
