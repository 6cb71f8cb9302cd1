/** Small data sets that are the same in every run. */

/** `count` float32 numbers from −1 to 1, by Park and Miller's minimal generator (1988). */
export function numbers(count: number, seed: number): Float32Array {
  let state = 1 + (seed % 2147483646);
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  });
}

/** `count` class indices below `classes`. */
export function labels(count: number, classes: number, seed: number): Int32Array {
  return Int32Array.from(numbers(count, seed), v => Math.min(classes - 1, Math.floor(((v + 1) / 2) * classes)));
}
