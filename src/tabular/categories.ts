/** Which texts of a column of categories have a place of their own. */
import type { CategoryColumn } from './preprocessing.js';

/** Categories of more values than this become few numbers that are learned for each value. */
const MOST_SPREAD = 50;
/** The most frequent values that have a place of their own: of those that are looked up, and of those that are not. */
const MOST_VALUES = 20_000;
const MOST_PLACES = 1000;

/** Texts of fewer rows than this share a place: one in 200 of the rows, and five at most. */
export function rareBelow(rows: number): number {
  return Math.min(5, Math.ceil(rows / 200));
}

export function fitCategories(
  counts: ReadonlyMap<string, number>,
  rows: number,
  looksUp: boolean,
): Omit<CategoryColumn, 'name' | 'kind'> {
  const most = looksUp ? MOST_VALUES : MOST_PLACES;
  const fill = mostFrequent(counts);
  const least = (rows: number) => [...counts].filter(([, count]) => count >= rows);
  let frequent = least(rareBelow(rows));
  // Who asks for a column of texts that are all rare wants those that come again.
  if (frequent.length === 0) frequent = least(2);
  if (frequent.length > most) frequent.sort((a, b) => b[1] - a[1]).splice(most);
  const values = frequent.length === 0 ? [fill] : frequent.map(([text]) => text).sort();
  const rare = values.length < counts.size ? ({ other: true } as const) : {};
  if (!looksUp || values.length <= MOST_SPREAD) return { values, fill, ...rare };
  return { values, fill, ...rare, embedding: Math.min(16, Math.round(1.6 * values.length ** 0.56)) };
}

/** The first in the order of code units of those with the most rows. */
export function mostFrequent(counts: ReadonlyMap<string, number>): string {
  let [fill, most] = ['', 0];
  for (const value of [...counts.keys()].sort()) {
    const count = counts.get(value) ?? 0;
    if (count > most) [fill, most] = [value, count];
  }
  return fill;
}
