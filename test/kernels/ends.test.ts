/**
 * Every activation's and every loss's value and derivative over the whole of float32, denormal numbers and infinities
 * aside: to 4 units in the last place of the larger of 1 and what float64 gives. NaN stays NaN wherever it stands.
 */
import { describe, expect, it } from 'vitest';
import {
  type ActivationConfig,
  activationNames,
  elu,
  gelu,
  leakyRelu,
  resolveActivation,
} from '../../src/layers/activations.js';
import { emitActivation, emitActivationGradient, runsInPlace } from '../../src/layers/elementwise.js';
import { LossKind } from '../../src/plan/opcodes.js';
import { ops as table } from '../../src/plan/ops/index.js';
import * as reference from '../reference/activations.js';
import { at, type Scalar } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import * as losses from '../reference/losses.js';
import { Assembled } from '../support/assemble.js';
import { backends } from '../support/binaries.js';

const LARGEST = 3.4028234663852886e38;
const SMALLEST = 2 ** -126;

/**
 * Every exponent with 24 mantissas and both signs, an even grid where functions bend, and float32 numbers by chance.
 */
const sweep: readonly number[] = [0, LARGEST, SMALLEST]
  .concat(
    Array.from({ length: 254 * 24 }, (_, i) =>
      Math.fround(2 ** (Math.floor(i / 24) - 126) * (1 + ((i % 24) + 0.3) / 24)),
    ),
    Array.from({ length: 20000 }, (_, i) => Math.fround((i * 110) / 20000)),
    Array.from({ length: 4000 }, (_, i) => Math.fround((i * 4) / 4000)),
    [...new Float32Array(Int32Array.from(numbers(8000, 5), v => Math.abs(v) * 0x7f000000).buffer)],
  )
  .flatMap(value => (value < SMALLEST && value !== 0 ? [] : [value, -value]));

/** |got − want| in units in the last place of the larger of 1 and want. */
function ulps(got: number, want: number): number {
  if (Object.is(got, want) || got === Math.fround(want)) return 0;
  return Math.abs(got - want) / 2 ** (Math.floor(Math.log2(Math.max(1, Math.abs(want)))) - 23);
}

/** The worst of many, told so that it can be looked for. */
function worst(got: ArrayLike<number>, want: ArrayLike<number>, place: (i: number) => string): string[] {
  let most = 4;
  let told: string[] = [];
  for (let i = 0; i < want.length; i++) {
    const error = ulps(at(got, i), at(want, i));
    if (error <= most) continue;
    told = [`${place(i)}: got ${got[i]}, want ${want[i]}, ${error} ulp`];
    most = error;
    if (Number.isNaN(error)) break;
  }
  return told;
}

const settings: readonly [ActivationConfig, Scalar][] = [
  [gelu({ approximate: 'tanh' }), reference.geluTanh],
  ...[0, 0.7, 2, 2.1, 100, 1e10, 1e38].map((alpha): [ActivationConfig, Scalar] => {
    return [elu({ alpha }), reference.elu(Math.fround(alpha))];
  }),
  ...[0, 0.01, 5, 1e38].map((slope): [ActivationConfig, Scalar] => {
    return [leakyRelu({ slope }), reference.leakyRelu(Math.fround(slope))];
  }),
];

const { relu, selu, geluErf, silu, mish, softplus, softsign, tanh, sigmoid, hardSigmoid, hardSwish, exponential } =
  reference;
const plain = {
  relu,
  selu,
  gelu: geluErf,
  silu,
  mish,
  softplus,
  softsign,
  tanh,
  sigmoid,
  hardSigmoid,
  hardSwish,
  exponential,
};
const activations: readonly [ActivationConfig, Scalar][] = [
  ...Object.entries(plain).map(([name, f]): [ActivationConfig, Scalar] => [resolveActivation('test', name), f]),
  ...settings,
];

it('no activation is forgotten', () => {
  const byRows = ['linear', 'softmax', 'logSoftmax'];
  expect(new Set([...byRows, ...activations.map(([{ kind }]) => kind)])).toEqual(new Set(activationNames));
});

