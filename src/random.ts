/**
 * Random numbers that depend on nothing but where they are used.
 *
 * The generator is counter-based: block number n of a stream is a pure function of (seed, purpose, index, n). So a
 * shuffle, a dropout mask or a parameter's first values do not depend on threads, on call order or on what was drawn
 * before.
 * And the bits are the same on every engine: beyond exact integer operations only + - * / and sqrt are used, which
 * IEEE 754 rounds in one way; the logarithm is our own.
 */
import { naturalLog } from './elementary.js';
import { checkInteger, wrongType, wrongValue } from './errors.js';

const TWO_32 = 0x100000000;
const TWO_53 = 0x20000000000000;

/** What a stream is for; the same seed gives every purpose numbers of its own. */
export const Purpose = {
  initialize: 1,
  shuffle: 2,
  dropout: 3,
  split: 4,
  noise: 5,
  shard: 6,
  augment: 7,
  mixup: 8,
} as const;

/** Refuses all but whole numbers from 0 to 2^53 - 1, the seeds that a float64 holds exactly. */
export function checkSeed(where: string, seed: unknown): number {
  const expected = 'a whole number from 0 to 2^53 - 1';
  if (typeof seed !== 'number') throw wrongType(where, expected, seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw wrongValue(where, expected, seed);
  return seed;
}

// Looked up once: in a vm context, such as jest's, each look at a global takes a microsecond, and every number drawn
// takes a hundred.
const { imul, sqrt } = Math;

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit words, from four exact 16 × 16-bit products. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Neither sum passes 2^32 - 1: (2^16 - 1)² + (2^16 - 1) < 2^32.
  const middle = imul(aHigh, bLow) + (imul(aLow, bLow) >>> 16);
  const carry = imul(aLow, bHigh) + (middle & 0xffff);
  return imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16);
}

/** Philox 4x32-10 of counter (c0, c1, c2, c3) and key (k0, k1) into the four words of `out`; allocates nothing. */
function philoxInto(out: Uint32Array, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * One block of Philox 4x32-10: four random 32-bit words for a counter of four words and a key of two.
 *
 * Source: Salmon, Moraes, Dror and Shaw, «Parallel random numbers: as easy as 1, 2, 3», SC 2011.
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  const words = new Uint32Array(4);
  philoxInto(words, ...counter, ...key);
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return [w0, w1, w2, w3];
}

/**
 * A stream of random numbers: `new Random(seed, Purpose.initialize, parameterIndex)`.
 *
 * The key is the seed (its low 32 bits, then the others); the counter is [block number, index, 0, purpose]. A stream
 * has 2^34 words. `seed` is a whole number from 0 to 2^53 - 1 (`checkSeed`), `purpose` and `index` are 32-bit words.
 */
export class Random {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  readonly #purpose: number;
  readonly #index: number;
  readonly #words = new Uint32Array(4);
  #block = 0;
  #used = 4;
  #spareNormal: number | undefined;

  constructor(seed: number, purpose: number, index = 0) {
    this.#seedLow = seed >>> 0;
    this.#seedHigh = Math.floor(seed / TWO_32);
    this.#purpose = purpose;
    this.#index = index;
  }

  /** The next word: a whole number from 0 to 2^32 - 1. */
  uint32(): number {
    if (this.#used === 4) {
      philoxInto(this.#words, this.#block++, this.#index, 0, this.#purpose, this.#seedLow, this.#seedHigh);
      this.#used = 0;
    }
    return this.#words[this.#used++] ?? 0;
  }

  /** A number in [0, 1): 53 random bits (27 of one word, 26 of the next) times 2^-53, exactly. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x4000000 + low) / TWO_53;
  }

  /**
   * A standard normal number (mean 0, standard deviation 1), by the polar method, which needs only ln and sqrt and
   * makes two at a time.
   *
   * Source: Marsaglia and Bray, «A convenient method for generating normal variables», SIAM Review 6, 1964.
   */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = sqrt((-2 * naturalLog(s)) / s);
        this.#spareNormal = v * factor;
        return u * factor;
      }
    }
  }

  /** A whole number from 0 to n - 1, each equally likely; n from 1 to 2^32. */
  below(n: number): number {
    checkInteger('Random.below', n, 1, TWO_32);
    // Words from the last, incomplete run of n would favour its small remainders, so they are drawn again.
    const limit = TWO_32 - (TWO_32 % n);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % n;
  }

  /** The numbers 0 … n - 1 in random order. */
  permutation(n: number): Int32Array {
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    this.shuffle(order);
    return order;
  }

  /** Puts `array` in random order in place, every order equally likely (Fisher and Yates). */
  shuffle(array: Int32Array): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const moved = array[i] ?? 0;
      array[i] = array[j] ?? 0;
      array[j] = moved;
    }
  }
}
