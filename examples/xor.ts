/**
 * XOR: true where exactly one of two inputs is. No single layer can learn it, for no straight line parts the two
 * answers; one hidden layer is enough.
 *
 *     npx tsx examples/xor.ts
 */
import { adam, dense, Model, sequential } from 'myelin';

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [0, 1, 1, 0];

const architecture = sequential(2, [dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })]);
const model = await Model.create(architecture, { seed: 42 });
console.log(model.summary(), '\n');

await model.fit(
  { x, y },
  {
    loss: 'binaryCrossEntropy',
    optimizer: adam({ learningRate: 0.05 }),
    epochs: 300,
    batchSize: 4,
    onEpoch: ({ epoch, loss }) => {
      if (epoch % 50 === 0) console.log(`epoch ${epoch}  cost ${loss.toFixed(5)}`);
    },
  },
);

console.log('\n a  b   prediction  answer');
model.predict(x).forEach((prediction, row) => {
  const [a, b] = x[row] ?? [];
  console.log(` ${a}  ${b}   ${prediction.toFixed(6)}    ${prediction > 0.5 ? 1 : 0}`);
});