describe.each(backends)('activations, $binary', backend => {
  /** y and dy/dx of rows as wide as `columns`. */
  function apply(config: ActivationConfig, x: Float32Array, columns: number): { y: Float32Array; slope: Float32Array } {
    const ops = new Assembled(backend, x.length / columns, builder => {
      const input = builder.value({ name: 'x' }, { positions: 1, columns });
      const output = runsInPlace(config) ? input : builder.value({ name: 'y' }, { positions: 1, columns });
      const dx = builder.region('dx', input.data.bytes);
      const dy = builder.region('dy', input.data.bytes);
      emitActivation(builder, 'test', config, input, output);
      emitActivationGradient(builder, 'test', config, input, output, { dx, dy });
      return { x: input.data, y: output.data, dx, dy };
    });
    ops.write(ops.places.x, x, columns);
    ops.write(ops.places.dy, new Float32Array(x.length).fill(1), columns);
    ops.run();
    return { y: ops.read(ops.places.y, columns), slope: ops.read(ops.places.dx, columns) };
  }

  // Thirteen columns: each number comes to stand in another lane than the one before, and the last group is not whole.
  const columns = 13;
  const x = Float32Array.from(sweep.slice(0, sweep.length - (sweep.length % columns)));

  it.each(activations)('%o', (config, f) => {
    const { y, slope } = apply(config, x, columns);
    const place = (i: number) => `at ${x[i]}`;
    expect(worst(y, Float64Array.from(x, f.value), place), 'values').toEqual([]);
    expect(worst(slope, Float64Array.from(x, f.derivative), place), 'derivatives').toEqual([]);
  });

  it.each(activations)('%o of NaN is NaN, in every lane, and beside it nothing is', config => {
    for (const columns of [1, 7, 17]) {
      const x = Float32Array.from({ length: columns * columns }, (_, i) => (i % (columns + 1) === 0 ? Number.NaN : 1));
      const { y } = apply(config, x, columns);
      expect([...y].map(Number.isNaN)).toEqual([...x].map(Number.isNaN));
    }
  });
});

type Pairs = readonly (readonly [prediction: number, target: number])[];
interface Case {
  readonly kind: LossKind;
  readonly loss: losses.Loss;
  readonly setting?: number;
  readonly pairs: Pairs;
}

const some = sweep.filter((_, i) => i % 8 < 2);
const other = (i: number) => at(some, (i * 7919) % some.length);
/** Predictions near to and far from their targets, at every size of both. */
const differences: Pairs = some.flatMap((v, i) => {
  const near = Math.fround(v * (1 + 2 ** -((i % 23) + 1)));
  const pairs = [
    [v, 0],
    [0, v],
    [v, near],
    [v, 1],
    [v, other(i)],
  ] as const;
  return pairs.filter(([p, t]) => Math.abs(p) <= LARGEST && Math.abs(t) <= LARGEST && Math.abs(p - t) <= LARGEST);
});
const decisions: Pairs = some.flatMap(
  v =>
    [
      [v, 1],
      [v, 0],
      [v, 0.5],
      [v, 0.25],
    ] as const,
);
/** Soft ones near 0 alone: far out a power of what is off is multiplied by the logit. */
const answers: Pairs = decisions.filter(([z, t]) => t === 0 || t === 1 || Math.abs(z) < 1);
const squareFits: Pairs = differences.filter(([p, t]) => (p - t) ** 2 < LARGEST);
const shares = some.filter(v => v >= SMALLEST && v <= 1);
const distributions: Pairs = shares.flatMap((v, i) => {
  return [
    [v, 1],
    [v, 0],
    [1, v],
    [v, v],
    [v, at(shares, (i * 7919) % shares.length)],
  ] as const;
});

