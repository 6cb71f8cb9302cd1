/**
 * What training and predicting allocate, printed as JSON. allocation.test.ts runs it in a process of its own, where
 * nothing else moves the heap, with a young generation so large that no collection hides garbage.
 */
import { adam, dense, Model, sequential } from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';

export interface Allocations {
  /** Bytes that the JavaScript heap keeps for 10,000 steps. */
  readonly heapGrowth: { readonly fit: number; readonly stepSync: number };
  /** Bytes that a call of predictInto leaves to be collected, for one row and for 30. */
  readonly garbage: { readonly one: number; readonly many: number };
  /** Bytes of all WebAssembly memories: before, and after training. */
  readonly memory: readonly [before: number, after: number];
  /** Steps of fit in all. */
  readonly steps: number;
  /** Whether the plan's regions are where they were. */
  readonly regionsStay: boolean;
}

const memories: WebAssembly.Memory[] = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    memories.push(this);
  }
};

const memoryBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

function heapAfterCollection(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/**
 * By how much values grow from one to the next: the middle of what they do over a tenth of all. A leak adds up over each
 * of these, while what the engine's compiler takes once, and seldom gives back, stands in few.
 */
function growth(values: readonly number[]): number {
  const apart = Math.max(1, Math.floor(values.length / 10));
  const found = values.slice(apart).map((value, i) => (value - (values[i] ?? 0)) / apart);
  return found.sort((a, b) => a - b)[found.length >> 1] ?? Number.NaN;
}

const [rows, inputs, classes] = [10_000, 4, 3];
const x = numbers(rows * inputs, 1);
const y = labels(rows, classes, 2);
const network = sequential([inputs], [dense(8, { activation: 'tanh' }), dense(classes, { activation: 'softmax' })]);
const model = await Model.create(network);
const trainer = await model.trainer({
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam(),
  batchSize: 1,
  threads: 1,
});
const places = () => JSON.stringify(trainer.plan.regions.map(({ name, address, bytes }) => [name, address, bytes]));
const regions = places();

const heap: number[] = [];
let before = 0;
const warmUp = 20;
await trainer.fit(
  { x, y },
  {
    epochs: warmUp + 100,
    onEpoch({ epoch }) {
      if (epoch === 1) before = memoryBytes();
      if (epoch > warmUp) heap.push(heapAfterCollection());
    },
  },
);

const [one, label] = [x.subarray(0, inputs), y.subarray(0, 1)];
const stepHeap: number[] = [];
for (let round = 0; round < 30; round++) {
  for (let i = 0; i < 10_000; i++) trainer.stepSync(one, label);
  if (round >= 10) stepHeap.push(heapAfterCollection());
}

/** Bytes that one call leaves to be collected. */
function garbageOf(samples: Float32Array): number {
  const calls = 10_000;
  const out = new Float32Array((samples.length / inputs) * classes);
  // The least of several rounds: in the first ones the engine still compiles, and a call that leaves something does so
  // in every round.
  const found = Array.from({ length: 20 }, () => {
    const used = heapAfterCollection();
    for (let i = 0; i < calls; i++) model.predictInto(out, samples);
    return (process.memoryUsage().heapUsed - used) / calls;
  });
  return Math.min(...found);
}

const result: Allocations = {
  heapGrowth: { fit: growth(heap), stepSync: growth(stepHeap) },
  garbage: { one: garbageOf(one), many: garbageOf(x.subarray(0, 30 * inputs)) },
  memory: [before, memoryBytes()],
  steps: (warmUp + heap.length) * rows,
  regionsStay: regions === places(),
};
console.log(JSON.stringify(result));
