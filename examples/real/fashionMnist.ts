/**
 * Photographs of clothes (Fashion-MNIST, 28 × 28 pixels, 10 kinds) by a small convolutional network: after 10 epochs
 * 0.92 right and more of 10,000 that it has never seen.
 *
 *     npx tsx examples/real/fashionMnist.ts [FOLDER] [EPOCHS] [PICTURES] [OUT] [--dense] [--choose] [--augment] [--mixup]
 *         [--threads=1]
 *
 * `--dense` takes a dense network, 784 → 512 → 256 → 10, for 30 epochs, and mirrors pictures at random; `--choose`
 * judges by the last 5,000 pictures of the training set, which then do not train, as its settings were chosen.
 * `--augment` changes pictures at random while training, `--mixup` mixes them. Writes into OUT, where it is given, what
 * was taken for what and the first layer's kernels.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  activation,
  adam,
  batchNormalization,
  conv2d,
  cosineDecay,
  cutout,
  dense,
  dropout,
  flatten,
  Model,
  maxPool2d,
  oneCycle,
  randomFlip,
  randomTranslation,
  sequential,
  sparseCategoricalCrossEntropy,
} from 'myelin';
import { mixup, readIdx } from 'myelin/data';
import { kernelTiles, largest, writeConfusion, writeTiles } from './support/picture.js';

const given = process.argv.slice(2);
const has = (flag: string) => given.includes(flag);
const isDense = has('--dense');
const [folder = '/usr/share/datasets/fashion-mnist', asked = isDense ? '30' : '10', most = '60000', out] = given.filter(
  word => !word.startsWith('--'),
);
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
const [all, unseen] = [await part('train', Number(most)), await part('t10k', Number(most))];
const rows = (from: number, to?: number) => ({
  ...all,
  x: all.x.subarray(784 * from, to && 784 * to),
  y: all.y.subarray(from, to),
});
const [training, test] = has('--choose') ? [rows(0, -5000), rows(-5000)] : [all, unseen];
const epochs = Number(asked);
const batchSize = 128;
const steps = epochs * Math.ceil(training.y.length / batchSize);
const convolution = (filters: number) => [
  conv2d(filters, 3, { padding: 'same', useBias: false, weightInitializer: 'heNormal' }),
  batchNormalization({ momentum: 0.9 }),
  activation('relu'),
  maxPool2d(2),
];
const hidden = (units: number) => [
  dense(units, { useBias: false, weightInitializer: 'heNormal' }),
  batchNormalization({ momentum: 0.9 }),
  activation('relu'),
  dropout(0.3),
];
const model = await Model.create(
  sequential(
    [28, 28, 1],
    [
      ...(has('--augment') ? [randomFlip('horizontal'), randomTranslation(0.07, 0.07), cutout(6)] : []),
      ...(isDense
        ? [randomFlip('horizontal'), flatten(), ...hidden(512), ...hidden(256)]
        : [...convolution(16), ...convolution(32), ...convolution(64), flatten(), dropout(0.3)]),
      dense(10, { activation: 'softmax' }),
    ],
  ),
  { seed: 0, turbo: true },
);
const mixes = has('--mixup');
const smooth = sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 });
const learningRate = isDense ? cosineDecay({ initial: 0.002, steps }) : oneCycle({ peak: 0.01, steps });
await model.fit(mixes ? mixup(training, { classes: 10 }) : training, {
  loss: mixes ? 'categoricalCrossEntropy' : isDense ? smooth : 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate }),
  batchSize,
  epochs,
  threads: has('--threads=1') ? 1 : availableParallelism(),
  onEpoch: ({ epoch, loss, seconds, samplesPerSecond }) => {
    const pace = `${seconds.toFixed(1)} s, ${samplesPerSecond.toFixed(0)} pictures a second`;
    console.log(`epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}  ${pace}`);
  },
});
const { accuracy = 0 } = model.evaluate(test, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
const which = test === unseen ? 'the test set' : 'the training set, held out';
console.log(`accuracy on ${test.y.length} pictures of ${which}: ${accuracy.toFixed(4)}`);
if (out !== undefined) {
  const kinds = 'T-shirt trousers pullover dress coat sandal shirt sneaker bag boot'.split(' ');
  const guesses = largest(await model.predictAsync({ x: test.x, scale: test.scale }), kinds.length);
  writeConfusion(`${out}/fashionConfusion.svg`, kinds, test.y, guesses);
  const kernels = model.parameters.find(({ name }) => name.endsWith('conv2d.weight'));
  if (kernels) writeTiles(`${out}/fashionKernels.png`, kernelTiles(kernels), 8, 16);
}
