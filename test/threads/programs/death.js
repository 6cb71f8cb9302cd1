/** For node, bun and deno: a worker is ended while it trains, and the next fit works all the same. */
import { Worker } from 'node:worker_threads';
import { adam, dense, Model, sequential } from '../../../dist/entries/node.js';

const workers = new Set();
const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (...message) {
  workers.add(this);
  return postMessage.apply(this, message);
};

const x = Float32Array.from({ length: 500 * 200 }, (_, i) => (i % 17) / 17);
const y = Int32Array.from({ length: 500 }, (_, i) => i % 3);
const model = await Model.create(sequential([200], [dense(200), dense(3, { activation: 'softmax' })]));
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), threads: 2 };
const onEpoch = ({ epoch }) => {
  if (epoch === 2) setTimeout(() => [...workers].at(-1).terminate(), 3);
};
let message = 'none';
try {
  await model.fit({ x, y }, { ...options, epochs: 100_000, onEpoch });
} catch (error) {
  message = error.message;
}
const { loss } = await model.fit({ x, y }, options);
console.log(JSON.stringify({ message, again: Number.isFinite(loss[0]) }));
