/** The Kullback–Leibler divergence. */

import { checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss } from '../plan/ops/loss.js';
import { accuracyByActivation, doesNotFit, type LossDefinition, negativeActivations } from './loss.js';

export type KlDivergence = { readonly kind: 'klDivergence' };

/**
 * Σ t ln(t / p), the mean over rows, for predictions and targets that are probabilities (not their logarithms).
 * Elements whose target is 0 count 0. A p or t below 2⁻¹²⁶, float32's smallest normal number, counts as 2⁻¹²⁶ in the
 * logarithm, and such a p also in the gradient −t / p, so that both stay finite.
 */
export function klDivergence(options: Record<string, never> = {}): KlDivergence {
  checkOptions('klDivergence', options, []);
  return Object.freeze({ kind: 'klDivergence' });
}

export const klDivergenceLoss: LossDefinition<KlDivergence> = {
  options: [],
  configure: () => klDivergence(),
  fit(_, ending) {
    if (negativeActivations.includes(ending.activation.kind)) {
      throw doesNotFit('klDivergence', 'outputs that are probabilities', ending, `end the network with 'softmax'`);
    }
    return {
      op: elementwiseLoss,
      kind: LossKind.klDivergence,
      setting: 0,
      divisor: 1,
      fromLogits: false,
      target: { kind: 'values', columns: ending.columns, range: 'probability' },
      accuracy: accuracyByActivation(ending.activation.kind),
    };
  },
};
