/**
 * How well small networks do on the bundled data: five-fold cross-validation with three seeds. Prints the table of
 * docs/results.md, and writes the folds to a file for scikit-learn, which bench/results.py judges by the same.
 *
 *     npx tsx bench/results.ts folds.json && /usr/bin/python3 bench/results.py folds.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
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
  readonly epochs: number;
}

const questions: readonly Question[] = [
  { file: 'digits', target: 'digit', task: 'classification', epochs: 300 },
  // All of its rows are one batch: an epoch is a single step.
  { file: 'iris', target: 'species', task: 'classification', epochs: 600 },
  { file: 'breast-cancer', target: 'diagnosis', task: 'classification', epochs: 300 },
  { file: 'diabetes', target: 'progression', task: 'regression', epochs: 1000 },
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
  const { epochs } = question;
  const isRegression = question.task === 'regression';
  const layers = { hidden: [isRegression ? 16 : 64], activation: 'relu', dropout: 0 } as const;
  const model = await Model.create(tableNetwork(preprocessing, layers), { seed, deterministic: true });
  setScaling(model, preprocessing);
  markEncoded(model, preprocessing);
  if (isRegression) {
    const loss = 'meanSquaredError';
    // scikit-learn's alpha = 1 adds |w|² / (2 · rows) to half the mean squared error: to the gradient of the whole, 2 w
    // / rows.
    const optimizer = adam({ learningRate: 0.01, weightDecay: 2 / training.rows });
    await model.fit(samples(training), { loss, optimizer, batchSize: training.rows, epochs });
    return model.evaluate(samples(heldOut), { loss, metrics: ['r2'] }).r2 ?? Number.NaN;
  }
  const loss = 'sparseCategoricalCrossEntropy';
  await model.fit(samples(training), { loss, optimizer: adam(), batchSize: 200, epochs });
  return model.evaluate(samples(heldOut), { loss, metrics: ['accuracy'] }).accuracy ?? Number.NaN;
}

const questioned = questions.map(question => {
  const { file, target, task } = question;
  const table = parseTable(readFileSync(new URL(`../data/${file}.csv`, import.meta.url), 'utf8'), file);
  const labels = task === 'classification' ? targetLabels(table, target).codes : new Int32Array(table.rows);
  return { question, table, folds: SEEDS.map(seed => foldsOf(labels, seed)) };
});
const [, , path] = process.argv;
if (path !== undefined) {
  const written = questioned.map(({ question, folds }) => ({ ...question, folds: folds.map(own => [...own]) }));
  writeFileSync(path, JSON.stringify(written));
}
console.log('| data | score | myelin |\n| --- | --- | --- |');
for (const { question, table, folds } of questioned) {
  const scores: number[] = [];
  for (const [seed, own] of folds.entries()) {
    for (let fold = 0; fold < FOLDS; fold++) scores.push(await scoreFold(question, table, own, fold, seed));
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  const name = question.task === 'classification' ? 'accuracy' : 'R²';
  console.log(`| ${question.file} | ${name} | ${mean.toFixed(4)} ± ${deviation.toFixed(4)} |`);
}
