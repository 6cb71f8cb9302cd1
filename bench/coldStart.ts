/**
 * From nothing to the first prediction of a 784-128-10 model: how long?
 *
 *     npm run build && npm run bench -- coldStart
 *
 * Each figure is of a process of its own: importing the library, loading its WebAssembly and the model's file, predicting one row. The first column leaves out
 * the start of the runtime itself, which is the same for all; the best of several processes counts. Peers and runtimes are optional: `npm ci --prefix
 * bench/peers`, `npm ci --prefix test/runtimes`. In workerd, whose clock stands still inside, it is the time from the start of workerd to the first answer, less that of
 * a Worker that only reads its request; neither TensorFlow.js's WebAssembly nor onnxruntime-web can be started there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dense, Model, sequential } from '../src/entries/node.js';
import { onnxModel } from './peers/onnxModel.js';
import { predictors } from './peers/predictors.js';
import { machine } from './support/machine.js';

const ROUNDS = 15;
const program = fileURLToPath(new URL('peers/firstPrediction.js', import.meta.url));
const runtime = (path: string) => fileURLToPath(new URL(`../test/runtimes/node_modules/${path}`, import.meta.url));
const runtimes: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ['Node 20', process.execPath, []],
  ['Node 24', runtime('node24/bin/node'), []],
  ['Bun', runtime('.bin/bun'), []],
  ['Deno', runtime('.bin/deno'), ['run', '--allow-all', '--no-lock']],
];

const folder = mkdtempSync(join(tmpdir(), 'myelin-cold-start-'));
const layers = [dense(128, { activation: 'relu' }), dense(10, { activation: 'softmax' })];
const model = await Model.create(sequential(784, layers), { seed: 1 });
writeFileSync(join(folder, 'model.safetensors'), model.toBytes());
writeFileSync(join(folder, 'model.onnx'), onnxModel(model.parameters));
const expected = model.predict(Float32Array.from({ length: 784 }, (_, i) => (i % 16) / 16));

const libraries = Object.keys(predictors);
const hasPeers = existsSync(new URL('peers/node_modules', import.meta.url));
console.log(`${machine()}\n\nmilliseconds      ${libraries.map(name => name.padStart(20)).join('')}`);
for (const [name, path, args] of runtimes.filter(([, path]) => existsSync(path))) {
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const library of hasPeers ? libraries : ['myelin']) {
      const said = execFileSync(path, [...args, program, library, folder], { encoding: 'utf8', stdio: 'pipe' });
      const { milliseconds, output } = JSON.parse(said.trim().split('\n').at(-1) ?? '');
      if (expected.some((value, i) => !(Math.abs(value - output[i]) < 1e-5))) throw new Error(`${library} is wrong`);
      best.set(library, Math.min(best.get(library) ?? Number.POSITIVE_INFINITY, milliseconds));
    }
  }
  const own = best.get('myelin') ?? Number.NaN;
  const cells = libraries.map(library => {
    const time = best.get(library);
    return (time === undefined ? '–' : time.toFixed(1)).padStart(20);
  });
  const peers = Math.min(
    ...libraries.filter(library => library !== 'myelin').map(library => best.get(library) ?? Infinity),
  );
  console.log(`${name.padEnd(18)}${cells.join('')}   best peer / myelin: ${(peers / own).toFixed(1)}`);
}
await workers();
rmSync(folder, { recursive: true });

/** The same in workerd: each Worker is sent the model's file, and answers with a prediction. */
async function workers(): Promise<void> {
  if (!existsSync(runtime('miniflare'))) return;
  const { withWorker } = await import('../test/runtimes/workers.js');
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ['empty', 'myelin', ...(hasPeers ? ['tensorflow'] : [])]) {
      const path = fileURLToPath(new URL(`peers/workers/${name}.js`, import.meta.url));
      const time = await withWorker(folder, path, async (get, started) => {
        const answer = await get('/', { method: 'POST', body: model.toBytes() });
        const output = (await answer.json()) as number[];
        const wrong = expected.some((value, i) => !(Math.abs(value - (output[i] ?? Number.NaN)) < 1e-5));
        if (wrong && name !== 'empty') throw new Error(`the Worker of ${name} is wrong: ${output}`);
        return performance.now() - started;
      });
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, time));
    }
  }
  const empty = best.get('empty') ?? Number.NaN;
  const cells = libraries.map(library => {
    const worker = library === 'myelin' ? 'myelin' : library === 'TensorFlow.js cpu' ? 'tensorflow' : '';
    const time = best.get(worker);
    return (time === undefined ? '–' : (time - empty).toFixed(1)).padStart(20);
  });
  console.log(
    `${'workerd'.padEnd(18)}${cells.join('')}   an empty Worker answers ${empty.toFixed(0)} ms after the start`,
  );
}
