/**
 * Digits through a layer of eight units and back, without their labels: what the network gives again as a picture, and how well its
 * codes tell digits apart by their nearest neighbours.
 *
 *     npx tsx examples/autoencoder.ts
 *
 * Writes autoencoder.png into the folder it is run in: held-out digits, and below each what the network makes of it.
 */
import { writeFileSync } from 'node:fs';
import { adam, dense, Model, sequential } from 'myelin';
import { png } from './support/png.js';
import { holdOut, readTable } from './support/table.js';

const CODE = 8;
const table = readTable('digits');
const images = holdOut(table.x.map(image => image.map(ink => ink / 16)));
const labels = holdOut(table.y);
const training = Float32Array.from(images.training.flat());
const heldOut = Float32Array.from(images.heldOut.flat());

const model = await Model.create(
  sequential(64, [
    dense(48, { activation: 'relu' }),
    dense(CODE, { name: 'code' }),
    dense(48, { activation: 'relu' }),
    dense(64, { activation: 'sigmoid' }),
  ]),
  { seed: 0 },
);
await model.fit(
  { x: training, y: training },
  {
    loss: 'binaryCrossEntropy',
    optimizer: adam({ learningRate: 0.003 }),
    epochs: 60,
    onEpoch: ({ epoch, loss }) => {
      if (epoch % 10 === 0) console.log(`epoch ${epoch}  cost ${loss.toFixed(4)}`);
    },
  },
);

const squaredError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => (value - (b[i] ?? 0)) ** 2).reduce((sum, value) => sum + value, 0) / a.length;
const again = model.predict(heldOut);
const mean = images.training.reduce(
  (sum, image) => sum.map((value, i) => value + (image[i] ?? 0)),
  new Array(64).fill(0),
);
const always = images.heldOut.flatMap(() => mean.map(value => value / images.training.length));
console.log(
  `\nheld-out squared error ${squaredError(heldOut, again).toFixed(4)}, of the mean image ${squaredError(heldOut, always).toFixed(4)}`,
);

/** The codes of images, a row each. */
const coder = model.upTo('code');
const codesOf = (x: Float32Array) => {
  const codes = coder.predict(x);
  return Array.from({ length: x.length / 64 }, (_, row) => codes.subarray(row * CODE, (row + 1) * CODE));
};
const known = codesOf(training);
const right = codesOf(heldOut).filter((code, row) => {
  const distances = known.map(other => squaredError(code, other));
  return labels.training[distances.indexOf(Math.min(...distances))] === labels.heldOut[row];
});
console.log(`nearest neighbours of ${CODE} numbers: ${(right.length / labels.heldOut.length).toFixed(4)} right`);

/** Two rows of ten digits, four times as large, with a line between. */
const [size, count, factor, gap] = [8, 10, 4, 2];
const width = count * (size + gap) * factor;
const pixels = Array.from({ length: 2 * (size + gap) * factor * width }, (_, at) => {
  const [x, y] = [Math.floor((at % width) / factor), Math.floor(at / width / factor)];
  const [column, row, own, line] = [
    Math.floor(x / (size + gap)),
    Math.floor(y / (size + gap)),
    x % (size + gap),
    y % (size + gap),
  ];
  if (own >= size || line >= size) return 1;
  const source = row === 0 ? heldOut : again;
  return 1 - (source[column * 64 + line * size + own] ?? 0);
});
writeFileSync('autoencoder.png', png(pixels, width));
console.log('wrote autoencoder.png');