const costs: Record<string, Case> = {
  meanSquaredError: { kind: LossKind.meanSquaredError, loss: losses.meanSquaredError, pairs: squareFits },
  meanAbsoluteError: { kind: LossKind.meanAbsoluteError, loss: losses.meanAbsoluteError, pairs: differences },
  ...Object.fromEntries(
    [1e-30, 0.3, 1, 1e10].map((delta): [string, Case] => {
      const fits: Pairs = differences.filter(([p, t]) => Math.abs(p - t) * delta < LARGEST);
      return [
        `huber(${delta})`,
        { kind: LossKind.huber, loss: losses.huber(Math.fround(delta)), setting: delta, pairs: fits },
      ];
    }),
  ),
  logCosh: { kind: LossKind.logCosh, loss: losses.logCosh, pairs: differences },
  hinge: {
    kind: LossKind.hinge,
    loss: losses.hinge,
    pairs: some.flatMap(
      v =>
        [
          [v, 1],
          [v, -1],
        ] as const,
    ),
  },
  binaryCrossEntropyFromLogits: {
    kind: LossKind.binaryCrossEntropyFromLogits,
    loss: losses.binaryCrossEntropyFromLogits,
    pairs: decisions,
  },
  ...Object.fromEntries(
    [0, 0.5, 2, 5].map((gamma): [string, Case] => {
      const loss = losses.focal(gamma, 0.5);
      return [`focal(${gamma})`, { kind: LossKind.focal, loss, setting: gamma, pairs: answers }];
    }),
  ),
  // Where its two parts cancel, neither has more digits: apart from one another by a factor of 2 they do not.
  poisson: {
    kind: LossKind.poisson,
    loss: losses.poisson,
    pairs: differences
      .map(([p, t]) => [Math.abs(p), Math.abs(t)] as const)
      .filter(([p, t]) => {
        const part = Math.abs(t * Math.log(p));
        return p >= SMALLEST && part < LARGEST && (part < p / 2 || part > 2 * p) && t / p < LARGEST;
      }),
  },
  'quantile(0.9)': {
    kind: LossKind.quantile,
    loss: losses.quantile(Math.fround(0.9)),
    setting: 0.9,
    pairs: differences,
  },
  meanAbsolutePercentageError: {
    kind: LossKind.meanAbsolutePercentageError,
    loss: losses.meanAbsolutePercentageError,
    setting: 2 ** -52,
    pairs: differences.filter(([p, t]) => Math.abs(p - t) / Math.max(Math.abs(t), 2 ** -52) < LARGEST),
  },
  squaredHinge: {
    kind: LossKind.squaredHinge,
    loss: losses.squaredHinge,
    pairs: some
      .filter(v => Math.abs(v) < 1e19)
      .flatMap(
        v =>
          [
            [v, 1],
            [v, -1],
          ] as const,
      ),
  },
  klDivergence: { kind: LossKind.klDivergence, loss: losses.klDivergence, pairs: distributions },
};

it('no elementwise loss is forgotten', () => {
  const kinds = Object.values(LossKind).filter(kind => typeof kind === 'number');
  expect(new Set(Object.values(costs).map(({ kind }) => kind))).toEqual(new Set(kinds));
});

