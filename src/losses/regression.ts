/** Costs of numbers: the mean over every element of a function of prediction and target. */

import { checkNumber, checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss } from '../plan/ops/loss.js';
import { accuracyByActivation, type Ending, type LossDefinition, type RowLoss } from './loss.js';

/** What a target is divided by at least: float64's epsilon, as in scikit-learn. */
export const LEAST_TARGET: number = 2 ** -52;

export type MeanSquaredError = { readonly kind: 'meanSquaredError' };
export type MeanAbsoluteError = { readonly kind: 'meanAbsoluteError' };
export type LogCosh = { readonly kind: 'logCosh' };
export type MeanAbsolutePercentageError = { readonly kind: 'meanAbsolutePercentageError' };
export type Quantile = { readonly kind: 'quantile'; readonly quantile: number };
export type Huber = { readonly kind: 'huber'; readonly delta: number };

/** The mean of (prediction − target)². */
export function meanSquaredError(options: Record<string, never> = {}): MeanSquaredError {
  checkOptions('meanSquaredError', options, []);
  return Object.freeze({ kind: 'meanSquaredError' });
}

/** The mean of |prediction − target|. */
export function meanAbsoluteError(options: Record<string, never> = {}): MeanAbsoluteError {
  checkOptions('meanAbsoluteError', options, []);
  return Object.freeze({ kind: 'meanAbsoluteError' });
}

/** The mean of ln cosh(prediction − target). */
export function logCosh(options: Record<string, never> = {}): LogCosh {
  checkOptions('logCosh', options, []);
  return Object.freeze({ kind: 'logCosh' });
}

/** The mean of ½ d² up to |d| = delta and delta · (|d| − ½ delta) beyond (Huber 1964); `delta` is 1 by default. */
export function huber(options: { delta?: number } = {}): Huber {
  checkOptions('huber', options, ['delta']);
  const { delta = 1 } = options;
  return Object.freeze({ kind: 'huber', delta: checkNumber('huber: delta', delta, { above: 0 }) });
}

/**
 * q · (target − prediction) where the target is above and (1 − q) · (prediction − target) where it is below, the mean:
 * least where predictions are the targets' q-quantile (Koenker and Bassett, «Regression quantiles», 1978). `quantile`
 * is 0.5 by default, the median.
 */
export function quantile(options: { quantile?: number } = {}): Quantile {
  checkOptions('quantile', options, ['quantile']);
  const { quantile: q = 0.5 } = options;
  checkNumber('quantile: quantile', q, { above: 0, below: 1 });
  return Object.freeze({ kind: 'quantile', quantile: q });
}

/** The mean of |prediction − target| / |target|, a fraction; targets below 2⁻⁵² count as 2⁻⁵², as in scikit-learn. */
export function meanAbsolutePercentageError(options: Record<string, never> = {}): MeanAbsolutePercentageError {
  checkOptions('meanAbsolutePercentageError', options, []);
  return Object.freeze({ kind: 'meanAbsolutePercentageError' });
}

function mean(kind: LossKind, setting: number, ending: Ending): RowLoss {
  return {
    op: elementwiseLoss,
    kind,
    setting,
    divisor: ending.columns,
    fromLogits: false,
    target: { kind: 'values', columns: ending.columns, range: 'any' },
    accuracy: accuracyByActivation(ending.activation.kind),
  };
}

export const meanSquaredErrorLoss: LossDefinition<MeanSquaredError> = {
  options: [],
  configure: () => meanSquaredError(),
  fit: (_, ending) => mean(LossKind.meanSquaredError, 0, ending),
};

export const meanAbsoluteErrorLoss: LossDefinition<MeanAbsoluteError> = {
  options: [],
  configure: () => meanAbsoluteError(),
  fit: (_, ending) => mean(LossKind.meanAbsoluteError, 0, ending),
};

export const logCoshLoss: LossDefinition<LogCosh> = {
  options: [],
  configure: () => logCosh(),
  fit: (_, ending) => mean(LossKind.logCosh, 0, ending),
};

export const huberLoss: LossDefinition<Huber> = {
  options: ['delta'],
  configure: huber,
  fit: ({ delta }, ending) => mean(LossKind.huber, delta, ending),
};

export const quantileLoss: LossDefinition<Quantile> = {
  options: ['quantile'],
  configure: quantile,
  fit: (config, ending) => mean(LossKind.quantile, config.quantile, ending),
};

export const meanAbsolutePercentageErrorLoss: LossDefinition<MeanAbsolutePercentageError> = {
  options: [],
  configure: () => meanAbsolutePercentageError(),
  fit: (_, ending) => mean(LossKind.meanAbsolutePercentageError, LEAST_TARGET, ending),
};
