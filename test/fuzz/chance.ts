/** Mulberry32: enough chance for a fuzz test, the same on every run. `next(n)` is a whole number below n. */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
export type Chance = ReturnType<typeof chance>;

export function pick<T>(next: Chance, list: readonly T[]): T {
  const item = list[next(list.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
