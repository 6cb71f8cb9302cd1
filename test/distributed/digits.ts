/** The digits in training and test rows, in their own order and sorted by label. */
import { pick, readCsv, split } from '../../src/entries/data.js';
import { dense, sequential, sgd } from '../../src/entries/node.js';

const table = await readCsv('data/digits.csv');
const pixels = table.numbers(table.names.filter(name => name !== 'digit'));
const rows = { x: pixels.map(value => value / 16), y: Int32Array.from(table.column('digit'), Number) };

export const { train, test } = split(rows, { test: 0.2, seed: 0, stratify: true });
const byLabel = Array.from(train.y.keys()).sort((a, b) => (train.y[a] ?? 0) - (train.y[b] ?? 0) || a - b);
export const sorted = pick(train, byLabel);

export const architecture = sequential(64, [dense(64, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
export const fit = {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: sgd({ learningRate: 0.5 }),
  metrics: ['accuracy'],
} as const;
