/**
 * The vector functions of assembly/simd/math.ts against float64, in units in the last place (ulp) of float32.
 *
 * `most` is the largest error allowed, for the binary that rounds after each multiplication and for the one that fuses.
 * It lies a twentieth above the largest found among 800,000 arguments. The test takes fewer: an even grid where the
 * function changes, and every 20011th float32 there is.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { BinaryName } from '../../src/runtime/binaries.js';
import { at } from '../reference/activations.js';
import { binaries, compileEntry } from '../support/binaries.js';

interface Case {
  /** The function in float64. */
  readonly exact: (x: number) => number;
  /** Where the grid lies. */
  readonly grid: readonly [number, number];
  /** Where its error is stated. */
  readonly domain: readonly [number, number];
  /** ulp */
  readonly most: Readonly<Record<BinaryName, number>>;
  /** Arguments with their values: exactly, zeros with their sign. */
  readonly special: readonly (readonly [x: number, y: number])[];
}

/** The largest float32, the smallest normal one, and one below that. */
const LARGEST = 3.4028234663852886e38;
const SMALLEST = 2 ** -126;
const DENORMAL = 2 ** -133;
const HALF_LN2 = Math.fround(Math.LN2);

const cases: Record<string, Case> = {
  exp: {
    exact: Math.exp,
    grid: [-80, 88.7],
    domain: [-80, 88.7228],
    most: { simd: 1.4, relaxed: 1.35 },
    special: [
      [0, 1],
      [-0, 1],
      [DENORMAL, 1],
      [-DENORMAL, 1],
      [-80.00001, 0],
      [-81, 0],
      [-103.5, 0],
      [-LARGEST, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [88.73, Number.POSITIVE_INFINITY],
      [LARGEST, Number.POSITIVE_INFINITY],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ],
  },
  expm1: {
    exact: Math.expm1,
    grid: [-20, 0],
    domain: [-LARGEST, 0],
    most: { simd: 1, relaxed: 0.95 },
    special: [
      [0, 0],
      [-DENORMAL, -DENORMAL],
      [-18, -1],
      [-LARGEST, -1],
      [Number.NEGATIVE_INFINITY, -1],
    ],
  },
  log: {
    exact: Math.log,
    grid: [0.4, 2.5],
    domain: [SMALLEST, LARGEST],
    most: { simd: 2.1, relaxed: 2.1 },
    special: [
      [1, 0],
      [0, Number.NEGATIVE_INFINITY],
      [-0, Number.NEGATIVE_INFINITY],
      [DENORMAL, Number.NEGATIVE_INFINITY],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      [-DENORMAL, Number.NaN],
      [-1, Number.NaN],
      [Number.NEGATIVE_INFINITY, Number.NaN],
    ],
  },
  log1p: {
    exact: Math.log1p,
    grid: [0, 1],
    domain: [0, 1],
    most: { simd: 2.05, relaxed: 2.05 },
    special: [
      [0, 0],
      [DENORMAL, DENORMAL],
    ],
  },
  tanh: {
    exact: Math.tanh,
    grid: [-10, 10],
    domain: [-LARGEST, LARGEST],
    most: { simd: 2.6, relaxed: 2.6 },
    special: [
      [0, 0],
      [-0, -0],
      [DENORMAL, DENORMAL],
      [-DENORMAL, -DENORMAL],
      [Number.POSITIVE_INFINITY, 1],
      [Number.NEGATIVE_INFINITY, -1],
    ],
  },
  gateTanh: {
    exact: Math.tanh,
    grid: [-10, 10],
    domain: [-LARGEST, LARGEST],
    most: { simd: 6, relaxed: 6 },
    special: [
      [0, 0],
      [-0, -0],
      [DENORMAL, DENORMAL],
      [-DENORMAL, -DENORMAL],
    ],
  },
  sigmoid: {
    exact: x => 1 / (1 + Math.exp(-x)),
    grid: [-87, 20],
    domain: [-80, LARGEST],
    most: { simd: 3.05, relaxed: 3.05 },
    special: [
      [0, 0.5],
      [-0, 0.5],
      [DENORMAL, 0.5],
      [-89, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [Number.POSITIVE_INFINITY, 1],
    ],
  },
  softplus: {
    exact: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    grid: [-80, 20],
    domain: [-80, LARGEST],
    most: { simd: 2.7, relaxed: 2.7 },
    special: [
      [-0, HALF_LN2],
      [DENORMAL, HALF_LN2],
      [-81, 0],
      [LARGEST, LARGEST],
      [Number.NEGATIVE_INFINITY, 0],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ],
  },
  bell: {
    exact: x => Math.exp((-x * x) / 2),
    grid: [-12.6, 12.6],
    domain: [-12.6, 12.6],
    most: { simd: 1.75, relaxed: 1.75 },
    special: [
      [0, 1],
      [-0, 1],
      [DENORMAL, 1],
      [13, 0],
      [-LARGEST, 0],
      [Number.POSITIVE_INFINITY, 0],
      [Number.NEGATIVE_INFINITY, 0],
    ],
  },
  normalCdf: {
    exact: normalCdf,
    grid: [-12.6, 6],
    domain: [-12.6, LARGEST],
    most: { simd: 7, relaxed: 6.5 },
    special: [
      [-13, 0],
      [-LARGEST, 0],
      [LARGEST, 1],
      [Number.NEGATIVE_INFINITY, 0],
      [Number.POSITIVE_INFINITY, 1],
    ],
  },
};

/** The normal distribution by the series of erf where it is quick, and by Laplace's continued fraction in the tails. */
function normalCdf(x: number): number {
  const a = Math.abs(x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (x * x) / (2 * n + 1);
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / fraction;
  return x < 0 ? density / fraction : 1 - density / fraction;
}

interface Exports extends Record<string, unknown> {
  initialize(): void;
}
type VectorFunction = (y: number, x: number, count: number) => void;

const CAPACITY = 2 ** 19;
const [FROM, TO] = [2 ** 16, 2 ** 16 + 4 * CAPACITY];

/** An even grid, then numbers from all of float32, within the domain; a multiple of four. */
function argumentsOf({ grid: [first, last], domain: [lowest, highest] }: Case): Float32Array {
  const even = Float32Array.from({ length: 2 ** 17 }, (_, i) => first + ((last - first) * i) / (2 ** 17 - 1));
  const all = new Float32Array(Uint32Array.from({ length: 2 ** 32 / 20011 }, (_, i) => i * 20011).buffer);
  const inside = [even, all].map(part => part.filter(x => x >= lowest && x <= highest));
  const joined = new Float32Array(inside.reduce((length, part) => length + part.length, 0));
  inside.reduce((offset, part) => {
    joined.set(part, offset);
    return offset + part.length;
  }, 0);
  return joined.subarray(0, joined.length & ~3);
}

/** What |got − want| is divided by: the distance between float32 numbers there. */
function unitsAt(want: Float64Array): Float64Array {
  const bits = new Uint32Array(Float32Array.from(want).buffer);
  return Float64Array.from(bits, word => 2 ** (Math.max(1, (word >>> 23) & 255) - 127 - 23));
}

const expected = new Map(
  Object.entries(cases).map(([name, test]) => {
    const x = argumentsOf(test);
    const want = Float64Array.from(x, test.exact);
    return [name, { x, want, unit: unitsAt(want) }];
  }),
);

describe.each(binaries)('%s', binary => {
  let apply: (name: string, x: Float32Array) => Float32Array;

  beforeAll(async () => {
    const module = await compileEntry('test/assembly/math.ts', binary);
    const memory = new WebAssembly.Memory({ initial: TO / 65536 + (4 * CAPACITY) / 65536 });
    const exported = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
    exported.initialize();
    apply = (name, x) => {
      new Float32Array(memory.buffer, FROM, CAPACITY).set(x);
      (exported[name] as VectorFunction)(TO, FROM, x.length);
      return new Float32Array(memory.buffer, TO, x.length).slice();
    };
  });

  describe.each(Object.entries(cases))('%s', (name, { most, special }) => {
    it(`is within ${most[binary]} ulp`, () => {
      const { x = new Float32Array(), want = [], unit = [] } = expected.get(name) ?? {};
      expect(x.length).toBeGreaterThan(2 ** 17);
      const y = apply(name, x);
      let worst = 0;
      let where = 0;
      for (let i = 0; i < x.length; i++) {
        const error = Math.abs(at(y, i) - at(want, i)) / at(unit, i);
        if (!(error <= worst)) {
          worst = error;
          where = i;
        }
        if (Number.isNaN(error)) break;
      }
      expect(worst, `at ${x[where]}: got ${y[where]}, want ${want[where]}`).toBeLessThanOrEqual(most[binary]);
    });

    it('keeps to its special values, and NaN stays NaN in every lane', () => {
      const rows = [...special, [Number.NaN, Number.NaN] as const];
      for (const [x, y] of rows) {
        const lanes = apply(name, new Float32Array(4).fill(x));
        expect([...lanes], `${name}(${x})`).toEqual([y, y, y, y]);
      }
    });
  });

  it('exp is exactly 0 everywhere below −80', () => {
    const x = Float32Array.from({ length: 2 ** 16 }, (_, i) => -80 - (i + 1) / 128);
    expect(apply('exp', x).some(y => !Object.is(y, 0))).toBe(false);
  });
});
