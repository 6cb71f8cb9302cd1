/**
 * Echoes of a radar from the ionosphere, 17 pulses of two numbers each (UCI): whether they show a structure, by
 * convolutions along the pulses, judged by five folds: 0.94 right and more.
 *
 *     npx tsx examples/real/ionosphere.ts [EPOCHS] [OUT]
 *
 * Writes into OUT, where it is given, what the first fold's network takes for what.
 */
import { adam, conv1d, crossValidate, dense, dropout, globalAveragePool1d, Model, sequential } from 'myelin';
import { kFold, pick, readCsv } from 'myelin/data';
import { largest, writeConfusion } from './support/picture.js';

const [given = '80', out] = process.argv.slice(2);
const table = await readCsv(new URL('../../data/ionosphere.csv', import.meta.url));
const { y, classes } = table.labels('echo');
const x = table.numbers(table.names.filter(name => name !== 'echo'));

const convolution = (filters: number) => conv1d(filters, 5, { padding: 'same', activation: 'relu' });
const network = sequential(
  [17, 2],
  [
    convolution(32),
    convolution(64),
    dropout(0.3),
    convolution(64),
    globalAveragePool1d(),
    dropout(0.3),
    dense(classes.length, { activation: 'softmax' }),
  ],
);
const fit = {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate: 0.002 }),
  epochs: Number(given),
} as const;
const { mean, deviation } = await crossValidate(
  network,
  { x, y },
  { folds: 5, stratify: true, fit, metrics: ['accuracy'] },
);
console.log(`accuracy over five folds: ${mean.accuracy?.toFixed(4)} ± ${deviation.accuracy?.toFixed(4)}`);
if (out !== undefined) {
  const [fold] = kFold(y.length, { folds: 5, stratify: y });
  const { train = [], test = [] } = fold ?? {};
  const model = await Model.create(network);
  await model.fit(pick({ x, y }, train), fit);
  const held = pick({ x, y }, test);
  writeConfusion(`${out}/ionosphereConfusion.svg`, classes, held.y, largest(model.predict(held.x), classes.length));
}
