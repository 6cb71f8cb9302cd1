/** Predicts with the model that it is sent, by TensorFlow.js in JavaScript. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readSafetensors } from '../../../dist/files/safetensors.js';

export default {
  async fetch(request) {
    await tf.setBackend('cpu');
    const { tensors } = readSafetensors(new Uint8Array(await request.arrayBuffer()));
    const [w1, b1, w2, b2] = tensors.map(({ data, shape }) => tf.tensor(data, shape));
    const x = tf.tensor2d(
      Float32Array.from({ length: 784 }, (_, i) => (i % 16) / 16),
      [1, 784],
    );
    const hidden = tf.relu(tf.add(tf.matMul(x, w1), b1));
    return Response.json([...tf.softmax(tf.add(tf.matMul(hidden, w2), b2)).dataSync()]);
  },
};
