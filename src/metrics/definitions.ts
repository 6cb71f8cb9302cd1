/** What a network is judged by besides its cost, by name. */
import { checkChoice, checkOptions, shorten, wrongType, wrongValue } from '../errors.js';
import { hasKey, isList } from '../kinds.js';
import {
  type AverageOptions,
  accuracyMetric,
  balancedAccuracyMetric,
  cohenKappaMetric,
  confusionMatrixMetric,
  type FBetaOptions,
  f1Metric,
  fBetaMetric,
  matthewsCorrelationMetric,
  precisionMetric,
  recallMetric,
  type TopKOptions,
  topKAccuracyMetric,
} from './classes.js';
import type { End, Measure, MetricDefinition } from './metric.js';
import {
  explainedVarianceMetric,
  maxErrorMetric,
  meanAbsoluteErrorMetric,
  meanAbsolutePercentageErrorMetric,
  meanSquaredErrorMetric,
  medianAbsoluteErrorMetric,
  quantileMetric,
  r2Metric,
  rootMeanSquaredErrorMetric,
} from './numbers.js';
import {
  averagePrecisionMetric,
  brierMetric,
  type CalibrationOptions,
  calibrationErrorMetric,
  logLossMetric,
  rocAucMetric,
} from './probabilities.js';

const definitions = {
  accuracy: accuracyMetric,
  balancedAccuracy: balancedAccuracyMetric,
  topKAccuracy: topKAccuracyMetric,
  precision: precisionMetric,
  recall: recallMetric,
  f1: f1Metric,
  fBeta: fBetaMetric,
  rocAuc: rocAucMetric,
  averagePrecision: averagePrecisionMetric,
  logLoss: logLossMetric,
  brier: brierMetric,
  matthewsCorrelation: matthewsCorrelationMetric,
  cohenKappa: cohenKappaMetric,
  confusionMatrix: confusionMatrixMetric,
  calibrationError: calibrationErrorMetric,
  meanSquaredError: meanSquaredErrorMetric,
  rootMeanSquaredError: rootMeanSquaredErrorMetric,
  meanAbsoluteError: meanAbsoluteErrorMetric,
  r2: r2Metric,
  meanAbsolutePercentageError: meanAbsolutePercentageErrorMetric,
  medianAbsoluteError: medianAbsoluteErrorMetric,
  explainedVariance: explainedVarianceMetric,
  maxError: maxErrorMetric,
  quantile: quantileMetric,
  pinball: quantileMetric,
};

export type MetricName = keyof typeof definitions;
/** A metric with its settings, as its factory makes it. */
export type MetricConfig = { readonly kind: MetricName } & Readonly<Record<string, unknown>>;
/** What options take for a metric. */
export type Metric = MetricName | MetricConfig;

export const metricNames = Object.keys(definitions) as MetricName[];

function definitionOf(name: MetricName): MetricDefinition<object> {
  return definitions[name] as MetricDefinition<object>;
}

/** What is asked for, under the key that its value has. */
export interface AskedMetric {
  readonly key: string;
  readonly config: MetricConfig;
}

function configure(kind: MetricName, options: object): MetricConfig {
  return Object.freeze({ kind, ...definitionOf(kind).configure(options) });
}

/** The share of rows whose class is among the `k` with the largest numbers; `k` is 5 by default. */
export function topKAccuracy(options: TopKOptions = {}): MetricConfig {
  return configure('topKAccuracy', options);
}

/** Of the rows said to be of a class, the share that are; see {@link AverageOptions} for several. */
export function precision(options: AverageOptions = {}): MetricConfig {
  return configure('precision', options);
}

/** Of the rows of a class, the share that was found; see {@link AverageOptions} for several. */
export function recall(options: AverageOptions = {}): MetricConfig {
  return configure('recall', options);
}

/** The harmonic mean of precision and recall; see {@link AverageOptions} for several classes. */
export function f1(options: AverageOptions = {}): MetricConfig {
  return configure('f1', options);
}

/** The same with recall counting `beta` times as much as precision; 1 by default. */
export function fBeta(options: FBetaOptions = {}): MetricConfig {
  return configure('fBeta', options);
}

/** How far accuracy is from confidence, over `bins` of rows that are as sure; 15 by default. */
export function calibrationError(options: CalibrationOptions = {}): MetricConfig {
  return configure('calibrationError', options);
}

/** The mean of q · (target − prediction) above and (1 − q) · (prediction − target) below; q, the `quantile`, is 0.5. */
export function pinball(options: { quantile?: number } = {}): MetricConfig {
  return configure('pinball', options);
}

/** A list of metrics as a file holds it, each checked: names and what factories make; none where there is no list. */
export function checkMetricList(where: string, metrics: unknown): Metric[] {
  return resolveMetrics(where, metrics).map(({ config }) => {
    return Object.keys(config).length === 1 ? config.kind : config;
  });
}

/** A list of metrics, each checked and with its key; none where there is no list. */
export function resolveMetrics(where: string, metrics: unknown): AskedMetric[] {
  if (metrics === undefined) return [];
  if (!isList(metrics)) throw wrongType(where, `a list such as ['accuracy']`, metrics);
  const asked = new Map<string, AskedMetric>();
  // Not over a copy: of a list with holes the first one is refused.
  for (let i = 0; i < metrics.length; i++) {
    const config = resolveMetric(where, metrics[i]);
    const key = keyOf(config);
    asked.set(key, { key, config });
  }
  return [...asked.values()];
}

function resolveMetric(where: string, metric: unknown): MetricConfig {
  if (!hasKey(metric, 'kind')) return configure(checkChoice(where, metric, metricNames), {});
  const { kind, ...options } = metric;
  const name = checkChoice(where, kind, metricNames);
  checkOptions(`${where}: ${name}`, options, definitionOf(name).options);
  return configure(name, options);
}

/** A metric's name, with its settings where some were set: `topKAccuracy(3)`. */
function keyOf({ kind, ...settings }: MetricConfig): string {
  const set = Object.values(settings).filter(value => value !== undefined);
  return set.length === 0 ? kind : `${kind}(${set.join(', ')})`;
}

/** Refuses what is no number in each epoch. */
export function refuseLists(where: string, metrics: readonly AskedMetric[]): void {
  for (const { key, config } of metrics) {
    if (definitionOf(config.kind).isNumber?.(config) ?? true) continue;
    const mend = 'ask evaluate or score for it when training is over';
    throw wrongValue(`${where}: ${key}`, 'metrics that are one number', 'one that is a list', mend);
  }
}

/** The metrics as they are taken of such rows. Throws RangeError where one says nothing of them. */
export function fitMetrics(where: string, metrics: readonly AskedMetric[], end: Omit<End, 'where'>): Measure[] {
  return metrics.map(({ key, config }) => {
    return definitionOf(config.kind).fit(config, { ...end, where: `${where}: ${shorten(key)}` });
  });
}
