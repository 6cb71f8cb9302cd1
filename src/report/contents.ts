/** What a report holds, as plain data: everything that is shown, and nothing of how. */
import { quantileOf } from '../tabular/anomaly.js';
import { classFigures, type Figures, numberFigures } from '../tabular/figures.js';
import type { Importance } from '../tabular/tableModel.js';
import { decided } from '../tabular/tablePredictor.js';
import type { History } from '../trainingOptions.js';
import {
  type Bin,
  type CalibrationBin,
  calibrationBins,
  histogram,
  type Point,
  precisionRecallCurve,
  rocCurve,
} from './curves.js';
import { type PictureShape, pictureAddress } from './picture.js';

/** A curve with its name and what it comes to. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A row that the model was most wrong about. */
export interface Mistake {
  /** Which row it is, in words. */
  readonly row: string;
  /** Not known of rows without a target. */
  readonly truth?: string;
  readonly predicted: string;
  /** How wrong that is, in words. */
  readonly how: string;
  readonly picture?: string;
  /** Some of its cells, by the columns' names. */
  readonly cells?: readonly (readonly [string, string])[];
}

/** Of rows without a target: how many of them are unlike the others. */
export interface AnomalyFigures {
  readonly rows: number;
  /** The score from which on a row is an anomaly, and the share of rows that stay below it in training. */
  readonly threshold: number;
  readonly quantile: number;
  readonly anomalous: number;
  readonly median: number;
  readonly highest: number;
}

export interface Column {
  readonly name: string;
  readonly kind: string;
  /** How many inputs it became; 0 where it was left out. */
  readonly inputs: number;
  readonly about: string;
}

