/** What a network is judged by besides its cost. */
import { checkChoice, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';
import type { FittedLoss } from '../losses/loss.js';

/** Metrics of predicted numbers, found over all rows in float64. */
const numberMetrics = {
  /** The mean of (prediction − target)². */
  meanSquaredError: (p: ArrayLike<number>, t: ArrayLike<number>) => meanOf(p, t, d => d * d),
  /** Its square root, in the target's own unit. */
  rootMeanSquaredError: (p: ArrayLike<number>, t: ArrayLike<number>) => Math.sqrt(meanOf(p, t, d => d * d)),
  /** The mean of |prediction − target|. */
  meanAbsoluteError: (p: ArrayLike<number>, t: ArrayLike<number>) => meanOf(p, t, Math.abs),
};

type NumberMetric = keyof typeof numberMetrics | 'r2';

/** What {@link Model.evaluate} can be asked for. */
export type EvaluationMetric = 'accuracy' | NumberMetric;
/** What training can be asked for. */
export type Metric = 'accuracy';

export const evaluationMetrics: readonly EvaluationMetric[] = [
  'accuracy',
  ...(Object.keys(numberMetrics) as (keyof typeof numberMetrics)[]),
  'r2',
];
export const trainingMetrics: readonly Metric[] = ['accuracy'];

/** The metrics' values. */
export type Scores = { [M in EvaluationMetric]?: number };

/** A list of known metrics; none where there is no list. */
export function checkMetricNames<M extends string>(where: string, metrics: unknown, known: readonly M[]): M[] {
  if (metrics === undefined) return [];
  if (!isList(metrics)) throw wrongType(where, `a list such as ['accuracy']`, metrics);
  return Array.from(metrics, metric => checkChoice(where, metric, known));
}

/** Refuses metrics that say nothing about a network with this loss. */
export function checkMetrics(where: string, metrics: readonly EvaluationMetric[], loss: FittedLoss): void {
  for (const metric of metrics) {
    if (metric === 'accuracy' && !loss.accuracy) {
      const expected = 'a network that decides: one that ends with softmax or sigmoid, or a loss of classes';
      const mend = `for numbers ask evaluate for 'meanAbsoluteError' or 'r2'`;
      throw wrongValue(`${where}: metrics: accuracy`, expected, 'one that predicts numbers', mend);
    }
    if (metric !== 'accuracy' && loss.target.kind === 'labels') {
      throw wrongValue(
        `${where}: metrics: ${metric}`,
        'targets that are numbers',
        'class indices',
        `ask for 'accuracy'`,
      );
    }
  }
}

/**
 * Scores of row-major predictions; `r2` is the share of the targets' variance that is explained, the mean over outputs.
 * Of targets that never vary it is 1 where all predictions are right and 0 otherwise, as in scikit-learn.
 */
export function scoreNumbers<M extends NumberMetric>(
  metrics: readonly M[],
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  outputs: number,
): Record<M, number> {
  const scores: { [metric in NumberMetric]?: number } = {};
  for (const metric of metrics as readonly NumberMetric[]) {
    scores[metric] =
      metric === 'r2' ? explained(predictions, targets, outputs) : numberMetrics[metric](predictions, targets);
  }
  return scores as Record<M, number>;
}

function meanOf(p: ArrayLike<number>, t: ArrayLike<number>, f: (difference: number) => number): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += f((p[i] ?? 0) - (t[i] ?? 0));
  return sum / p.length;
}

function explained(p: ArrayLike<number>, t: ArrayLike<number>, outputs: number): number {
  const rows = p.length / outputs;
  let sum = 0;
  for (let column = 0; column < outputs; column++) {
    // Counted from the first target, so that of targets which never vary the mean is exact and nothing is left to
    // explain.
    const first = t[column] ?? 0;
    let mean = 0;
    for (let i = column; i < t.length; i += outputs) mean += ((t[i] ?? 0) - first) / rows;
    let left = 0;
    let whole = 0;
    for (let i = column; i < t.length; i += outputs) {
      left += ((p[i] ?? 0) - (t[i] ?? 0)) ** 2;
      whole += ((t[i] ?? 0) - first - mean) ** 2;
    }
    sum += whole === 0 ? (left === 0 ? 1 : 0) : 1 - left / whole;
  }
  return sum / outputs;
}
