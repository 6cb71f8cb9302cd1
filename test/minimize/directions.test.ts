/** The mathematics of full-batch optimisers on functions that are known, against what the literature says of them. */
import { expect, it } from 'vitest';
import { ConjugateDirections } from '../../src/minimize/conjugateGradient.js';
import type { Directions } from '../../src/minimize/directions.js';
import { LbfgsDirections } from '../../src/minimize/lbfgs.js';
import { lineSearch, type Point } from '../../src/minimize/lineSearch.js';
import { dot, norm } from '../../src/minimize/vectors.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

/** Runs a search on a function with its derivative; gives what it found and all lengths that it tried. */
function search(f: (x: number) => [cost: number, slope: number], first: number, flatness: number) {
  const tried: number[] = [];
  const at = (length: number): Point => {
    const [cost, slope] = f(length);
    return { length, cost: Number.isFinite(cost) ? cost : Infinity, slope };
  };
  const lengths = lineSearch(at(0), first, flatness);
  let asked = lengths.next();
  while (!asked.done) {
    tried.push(asked.value);
    asked = lengths.next(at(asked.value));
  }
  return { found: asked.value, tried };
}

// The first of Moré and Thuente, «Line search algorithms with guaranteed sufficient decrease», 1994, and others.
const functions: Record<string, (x: number) => [number, number]> = {
  'Moré and Thuente': x => [-x / (x * x + 2), (x * x - 2) / (x * x + 2) ** 2],
  'a quartic': x => [(x - 2) ** 4, 4 * (x - 2) ** 3],
  'a parabola': x => [(x - 3) ** 2, 2 * (x - 3)],
  'a wall of infinity': x => (x < 0.01 ? [(x - 0.004) ** 2, 2 * (x - 0.004)] : [Infinity, Number.NaN]),
  'an exponential': x => [Math.exp(50 * x) - 1e4 * x, 50 * Math.exp(50 * x) - 1e4],
};
const firsts = Object.keys(functions).flatMap(name => [1e-3, 0.1, 1, 10, 1e3].map(first => [name, first] as const));

it.each(firsts)('%s from %d satisfies the strong Wolfe conditions', (name, first) => {
  const f = functions[name] ?? (() => [0, 0]);
  const [cost, slope] = f(0);
  for (const flatness of [0.9, 0.1, 0.01]) {
    const { found, tried } = search(f, first, flatness);
    expect(found?.cost).toBeLessThanOrEqual(cost + 1e-4 * (found?.length ?? 0) * slope + 1e-6 * Math.abs(cost));
    expect(Math.abs(found?.slope ?? Infinity)).toBeLessThanOrEqual(flatness * Math.abs(slope));
    expect(tried.length).toBeLessThan(25);
  }
});

it('ends with nothing where no length lowers the cost, and with the lowest where none is flat', () => {
  expect(search(x => [x, -1], 1, 0.9).found).toBeUndefined();
  expect(search(x => [x > 0 ? Number.NaN : 0, -1], 1, 0.9).found).toBeUndefined();
  const { found } = search(x => [Math.abs(x - 0.3), x < 0.3 ? -1 : 1], 1, 0.1);
  expect(found?.length).toBeCloseTo(0.3, 3);
});

/** A convex quadratic ½ x·A x − b·x of n unknowns, with its minimum. */
function quadratic(n: number) {
  const draws = numbers(n * n, 3);
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      let sum = i === j ? 0.5 : 0;
      for (let k = 0; k < n; k++) sum += (draws[i * n + k] ?? 0) * (draws[j * n + k] ?? 0);
      return sum;
    }),
  );
  const best = numbers(n, 4);
  const times = (x: ArrayLike<number>) =>
    Float64Array.from(a, row => dot(Float64Array.from(row), Float64Array.from(x)));
  const gradient = (x: Float64Array) => times(x.map((value, i) => value - (best[i] ?? 0)));
  return { best, times, gradient };
}

/** Steps to the minimum along each direction, which a quadratic tells exactly; the point after each. */
function descend(directions: Directions, n: number, steps: number): { x: Float64Array; gradient: Float64Array }[] {
  const { times, gradient } = quadratic(n);
  let x = new Float64Array(n);
  const direction = new Float64Array(n);
  return Array.from({ length: steps }, () => {
    const before = gradient(x);
    directions.towards(direction, before);
    const length = -dot(before, direction) / dot(direction, times(direction));
    const step = direction.map(value => length * value);
    x = x.map((value, i) => value + (step[i] ?? 0));
    directions.learn(step, direction, before, gradient(x));
    return { x, gradient: gradient(x) };
  });
}

it.each<[string, (n: number) => Directions]>([
  ['L-BFGS', n => new LbfgsDirections(n, n)],
  ['conjugate gradients', n => new ConjugateDirections(n)],
])('%s finds the minimum of a quadratic of n unknowns in n exact steps', (_, make) => {
  const n = 7;
  const points = descend(make(n), n, n);
  expectClose(points.at(-1)?.x ?? [], quadratic(n).best, 2e-5);
  // Neither has done so before: its directions are conjugate to one another.
  expect(norm(points.at(-3)?.gradient ?? new Float64Array(0))).toBeGreaterThan(1e-3);
});

it('satisfies the secant equation: as the gradient changed, so the step was', () => {
  const n = 9;
  const directions = new LbfgsDirections(3, n);
  const before = Float64Array.from(numbers(n, 1));
  for (let turn = 0; turn < 5; turn++) {
    const step = Float64Array.from(numbers(n, 10 + turn));
    const change = quadratic(n).times(step);
    directions.learn(
      step,
      step,
      before,
      before.map((value, i) => value + (change[i] ?? 0)),
    );
    const found = new Float64Array(n);
    expect(directions.towards(found, change)).toBe(true);
    expectClose(
      found,
      step.map(value => -value),
      1e-5,
    );
  }
});

it('knows nothing before its first step, after it forgot, and of steps without curvature', () => {
  for (const directions of [new LbfgsDirections(2, 3), new ConjugateDirections(3)]) {
    const direction = new Float64Array(3);
    const gradient = Float64Array.of(1, -2, 3);
    expect(directions.towards(direction, gradient)).toBe(false);
    expect(direction).toEqual(Float64Array.of(-1, 2, -3));
    directions.learn(
      gradient,
      gradient,
      gradient,
      gradient.map(value => 3 * value),
    );
    expect(directions.towards(direction, gradient)).toBe(true);
    directions.forget();
    expect(directions.towards(direction, gradient)).toBe(false);
  }
  const directions = new LbfgsDirections(2, 1);
  directions.learn(Float64Array.of(1), Float64Array.of(1), Float64Array.of(1), Float64Array.of(1));
  expect(directions.towards(new Float64Array(1), Float64Array.of(1))).toBe(false);
});

it('begins conjugate gradients anew where neighbouring gradients are alike', () => {
  const directions = new ConjugateDirections(2);
  const one = Float64Array.of(1, 0);
  directions.learn(one, one, one);
  const direction = new Float64Array(2);
  directions.towards(direction, Float64Array.of(0.5, 0.5));
  expect(direction).toEqual(Float64Array.of(-0.5, -0.5));
  directions.towards(direction, Float64Array.of(0.01, 0.5));
  // Polak and Ribière's β = g · (g − g′) / g′ · g′
  expectClose(direction, [-0.01 + 0.01 * (0.01 - 1) + 0.25, -0.5], 1e-6);
});
