/**
 * Spoils files of models and of trainers: each must be refused with an error of ours, or open and be usable with finite
 * answers. Runs until the time is over and prints its seed; a file that fails is written down.
 *
 *     npm run fuzz -- [--seconds 60] [--seed 1]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adam, dense, dropout, Model, sequential, sgd, Trainer } from '../../dist/entries/node.js';
import { type Chance, chance, pick } from './chance.js';
import { MEANINGS, MUTATIONS } from './mutations.js';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const until = Date.now() + 1000 * Number(values.seconds);
console.log(`fuzz: seed ${seed}, ${values.seconds} s`);

const [rows, inputs, classes] = [12, 5, 3];
const x = Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i));
const y = Int32Array.from({ length: rows }, (_, i) => i % classes);
/** A file of a hundred kilobytes may not ask for more than this when it is opened or used. */
const MOST_BYTES = 2 ** 28;

let asked = 0;
const { Memory } = WebAssembly;
const { grow } = Memory.prototype;
WebAssembly.Memory = new Proxy(Memory, {
  construct(target, args: [WebAssembly.MemoryDescriptor], made) {
    asked += args[0].initial * 65536;
    return Reflect.construct(target, args, made);
  },
});
Memory.prototype.grow = function (pages) {
  asked += pages * 65536;
  return grow.call(this, pages);
};

async function originals(): Promise<{ kind: 'model' | 'trainer'; bytes: Buffer }[]> {
  const made: { kind: 'model' | 'trainer'; bytes: Buffer }[] = [];
  const layers = [dense(7, { activation: 'relu' }), dropout(0.2), dense(classes, { activation: 'softmax' })];
  const loss = 'sparseCategoricalCrossEntropy';
  for (const optimizer of [adam(), sgd({ momentum: 0.9 }), sgd()]) {
    const model = await Model.create(sequential(inputs, layers), { seed: 3 });
    model.metadata.someone = '{"a":{"b":[1,2]}}';
    made.push({ kind: 'model', bytes: Buffer.from(model.toBytes()) });
    const trainer = await model.trainer({ loss, optimizer, metrics: ['accuracy'], batchSize: 4 });
    await trainer.fit({ x, y }, { epochs: 2 });
    made.push({ kind: 'trainer', bytes: Buffer.from(trainer.toBytes()) });
    const stop = new AbortController();
    await trainer.fit({ x, y }, { signal: stop.signal, onBatch: ({ batch }) => void (batch === 2 && stop.abort()) });
    made.push({ kind: 'trainer', bytes: Buffer.from(trainer.toBytes()) });
    made.push({ kind: 'model', bytes: Buffer.from(model.toBytes()) });
    for (const weights of ['int8', 'float16'] as const) {
      made.push({ kind: 'model', bytes: Buffer.from((await model.quantize({ weights })).toBytes()) });
    }
  }
  return made;
}

function spoil(next: Chance, bytes: Buffer): Buffer {
  let spoilt = bytes;
  const mutations = Object.values({ ...MUTATIONS, ...MEANINGS });
  for (let times = 1 + next(3); times > 0 && spoilt.length >= 8; times--) {
    try {
      spoilt = pick(next, mutations)(next, spoilt);
    } catch {
      // What the change before it broke, this one cannot read.
    }
  }
  return spoilt;
}

function refuseNotFinite(what: string, numbers: Iterable<number>): void {
  for (const number of numbers) if (!Number.isFinite(number)) throw new Error(`${what} gives ${number} in silence`);
}

/** Uses what was opened; whatever it refuses, it refuses with an error of ours. */
async function use(opened: Model | Trainer): Promise<void> {
  const model = opened instanceof Trainer ? opened.model : opened;
  const wide = [model.architecture.inputShape as number[]].flat().reduce((a, b) => a * b, 1);
  const samples = new Float32Array(2 * wide).fill(0.5);
  const tries: (() => unknown)[] = [
    () => refuseNotFinite('predict', model.predict(samples)),
    () => Model.fromBytes(model.toBytes()),
  ];
  if (opened instanceof Trainer) {
    tries.push(
      () => refuseNotFinite('step', [opened.stepSync(x.subarray(0, inputs), y.subarray(0, 1))]),
      async () => refuseNotFinite('fit', (await opened.fit({ x, y })).loss),
      () => refuseNotFinite('predict after training', model.predict(samples)),
      () => Trainer.fromBytes(opened.toBytes()),
    );
  }
  for (const attempt of tries) await ours(attempt);
  for (const { name, data } of model.parameters) refuseNotFinite(`parameter ${name}`, data);
}

/** Whether it went through; any error that is not ours goes on. */
async function ours(attempt: () => unknown): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const kind = error instanceof RangeError || error instanceof TypeError || (error as Error).name === 'Error';
    if (kind && /expected .+, got /s.test(message) && message.length <= 300) return false;
    throw error;
  }
}

const files = await originals();
const next = chance(seed);
let [count, opened] = [0, 0];
for (; Date.now() < until; count++) {
  const { kind, bytes } = pick(next, files);
  const spoilt = spoil(next, bytes);
  asked = 0;
  let made: Model | Trainer | undefined;
  const open = async () => {
    const given = new Uint8Array(spoilt);
    made = kind === 'model' ? await Model.fromBytes(given) : await Trainer.fromBytes(given);
  };
  try {
    if (await ours(open)) opened++;
    if (made) await use(made);
    if (asked > MOST_BYTES) throw new Error(`${asked} bytes asked for by a file of ${spoilt.length}`);
  } catch (error) {
    const file = `fuzz-${seed}-${count}.safetensors`;
    writeFileSync(file, spoilt);
    console.error(`fuzz: seed ${seed}, file ${count}, a ${kind}'s, kept as ${file}:`, error);
    process.exit(1);
  }
}
console.log(`fuzz: ${count} files, ${opened} of them opened; all refused with an error of ours or usable`);