describe.each(backends)('losses, $binary', backend => {
  function assemble(op: 'elementwiseLoss' | 'cosineSimilarity', rows: number, columns: number, fields = {}) {
    return new Assembled(backend, rows, builder => {
      const x = builder.value({ name: 'x' }, { positions: 1, columns }).data;
      const [dx, target] = [builder.region('dx', x.bytes), builder.region('target', x.bytes)];
      const rowCosts = builder.region('rowCosts', rows * 8);
      const record = {
        rowCosts,
        x,
        dx,
        target,
        columns,
        kind: 0,
        setting: 0,
        divisor: 1,
        weight: 1,
        alpha: 0.5,
        lengths: 0,
        ...fields,
      };
      builder.emit(table[op], 'test', record);
      return { x, dx, target, rowCosts };
    });
  }

  it.each(Object.entries(costs))('%s', (_, { kind, loss, setting = 0, pairs }) => {
    // A power of two, by which the derivative is divided without loss.
    const rows = 2 ** Math.ceil(Math.log2(pairs.length));
    const ops = assemble('elementwiseLoss', rows, 1, { kind, setting });
    const p = Float32Array.from({ length: rows }, (_, i) => pairs[i]?.[0] ?? 0);
    const t = Float32Array.from({ length: rows }, (_, i) => pairs[i]?.[1] ?? 0);
    ops.write(ops.places.x, p, 1);
    ops.write(ops.places.target, t, 1);
    ops.run();
    const got = new Float64Array(ops.program.memory.buffer, ops.places.rowCosts.address, rows);
    const slopes = ops.read(ops.places.dx, 1).map(value => value * rows);
    const want = pairs.map((_, i) => loss(Float64Array.of(at(p, i)), Float64Array.of(at(t, i)), 1));
    const place = (i: number) => `at prediction ${p[i]}, target ${t[i]}`;
    const values = want.map(({ value }) => value);
    expect(worst(got, values, place), 'values').toEqual([]);
    expect(
      worst(
        slopes,
        want.map(({ gradient }) => at(gradient, 0)),
        place,
      ),
      'derivatives',
    ).toEqual([]);
    const negative = values.findIndex((value, i) => value >= 0 && at(got, i) < 0);
    expect(negative, 'the first cost that is negative').toBe(-1);
  });

  it('logCosh of small differences keeps its digits', () => {
    const p = Float32Array.from({ length: 512 }, (_, i) => 2 ** (-i / 16));
    const ops = assemble('elementwiseLoss', 512, 1, { kind: LossKind.logCosh });
    ops.write(ops.places.x, p, 1);
    ops.write(ops.places.target, new Float32Array(512), 1);
    ops.run();
    const got = new Float64Array(ops.program.memory.buffer, ops.places.rowCosts.address, 512);
    const off = p.map((d, i) => Math.abs(at(got, i) / Math.log1p(2 * Math.sinh(d / 2) ** 2) - 1));
    expect(Math.max(...off)).toBeLessThan(1e-6);
  });

  it('a row whose sum is beyond float32 costs what its mean says', () => {
    const columns = 17;
    const ops = assemble('elementwiseLoss', 1, columns, { kind: LossKind.meanAbsoluteError, divisor: columns });
    ops.write(ops.places.x, new Float32Array(columns).fill(LARGEST), columns);
    ops.write(ops.places.target, new Float32Array(columns), columns);
    ops.run();
    const got = new Float64Array(ops.program.memory.buffer, ops.places.rowCosts.address, 1);
    expect(at(got, 0) / columns).toBe(LARGEST);
  });

  it('klDivergence counts what is below 2⁻¹²⁶ as that', () => {
    const pairs = [
      [0, 1],
      [-1, 1],
      [2 ** -130, 1],
      [0, 0],
      [1, 2 ** -130],
    ] as const;
    const ops = assemble('elementwiseLoss', 8, 1, { kind: LossKind.klDivergence });
    ops.write(ops.places.x, Float32Array.of(...pairs.map(([p]) => p), 1, 1, 1), 1);
    ops.write(ops.places.target, Float32Array.of(...pairs.map(([, t]) => t), 0, 0, 0), 1);
    ops.run();
    const got = new Float64Array(ops.program.memory.buffer, ops.places.rowCosts.address, pairs.length);
    const most = 126 * Math.LN2;
    expect(worst(got, [most, most, most, 0, 2 ** -130 * -most], String)).toEqual([]);
    const slopes = ops.read(ops.places.dx, 1).map(value => value * 8);
    expect(worst(slopes, [-(2 ** 126), -(2 ** 126), -(2 ** 126), 0, 0, 0, 0, 0], String)).toEqual([]);
  });

  it('cosineSimilarity of lengths of every size', () => {
    for (const columns of [2, 5, 17]) {
      const [p, t] = [numbers(columns, 1), numbers(columns, 2)];
      const sizes = [1e-7, 1e-3, 1, 1e3, 1e15, 1e18, 1e19, 1e25, 1e38, 3e38];
      for (const size of sizes) {
        for (const other of sizes) {
          const x = p.map(value => value * size);
          const target = t.map(value => value * other);
          const ops = assemble('cosineSimilarity', 1, columns);
          ops.write(ops.places.x, x, columns);
          ops.write(ops.places.target, target, columns);
          ops.run();
          const got = new Float64Array(ops.program.memory.buffer, ops.places.rowCosts.address, 1);
          const want = losses.cosineSimilarity(Float64Array.from(x), Float64Array.from(target), columns);
          const place = (i: number) => `lengths ${size} and ${other}, [${i}] of ${columns}`;
          expect(worst(got, [want.value], place)).toEqual([]);
          // Of what the largest of the gradient's two parts could give: they cancel.
          const scale = 1 / Math.max(1, 1 / size);
          const slopes = [...ops.read(ops.places.dx, columns)].map(value => value * scale);
          expect(
            worst(
              slopes,
              want.gradient.map(value => value * scale),
              place,
            ),
          ).toEqual([]);
        }
      }
    }
  });

  it('cosineSimilarity of lengths below 1e-8 is what it says, and its gradient the slope of that', () => {
    const columns = 3;
    const x = Float32Array.of(1e-9, -2e-9, 3e-9);
    const t = Float32Array.of(0.5, 0.25, -1);
    const ops = assemble('cosineSimilarity', 1, columns);
    ops.write(ops.places.x, x, columns);
    ops.write(ops.places.target, t, columns);
    ops.run();
    const [got] = new Float64Array(ops.program.memory.buffer, ops.places.rowCosts.address, 1);
    const length = 1e-8 * Math.hypot(...t);
    const want = 1 - x.reduce((sum, value, i) => sum + value * at(t, i), 0) / length;
    expect(ulps(got ?? NaN, want)).toBeLessThan(4);
    const slopes = ops.read(ops.places.dx, columns);
    expect(Math.max(...slopes.map((slope, i) => Math.abs((slope * length) / -at(t, i) - 1)))).toBeLessThan(1e-6);
  });
});
