import { outputWidth, type Preprocessing } from '../data/preprocessing.js';
import { restore } from '../data/scaling.js';
import { accuracy, confusionMatrix, formatConfusion, regressionScores } from '../data/scores.js';
import type { Table } from '../data/table.js';
import { classIndices, targetNumbers } from '../data/target.js';
import { bold, counted, percent } from './output.js';

/** How well a model does on rows whose target is known: the figures, and the same for a person to read. */
export interface Score {
  figures: object;
  text: string;
}

/** Compares a model's outputs with the table's target; `rows` names the rows in the text, such as «held-out». */
export function score(outputs: Float32Array, table: Table, preprocessing: Preprocessing, rows: string): Score {
  const { target } = preprocessing;
  if (target.kind === 'classes') {
    const predicted = predictedClasses(outputs, outputWidth(preprocessing));
    const truth = classIndices(table, target);
    const confusion = confusionMatrix(truth, predicted, target.values.length);
    const right = truth.filter((index, r) => index === predicted[r]).length;
    const figures = { rows: truth.length, accuracy: accuracy(confusion), classes: target.values, confusion };
    const headline = `${bold(`${rows} accuracy ${percent(figures.accuracy)}`)} (${right} of ${counted(truth.length, 'row')})`;
    const width = process.stdout.isTTY ? process.stdout.columns : 100;
    return { figures, text: `${headline}\n\n${formatConfusion(confusion, target.values, width)}\n` };
  }
  const predicted = Float64Array.from(outputs, value => restore(value, target));
  const scores = regressionScores(targetNumbers(table, target.name), predicted);
  const errors = `mean absolute error ${short(scores.meanAbsoluteError)}, root mean squared error ${short(scores.rootMeanSquaredError)}`;
  return {
    figures: { rows: predicted.length, ...scores },
    text: `${bold(`${rows} R² ${scores.r2.toFixed(3)}`)}, ${errors} (${counted(predicted.length, 'row')})`,
  };
}

/** The index of each row's largest output; the first of equal ones. */
export function predictedClasses(outputs: Float32Array, classes: number): Int32Array {
  const predicted = new Int32Array(outputs.length / classes);
  for (let r = 0; r < predicted.length; r++) {
    const row = outputs.subarray(r * classes, (r + 1) * classes);
    predicted[r] = row.indexOf(Math.max(...row));
  }
  return predicted;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
