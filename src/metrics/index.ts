/** What a network is judged by besides its cost. */
import { checkChoice, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';
import type { FittedLoss } from '../losses/loss.js';

export { scoreNumbers } from './score.js';

const numberMetrics = ['meanSquaredError', 'rootMeanSquaredError', 'meanAbsoluteError', 'r2'] as const;

type NumberMetric = (typeof numberMetrics)[number];

/** What {@link Model.evaluate} can be asked for. */
export type EvaluationMetric = 'accuracy' | NumberMetric;
/** What training can be asked for. */
export type Metric = 'accuracy';

export const evaluationMetrics: readonly EvaluationMetric[] = ['accuracy', ...numberMetrics];
export const trainingMetrics: readonly Metric[] = ['accuracy'];

/** The metrics' values. */
export type Scores = { [M in EvaluationMetric]?: number };

/** What an evaluation finds; of outputs with names each one's own too: `kind.loss`, `kind.accuracy`. */
export type Evaluation = { loss: number } & Scores & { readonly [score: `${string}.${string}`]: number };

/** A list of known metrics; none where there is no list. */
export function checkMetricNames<M extends string>(where: string, metrics: unknown, known: readonly M[]): M[] {
  if (metrics === undefined) return [];
  if (!isList(metrics)) throw wrongType(where, `a list such as ['accuracy']`, metrics);
  return Array.from(metrics, metric => checkChoice(where, metric, known));
}

/** Refuses metrics that say nothing about a network with this loss. */
export function checkMetrics(
  where: string,
  metrics: readonly EvaluationMetric[],
  loss: FittedLoss,
  output?: string,
): void {
  const place = output === undefined ? `${where}: metrics` : `${where}: metrics: ${output}`;
  for (const metric of metrics) {
    if (metric === 'accuracy' && !loss.accuracy) {
      const expected = 'a network that decides: one that ends with softmax or sigmoid, or a loss of classes';
      const mend = `for numbers ask evaluate for 'meanAbsoluteError' or 'r2'`;
      throw wrongValue(`${place}: accuracy`, expected, 'one that predicts numbers', mend);
    }
    if (metric !== 'accuracy' && loss.target.kind === 'labels') {
      throw wrongValue(`${place}: ${metric}`, 'targets that are numbers', 'class indices', `ask for 'accuracy'`);
    }
  }
}
