/** The angle between prediction and target. */
import { checkOptions } from '../errors.js';
import { cosineSimilarity as cosine } from '../plan/ops/loss.js';
import { accuracyByActivation, type LossDefinition } from './loss.js';

export type CosineSimilarity = { readonly kind: 'cosineSimilarity' };

/**
 * 1 − cos of the angle between each row's prediction and target, the mean over rows. Lengths below 1e-8 count as 1e-8.
 */
export function cosineSimilarity(options: Record<string, never> = {}): CosineSimilarity {
  checkOptions('cosineSimilarity', options, []);
  return Object.freeze({ kind: 'cosineSimilarity' });
}

export const cosineSimilarityLoss: LossDefinition<CosineSimilarity> = {
  options: [],
  configure: () => cosineSimilarity(),
  fit: (_, ending) => ({
    op: cosine,
    kind: 0,
    setting: 0,
    divisor: 1,
    fromLogits: false,
    target: { kind: 'values', columns: ending.columns, range: 'any' },
    accuracy: accuracyByActivation(ending.activation.kind),
  }),
};
