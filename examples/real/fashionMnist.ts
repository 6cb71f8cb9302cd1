/**
 * Photographs of clothes (Fashion-MNIST, 28 × 28 pixels, 10 kinds) by a small convolutional network: after 10 epochs
 * 0.92 right and more of 10,000 that it has never seen.
 *
 *     npx tsx examples/real/fashionMnist.ts [FOLDER] [EPOCHS] [PICTURES] [OUT]
 *
 * Writes into OUT, where it is given, what was taken for what and the first layer's kernels.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  activation,
  adam,
  batchNormalization,
  conv2d,
  dense,
  dropout,
  flatten,
  Model,
  maxPool2d,
  oneCycle,
  sequential,
} from 'myelin';
import { readIdx } from 'myelin/data';
import { confusionTile, kernelTiles, largest, writeTiles } from './support/picture.js';

const [folder = '/usr/share/datasets/fashion-mnist', given = '10', most = '60000', out] = process.argv.slice(2);
if (!existsSync(`${folder}/train-images-idx3-ubyte.gz`)) {
  console.log(`Fashion-MNIST is not in ${folder}. Debian and Ubuntu have it: apt-get install dataset-fashion-mnist`);
  console.log(
    'Elsewhere get the four files from https://github.com/zalandoresearch/fashion-mnist, and name their folder.',
  );
  process.exit(1);
}

const part = async (name: string, pictures = Infinity) => {
  const [images, labels] = await Promise.all([
    readIdx(`${folder}/${name}-images-idx3-ubyte.gz`),
    readIdx(`${folder}/${name}-labels-idx1-ubyte.gz`),
  ]);
  const x = (images.data as Uint8Array).subarray(0, pictures * 784);
  return { x, y: Int32Array.from(labels.data.subarray(0, pictures)), scale: 1 / 255 };
};
const [training, test] = [await part('train', Number(most)), await part('t10k', Number(most))];
const epochs = Number(given);
const batchSize = 128;
const steps = epochs * Math.ceil(training.y.length / batchSize);
const convolution = (filters: number) => [
  conv2d(filters, 3, { padding: 'same', useBias: false, weightInitializer: 'heNormal' }),
  batchNormalization({ momentum: 0.9 }),
  activation('relu'),
  maxPool2d(2),
];
const model = await Model.create(
  sequential(
    [28, 28, 1],
    [
      ...convolution(16),
      ...convolution(32),
      ...convolution(64),
      flatten(),
      dropout(0.3),
      dense(10, { activation: 'softmax' }),
    ],
  ),
  { seed: 0, turbo: true },
);
await model.fit(training, {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate: oneCycle({ peak: 0.01, steps }) }),
  batchSize,
  epochs,
  threads: availableParallelism(),
  onEpoch: ({ epoch, loss, seconds, samplesPerSecond }) => {
    const pace = `${seconds.toFixed(1)} s, ${samplesPerSecond.toFixed(0)} pictures a second`;
    console.log(`epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}  ${pace}`);
  },
});
const { accuracy = 0 } = model.evaluate(test, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
console.log(`accuracy on ${test.y.length} pictures of the test set: ${accuracy.toFixed(4)}`);
if (out !== undefined) {
  const guesses = largest(await model.predictAsync({ x: test.x, scale: test.scale }), 10);
  writeTiles(`${out}/fashionConfusion.png`, [confusionTile(test.y, guesses, 10)], 1, 24);
  const [kernels] = model.parameters;
  if (kernels) writeTiles(`${out}/fashionKernels.png`, kernelTiles(kernels), 8, 16);
}
