/** Metrics of predictions by themselves. */
import { conversion, refuseLost } from '../conversions.js';
import { describe, wrongKind, wrongType, wrongValue } from '../errors.js';
import { isList, isNumberArray, type NumberArray } from '../kinds.js';
import { type AskedMetric, type Metric, type MetricName, resolveMetrics } from './definitions.js';
import type { End, MetricValue } from './metric.js';
import { Tallies } from './tallies.js';

/** Numbers or rows of them, as users give them. */
type Table = NumberArray | readonly number[] | readonly ArrayLike<number>[];

interface Numbers {
  readonly values: ArrayLike<number>;
  /** Where they came as rows. */
  readonly rows: number | undefined;
}

/**
 * How well predictions do, by scikit-learn's definitions.
 *
 * @param predictions rows of probabilities, one for each class; or one score a row, positive above 0.5 or the metric's
 *   threshold; or numbers. A flat array has as many columns as go into the rows of `y`
 * @param y the class index of each row, one-hot or soft rows, rows of several decisions of 0 and 1, or numbers
 * @param metrics names such as `'f1'` and what their factories make, such as `topKAccuracy({ k: 3 })`
 * @returns each value under its metric's name, with its settings where some were set: `topKAccuracy(3)`. Where a metric
 *   says nothing, such as ROC AUC of rows of one class, it is NaN
 * @throws TypeError and RangeError where something is no number, does not fit, or a metric says nothing of such rows
 */
export function score(predictions: Table, y: Table, metrics: readonly Metric[]): Record<string, MetricValue> {
  const asked = resolveMetrics('score: metrics', metrics ?? null);
  const given = read('score: predictions', predictions);
  const truth = read('score: y', y);
  const all = given.values.length;
  const rows = given.rows ?? truth.rows ?? truth.values.length;
  if (rows === 0) throw wrongValue('score', 'at least one row', 'none');
  const columns = all / rows;
  if (!Number.isInteger(columns)) {
    throw wrongValue('score: predictions', `as many numbers in each of ${rows} rows`, `${all} numbers`);
  }
  const width = truth.values.length / rows;
  if (width !== 1 && width !== columns) {
    const expected = `one number or ${columns} for each of ${rows} rows`;
    throw wrongValue('score: y', expected, `${truth.values.length} numbers`, 'predictions and y need the same rows');
  }
  const decides = decidedBy(truth.values, rows, columns);
  const end = { columns, decides, threshold: 0.5, probabilities: areProbabilities(given.values) };
  const targets = width === columns ? 'values' : 'labels';
  return scoreRows('score', asked, { ...end, targets }, given.values, truth.values);
}

function scoreRows(
  where: string,
  metrics: readonly AskedMetric[],
  end: Omit<End, 'where'>,
  predictions: ArrayLike<number>,
  y: ArrayLike<number>,
): Record<string, MetricValue> {
  const { columns, targets } = end;
  const tallies = new Tallies(`${where}: metrics`, metrics, end);
  const width = targets === 'labels' ? 1 : columns;
  const place = { columns, positions: 1, start: 0, stride: columns, targetStart: 0, targetStride: width };
  tallies.add({ outputs: predictions, samples: predictions.length / columns, targets: y }, place);
  return tallies.values;
}

type Scores<M extends readonly MetricName[]> = {
  readonly [K in M[number]]: K extends 'confusionMatrix' ? number[][] : number;
};

/** Scores of row-major numbers. */
export function scoreNumbers<M extends readonly MetricName[]>(
  metrics: M,
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  columns: number,
): Scores<M> {
  const end = { columns, decides: undefined, threshold: 0, probabilities: false, targets: 'values' } as const;
  return scoreRows('score', resolveMetrics('score', metrics), end, predictions, targets) as Scores<M>;
}

/** Scores of row-major probabilities, one for each class, of rows whose class is known. */
export function scoreLabels<M extends readonly MetricName[]>(
  metrics: M,
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  columns: number,
): Scores<M> {
  const end = { columns, decides: 'largest', threshold: 0.5, probabilities: true, targets: 'labels' } as const;
  return scoreRows('score', resolveMetrics('score', metrics), end, probabilities, labels) as Scores<M>;
}

/** Whether all lie between 0 and 1, or beyond them by a rounding. */
function areProbabilities(values: ArrayLike<number>): boolean {
  return Array.prototype.every.call(values, value => value >= -1e-6 && value <= 1 + 1e-6);
}

/** Rows of classes, of decisions, or mere numbers: as the targets tell. */
function decidedBy(y: ArrayLike<number>, rows: number, columns: number): 'largest' | 'threshold' | undefined {
  const every = (fits: (value: number) => boolean) => Array.prototype.every.call(y, fits);
  if (y.length === rows && columns > 1) {
    const isLabel = (label: number) => Number.isInteger(label) && label >= 0 && label < columns;
    if (every(isLabel)) return 'largest';
    const wrong = Array.prototype.findIndex.call(y, label => !isLabel(label));
    throw wrongValue('score: y', `class indices from 0 to ${columns - 1}`, `${y[wrong]} in row ${wrong}`);
  }
  if (columns === 1) return every(label => label === 0 || label === 1) ? 'threshold' : undefined;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += y[row * columns + c] ?? 0;
    if (Math.abs(sum - 1) > 1e-3) return every(value => value === 0 || value === 1) ? 'threshold' : undefined;
  }
  return every(value => value >= 0) ? 'largest' : undefined;
}

/** All numbers in one row; each a finite one. */
function read(where: string, table: unknown): Numbers {
  const expected = 'numbers, or rows of them';
  if (!isList(table) && !isNumberArray(table)) throw wrongType(where, expected, table, conversion(table));
  refuseLost(where, table);
  const given: ArrayLike<unknown> = table;
  const isRow = (row: unknown): row is ArrayLike<unknown> => isList(row) || isNumberArray(row);
  const isRows = isRow(given[0]);
  const width = isRow(given[0]) ? given[0].length : 1;
  const values = new Float64Array(given.length * width);
  for (let r = 0; r < given.length; r++) {
    const row = given[r];
    if (isRow(row) !== isRows) throw wrongKind(where, expected, `${describe(row)} in row ${r}`);
    const cells = isRow(row) ? row : [row];
    if (cells.length !== width) throw wrongValue(where, `${width} numbers in each row`, `${cells.length} in row ${r}`);
    for (let c = 0; c < width; c++) {
      const value = cells[c];
      if (typeof value !== 'number') throw wrongKind(where, expected, `${describe(value)} in row ${r}`);
      if (!Number.isFinite(value)) throw wrongValue(where, 'finite numbers', `${value} in row ${r}, column ${c}`);
      values[r * width + c] = value;
    }
  }
  return { values, rows: isRows ? given.length : undefined };
}
