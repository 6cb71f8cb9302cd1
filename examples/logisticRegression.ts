/**
 * Logistic regression: is a breast tumour malignant or benign, from 30 measurements of its cells?
 *
 * A single dense layer of one unit with a sigmoid, trained on binary cross-entropy, is logistic regression: the
 * probability is sigmoid(x · weight + bias), and every weight can be read as what its measurement adds to the log-odds.
 *
 *     npx tsx examples/logisticRegression.ts
 */
import { adam, dense, Model, sequential } from 'myelin';
import { holdOut, readTable, standardiser } from './support/table.js';

const table = readTable('breast-cancer');
const x = holdOut(table.x);
const y = holdOut(table.y.map(diagnosis => Number(diagnosis === 'malignant')));
const standardise = standardiser(x.training);
const training = { x: standardise(x.training), y: y.training };
const heldOut = { x: standardise(x.heldOut), y: y.heldOut };
console.log(`${training.y.length} tumours to learn from, ${heldOut.y.length} held out\n`);

const model = await Model.create(sequential(table.columns.length, [dense(1, { activation: 'sigmoid' })]), { seed: 0 });
await model.fit(training, {
  loss: 'binaryCrossEntropy',
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 100,
  onEpoch: ({ epoch, loss }) => {
    if (epoch % 20 === 0) console.log(`epoch ${epoch}  cost ${loss.toFixed(4)}`);
  },
});

const { loss, accuracy = 0 } = model.evaluate(heldOut, { loss: 'binaryCrossEntropy', metrics: ['accuracy'] });
console.log(`\nheld-out cost ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`);

const [weight, bias] = model.parameters;
const strongest = table.columns
  .map((column, index) => ({ column, w: weight?.data[index] ?? 0 }))
  .sort((a, b) => Math.abs(b.w) - Math.abs(a.w))
  .slice(0, 5);
console.log(
  `\nlog-odds of malignant = ${bias?.data[0]?.toFixed(2)}, and for each standard deviation above the mean of`,
);
for (const { column, w } of strongest)
  console.log(`  ${column.padEnd(22)} ${w > 0 ? '+' : '−'} ${Math.abs(w).toFixed(2)}`);
console.log(`  … and ${table.columns.length - strongest.length} more, each adding less`);
