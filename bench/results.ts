/**
 * How well small networks do on the bundled data: five-fold cross-validation with three seeds, as the figures of scikit-learn in
 * docs/results.md were made. Prints the table there.
 *
 *     npx tsx bench/results.ts
 */
import { readFileSync } from 'node:fs';
import { adam, Model } from 'myelin';
import { parseTable } from '../src/data/csv.js';
import type { Table } from '../src/data/table.js';
import { Purpose, Random } from '../src/random.js';
import { findColumns, fitPreprocessing } from '../src/tabular/columns.js';
import { markEncoded } from '../src/tabular/encoded.js';
import { encodeInputs } from '../src/tabular/inputs.js';
import { setScaling, tableNetwork } from '../src/tabular/network.js';
import { encodeTarget, targetLabels } from '../src/tabular/target.js';

const FOLDS = 5;
const SEEDS = [0, 1, 2];

interface Question {
  readonly file: string;
  readonly target: string;
  readonly task: 'classification' | 'regression';
  /** What scikit-learn 1.2 reaches: see data/README.md. */
  readonly scikitLearn: string;
}

const questions: readonly Question[] = [
  { file: 'digits', target: 'digit', task: 'classification', scikitLearn: '0.9748 ± 0.0076' },
  { file: 'iris', target: 'species', task: 'classification', scikitLearn: '0.951 ± 0.036' },
  { file: 'breast-cancer', target: 'diagnosis', task: 'classification', scikitLearn: '0.9748 ± 0.0143' },
  { file: 'diabetes', target: 'progression', task: 'regression', scikitLearn: '0.315 ± 0.129' },
];

/** The fold that holds each row out: label by label, the rows are dealt out in random order. */
function foldsOf(labels: Int32Array, seed: number): Int32Array {
  const folds = new Int32Array(labels.length);
  const shuffled = new Random(seed, Purpose.split).permutation(labels.length);
  let place = 0;
  for (const label of new Set(labels)) {
    for (const row of shuffled) if (labels[row] === label) folds[row] = place++ % FOLDS;
  }
  return folds;
}

/** Trains on all rows but the fold's, and judges on those: accuracy, or R². */
async function scoreFold(question: Question, table: Table, folds: Int32Array, fold: number, seed: number) {
  const rows = [...folds.keys()];
  const training = table.pick(rows.filter(row => folds[row] !== fold));
  const heldOut = table.pick(rows.filter(row => folds[row] === fold));
  const preprocessing = fitPreprocessing(training, { ...question, found: findColumns(table, question.target) });
  const samples = (part: Table) => {
    return { x: encodeInputs(part, preprocessing).x, y: encodeTarget(part, preprocessing.target) };
  };
  const isRegression = question.task === 'regression';
  const layers = { hidden: [isRegression ? 16 : 64], activation: 'relu', dropout: 0 } as const;
  const model = await Model.create(tableNetwork(preprocessing, layers), { seed, deterministic: true });
  setScaling(model, preprocessing);
  markEncoded(model, preprocessing);
  if (isRegression) {
    const loss = 'meanSquaredError';
    // scikit-learn's alpha = 1 adds |w|² / (2 · rows) to half the mean squared error: to the gradient of the whole, 2 w / rows.
    const optimizer = adam({ learningRate: 0.01, weightDecay: 2 / training.rows });
    await model.fit(samples(training), { loss, optimizer, batchSize: training.rows, epochs: 1000 });
    return model.evaluate(samples(heldOut), { loss, metrics: ['r2'] }).r2 ?? Number.NaN;
  }
  const loss = 'sparseCategoricalCrossEntropy';
  await model.fit(samples(training), { loss, optimizer: adam(), batchSize: 200, epochs: 300 });
  return model.evaluate(samples(heldOut), { loss, metrics: ['accuracy'] }).accuracy ?? Number.NaN;
}

console.log('| data | score | myelin | scikit-learn 1.2 |\n| --- | --- | --- | --- |');
for (const question of questions) {
  const { file, target, task, scikitLearn } = question;
  const table = parseTable(readFileSync(new URL(`../data/${file}.csv`, import.meta.url), 'utf8'), file);
  const labels = task === 'classification' ? targetLabels(table, target).codes : new Int32Array(table.rows);
  const scores: number[] = [];
  for (const seed of SEEDS) {
    const folds = foldsOf(labels, seed);
    for (let fold = 0; fold < FOLDS; fold++) scores.push(await scoreFold(question, table, folds, fold, seed));
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  const name = task === 'classification' ? 'accuracy' : 'R²';
  console.log(`| ${file} | ${name} | ${mean.toFixed(4)} ± ${deviation.toFixed(4)} | ${scikitLearn} |`);
}
