import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSeed, Purpose, philox, Random } from '../src/random.js';

type Counter = [number, number, number, number];
type Key = [number, number];

/** Philox 4x32-10 as the paper writes it, in BigInt, to compare with the 16-bit splits. */
function plainPhilox(counter: Counter, key: Key): bigint[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0;
    const product1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, product1 & mask, (product0 >> 32n) ^ c3 ^ k1, product0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3];
}

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const moment = (values: number[], power: number) => mean(values.map(value => value ** power));

/** Pearson's chi-square of counts that should all be equal. */
function chiSquare(counts: number[]): number {
  const expected = mean(counts);
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('philox', () => {
  // The known answers that Random123 publishes for philox4x32-10.
  test.each<[string, Counter, Key, Counter]>([
    ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      'ones',
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      'digits of pi',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the published answer for %s', (_name, counter, key, answer) => {
    expect(philox(counter, key)).toEqual(answer);
  });

  test('equals plain big-integer arithmetic on any counter and key', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(philox(counter, key).map(BigInt)).toEqual(plainPhilox(counter, key));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('checkSeed', () => {
  test.each([0, 1, 2 ** 32, 2 ** 53 - 1])('takes %d', seed => {
    expect(checkSeed('Model.create.seed', seed)).toBe(seed);
  });

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('refuses %d', seed => {
    expect(() => checkSeed('Model.create.seed', seed)).toThrow(RangeError);
    expect(() => checkSeed('Model.create.seed', seed)).toThrow(
      `Model.create.seed: expected a whole number from 0 to 2^53 - 1, got ${seed}`,
    );
  });

  test('refuses what is no number', () => {
    expect(() => checkSeed('Model.create.seed', '7')).toThrow(TypeError);
  });
});

describe('Random', () => {
  test('is the Philox blocks of counter [block, index, 0, purpose] and key [low, high] in order', () => {
    const seed = 0x1234 * 2 ** 32 + 0x89abcdef;
    const random = new Random(seed, Purpose.dropout, 7);
    const expected = [0, 1, 2].flatMap(block => plainPhilox([block, 7, 0, 3], [0x89abcdef, 0x1234]));
    expect(draw(12, () => random.uint32()).map(BigInt)).toEqual(expected);
  });

  test('seed, purpose and index each give another stream, the same three the same', () => {
    const stream = (seed: number, purpose: number, index?: number) => {
      const random = new Random(seed, purpose, index);
      return draw(8, () => random.uint32()).join();
    };
    const streams = [
      stream(1, Purpose.initialize),
      stream(2, Purpose.initialize),
      stream(1 + 2 ** 32, Purpose.initialize),
      stream(1, Purpose.shuffle),
      stream(1, Purpose.initialize, 1),
    ];
    expect(new Set(streams).size).toBe(streams.length);
    expect(stream(1, Purpose.initialize, 0)).toBe(streams[0]);
    const purposes = Object.values(Purpose);
    expect(new Set(purposes).size).toBe(purposes.length);
  });

  test('uniform is 53 bits of two words', () => {
    const words = plainPhilox([0, 0, 0, 2], [5, 0]) as [bigint, bigint, bigint, bigint];
    const random = new Random(5, Purpose.shuffle);
    expect(BigInt(random.uniform() * 2 ** 53)).toBe(((words[0] >> 5n) << 26n) | (words[1] >> 6n));
    expect(BigInt(random.uniform() * 2 ** 53)).toBe(((words[2] >> 5n) << 26n) | (words[3] >> 6n));
  });

  test('uniform fills [0, 1) evenly', () => {
    const random = new Random(11, Purpose.initialize);
    const values = draw(100_000, () => random.uniform());
    const counts = new Array<number>(100).fill(0);
    expect(values.every(value => value >= 0 && value < 1)).toBe(true);
    for (const value of values) {
      counts[Math.floor(value * 100)] = (counts[Math.floor(value * 100)] ?? 0) + 1;
    }
    expect(mean(values)).toBeCloseTo(1 / 2, 2);
    expect(moment(values, 2) - mean(values) ** 2).toBeCloseTo(1 / 12, 2);
    // 99 degrees of freedom: mean 99, standard deviation 14.
    expect(chiSquare(counts)).toBeGreaterThan(99 - 4 * 14);
    expect(chiSquare(counts)).toBeLessThan(99 + 5 * 14);
  });

  test('normal has the moments and the tails of the standard normal distribution', () => {
    const random = new Random(12, Purpose.initialize);
    const values = draw(200_000, () => random.normal());
    expect(Math.abs(mean(values))).toBeLessThan(0.01);
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(values, 3))).toBeLessThan(0.03);
    expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(0.1);
    const within = (deviations: number) => values.filter(value => Math.abs(value) < deviations).length / values.length;
    expect(Math.abs(within(0.5) - 0.38292)).toBeLessThan(0.005);
    expect(Math.abs(within(1) - 0.68269)).toBeLessThan(0.005);
    expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.002);
    expect(Math.abs(within(3) - 0.9973)).toBeLessThan(0.0006);
    const neighbours = values.slice(1).map((value, i) => value * (values[i] ?? 0));
    expect(Math.abs(mean(neighbours))).toBeLessThan(0.01);
  });

  test('below is unbiased, also where n does not divide 2^32', () => {
    const random = new Random(13, Purpose.shuffle);
    const counts = new Array<number>(10).fill(0);
    for (const value of draw(100_000, () => random.below(10))) counts[value] = (counts[value] ?? 0) + 1;
    expect(counts).toHaveLength(10);
    expect(chiSquare(counts)).toBeLessThan(40); // 9 degrees of freedom; 40 is passed once in 130,000
    // A plain remainder would give the lowest third of this n half of the draws.
    const n = 3 * 2 ** 30;
    const low = draw(30_000, () => random.below(n)).filter(value => value < 2 ** 30).length / 30_000;
    expect(Math.abs(low - 1 / 3)).toBeLessThan(0.015);
    expect(random.below(1)).toBe(0);
    expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
  });

  test.each([0, -1, 1.5, 2 ** 32 + 1])('below refuses %d', n => {
    expect(() => new Random(0, Purpose.shuffle).below(n)).toThrow(/^Random\.below: expected a whole number/);
  });

  test('a permutation holds every number once', () => {
    for (const n of [0, 1, 2, 3, 17, 1000]) {
      const order = new Random(14, Purpose.shuffle, n).permutation(n);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });

  test('all orders of four are equally likely', () => {
    const random = new Random(15, Purpose.shuffle);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.permutation(4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()])).toBeLessThan(65); // 23 degrees of freedom; passed once in 140,000
  });

  test('shuffle keeps the elements, in place', () => {
    const array = Int32Array.of(-5, 9, 9, 2, 1_000_000);
    new Random(16, Purpose.shuffle).shuffle(array);
    expect([...array].sort((a, b) => a - b)).toEqual([-5, 2, 9, 9, 1_000_000]);
  });
});
