/**
 * Handwritten digits through a bottleneck of 12 numbers by a convolutional autoencoder, and drawn beside what came out:
 * a mean squared error of 0.012 and less of pixels from 0 to 1, of digits that it never saw; the mean picture has
 * 0.075.
 *
 *     npx tsx examples/real/reconstructions.ts [EPOCHS] [OUT]
 *
 * Writes into OUT, where it is given, digits above what they became.
 */
import { adam, conv2d, conv2dTranspose, cosineDecay, dense, flatten, Model, reshape, sequential } from 'myelin';
import { readCsv, split } from 'myelin/data';
import { writeTiles } from './support/picture.js';

const [given = '60', out] = process.argv.slice(2);
const epochs = Number(given);
const table = await readCsv(new URL('../../data/digits.csv', import.meta.url));
const x = table.numbers(table.names.filter(name => name !== 'digit')).map(ink => ink / 16);
const { train, test } = split({ x: rowsOf(x), y: rowsOf(x) }, { test: 0.2, seed: 0 });

function rowsOf(pixels: Float32Array): Float32Array[] {
  return Array.from({ length: pixels.length / 64 }, (_, row) => pixels.subarray(row * 64, row * 64 + 64));
}

const flat = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap(row => [...row]));
const relu = { padding: 'same', strides: 2, activation: 'relu' } as const;
const model = await Model.create(
  sequential(
    [8, 8, 1],
    [
      conv2d(16, 3, relu),
      conv2d(32, 3, relu),
      flatten(),
      dense(12),
      dense(128, { activation: 'relu' }),
      reshape([2, 2, 32]),
      conv2dTranspose(16, 3, relu),
      conv2dTranspose(1, 3, { ...relu, activation: 'sigmoid' }),
    ],
  ),
  { seed: 0 },
);
const batchSize = 32;
const steps = epochs * Math.ceil(train.x.length / batchSize);
await model.fit(
  { x: flat(train.x), y: flat(train.y) },
  {
    loss: 'meanSquaredError',
    optimizer: adam({ learningRate: cosineDecay({ initial: 0.004, steps }) }),
    batchSize,
    epochs,
    onEpoch: ({ epoch, loss }) => {
      if (epoch % 10 === 0) console.log(`epoch ${epoch}  mean squared error ${loss.toFixed(4)}`);
    },
  },
);
const held = flat(test.x);
const { loss } = model.evaluate({ x: held, y: held }, { loss: 'meanSquaredError' });
console.log(`mean squared error of ${test.x.length} digits held out: ${loss.toFixed(4)}`);
if (out !== undefined) {
  const first = test.x.slice(0, 16);
  const tile = (shades: Float32Array) => ({ height: 8, width: 8, shades });
  writeTiles(`${out}/reconstructions.png`, [...first, ...rowsOf(model.predict(flat(first)))].map(tile), 16, 5);
}
