/** Which columns a model relies on. */
import { Purpose, Random } from '../random.js';

/** How much a model relies on a column. */
export interface Importance {
  readonly column: string;
  /** How much worse the score is where the column's values are dealt to other rows: the mean, and its deviation. */
  readonly mean: number;
  readonly deviation: number;
}

/**
 * How much the loss of rows grows where the numbers of a group of inputs are dealt to other rows, the most important
 * group first.
 */
export function permutationImportance(
  x: Float32Array,
  groups: readonly { readonly name: string; readonly width: number }[],
  { repeats, seed }: { readonly repeats: number; readonly seed: number },
  lossWith: (inputs: Float32Array) => number,
): Importance[] {
  const own = lossWith(x);
  const width = groups.reduce((sum, group) => sum + group.width, 0);
  let [start, draw] = [0, 0];
  const found = groups.map(group => {
    const end = start + group.width;
    const worse = Array.from({ length: repeats }, () => {
      const order = new Random(seed, Purpose.split, ++draw).permutation(x.length / width);
      const dealt = x.map((value, at) => {
        const input = at % width;
        const row = (at - input) / width;
        return input < start || input >= end ? value : (x[(order[row] ?? row) * width + input] ?? 0);
      });
      return lossWith(dealt) - own;
    });
    start = end;
    const mean = worse.reduce((sum, value) => sum + value, 0) / repeats;
    const variance = worse.reduce((sum, value) => sum + (value - mean) ** 2, 0) / repeats;
    return { column: group.name, mean, deviation: Math.sqrt(variance) };
  });
  return found.sort((a, b) => b.mean - a.mean);
}
