/**
 * What fewer bits for the weights cost and save: accuracy on rows held out, bytes of the file, and the time of a
 * prediction, for three seeds. Prints the table in docs/deploy.md.
 *
 *     npm run build && npx tsx bench/quantized.ts
 */
import { readFileSync } from 'node:fs';
import { adam, type DenseLayer, type DropoutLayer, dense, dropout, Model, sequential } from 'myelin';
import { figureOf } from '../src/bench/statistics.js';
import { parseTable } from '../src/data/csv.js';
import { stratifiedSplit } from '../src/data/split.js';
import { fashion } from './support/fashion.js';
import { machine } from './support/machine.js';

const SEEDS = [0, 1, 2];
/** Timed runs of each model, and rows in one. */
const RUNS = 15;
const TIMED_ROWS = 1024;

interface Part {
  readonly x: Float32Array;
  readonly y: Int32Array;
}

interface Task {
  readonly name: string;
  readonly training: Part;
  readonly heldOut: Part;
  readonly layers: readonly (DenseLayer | DropoutLayer)[];
  readonly epochs: number;
}

const hidden = (units: number) => dense(units, { activation: 'relu' });
const last = dense(10, { activation: 'softmax' });

/** The bundled digits, a fifth held out, and Fashion-MNIST with its own test set where the machine has it. */
function tasks(): Task[] {
  const table = parseTable(readFileSync(new URL('../data/digits.csv', import.meta.url), 'utf8'), 'digits');
  const pixels = table.header.length - 1;
  const labels = Int32Array.from({ length: table.rows }, (_, row) => table.number(row, pixels));
  const pick = (chosen: readonly number[]): Part => ({
    x: Float32Array.from(
      { length: chosen.length * pixels },
      (_, i) => table.number(chosen[Math.floor(i / pixels)] ?? 0, i % pixels) / 16,
    ),
    y: Int32Array.from(chosen, row => labels[row] ?? 0),
  });
  const split = stratifiedSplit(labels, 0.2, 0);
  const digits = { training: pick(split.training), heldOut: pick(split.validation) };
  const found: Task[] = [
    { name: 'digits, 64-64-10', ...digits, layers: [hidden(64), last], epochs: 60 },
    { name: 'digits, 64-512-10', ...digits, layers: [hidden(512), dropout(0.5), last], epochs: 40 },
  ];
  const clothes = { training: fashion(60_000), heldOut: fashion(10_000, 't10k') };
  if (clothes.training.name === 'Fashion-MNIST' && clothes.heldOut.name === 'Fashion-MNIST') {
    found.push({ name: 'Fashion-MNIST, 784-128-10', ...clothes, layers: [hidden(128), last], epochs: 8 });
    found.push({ name: 'Fashion-MNIST, 784-1024-10', ...clothes, layers: [hidden(1024), last], epochs: 3 });
  } else console.log('Fashion-MNIST is not here, so it is left out: Debian has it as dataset-fashion-mnist\n');
  return found;
}

function accuracyOf(model: Model, { x, y }: Part): number {
  const outputs = model.predict(x);
  const right = y.filter((label, row) => {
    const own = outputs.subarray(row * 10, row * 10 + 10);
    return own.indexOf(Math.max(...own)) === label;
  });
  return right.length / y.length;
}

/** Nanoseconds for each row where `rows` are predicted at once: the best of each model's runs, which take turns. */
function timesOf(models: readonly Model[], { x, y }: Part, rows: number): number[] {
  const some = x.subarray(0, (x.length / y.length) * rows);
  const out = new Float32Array(10 * rows);
  const best = models.map(() => Infinity);
  for (let run = 0; run < RUNS; run++) {
    models.forEach((model, i) => {
      const start = performance.now();
      for (let done = 0; done < TIMED_ROWS; done += rows) model.predictInto(out, some);
      best[i] = Math.min(best[i] ?? Infinity, ((performance.now() - start) * 1e6) / TIMED_ROWS);
    });
  }
  return best;
}

const percent = (accuracies: readonly number[]) => `${(figureOf(accuracies).median * 100).toFixed(2)} %`;
const formats = ['float32', 'float16', 'int8'] as const;

console.log(`${machine()}; accuracies are medians of seeds ${SEEDS.join(', ')}\n`);
console.log(
  '| network | weights | accuracy | change, each seed | file | a row alone | a row of 256 |\n| --- | --- | --- | --- | --- | --- | --- |',
);
for (const { name, training, heldOut, layers, epochs } of tasks()) {
  const accuracies = formats.map((): number[] => []);
  let models: Model[] = [];
  for (const seed of SEEDS) {
    const model = await Model.create(sequential(training.x.length / training.y.length, layers), { seed });
    const data = { x: training.x, y: training.y };
    await model.fit(data, { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), batchSize: 64, epochs });
    models = [model, await model.quantize({ weights: 'float16' }), await model.quantize({ weights: 'int8' })];
    models.forEach((each, i) => {
      accuracies[i]?.push(accuracyOf(each, heldOut));
    });
    await model.dispose();
  }
  const times = [1, 256].map(rows => timesOf(models, heldOut, rows));
  formats.forEach((format, i) => {
    const own = accuracies[i] ?? [];
    const changes = own.map((accuracy, seed) => {
      const change = (accuracy - (accuracies[0]?.[seed] ?? Number.NaN)) * 100;
      return `${change > 0 ? '+' : ''}${change.toFixed(2)}`;
    });
    const bytes = models[i]?.toBytes().length.toLocaleString('en-US');
    const each = times.map(own => `${((own[i] ?? Number.NaN) / 1000).toFixed(2)} µs`);
    const cells = [name, format, percent(own), i === 0 ? '' : changes.join(', '), `${bytes} B`, ...each];
    console.log(`| ${cells.join(' | ')} |`);
  });
}
