/** Dropout's mask as assembly/ops/dropout.ts says it is made, from the generator of src/random.ts. */
import { philox } from '../../src/random.js';

/**
 * Row b, column 16 p + 4 w + j is kept where word w of Philox's block for the counter (4 p + j, b, step, stream) is at least rate · 2³², and is then
 * multiplied by 1 / (1 − rate).
 */
export function dropoutMask(options: {
  readonly rate: number;
  readonly rows: number;
  readonly columns: number;
  readonly step: number;
  readonly stream: number;
  readonly seed: readonly [low: number, high: number];
}): Float64Array {
  const { rate, rows, columns, step, stream, seed } = options;
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = Math.floor(column / 16) * 4 + (column % 4);
    const words = philox([block, row, step, stream], [...seed]);
    const word = (words[Math.floor((column % 16) / 4)] ?? 0) >>> 0;
    return word >= Math.floor(rate * 2 ** 32) ? Math.fround(1 / (1 - rate)) : 0;
  });
}
