/** How well a model does, for people to read. */
import { formatClasses, formatConfusion } from '../data/scores.js';
import { quote } from '../errors.js';
import type { ClassFigures, Figures, NumberFigures } from '../tabular/figures.js';
import { counted } from '../tabular/words.js';
import { bold, percent } from './output.js';

/** What users read of how well a model does; `rows` names the rows, such as «held-out». */
export function describeFigures(figures: Figures, rows: string): string {
  return 'confusion' in figures ? describeClasses(figures, rows) : describeNumbers(figures, rows);
}

function describeClasses(figures: ClassFigures, rows: string): string {
  const { confusion, baseline, byClass, classes, threshold } = figures;
  const right = confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const headline = `${bold(`${rows} accuracy ${percent(figures.accuracy)}`)} (${right} of ${counted(figures.rows, 'row')})`;
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
  const from =
    threshold === undefined ? '' : `; ${quote(classes[1] ?? '')} from a probability of ${short(threshold)} on`;
  return [
    `${headline}; always ${quote(baseline.prediction)} is right for ${percent(baseline.accuracy)}`,
    `${probabilities.join(', ')}${from}\n`,
    `${formatClasses(byClass, classes)}\n`,
    `${formatConfusion(confusion, classes, screen)}\n`,
  ].join('\n');
}

function describeNumbers(figures: NumberFigures, rows: string): string {
  const { baseline, residualQuantiles } = figures;
  const spread = Object.entries(residualQuantiles).map(
    ([share, value]) => `${Number(share) * 100}% below ${short(value)}`,
  );
  return [
    `${bold(`${rows} R² ${figures.r2.toFixed(3)}`)}, ${errorsOf(figures)} (${counted(figures.rows, 'row')})`,
    `always their mean, ${short(baseline.prediction)}: ${errorsOf(baseline)}`,
    `prediction less target: ${spread.join(', ')}`,
  ].join('\n');
}

function errorsOf(scores: { meanAbsoluteError: number; rootMeanSquaredError: number }): string {
  const { meanAbsoluteError, rootMeanSquaredError } = scores;
  return `mean absolute error ${short(meanAbsoluteError)}, root mean squared error ${short(rootMeanSquaredError)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
