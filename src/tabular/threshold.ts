/** The probability from which on a row of two classes is the second: chosen on rows that do not train. */
import { checkNumber, checkOptions, wrongType } from '../errors.js';
import { isList, kindOf } from '../kinds.js';

/**
 * What a threshold is to serve: the F1 of the second class; the lowest cost, where a row of it that is missed costs the
 * first number and a false alarm the second; as few false alarms as find that share of its rows; or itself.
 */
export type ThresholdWish = 'f1' | { readonly cost: readonly [number, number] } | { readonly recall: number } | number;

export function checkThreshold(where: string, wish: unknown): ThresholdWish {
  if (wish === 'f1') return wish;
  if (typeof wish === 'number') return checkNumber(where, wish, { above: 0, below: 1 });
  const expected = `'f1', { cost: [5, 1] }, { recall: 0.8 } or a probability`;
  if (kindOf(wish) !== 'Object') throw wrongType(where, expected, wish);
  checkOptions(where, wish, ['cost', 'recall']);
  const { cost, recall } = wish as { cost?: unknown; recall?: unknown };
  if (recall !== undefined && cost === undefined) {
    return { recall: checkNumber(`${where}: recall`, recall as number, { above: 0, max: 1 }) };
  }
  if (!isList(cost) || cost.length !== 2 || recall !== undefined) throw wrongType(where, expected, wish);
  const [missed, alarm] = Array.from(cost, one => checkNumber(`${where}: cost`, one as number, { above: 0 }));
  return { cost: [missed ?? 1, alarm ?? 1] };
}

/** The threshold that serves best on these rows; of equally good ones the largest. */
export function chooseThreshold(
  wish: ThresholdWish,
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
): number {
  if (typeof wish === 'number') return wish;
  const rows = Array.from({ length: labels.length }, (_, row) => row);
  const scoreOf = (row: number) => probabilities[row * 2 + 1] ?? 0;
  rows.sort((a, b) => scoreOf(b) - scoreOf(a));
  const positives = rows.filter(row => labels[row] === 1).length;
  let [found, alarms] = [0, 0];
  let best = { worth: -Infinity, threshold: 0.5 };
  for (const [i, row] of rows.entries()) {
    if (labels[row] === 1) found++;
    else alarms++;
    const next = rows[i + 1];
    const [own, below] = [scoreOf(row), next === undefined ? 0 : scoreOf(next)];
    if (own === below) continue;
    const worth = worthOf(wish, found, alarms, positives);
    // Between two scores, so that what rounds otherwise elsewhere decides nothing.
    if (worth > best.worth) best = { worth, threshold: (own + below) / 2 };
  }
  return Math.min(Math.max(best.threshold, 1e-6), 1 - 1e-6);
}

function worthOf(wish: Exclude<ThresholdWish, number>, found: number, alarms: number, positives: number): number {
  if (wish === 'f1') return (2 * found) / (found + alarms + positives);
  if ('cost' in wish) return -(wish.cost[0] * (positives - found) + wish.cost[1] * alarms);
  return found >= wish.recall * positives ? -alarms : found - 2 * positives - alarms - 1e9;
}
