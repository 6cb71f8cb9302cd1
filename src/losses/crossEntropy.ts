/** Cross-entropies. Each contains the network's last softmax or sigmoid, so that cost and gradient are exact and stable. */

import { checkBoolean, checkNumber, checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss, softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from '../plan/ops/loss.js';
import { doesNotFit, type Ending, type LossDefinition, type RowLoss } from './loss.js';

export interface BinaryCrossEntropy {
  readonly kind: 'binaryCrossEntropy';
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

export interface CategoricalOptions {
  /** How much of each target is spread evenly over all classes, from 0 to 1; 0 unless told (Szegedy et al. 2016). */
  readonly labelSmoothing?: number;
  /** True where the network ends without softmax; false unless told. */
  readonly fromLogits?: boolean;
}

/**
 * −t ln p − (1 − t) ln(1 − p), the mean over every element, for targets from 0 to 1. The network ends with sigmoid, or without an activation where
 * `fromLogits` is true.
 */
export function binaryCrossEntropy(options: { fromLogits?: boolean } = {}): BinaryCrossEntropy {
  checkOptions('binaryCrossEntropy', options, ['fromLogits']);
  const { fromLogits = false } = options;
  checkBoolean('binaryCrossEntropy: fromLogits', fromLogits);
  return Object.freeze({ kind: 'binaryCrossEntropy', fromLogits });
}

/**
 * −Σ t ln p, the mean over rows, for targets that are one-hot or distributions. The network ends with softmax (or logSoftmax), or without an
 * activation where `fromLogits` is true.
 */
export function categoricalCrossEntropy(options: CategoricalOptions = {}): CategoricalCrossEntropy {
  return Object.freeze({ kind: 'categoricalCrossEntropy', ...categorical('categoricalCrossEntropy', options) });
}

/** The same as {@link categoricalCrossEntropy} with class indices for targets. */
export function sparseCategoricalCrossEntropy(options: CategoricalOptions = {}): SparseCategoricalCrossEntropy {
  const checked = categorical('sparseCategoricalCrossEntropy', options);
  return Object.freeze({ kind: 'sparseCategoricalCrossEntropy', ...checked });
}

function categorical(where: string, options: CategoricalOptions): Required<CategoricalOptions> {
  checkOptions(where, options, ['labelSmoothing', 'fromLogits']);
  const { labelSmoothing = 0, fromLogits = false } = options;
  return {
    labelSmoothing: checkNumber(`${where}: labelSmoothing`, labelSmoothing, { min: 0, max: 1 }),
    fromLogits: checkBoolean(`${where}: fromLogits`, fromLogits),
  };
}

/** Refuses a network whose end is not what the loss contains. */
function checkEnding(
  { kind, fromLogits }: { kind: string; fromLogits: boolean },
  ending: Ending,
  activations: readonly string[],
): void {
  const name = activations[0];
  const expected = fromLogits ? ['linear'] : activations;
  if (expected.includes(ending.activation.kind)) return;
  if (fromLogits) {
    const mend = `leave fromLogits out where the network ends with ${name}, and end it without an activation otherwise`;
    throw doesNotFit(kind, 'a last layer without an activation, as fromLogits is true', ending, mend);
  }
  const mend = `end the network with activation: '${name}', or say ${kind}({ fromLogits: true }) where it ends with none`;
  throw doesNotFit(kind, `a last layer with activation ${name}`, ending, mend);
}

export const binaryCrossEntropyLoss: LossDefinition<BinaryCrossEntropy> = {
  options: ['fromLogits'],
  configure: binaryCrossEntropy,
  fit(config, ending) {
    checkEnding(config, ending, ['sigmoid']);
    return {
      op: elementwiseLoss,
      kind: LossKind.binaryCrossEntropyFromLogits,
      setting: 0,
      divisor: ending.columns,
      fromLogits: true,
      target: { kind: 'values', columns: ending.columns, range: 'probability' },
      accuracy: { kind: 'threshold', threshold: 0 },
    };
  },
};

const softmaxEndings = ['softmax', 'logSoftmax'];

/** Refuses a single output: its softmax is always 1. */
function checkClasses(loss: string, ending: Ending): void {
  if (ending.columns > 1) return;
  const mend = `for two classes take dense(2) here, or dense(1, { activation: 'sigmoid' }) with binaryCrossEntropy`;
  throw doesNotFit(loss, 'at least 2 outputs, one for each class', ending, mend);
}

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
