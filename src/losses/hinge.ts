/** The hinge costs of support vector machines. */

import { checkOptions } from '../errors.js';
import { LossKind } from '../plan/opcodes.js';
import { categoricalHinge as categoricalHingeOp, elementwiseLoss } from '../plan/ops/loss.js';
import { checkClasses, doesNotFit, type Ending, type LossDefinition, type RowLoss } from './loss.js';

export type Hinge = { readonly kind: 'hinge' };
export type SquaredHinge = { readonly kind: 'squaredHinge' };
export type CategoricalHinge = { readonly kind: 'categoricalHinge' };

/** max(0, 1 − target · prediction), the mean over every element, for targets −1 and 1; a target of 0 counts as −1. */
export function hinge(options: Record<string, never> = {}): Hinge {
  checkOptions('hinge', options, []);
  return Object.freeze({ kind: 'hinge' });
}

/** max(0, 1 − target · prediction)², the mean over every element, for targets −1 and 1; a target of 0 counts as −1. */
export function squaredHinge(options: Record<string, never> = {}): SquaredHinge {
  checkOptions('squaredHinge', options, []);
  return Object.freeze({ kind: 'squaredHinge' });
}

/**
 * max(0, 1 + max (1 − t) p − Σ t p), the mean over rows, for targets that are one-hot, as Keras has it: how far the
 * right class is from being 1 above the best of the others, whose zero counts among them.
 */
export function categoricalHinge(options: Record<string, never> = {}): CategoricalHinge {
  checkOptions('categoricalHinge', options, []);
  return Object.freeze({ kind: 'categoricalHinge' });
}

function checkSigns(loss: string, ending: Ending): void {
  if (ending.activation.kind === 'linear' || ending.activation.kind === 'tanh') return;
  throw doesNotFit(loss, 'outputs of either sign', ending, 'end the network without an activation, or with tanh');
}

function bySigns(name: string, kind: LossKind, ending: Ending): RowLoss {
  checkSigns(name, ending);
  return {
    op: elementwiseLoss,
    kind,
    setting: 0,
    divisor: ending.columns,
    fromLogits: false,
    target: { kind: 'values', columns: ending.columns, range: 'sign' },
    accuracy: { kind: 'threshold', threshold: 0 },
  };
}

export const hingeLoss: LossDefinition<Hinge> = {
  options: [],
  configure: () => hinge(),
  fit: (_, ending) => bySigns('hinge', LossKind.hinge, ending),
};

export const squaredHingeLoss: LossDefinition<SquaredHinge> = {
  options: [],
  configure: () => squaredHinge(),
  fit: (_, ending) => bySigns('squaredHinge', LossKind.squaredHinge, ending),
};

export const categoricalHingeLoss: LossDefinition<CategoricalHinge> = {
  options: [],
  configure: () => categoricalHinge(),
  fit(_, ending) {
    checkSigns('categoricalHinge', ending);
    checkClasses('categoricalHinge', ending);
    return {
      op: categoricalHingeOp,
      kind: 0,
      setting: 0,
      divisor: 1,
      fromLogits: false,
      target: { kind: 'values', columns: ending.columns, range: 'probability' },
      accuracy: { kind: 'largest' },
    };
  },
};
