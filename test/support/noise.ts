/**
 * What layers that make noise do to each element, as assembly/ops/noise.ts says it is made, from the generator of
 * src/random.ts.
 */
import type { Layer } from '../../src/layers/index.js';
import { Purpose, philox } from '../../src/random.js';
import { erf } from '../reference/activations.js';

/** Each element is multiplied by its `scale`, then its `shift` is added. */
export interface NoiseOfLayer {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

interface Place {
  readonly rows: number;
  readonly columns: number;
  readonly step: number;
  readonly seed: readonly [low: number, high: number];
}

/**
 * The 32 random bits of row b, column 16 p + 4 w + j: word w of Philox's block for the counter (4 p + j, b, step,
 * stream).
 */
function words({ rows, columns, step, seed }: Place, stream: number): number[] {
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = Math.floor(column / 16) * 4 + (column % 4);
    return philox([block, row, step, stream], [...seed])[Math.floor((column % 16) / 4)] ?? 0;
  });
}

/** Kept where the bits, as an unsigned number, are at least rate · 2³²: then `scale`, else 0. */
export function dropoutMask(options: Place & { rate: number; stream: number; scale?: number }): Float64Array {
  const { rate, stream, scale = 1 / (1 - rate) } = options;
  const threshold = Math.floor(rate * 2 ** 32);
  return Float64Array.from(words(options, stream), word => (word >>> 0 >= threshold ? Math.fround(scale) : 0));
}

/** The number z with Φ(z) = (1 + u) / 2, by halving. */
function normalQuantile(u: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (erf(middle / Math.SQRT2) < u) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Normal numbers: the upper 23 bits say where between −1 and 1, and the normal distribution's quantile how far. */
export function normals(options: Place & { stream: number }): Float64Array {
  return Float64Array.from(words(options, options.stream), word => normalQuantile(((word >> 9) + 0.5) / 2 ** 22));
}

/** The noise of the layer that stands at `index`; none where it makes none. */
export function noiseOf(layer: Layer | undefined, index: number, place: Place): NoiseOfLayer | undefined {
  const length = place.rows * place.columns;
  const zeros = new Float64Array(length);
  const dropping = { ...place, stream: index * 256 + Purpose.dropout };
  if (layer?.kind === 'dropout') return { scale: dropoutMask({ ...dropping, rate: layer.rate }), shift: zeros };
  if (layer?.kind === 'alphaDropout' && layer.rate > 0) {
    // a · (x or −1.758) + b, with the a and b of the paper (Klambauer et al. 2017).
    const [rate, floor] = [layer.rate, -1.7580993408473766];
    const a = ((1 - rate) * (1 + rate * floor ** 2)) ** -0.5;
    const b = -a * rate * floor;
    const scale = dropoutMask({ ...dropping, rate, scale: a });
    return { scale, shift: scale.map(value => (value === 0 ? a * floor + b : b)) };
  }
  if (layer?.kind !== 'gaussianNoise') return undefined;
  const { deviation } = layer;
  const shift = normals({ ...place, stream: index * 256 + Purpose.noise }).map(value => value * deviation);
  return { scale: zeros.map(() => 1), shift };
}
