/**
 * The work that every runtime does, as often as it is told. Nothing in it looks at a clock: those of Workers stand
 * still while they compute, so whoever asks takes the time.
 */

/** Numbers between 0 and 1, the same everywhere. */
const numbers = length => Float32Array.from({ length }, (_, i) => ((i * 97) % 251) / 251);

/** A chain of these widths: relu in between, softmax at the end. */
export function chain({ dense, sequential }, [inputs, ...units]) {
  const layers = units.map((n, i) => dense(n, { activation: i < units.length - 1 ? 'relu' : 'softmax' }));
  return sequential(inputs, layers);
}

/** What an epoch takes, in rows. */
const ROWS = 2048;

/** Epochs over some rows. */
export async function training(myelin, { widths, batchSize, threads }) {
  const model = await myelin.Model.create(chain(myelin, widths), { seed: 1 });
  const rows = Math.max(ROWS, batchSize);
  const y = Int32Array.from({ length: rows }, (_, row) => row % widths.at(-1));
  const trainer = await model.trainer({ loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', batchSize, threads });
  const x = numbers(rows * widths[0]);
  return { pieces: rows, run: times => trainer.fit({ x, y }, { epochs: times }) };
}

/** Predictions of a batch. */
export async function inference(myelin, { widths, batchSize }) {
  const model = await myelin.Model.create(chain(myelin, widths), { seed: 1 });
  const x = numbers(batchSize * widths[0]);
  const out = new Float32Array(batchSize * widths.at(-1));
  const run = times => {
    for (let i = 0; i < times; i++) model.predictInto(out, x);
  };
  return { pieces: batchSize, run };
}

/** Training steps of XOR, which are all overhead. */
async function steps({ adam, dense, Model, sequential }) {
  const architecture = sequential(2, [dense(4, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })]);
  const model = await Model.create(architecture, { seed: 1 });
  const optimizer = adam({ learningRate: 1e-6 });
  const trainer = await model.trainer({ loss: 'binaryCrossEntropy', optimizer, batchSize: 4, threads: 1 });
  const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const y = Float32Array.of(0, 1, 1, 0);
  const run = times => {
    for (let i = 0; i < times; i++) trainer.stepSync(x, y);
  };
  return { pieces: 1, run };
}

const SIDE = 512;

/** A square matrix product, as the one layer of a network. */
async function product({ dense, Model, sequential }) {
  const model = await Model.create(sequential(SIDE, [dense(SIDE)]), { seed: 1 });
  const x = numbers(SIDE * SIDE);
  const out = new Float32Array(SIDE * SIDE);
  const run = times => {
    for (let i = 0; i < times; i++) model.predictInto(out, x);
  };
  return { pieces: SIDE ** 3, run };
}

const widths = [784, 128, 10];

/** By name: how each is made ready, and what its pieces are. */
export const suites = {
  training: { unit: 'samples', open: myelin => training(myelin, { widths, batchSize: 32, threads: 1 }) },
  threads: { unit: 'samples', open: myelin => training(myelin, { widths, batchSize: 128, threads: 2 }) },
  inference: { unit: 'rows', open: myelin => inference(myelin, { widths, batchSize: 1 }) },
  gemm: { unit: 'multiply-adds', open: product },
  step: { unit: 'steps', open: steps },
};

const ready = new Map();

/** Does a suite's work so many times; returns how many pieces that was, or -1 where this runtime cannot. */
export async function work(myelin, suite, times) {
  if (!ready.has(suite)) {
    const { threads } = (await myelin.Model.create(chain(myelin, [1, 1]))).backend;
    if (suite === 'threads' && threads < 2) return -1;
    ready.set(suite, await suites[suite].open(myelin));
  }
  const { pieces, run } = ready.get(suite);
  await (times > 0 && run(times));
  return pieces * times;
}
