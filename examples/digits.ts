/**
 * Handwritten digits, from the data to a file and back: train, evaluate, save, load, predict one.
 *
 *     npx tsx examples/digits.ts
 *
 * Writes digits.safetensors into the folder it is run in.
 */
import { adam, dense, dropout, Model, sequential } from 'myelin';
import { holdOut, readTable } from './support/table.js';

const table = readTable('digits');
const rows = holdOut(table.x);
const labels = holdOut(table.y.map(Number));
// Pixels from 0 to 16 fit into bytes. The scale is applied as each batch is read, so that the data takes a quarter of
// the room.
const pixels = (images: number[][]) => Uint8Array.from(images.flat());
const scale = 1 / 16;
const training = { x: pixels(rows.training), y: labels.training, scale };
const heldOut = { x: pixels(rows.heldOut), y: labels.heldOut, scale };

const model = await Model.create(
  sequential(64, [dense(64, { activation: 'relu' }), dropout(0.2), dense(10, { activation: 'softmax' })]),
  { seed: 0 },
);
console.log(model.summary(), '\n');

await model.fit(training, {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate: 0.002 }),
  metrics: ['accuracy'],
  epochs: 40,
  validation: heldOut,
  onEpoch: ({ epoch, loss, valAccuracy = 0 }) => {
    if (epoch % 5 === 0)
      console.log(`epoch ${epoch}  cost ${loss.toFixed(4)}  held-out accuracy ${valAccuracy.toFixed(4)}`);
  },
});

const judged = model.evaluate(heldOut, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
console.log(`\nheld-out cost ${judged.loss.toFixed(4)}, accuracy ${judged.accuracy?.toFixed(4)}`);

await model.save('digits.safetensors');
const loaded = await Model.load('digits.safetensors');
console.log('saved as digits.safetensors and loaded again\n');

const image = rows.heldOut[0] ?? [];
for (let row = 0; row < 8; row++) {
  const shades = image.slice(row * 8, row * 8 + 8).map(ink => ' ░▒▓█'[Math.ceil(ink / 4)]);
  console.log(shades.map(shade => `${shade}${shade}`).join(''));
}
const probabilities = loaded.predict({ x: Uint8Array.from(image), scale });
const guess = probabilities.indexOf(Math.max(...probabilities));
console.log(
  `\nthis is a ${labels.heldOut[0]}; the network says ${guess}, and is ${(100 * Math.max(...probabilities)).toFixed(1)} % sure`,
);
