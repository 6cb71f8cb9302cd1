/** TensorFlow.js as a contestant: `tensorflow.js FOLDER wasm|cpu`. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { readGiven, takePart } from '../support/contest.js';

const backend = process.argv[3] ?? 'wasm';
await import(`@tensorflow/tfjs-backend-${backend}`);
await tf.setBackend(backend);
const { widths, batchSize, rows, learningRate, x, y, order, parameters } = readGiven();
const last = widths.length - 1;
const model = sequential();
for (let l = 1; l <= last; l++) {
  const shape = l === 1 ? { inputShape: [widths[0]] } : {};
  model.add(layers.dense({ units: widths[l], activation: l < last ? 'relu' : 'softmax', ...shape }));
}
const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
model.compile({ optimizer, loss: 'categoricalCrossentropy' });
model.setWeights(
  parameters.map((values, i) => {
    const layer = Math.floor(i / 2);
    return i % 2 === 0 ? tf.tensor2d(values, [widths[layer], widths[layer + 1]]) : tf.tensor1d(values);
  }),
);
const samples = tf.tensor2d(x, [rows, widths[0]]);
const targets = tf.cast(tf.oneHot(tf.tensor1d(y, 'int32'), widths[last]), 'float32');
const row = x.slice(0, widths[0]);
let epochs = 0;

await takePart({
  name: `TensorFlow.js ${tf.version_core} ${backend}`,
  async epoch() {
    const start = performance.now();
    const rowsOf = tf.tensor1d(order(epochs++), 'int32');
    const [inOrder, targetsInOrder] = [tf.gather(samples, rowsOf), tf.gather(targets, rowsOf)];
    const settings = { epochs: 1, batchSize, shuffle: false, verbose: 0, yieldEvery: 'never' };
    const { history } = await model.fit(inOrder, targetsInOrder, settings);
    tf.dispose([rowsOf, inOrder, targetsInOrder]);
    return { seconds: (performance.now() - start) / 1e3, cost: history.loss[0] };
  },
  predict() {
    tf.tidy(() => model.predict(tf.tensor2d(row, [1, row.length])).dataSync());
    return 1;
  },
});
