/** Costs made of others: a cost that weighs, and the sum of several. */
import { wrongKind } from '../errors.js';
import type { LossConfig, NamedLoss } from './index.js';
import type { Ending, RowLoss, TargetSpec } from './loss.js';

export interface Weighted {
  readonly kind: 'weighted';
  readonly loss: LossConfig;
  readonly weight: number;
}

export interface Sum {
  readonly kind: 'sum';
  readonly losses: readonly LossConfig[];
}

/** What adds up to a cost, each with what it counts. */
export function termsOf(config: LossConfig, weight = 1): { readonly config: NamedLoss; readonly weight: number }[] {
  if (config.kind === 'weighted') return termsOf(config.loss, weight * config.weight);
  if (config.kind === 'sum') return config.losses.flatMap(loss => termsOf(loss, weight));
  return [{ config, weight }];
}

/** Fitted costs as one that is their sum, of the same targets and the same numbers of the network's. */
export function sumOf(
  names: readonly string[],
  terms: readonly RowLoss[],
  { activation }: Ending,
): RowLoss & { readonly more: readonly RowLoss[] } {
  const [first, ...more] = terms;
  if (!first) throw new Error('a sum has terms');
  let { target, accuracy } = first;
  more.forEach((term, i) => {
    const pair = `${names[0]} and ${names[i + 1]}`;
    // Without an activation they are the same numbers.
    if (term.fromLogits !== first.fromLogits && activation.kind !== 'linear') {
      const mend = 'end the network without an activation, and say fromLogits: true';
      throw wrongKind('sum', 'losses that all read the last activation, or all what comes to it', pair, mend);
    }
    const both = jointTarget(target, term.target);
    if (!both)
      throw wrongKind('sum', 'losses of the same targets', pair, 'take others, such as categoricalCrossEntropy');
    target = both;
    accuracy ??= term.accuracy;
  });
  return { ...first, target, accuracy, fromLogits: terms.some(term => term.fromLogits), more };
}

/** What is a target of both. */
function jointTarget(a: TargetSpec, b: TargetSpec): TargetSpec | undefined {
  if (a.kind === 'labels' || b.kind === 'labels') return a.kind === b.kind ? a : undefined;
  const narrower = (one: typeof a, other: typeof a) => {
    return (
      one.range === 'any' || one.range === other.range || (one.range === 'notNegative' && other.range === 'probability')
    );
  };
  return narrower(a, b) ? b : narrower(b, a) ? a : undefined;
}
