/**
 * How long does the prediction of one row take, and how near is that to what memory allows?
 *
 *     npm run bench -- inference
 *
 * One row reads every weight once, so bytes of weights read per second stand beside what this machine moves when it only copies as many bytes. All
 * take turns, many times over; the best turn counts, which is what an undisturbed machine does. Peers are optional: `npm ci --prefix bench/peers`.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dense, Model, sequential } from '../src/entries/node.js';
import { onnxModel } from './peers/onnxModel.js';
import { predictors } from './peers/predictors.js';
import { Copying } from './support/copying.js';
import { machine } from './support/machine.js';

const ROUNDS = 40;
/** Milliseconds of one turn. */
const TURN = 20;
const networks = [
  [4, 8, 3],
  [784, 128, 10],
  [784, 512, 256, 10],
];

type Predict = () => unknown;

/** Nanoseconds of each: the best turn of many, in rounds. */
async function measure(contestants: ReadonlyMap<string, Predict>): Promise<Map<string, number>> {
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, predict] of contestants) {
      const start = performance.now();
      let count = 0;
      let now = start;
      for (; now - start < TURN; now = performance.now()) {
        const result = predict();
        // onnxruntime-web answers by promises.
        if (result instanceof Promise) await result;
        count++;
      }
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, ((now - start) * 1e6) / count));
    }
  }
  return best;
}

console.log(machine());
for (const widths of networks) {
  const [inputs = 0, ...units] = widths;
  const layers = units.map((n, i) => dense(n, { activation: i === units.length - 1 ? 'softmax' : 'relu' }));
  const model = await Model.create(sequential(inputs, layers), { seed: 1 });
  const x = Float32Array.from({ length: inputs }, (_, i) => (i % 16) / 16);
  const out = new Float32Array(units.at(-1) ?? 0);
  const weights = model.parameters.reduce((sum, { data }) => sum + data.byteLength, 0);
  const contestants = new Map<string, Predict>([
    ['predictInto', () => model.predictInto(out, x)],
    ['predict', () => model.predict(x)],
  ]);

  // The peers have the network of two layers alone.
  const folder = mkdtempSync(join(tmpdir(), 'myelin-inference-'));
  if (inputs === 784 && units.length === 2 && existsSync(new URL('peers/node_modules', import.meta.url))) {
    writeFileSync(join(folder, 'model.safetensors'), model.toBytes());
    writeFileSync(join(folder, 'model.onnx'), onnxModel(model.parameters));
    for (const [name, load] of Object.entries(predictors)) {
      if (name === 'myelin') continue;
      const predict = await load(folder);
      const wrong = Array.from(await predict(x)).some(
        (value, i) => Math.abs(value - (model.predict(x)[i] ?? 0)) > 1e-5,
      );
      if (wrong) throw new Error(`${name} predicts something else`);
      contestants.set(name, () => predict(x));
    }
  }

  const copying = new Copying(weights, weights);
  const copied = Math.max(...Array.from({ length: 200 }, () => 1 / copying.secondsPerByte()));
  const times = await measure(contestants);
  rmSync(folder, { recursive: true });
  console.log(
    `\n${widths.join('-')}, ${model.backend.binary}, ${weights} bytes of weights; copying them moves ${(copied / 1e9).toFixed(1)} GB/s`,
  );
  for (const [name, nanoseconds] of times) {
    const speed = `${(weights / nanoseconds).toFixed(2)} GB/s of weights`;
    console.log(`${name.padEnd(20)}${nanoseconds.toFixed(0).padStart(10)} ns a row   ${speed}`);
  }
}
