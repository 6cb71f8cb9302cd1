import { checkNumber } from '../errors.js';
import { Purpose, Random } from '../random.js';

/** Row indices, both ascending; together they are every row once. */
export interface Split {
  training: number[];
  validation: number[];
}

/** Sets a fraction of the rows aside at random: at least one on either side where there are two. Same seed, same split. */
export function splitRows(rows: number, fraction: number, seed: number): Split {
  return stratifiedSplit(new Array<string>(rows).fill(''), fraction, seed);
}

/**
 * Sets a fraction of the rows aside at random so that every label keeps its share on both sides: at least one row of
 * each label on either side where it has two, a label's only row in training. Same seed, same split.
 */
export function stratifiedSplit(labels: readonly string[], fraction: number, seed: number): Split {
  checkNumber('validation fraction', fraction, { min: 0, below: 1 });
  const shares = fraction === 0 ? new Map<string, number>() : validationShares(labels, fraction);
  const split: Split = { training: [], validation: [] };
  // In one permutation of all rows the rows of each label stand in random order: the first ones are set aside.
  for (const row of new Random(seed, Purpose.split, 0).permutation(labels.length)) {
    const label = labels[row] ?? '';
    const left = shares.get(label) ?? 0;
    if (left > 0) {
      shares.set(label, left - 1);
      split.validation.push(row);
    } else {
      split.training.push(row);
    }
  }
  split.training.sort((a, b) => a - b);
  split.validation.sort((a, b) => a - b);
  return split;
}

/** How many rows of each label to set aside: its share rounded down, the rest to the largest remainders. */
function validationShares(labels: readonly string[], fraction: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  let rest = Math.round(labels.length * fraction);
  for (const count of counts.values()) rest -= Math.floor(count * fraction);
  const remainder = (count: number) => count * fraction - Math.floor(count * fraction);
  const shares = new Map<string, number>();
  for (const [label, count] of [...counts].sort((a, b) => remainder(b[1]) - remainder(a[1]))) {
    const share = Math.floor(count * fraction) + (rest-- > 0 ? 1 : 0);
    shares.set(label, Math.min(Math.max(share, 1), count - 1));
  }
  return shares;
}
