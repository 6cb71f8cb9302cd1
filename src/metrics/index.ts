/** What histories and evaluations hold of metrics. */
import type { MetricName } from './definitions.js';

export { scoreNumbers } from './score.js';

/** Of metrics with settings, which stand behind their names: `topKAccuracy(3)`. */
type WithSettings<T> = { readonly [key: `${string}(${string})`]: T };

/** The metrics' values. */
export type Scores<T = number> = { readonly [K in Exclude<MetricName, 'confusionMatrix'>]?: T } & WithSettings<T>;

/** The same of the validation rows. */
export type ValidationScores<T> = { readonly [K in MetricName as `val${Capitalize<K>}`]?: T };

/** What an evaluation finds; of outputs with names each one's own too: `kind.loss`, `kind.accuracy`. */
export type Evaluation = { loss: number; confusionMatrix?: number[][] } & Scores & {
    readonly [score: `${string}.${string}`]: number;
  };
