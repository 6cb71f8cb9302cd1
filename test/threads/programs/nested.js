/**
 * Trains with each of the entries given at the same time, and does the same in a worker, and in a worker of that;
 * prints what all of them predict. `nested.js ENTRY …`
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const { depth, entries } = workerData ?? { depth: 0, entries: process.argv.slice(2) };

async function train(entry) {
  const { Model, dense, sequential } = await import(entry);
  const model = await Model.create(sequential([784], [dense(512, { activation: 'relu' }), dense(10)]));
  const data = { x: new Float32Array(512 * 784).fill(0.5), y: new Float32Array(512 * 10).fill(1) };
  for (let fit = 0; fit < 3; fit++) {
    await model.fit(data, { loss: 'meanSquaredError', optimizer: 'adam', threads: 2 });
    await model.predictAsync(data.x);
  }
  return model.predict(data.x.subarray(0, 784)).join();
}

async function trainBelow() {
  if (depth === 2) return [];
  const worker = new Worker(new URL(import.meta.url), { workerData: { depth: depth + 1, entries } });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

const all = (await Promise.all([...entries.map(train), trainBelow()])).flat();
if (isMainThread) console.log(JSON.stringify(all));
else parentPort.postMessage(all);
