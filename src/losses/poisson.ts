/** The cost of counts. */

import { checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss } from '../plan/ops/loss.js';
import { doesNotFit, type LossDefinition, negativeActivations } from './loss.js';

export type Poisson = { readonly kind: 'poisson' };

/**
 * p − t ln p, the mean over every element, for predicted rates and targets that are not negative, such as counts: a
 * Poisson distribution's negative log-likelihood, as Keras has it. A p below 2⁻¹²⁶ counts as that in the logarithm and
 * in the gradient 1 − t / p. End the network with 'exponential' or 'softplus'.
 */
export function poisson(options: Record<string, never> = {}): Poisson {
  checkOptions('poisson', options, []);
  return Object.freeze({ kind: 'poisson' });
}

export const poissonLoss: LossDefinition<Poisson> = {
  options: [],
  configure: () => poisson(),
  fit(_, ending) {
    if (negativeActivations.includes(ending.activation.kind)) {
      throw doesNotFit('poisson', 'outputs that are not negative', ending, `end the network with 'exponential'`);
    }
    return {
      op: elementwiseLoss,
      kind: LossKind.poisson,
      setting: 0,
      divisor: ending.columns,
      fromLogits: false,
      target: { kind: 'values', columns: ending.columns, range: 'notNegative' },
      accuracy: undefined,
    };
  },
};
