/**
 * Photographs of clothes (Fashion-MNIST, 28 × 28 pixels, 10 kinds) by a dense network: 0.90 right and more of 10,000
 * that it has never seen.
 *
 *     npx tsx examples/fashionMnist.ts [FOLDER] [EPOCHS]
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { adam, cosineDecay, dense, dropout, Model, sequential } from 'myelin';
import { readIdx } from 'myelin/data';

const [folder = '/usr/share/datasets/fashion-mnist', given = '20'] = process.argv.slice(2);
if (!existsSync(`${folder}/train-images-idx3-ubyte.gz`)) {
  console.log(`Fashion-MNIST is not in ${folder}. Debian and Ubuntu have it: apt-get install dataset-fashion-mnist`);
  console.log(
    'Elsewhere get the four files from https://github.com/zalandoresearch/fashion-mnist, and name their folder.',
  );
  process.exit(1);
}

const part = async (name: string) => {
  const [images, labels] = await Promise.all([
    readIdx(`${folder}/${name}-images-idx3-ubyte.gz`),
    readIdx(`${folder}/${name}-labels-idx1-ubyte.gz`),
  ]);
  return { x: images.data as Uint8Array, y: Int32Array.from(labels.data), scale: 1 / 255 };
};
const [training, test] = [await part('train'), await part('t10k')];
const epochs = Number(given);
const batchSize = 128;
const steps = epochs * Math.ceil(training.y.length / batchSize);
const hidden = (units: number) => [dense(units, { activation: 'relu' }), dropout(0.25)];
const layers = [...hidden(512), ...hidden(256), dense(10, { activation: 'softmax' })];
const model = await Model.create(sequential(784, layers), { seed: 0, turbo: true });
await model.fit(training, {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate: cosineDecay({ initial: 0.001, steps }) }),
  batchSize,
  epochs,
  threads: availableParallelism(),
  onEpoch: ({ epoch, loss, seconds }) => {
    console.log(`epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}  ${seconds.toFixed(1)} s`);
  },
});
const { accuracy = 0 } = model.evaluate(test, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
console.log(`accuracy on ${test.y.length} pictures of the test set: ${accuracy.toFixed(4)}`);
