import { checkNumber } from '../errors.js';
import { Purpose, Random } from '../random.js';

/** Row indices, both ascending; together they are every row once. */
export interface Split {
  training: number[];
  validation: number[];
}

/**
 * Sets a fraction of the rows aside at random: at least one on either side where there are two. Same seed, same split.
 */
export function splitRows(rows: number, fraction: number, seed: number): Split {
  return stratifiedSplit(new Int32Array(rows), fraction, seed);
}

/**
 * Sets a fraction of the rows aside at random so that every label keeps its share on both sides. As many rows as the
 * fraction says, but one at least, and of each label one row stays in training. Same seed, same split.
 */
export function stratifiedSplit(labels: ArrayLike<string | number>, fraction: number, seed: number): Split {
  checkNumber('validation fraction', fraction, { min: 0, below: 1 });
  const shares = fraction === 0 ? new Map<string | number, number>() : validationShares(labels, fraction);
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

/** How many rows of each label to set aside: its share rounded down, the rest to the largest remainders, in turns. */
function validationShares(labels: ArrayLike<string | number>, fraction: number): Map<string | number, number> {
  const counts = new Map<string | number, number>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] ?? '';
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const remainder = (count: number) => count * fraction - Math.floor(count * fraction);
  const ranked = [...counts].sort((a, b) => remainder(b[1]) - remainder(a[1]));
  const shares = new Map(ranked.map(([label, count]) => [label, Math.floor(count * fraction)]));
  let rest = Math.max(Math.round(labels.length * fraction), 1);
  for (const share of shares.values()) rest -= share;
  const able = () => ranked.filter(([label, count]) => (shares.get(label) ?? 0) + 1 < count);
  // A second turn is for what labels with a single row could not give.
  for (let givers = able(); rest > 0 && givers.length > 0; givers = able()) {
    for (const [label] of givers.slice(0, rest)) shares.set(label, (shares.get(label) ?? 0) + 1);
    rest -= givers.length;
  }
  return shares;
}
