/**
 * How right averaged rounds make a network on the digits in 8 shards: 32 rounds of one epoch with both outer methods,
 * on rows in their own order and sorted by label, beside one machine's 32 epochs; each the mean of three seeds.
 *
 *     npx tsx bench/distributed/accuracy.ts
 */
import { dense, Model, sequential, sgd } from 'myelin';
import { pick, readCsv, split } from 'myelin/data';
import { local, nesterov, plainAverage } from 'myelin/distributed';

const table = await readCsv('data/digits.csv');
const pixels = table.names.filter(name => name !== 'digit');
const x = table.numbers(pixels).map(value => value / 16);
const y = Int32Array.from(table.column('digit'), Number);
const { train, test } = split({ x, y }, { test: 0.2, seed: 0, stratify: true });
const order = Array.from(train.y.keys()).sort((a, b) => (train.y[a] ?? 0) - (train.y[b] ?? 0) || a - b);
const sorted = pick(train, order);

const architecture = sequential(64, [dense(64, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
const fit = {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: sgd({ learningRate: 0.5 }),
  metrics: ['accuracy'],
} as const;
const seeds = [0, 1, 2];
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (values: number[]) => `${(100 * mean(values)).toFixed(1)} %`;

const alone = [];
for (const seed of seeds) {
  const model = await Model.create(architecture, { seed, deterministic: true });
  await model.fit(train, { ...fit, epochs: 32 });
  alone.push(model.evaluate(test, { loss: fit.loss, metrics: ['accuracy'] }).accuracy ?? 0);
}
console.log(`one machine                ${percent(alone)}`);

for (const [rows, data] of [
  ['iid', train],
  ['sorted', sorted],
] as const) {
  for (const outer of [nesterov(), plainAverage()]) {
    const reached: number[] = [];
    for (const seed of seeds) {
      const options = { id: 'digits', architecture, data, shards: 8, rounds: 32, seed, outer, validation: test };
      const { rounds } = await local().averageRounds({ ...options, local: { ...fit, epochs: 1 } });
      reached.push(rounds.at(-1)?.valAccuracy ?? 0);
    }
    console.log(`${rows.padEnd(8)}${outer.kind.padEnd(19)}${percent(reached)}`);
  }
}
