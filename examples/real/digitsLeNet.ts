/**
 * Handwritten digits of 8 × 8 pixels by a network of LeNet's kind, judged by five folds: 0.985 right and more.
 *
 *     npx tsx examples/real/digitsLeNet.ts [EPOCHS] [OUT]
 *
 * Writes into OUT, where it is given, what the first fold's network takes for what, and its first layer's kernels.
 */
import {
  adam,
  conv2d,
  cosineDecay,
  crossValidate,
  dense,
  dropout,
  flatten,
  Model,
  maxPool2d,
  sequential,
} from 'myelin';
import { kFold, pick, readCsv } from 'myelin/data';
import { kernelTiles, largest, writeConfusion, writeTiles } from './support/picture.js';

const [given = '40', out] = process.argv.slice(2);
const epochs = Number(given);
const table = await readCsv(new URL('../../data/digits.csv', import.meta.url));
const { y, classes } = table.labels('digit');
const x = Uint8Array.from(table.numbers(table.names.filter(name => name !== 'digit')));

const relu = { padding: 'same', activation: 'relu', weightInitializer: 'heNormal' } as const;
const network = sequential(
  [8, 8, 1],
  [
    conv2d(32, 3, relu),
    maxPool2d(2),
    conv2d(64, 3, relu),
    maxPool2d(2),
    flatten(),
    dropout(0.4),
    dense(128, { activation: 'relu' }),
    dropout(0.4),
    dense(classes.length, { activation: 'softmax' }),
  ],
);
const batchSize = 64;
const steps = epochs * Math.ceil((y.length * 0.8) / batchSize);
const data = { x, y, scale: 1 / 16 };
const fit = {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate: cosineDecay({ initial: 0.002, steps }) }),
  batchSize,
  epochs,
} as const;
const { mean, deviation } = await crossValidate(network, data, {
  folds: 5,
  stratify: true,
  fit,
  metrics: ['accuracy'],
});
console.log(`accuracy over five folds: ${mean.accuracy?.toFixed(4)} ± ${deviation.accuracy?.toFixed(4)}`);
if (out !== undefined) {
  const [fold] = kFold(y.length, { folds: 5, stratify: y });
  const { train = [], test = [] } = fold ?? {};
  const model = await Model.create(network);
  await model.fit(pick(data, train), fit);
  const held = pick(data, test);
  writeConfusion(
    `${out}/digitsConfusion.svg`,
    classes,
    held.y,
    largest(model.predict({ x: held.x, scale: held.scale }), classes.length),
  );
  const [kernels] = model.parameters;
  if (kernels) writeTiles(`${out}/digitsKernels.png`, kernelTiles(kernels), 8, 16);
}
