/** The hinge cost of support vector machines. */

import { checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { elementwiseLoss } from '../plan/ops/loss.js';
import { doesNotFit, type LossDefinition } from './loss.js';

export type Hinge = { readonly kind: 'hinge' };

/** max(0, 1 − target · prediction), the mean over every element, for targets −1 and 1; a target of 0 counts as −1. */
export function hinge(options: Record<string, never> = {}): Hinge {
  checkOptions('hinge', options, []);
  return Object.freeze({ kind: 'hinge' });
}

export const hingeLoss: LossDefinition<Hinge> = {
  options: [],
  configure: () => hinge(),
  fit(_, ending) {
    if (ending.activation.kind !== 'linear' && ending.activation.kind !== 'tanh') {
      const mend = 'end the network without an activation, or with tanh';
      throw doesNotFit('hinge', 'outputs of either sign', ending, mend);
    }
    return {
      op: elementwiseLoss,
      kind: LossKind.hinge,
      setting: 0,
      divisor: ending.columns,
      fromLogits: false,
      target: { kind: 'values', columns: ending.columns, range: 'sign' },
      accuracy: { kind: 'threshold', threshold: 0 },
    };
  },
};
