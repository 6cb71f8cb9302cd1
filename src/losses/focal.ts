/** The focal cost: cross-entropy that turns to what is still wrong. */

import { checkBoolean, checkNumber, checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss } from '../plan/ops/loss.js';
import { checkEnding, EVEN_LOGIT, type LossDefinition } from './loss.js';

export interface FocalOptions {
  /** How much less counts what is nearly right; at least 0, which is binaryCrossEntropy; 2 by default. */
  readonly gamma?: number;
  /** What targets of 1 weigh, from 0 to 1; targets of 0 weigh the rest. Both weigh 1 by default. */
  readonly alpha?: number;
  /** True where the network ends without sigmoid; false by default. */
  readonly fromLogits?: boolean;
}

export interface Focal {
  readonly kind: 'focal';
  readonly gamma: number;
  readonly alpha?: number;
  readonly fromLogits: boolean;
}

/**
 * −(1 − pₜ)^gamma ln pₜ, the mean over every element, for targets from 0 to 1, where pₜ is what the network gives to
 * the right answer (Lin et al., «Focal loss for dense object detection», 2017). The network ends with sigmoid, or
 * without an activation where `fromLogits` is true.
 */
export function focal(options: FocalOptions = {}): Focal {
  checkOptions('focal', options, ['gamma', 'alpha', 'fromLogits']);
  const { gamma = 2, alpha, fromLogits = false } = options;
  return Object.freeze({
    kind: 'focal',
    gamma: checkNumber('focal: gamma', gamma, { min: 0 }),
    ...(alpha === undefined ? {} : { alpha: checkNumber('focal: alpha', alpha, { min: 0, max: 1 }) }),
    fromLogits: checkBoolean('focal: fromLogits', fromLogits),
  });
}

export const focalLoss: LossDefinition<Focal> = {
  options: ['gamma', 'alpha', 'fromLogits'],
  configure: focal,
  fit(config, ending) {
    checkEnding(config, ending, ['sigmoid']);
    const { gamma, alpha } = config;
    return {
      op: elementwiseLoss,
      kind: LossKind.focal,
      setting: gamma,
      // Without alpha both weigh 1: twice what an alpha of a half gives them.
      alpha: alpha ?? 0.5,
      divisor: alpha === undefined ? ending.columns / 2 : ending.columns,
      fromLogits: true,
      target: { kind: 'values', columns: ending.columns, range: 'probability' },
      accuracy: { kind: 'threshold', threshold: EVEN_LOGIT },
    };
  },
};