export interface Contents {
  readonly title: string;
  /** Which rows the figures are of. */
  readonly rows: string;
  readonly history?: History;
  /** Counted from 1. */
  readonly keptEpoch?: number;
  /** What the rows of the second loss are called. */
  readonly otherRows: string;
  readonly figures: Figures | AnomalyFigures;
  readonly roc: readonly Curve[];
  readonly precisionRecall: readonly Curve[];
  readonly calibration: readonly CalibrationBin[];
  /** Truth and prediction of a regression's rows, and how often which difference occurs. */
  readonly predictions: readonly Point[];
  readonly residuals: readonly Bin[];
  /** How often which power of ten is a row's score. */
  readonly scores?: readonly Bin[];
  readonly importance: readonly Importance[];
  readonly mistakes: readonly Mistake[];
  readonly columns: readonly Column[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly command?: string;
}

/** Rows with what a model says of them: their target is known, or they have none and are to be like the others. */
export type Judged = (
  | ({ readonly kind: 'classes'; readonly truth: Int32Array; readonly probabilities: ArrayLike<number> } & Classes)
  | { readonly kind: 'numbers'; readonly truth: Float64Array; readonly predicted: Float64Array; readonly scale: number }
  | { readonly kind: 'scores'; readonly scores: Float32Array; readonly threshold: number; readonly quantile: number }
) &
  Rows;

interface Classes {
  readonly classes: readonly string[];
  readonly threshold?: number;
}

interface Rows {
  /** What the network is given for each row. */
  readonly inputs: ArrayLike<number>;
  readonly picture: PictureShape | undefined;
  rowName(row: number): string;
  cells(row: number): readonly (readonly [string, string])[];
}

type Judgement = Pick<
  Contents,
  'figures' | 'roc' | 'precisionRecall' | 'calibration' | 'predictions' | 'residuals' | 'scores' | 'mistakes'
>;

/** What only one kind of rows has. */
const NONE = { roc: [], precisionRecall: [], calibration: [], predictions: [], residuals: [] } as const;

/** Classes whose curves are drawn: those that are told apart worst. */
const MOST_CURVES = 8;
const MOST_MISTAKES = 12;
const MOST_PICTURES = 24;
/** Rows of a regression that are drawn one by one. */
const MOST_DOTS = 400;

/** All that rows say of a model. */
export function judgementOf(judged: Judged): Judgement {
  if (judged.kind === 'scores') return ofScores(judged);
  return judged.kind === 'classes' ? ofClasses(judged) : ofNumbers(judged);
}

function ofClasses(judged: Extract<Judged, { kind: 'classes' }>): Judgement {
  const { truth, probabilities, classes, threshold } = judged;
  const width = classes.length;
  const probability = (row: number, c: number) => probabilities[row * width + c] ?? 0;
  const said = decided(probabilities, width, threshold);
  const rows = Array.from(truth.keys());
  const sure = rows.map(row => probability(row, said[row] ?? 0));
  const isRight = rows.map(row => said[row] === truth[row]);
  // Of two classes the second is the one that is looked for.
  const shown = width === 2 ? [1] : Array.from(classes.keys());
  const curves = (curve: (scores: readonly number[], isPositive: readonly boolean[]) => Point[]) => {
    const all = shown.map(c => {
      const points = curve(
        rows.map(row => probability(row, c)),
        rows.map(row => truth[row] === c),
      );
      return { name: classes[c] ?? '', points, area: areaUnder(points) };
    });
    return all
      .filter(({ points }) => points.length > 0)
      .sort((a, b) => a.area - b.area)
      .slice(0, MOST_CURVES);
  };
  const wrong = rows.filter(row => !isRight[row]);
  wrong.sort((a, b) => probability(a, truth[a] ?? 0) - probability(b, truth[b] ?? 0));
  return {
    ...NONE,
    figures: classFigures(Float32Array.from(probabilities), truth, classes, threshold),
    roc: curves(rocCurve),
    precisionRecall: curves(precisionRecallCurve),
    calibration: calibrationBins(sure, isRight),
    mistakes: mistakesOf(judged, truth.length, wrong, row => ({
      truth: classes[truth[row] ?? 0] ?? '',
      predicted: classes[said[row] ?? 0] ?? '',
      how: `${((sure[row] ?? 0) * 100).toFixed(1)}% sure`,
    })),
  };
}

/** By trapezoids. */
function areaUnder(points: readonly Point[]): number {
  return points.reduce((sum, [x, y], i) => {
    const [before, height] = points[i - 1] ?? [x, y];
    return sum + ((x - before) * (y + height)) / 2;
  }, 0);
}

function ofNumbers(judged: Extract<Judged, { kind: 'numbers' }>): Judgement {
  const { truth, predicted, scale } = judged;
  const residuals = Array.from(predicted, (value, row) => value - (truth[row] ?? 0));
  const every = Math.ceil(truth.length / MOST_DOTS);
  const points = Array.from(truth, (value, row): Point => [value, predicted[row] ?? 0]);
  const worst = Array.from(residuals.keys());
  worst.sort((a, b) => Math.abs(residuals[b] ?? 0) - Math.abs(residuals[a] ?? 0));
  return {
    ...NONE,
    figures: numberFigures(predicted, truth, scale),
    predictions: points.filter((_, row) => row % every === 0),
    residuals: histogram(residuals),
    mistakes: mistakesOf(judged, truth.length, worst, row => ({
      truth: shortNumber(truth[row] ?? 0),
      predicted: shortNumber(predicted[row] ?? 0),
      how: `off by ${shortNumber(residuals[row] ?? 0)}`,
    })),
  };
}

/** What is not above 0 has no power of ten. */
const LEAST_SCORE = 1e-12;

function ofScores(judged: Extract<Judged, { kind: 'scores' }>): Judgement {
  const { scores, threshold, quantile } = judged;
  const worst = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const anomalous = scores.filter(score => score >= threshold).length / scores.length;
  const [median, highest] = [quantileOf(scores, 0.5), quantileOf(scores, 1)];
  return {
    ...NONE,
    figures: { rows: scores.length, threshold, quantile, anomalous, median, highest },
    scores: histogram(Array.from(scores, score => Math.log10(Math.max(score, LEAST_SCORE)))),
    mistakes: mistakesOf(judged, scores.length, worst, row => ({
      predicted: (scores[row] ?? 0) >= threshold ? 'anomaly' : 'normal',
      how: `score ${shortNumber(scores[row] ?? 0)}`,
    })),
  };
}

function mistakesOf(
  { inputs, picture, rowName, cells }: Judged,
  rows: number,
  worst: readonly number[],
  say: (row: number) => Pick<Mistake, 'truth' | 'predicted' | 'how'>,
): Mistake[] {
  if (picture === undefined) {
    return worst.slice(0, MOST_MISTAKES).map(row => ({ row: rowName(row), ...say(row), cells: cells(row) }));
  }
  const width = inputs.length / rows;
  const shown = worst.slice(0, MOST_PICTURES);
  const pixels = shown.map(row => Array.from({ length: width }, (_, i) => inputs[row * width + i] ?? 0));
  const least = pixels.flat().reduce((a, b) => Math.min(a, b), Infinity);
  const most = pixels.flat().reduce((a, b) => Math.max(a, b), -Infinity);
  return shown.map((row, i) => {
    return { row: rowName(row), ...say(row), picture: pictureAddress(pixels[i] ?? [], picture, least, most) };
  });
}

/** A number in as few digits as are read at a glance. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
