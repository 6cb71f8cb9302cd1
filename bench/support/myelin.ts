/** myelin as a contestant: `tsx bench/support/myelin.ts FOLDER [turbo] [THREADS]`. */
import { readFileSync } from 'node:fs';
import type * as Entry from '../../src/entries/node.js';
import { readGiven, takePart } from './contest.js';

const [, , folder, mode, threads = '1'] = process.argv;

/** Every WebAssembly memory of this process, so that what training takes can be counted. */
const memories: WebAssembly.Memory[] = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    memories.push(this);
  }
};

const { adam, dense, Model, sequential }: typeof Entry = await import('../../src/entries/node.js');
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const { widths, batchSize, learningRate, x, y, parameters } = readGiven(folder);
const [inputs = 0, ...units] = widths;
const last = units.length - 1;
const layers = units.map((n, layer) => dense(n, { activation: layer < last ? 'relu' : 'softmax' }));
const model = await Model.create(sequential(inputs, layers), { turbo: mode === 'turbo' });
const names = model.parameters.map(({ name }) => name);
model.setParameters(Object.fromEntries(names.map((name, i) => [name, parameters[i] ?? []])));
if (mode === 'turbo' && !model.backend.turbo) {
  console.log(JSON.stringify({ absent: model.backend.reason }));
  process.exit();
}
// The model's own comes last; those before it are turbo's self-tests.
memories.splice(0, memories.length - 1);
const trainer = await model.trainer({
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate }),
  batchSize,
  threads: Number(threads),
});
const row = x.slice(0, inputs);
const out = new Float32Array(units[last] ?? 1);

await takePart({
  name: `myelin ${version}${mode === 'turbo' ? ' turbo' : ''}${Number(threads) > 1 ? `, ${threads} threads` : ''}`,
  async epoch() {
    const { seconds, loss } = await trainer.fit({ x, y });
    const memory = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return { seconds: seconds[0] ?? 0, cost: loss[0] ?? 0, memory };
  },
  predict() {
    for (let i = 0; i < 100; i++) model.predictInto(out, row);
    return 100;
  },
});
