/**
 * Cross-entropies. Each contains the network's last softmax or sigmoid, so that cost and gradient are exact and stable.
 */

import { checkBoolean, checkNumber, checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss, softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from '../plan/ops/loss.js';
import { checkClasses, checkEnding, type Ending, EVEN_LOGIT, type LossDefinition, type RowLoss } from './loss.js';

export interface BinaryCrossEntropy {
  readonly kind: 'binaryCrossEntropy';
  readonly labelSmoothing: number;
  readonly fromLogits: boolean;
}

export interface CategoricalCrossEntropy {
  readonly kind: 'categoricalCrossEntropy';
  readonly labelSmoothing: number;
  readonly fromLogits: boolean;
}

export interface SparseCategoricalCrossEntropy {
  readonly kind: 'sparseCategoricalCrossEntropy';
  readonly labelSmoothing: number;
  readonly fromLogits: boolean;
}

export interface CrossEntropyOptions {
  /**
   * How much of each target is spread evenly over all classes (the two that a sigmoid tells apart), from 0 to 1; 0
   * by default (Szegedy et al. 2016).
   */
  readonly labelSmoothing?: number;
  /** True where the network ends without softmax or sigmoid; false by default. */
  readonly fromLogits?: boolean;
}

/**
 * −t ln p − (1 − t) ln(1 − p), the mean over every element, for targets from 0 to 1. The network ends with sigmoid, or
 * without an activation where `fromLogits` is true.
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): BinaryCrossEntropy {
  return Object.freeze({ kind: 'binaryCrossEntropy', ...checked('binaryCrossEntropy', options) });
}

/**
 * −Σ t ln p, the mean over rows, for targets that are one-hot or distributions. The network ends with softmax (or
 * logSoftmax), or without an activation where `fromLogits` is true.
 */
export function categoricalCrossEntropy(options: CrossEntropyOptions = {}): CategoricalCrossEntropy {
  return Object.freeze({ kind: 'categoricalCrossEntropy', ...checked('categoricalCrossEntropy', options) });
}

/** The same as {@link categoricalCrossEntropy} with class indices for targets. */
export function sparseCategoricalCrossEntropy(options: CrossEntropyOptions = {}): SparseCategoricalCrossEntropy {
  return Object.freeze({ kind: 'sparseCategoricalCrossEntropy', ...checked('sparseCategoricalCrossEntropy', options) });
}

function checked(where: string, options: CrossEntropyOptions): Required<CrossEntropyOptions> {
  checkOptions(where, options, ['labelSmoothing', 'fromLogits']);
  const { labelSmoothing = 0, fromLogits = false } = options;
  return {
    labelSmoothing: checkNumber(`${where}: labelSmoothing`, labelSmoothing, { min: 0, max: 1 }),
    fromLogits: checkBoolean(`${where}: fromLogits`, fromLogits),
  };
}

export const binaryCrossEntropyLoss: LossDefinition<BinaryCrossEntropy> = {
  options: ['labelSmoothing', 'fromLogits'],
  configure: binaryCrossEntropy,
  fit(config, ending) {
    checkEnding(config, ending, ['sigmoid']);
    return {
      op: elementwiseLoss,
      kind: LossKind.binaryCrossEntropyFromLogits,
      setting: config.labelSmoothing,
      divisor: ending.columns,
      fromLogits: true,
      target: { kind: 'values', columns: ending.columns, range: 'probability' },
      accuracy: { kind: 'threshold', threshold: EVEN_LOGIT },
    };
  },
};

const softmaxEndings = ['softmax', 'logSoftmax'];

/** What the two categorical costs share; they differ in how their targets are written. */
function fitCategorical(
  config: CategoricalCrossEntropy | SparseCategoricalCrossEntropy,
  ending: Ending,
  written: Pick<RowLoss, 'op' | 'target'>,
): RowLoss {
  checkEnding(config, ending, softmaxEndings);
  checkClasses(config.kind, ending);
  const setting = config.labelSmoothing;
  return { ...written, kind: 0, setting, divisor: 1, fromLogits: true, accuracy: { kind: 'largest' } };
}

export const categoricalCrossEntropyLoss: LossDefinition<CategoricalCrossEntropy> = {
  options: ['labelSmoothing', 'fromLogits'],
  configure: categoricalCrossEntropy,
  fit(config, ending) {
    const target = { kind: 'values', columns: ending.columns, range: 'probability' } as const;
    return fitCategorical(config, ending, { op: softmaxCrossEntropy, target });
  },
};

export const sparseCategoricalCrossEntropyLoss: LossDefinition<SparseCategoricalCrossEntropy> = {
  options: ['labelSmoothing', 'fromLogits'],
  configure: sparseCategoricalCrossEntropy,
  fit(config, ending) {
    const target = { kind: 'labels', classes: ending.columns } as const;
    return fitCategorical(config, ending, { op: sparseSoftmaxCrossEntropy, target });
  },
};
