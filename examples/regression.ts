/**
 * Regression: how far will diabetes have progressed in a year, from ten measurements of a patient?
 *
 * The target is a number, so the last layer has no activation and the cost is the mean squared error. The target is
 * standardised too; predictions are turned back into its own unit at the end.
 *
 *     npx tsx examples/regression.ts
 */
import { adam, dense, Model, sequential } from 'myelin';
import { holdOut, moments, readTable, standardiser } from './support/table.js';

const table = readTable('diabetes');
const x = holdOut(table.x);
const y = holdOut(table.y.map(Number));
const standardise = standardiser(x.training);
const { mean, deviation } = moments(y.training);
const scaled = (values: number[]) => values.map(value => (value - mean) / deviation);
const training = { x: standardise(x.training), y: scaled(y.training) };
const heldOut = { x: standardise(x.heldOut), y: scaled(y.heldOut) };

const architecture = sequential(table.columns.length, [dense(16, { activation: 'tanh' }), dense(1)]);
const model = await Model.create(architecture, { seed: 0 });
console.log(model.summary(), '\n');

await model.fit(training, {
  loss: 'meanSquaredError',
  // The data is noisy and there is little of it: weight decay keeps the network from learning the noise.
  optimizer: adam({ learningRate: 0.003, weightDecay: 0.01 }),
  epochs: 100,
  validation: heldOut,
  onEpoch: ({ epoch, loss, valLoss = Number.NaN }) => {
    if (epoch % 20 === 0) console.log(`epoch ${epoch}  cost ${loss.toFixed(4)}  held-out ${valLoss.toFixed(4)}`);
  },
});

const { r2 = Number.NaN } = model.evaluate(heldOut, { loss: 'meanSquaredError', metrics: ['r2'] });
console.log(`\nheld-out R² ${r2.toFixed(4)}: the share of the differences between patients that is explained`);

console.log('\npredicted   true');
model.predict(heldOut.x.slice(0, 5)).forEach((prediction, row) => {
  console.log(`${(mean + deviation * prediction).toFixed(0).padStart(9)} ${String(y.heldOut[row]).padStart(6)}`);
});
