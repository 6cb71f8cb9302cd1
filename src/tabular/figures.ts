/** How well a model of a table does on rows whose target is known. */
import { regressionScores } from '../data/scores.js';
import { type ClassScores, scoresByClass } from '../metrics/classes.js';
import { scoreLabels } from '../metrics/score.js';
import { decided } from './tablePredictor.js';

/** Of classes. Where rows say nothing of a figure, such as of ROC AUC where they are of one class, it is NaN. */
export interface ClassFigures {
  readonly rows: number;
  readonly accuracy: number;
  /** The class with the most of these rows, and what always predicting it would reach. */
  readonly baseline: { readonly prediction: string; readonly accuracy: number };
  readonly logLoss: number;
  readonly rocAuc: number;
  readonly averagePrecision: number;
  readonly calibrationError: number;
  readonly classes: readonly string[];
  readonly byClass: readonly ClassScores[];
  /** Rows of each class (first index) that were predicted as each class (second index). */
  readonly confusion: readonly (readonly number[])[];
  readonly threshold?: number;
}

/** Of numbers, in the target's own unit. */
export interface NumberFigures {
  readonly rows: number;
  readonly r2: number;
  readonly meanAbsoluteError: number;
  readonly rootMeanSquaredError: number;
  /** The mean of these rows, and how far off always predicting it would be. */
  readonly baseline: {
    readonly prediction: number;
    readonly meanAbsoluteError: number;
    readonly rootMeanSquaredError: number;
  };
  /** Prediction less target: below which numbers those shares of the rows lie. */
  readonly residualQuantiles: Readonly<Record<string, number>>;
}

export type Figures = ClassFigures | NumberFigures;

export function classFigures(
  outputs: Float32Array,
  truth: Int32Array,
  classes: readonly string[],
  threshold?: number,
): ClassFigures {
  const width = classes.length;
  const confusion = Array.from({ length: width }, () => new Array<number>(width).fill(0));
  for (const [row, predicted] of decided(outputs, width, threshold).entries()) {
    const ofClass = confusion[truth[row] ?? 0];
    if (ofClass) ofClass[predicted] = (ofClass[predicted] ?? 0) + 1;
  }
  const right = confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const byClass = scoresByClass(confusion);
  const most = byClass.reduce((best, { rows }, index) => (rows > (byClass[best]?.rows ?? 0) ? index : best), 0);
  return {
    rows: truth.length,
    accuracy: right / truth.length,
    baseline: { prediction: classes[most] ?? '', accuracy: (byClass[most]?.rows ?? 0) / truth.length },
    ...scoreLabels(['logLoss', 'rocAuc', 'averagePrecision', 'calibrationError'], outputs, truth, width),
    classes,
    byClass,
    confusion,
    ...(threshold !== undefined && { threshold }),
  };
}

/** The shares of the rows whose error is smaller than those that are shown. */
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];

/** `scale` is the target's, in units of which squares are taken: those of 1e200 are beyond float64. */
export function numberFigures(predicted: Float64Array, truth: Float64Array, scale: number): NumberFigures {
  // Of a power of two every bit stays.
  const unit = 2 ** Math.round(Math.log2(scale || 1));
  const scores = (values: Float64Array) => {
    const inUnits = [truth, values].map(numbers => numbers.map(value => value / unit));
    const { r2, meanAbsoluteError, rootMeanSquaredError } = regressionScores(inUnits[0] ?? truth, inUnits[1] ?? values);
    return {
      r2,
      meanAbsoluteError: meanAbsoluteError * unit,
      rootMeanSquaredError: rootMeanSquaredError * unit,
    };
  };
  const mean = truth.reduce((sum, value) => sum + value / truth.length, 0);
  const always = scores(new Float64Array(truth.length).fill(mean));
  const { meanAbsoluteError, rootMeanSquaredError } = always;
  const residuals = Float64Array.from(predicted, (value, row) => value - (truth[row] ?? 0)).sort();
  return {
    rows: predicted.length,
    ...scores(predicted),
    baseline: { prediction: mean, meanAbsoluteError, rootMeanSquaredError },
    residualQuantiles: Object.fromEntries(QUANTILES.map(share => [share, quantile(residuals, share)])),
  };
}

/** How far off predictions were without signs, at 1 %, 2 % … 99 % of the rows. */
export function errorQuantiles(predicted: Float64Array, truth: Float64Array): number[] {
  const errors = Float64Array.from(predicted, (value, row) => Math.abs(value - (truth[row] ?? 0))).sort();
  // As split conformal prediction takes them: of n errors the one at (n + 1) · share.
  return Array.from({ length: 99 }, (_, i) => {
    const place = Math.ceil(((errors.length + 1) * (i + 1)) / 100) - 1;
    return errors[Math.min(place, errors.length - 1)] ?? 0;
  });
}

/** A quantile of sorted numbers, between two of them where it falls there, as NumPy's. */
function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
