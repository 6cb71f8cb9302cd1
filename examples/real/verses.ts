/**
 * From which part of a book a sentence is: 2,500 verses of five kinds, by the mean of their words' embeddings; 0.70
 * right and more of those that it has never seen, where scikit-learn's naive Bayes has 0.64.
 *
 *     npx tsx examples/real/verses.ts [EPOCHS] [OUT]
 *
 * Writes into OUT, where it is given, what was taken for what.
 */
import { adam, dense, dropout, embedding, globalAveragePool1d, Model, sequential } from 'myelin';
import { readCsv, split, textVectorizer } from 'myelin/data';
import { largest, writeConfusion } from './support/picture.js';

const [given = '15', out] = process.argv.slice(2);
const table = await readCsv(new URL('../../data/verses.csv', import.meta.url));
const { y, classes } = table.labels('from');
const texts = Array.from(table.column('verse'), String);
const rows = split(
  texts.map((text, i) => ({ text, kind: y[i] ?? 0 })),
  { test: 0.2, seed: 0, stratify: y },
);
const vectorizer = textVectorizer({ vocabulary: 4000, length: 40 }).fit(rows.train.map(({ text }) => text));
const samples = (part: typeof texts, kinds: number[]) => ({ ...vectorizer.vectorize(part), y: kinds });
const dataOf = (part: typeof rows.train) =>
  samples(
    part.map(({ text }) => text),
    part.map(({ kind }) => kind),
  );
const [training, test] = [dataOf(rows.train), dataOf(rows.test)];

const model = await Model.create(
  sequential(vectorizer.length, [
    embedding(vectorizer.size, 32),
    dropout(0.5),
    globalAveragePool1d(),
    dropout(0.3),
    dense(classes.length, { activation: 'softmax' }),
  ]),
  { seed: 0 },
);
await model.fit(training, {
  loss: 'sparseCategoricalCrossEntropy',
  optimizer: adam({ learningRate: 0.003 }),
  epochs: Number(given),
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}  loss ${loss.toFixed(4)}`),
});
const { accuracy = 0 } = model.evaluate(test, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
console.log(`accuracy on ${test.y.length} verses held out: ${accuracy.toFixed(4)}`);

const asked = ['And the priest shall burn it upon the altar', 'Now I beseech you, brethren, by the Lord'];
const { x, lengths } = vectorizer.vectorize(asked);
for (const [i, kind] of largest(model.predict(x, { lengths }), classes.length).entries()) {
  console.log(`«${asked[i]}»: ${classes[kind]}`);
}
if (out !== undefined) {
  const guesses = largest(model.predict(test.x, { lengths: test.lengths }), classes.length);
  writeConfusion(`${out}/versesConfusion.svg`, classes, test.y, guesses);
}
