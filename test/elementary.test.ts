/** The functions that give the same bits everywhere, against the host's. */
import { describe, expect, test } from 'vitest';
import { cosineOfTurns, naturalExp, naturalLog, powerOf } from '../src/elementary.js';
import { Purpose, Random } from '../src/random.js';

/** The distance between two neighbouring float64 at `x`. */
const ulp = (x: number) => 2 ** (Math.floor(Math.log2(Math.abs(x))) - 52);

describe('naturalLog', () => {
  test('is within 3 ulp of the logarithm', () => {
    const random = new Random(1, Purpose.split);
    const inputs = [0.7, 1.4, 0.7 - 2 ** -53, 1 - 2 ** -53, 1 + 2 ** -52, Math.E, 2 ** -104, 5e-324, Number.MAX_VALUE];
    for (let i = 0; i < 100_000; i++) {
      const u = random.uniform() + 2 ** -54;
      inputs.push(u, 1 + (u - 0.5) * 2 ** -(i % 40), u * 2 ** ((i % 2000) - 1000));
    }
    let worst = 0;
    for (const x of inputs) {
      const log = Math.log(x);
      if (log !== 0) worst = Math.max(worst, Math.abs(naturalLog(x) - log) / ulp(log));
    }
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(3);
    expect(naturalLog(1)).toBe(0);
  });
});

test('naturalExp is within 2 ulp of the exponential', () => {
  const random = new Random(2, Purpose.split);
  const inputs = [1, -1, 1e-300, 0.5, 700, -700];
  for (let i = 0; i < 20_000; i++) inputs.push((random.uniform() - 0.5) * 1400, random.uniform() - 0.5);
  for (const x of inputs) expect(Math.abs(naturalExp(x) - Math.exp(x))).toBeLessThanOrEqual(2 * ulp(Math.exp(x)));
  expect([0, 711, 1e300, -751, -1e300].map(naturalExp)).toEqual([1, Infinity, Infinity, 0, 0]);
});

test('powerOf is x to the power of y', () => {
  for (const [x, y] of [
    [0.9, 1000],
    [0.96, 0.004],
    [3, 0.5],
    [1e-3, -2],
  ] as const) {
    expect(Math.abs(powerOf(x, y) / x ** y - 1)).toBeLessThan(1e-13);
  }
});

test('cosineOfTurns is the cosine of x times pi', () => {
  for (let i = 0; i <= 1000; i++) {
    expect(Math.abs(cosineOfTurns(i / 1000) - Math.cos((i / 1000) * Math.PI))).toBeLessThan(4e-16);
  }
  expect([0, 0.5, 1].map(cosineOfTurns)).toEqual([1, 0, -1]);
});
