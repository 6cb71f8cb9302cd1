import { outputWidth, type Preprocessing } from '../data/preprocessing.js';
import { restore } from '../data/scaling.js';
import { formatClasses, formatConfusion, regressionScores } from '../data/scores.js';
import type { Table } from '../data/table.js';
import { classIndices, targetNumbers } from '../data/target.js';
import { quote } from '../errors.js';
import { scoresByClass } from '../metrics/classes.js';
import { scoreLabels } from '../metrics/score.js';
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
    const truth = classIndices(table, target);
    return scoreClasses(outputs, truth, target.values, outputWidth(preprocessing), rows);
  }
  const predicted = Float64Array.from(outputs, value => restore(value, target));
  return scoreQuantities(predicted, targetNumbers(table, target.name), rows);
}

function scoreClasses(
  outputs: Float32Array,
  truth: Int32Array,
  classes: readonly string[],
  width: number,
  rows: string,
): Score {
  const {
    accuracy,
    confusionMatrix: confusion,
    ...scores
  } = scoreLabels(
    ['accuracy', 'logLoss', 'rocAuc', 'averagePrecision', 'calibrationError', 'confusionMatrix'],
    outputs,
    truth,
    width,
  );
  const byClass = scoresByClass(confusion);
  const most = byClass.reduce((best, { rows }, index) => (rows > (byClass[best]?.rows ?? 0) ? index : best), 0);
  const baseline = { prediction: classes[most] ?? '', accuracy: (byClass[most]?.rows ?? 0) / truth.length };
  const figures = {
    rows: truth.length,
    accuracy,
    baseline,
    ...scores,
    classes,
    byClass,
    confusion,
  };
  const right = confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const headline = `${bold(`${rows} accuracy ${percent(figures.accuracy)}`)} (${right} of ${counted(truth.length, 'row')})`;
  const shown = [
    ['log loss', figures.logLoss],
    ['ROC AUC', figures.rocAuc],
    ['average precision', figures.averagePrecision],
    ['calibration error', figures.calibrationError],
  ] as const;
  const probabilities = shown
    .filter(([, value]) => !Number.isNaN(value))
    .map(([name, value]) => `${name} ${value.toFixed(4)}`);
  const screen = process.stdout.isTTY ? process.stdout.columns : 100;
  const lines = [
    `${headline}; always ${quote(baseline.prediction)} is right for ${percent(baseline.accuracy)}`,
    `${probabilities.join(', ')}\n`,
    `${formatClasses(byClass, classes)}\n`,
    `${formatConfusion(confusion, classes, screen)}\n`,
  ];
  return { figures, text: lines.join('\n') };
}

/** The shares of the rows whose error is smaller than those that are shown. */
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];

function scoreQuantities(predicted: Float64Array, truth: Float64Array, rows: string): Score {
  const scores = regressionScores(truth, predicted);
  const mean = truth.reduce((sum, value) => sum + value / truth.length, 0);
  const always = regressionScores(truth, new Float64Array(truth.length).fill(mean));
  const { meanAbsoluteError, rootMeanSquaredError } = always;
  const residuals = Float64Array.from(predicted, (value, row) => value - (truth[row] ?? 0)).sort();
  const residualQuantiles = Object.fromEntries(QUANTILES.map(share => [share, quantile(residuals, share)]));
  const figures = {
    rows: predicted.length,
    ...scores,
    baseline: { prediction: mean, meanAbsoluteError, rootMeanSquaredError },
    residualQuantiles,
  };
  const spread = Object.entries(residualQuantiles).map(
    ([share, value]) => `${Number(share) * 100}% below ${short(value)}`,
  );
  const lines = [
    `${bold(`${rows} R² ${scores.r2.toFixed(3)}`)}, ${errorsOf(scores)} (${counted(predicted.length, 'row')})`,
    `always their mean, ${short(mean)}: ${errorsOf(always)}`,
    `prediction less target: ${spread.join(', ')}`,
  ];
  return { figures, text: lines.join('\n') };
}

function errorsOf(scores: { meanAbsoluteError: number; rootMeanSquaredError: number }): string {
  const { meanAbsoluteError, rootMeanSquaredError } = scores;
  return `mean absolute error ${short(meanAbsoluteError)}, root mean squared error ${short(rootMeanSquaredError)}`;
}

/** A quantile of sorted numbers, between two of them where it falls there, as NumPy's. */
function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
