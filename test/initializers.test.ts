import { describe, expect, test } from 'vitest';
import { initialize } from '../src/initializers/fill.js';
import {
  constant,
  heNormal,
  type Initializer,
  type InitializerName,
  initializerNames,
  orthogonal,
  randomNormal,
  randomUniform,
  resolveInitializer,
  truncatedNormal,
  zeros,
} from '../src/initializers/index.js';
import { Purpose, Random } from '../src/random.js';

function values(initializer: Initializer, shape: number[], { seed = 3, index = 0 } = {}): number[] {
  const config = resolveInitializer('test', initializer);
  return [...initialize(config, shape, new Random(seed, Purpose.initialize, index))];
}

const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
const deviation = (list: number[]) => Math.sqrt(mean(list.map(value => value * value)) - mean(list) ** 2);
const largest = (list: number[]) => list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

// The standard deviation of a standard normal cut at ±2: sqrt(1 - 4 φ(2) / (2 Φ(2) - 1)).
const density2 = Math.exp(-2) / Math.sqrt(2 * Math.PI);
const CUT = Math.sqrt(1 - (4 * density2) / (2 * 0.9772498680518208 - 1));

/** Bounds of about five standard errors on the mean and of 2 % on the deviation. */
function expectMoments(list: number[], { center, stddev }: { center: number; stddev: number }): void {
  expect(Math.abs(mean(list) - center)).toBeLessThan((5 * stddev) / Math.sqrt(list.length));
  expect(Math.abs(deviation(list) / stddev - 1)).toBeLessThan(0.02);
}

describe('constants', () => {
  test.each<[Initializer, number]>([
    ['zeros', 0],
    ['ones', 1],
    ['constant', 0],
    [constant({ value: -2.5 }), -2.5],
  ])('%o is %d everywhere', (initializer, value) => {
    expect(values(initializer, [3, 5])).toEqual(new Array(15).fill(value));
  });
});

describe('plain distributions', () => {
  test.each<[Initializer, number, number]>([
    ['randomUniform', -0.05, 0.05],
    [randomUniform({ min: 2, max: 3 }), 2, 3],
    [randomUniform({ max: 0 }), -0.05, 0],
  ])('%o is uniform from %d to %d', (initializer, min, max) => {
    const list = values(initializer, [100, 200]);
    expectMoments(list, { center: (min + max) / 2, stddev: (max - min) / Math.sqrt(12) });
    expect(Math.min(...list)).toBeGreaterThanOrEqual(Math.fround(min));
    expect(Math.max(...list)).toBeLessThanOrEqual(Math.fround(max));
    expect(Math.max(...list) - Math.min(...list)).toBeGreaterThan(0.99 * (max - min));
  });

  test.each<[Initializer, number, number]>([
    ['randomNormal', 0, 0.05],
    [randomNormal({ mean: 4, stddev: 2 }), 4, 2],
  ])('%o is normal with mean %d and deviation %d', (initializer, center, stddev) => {
    const list = values(initializer, [100, 200]);
    expectMoments(list, { center, stddev });
    const beyond2 = list.filter(value => Math.abs(value - center) > 2 * stddev).length / list.length;
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(0.007);
  });

  test.each<[Initializer, number, number]>([
    ['truncatedNormal', 0, 0.05],
    [truncatedNormal({ mean: -1, stddev: 3 }), -1, 3],
  ])('%o is normal with mean %d and deviation %d, cut at two deviations', (initializer, center, stddev) => {
    const list = values(initializer, [100, 200]);
    expectMoments(list, { center, stddev: CUT * stddev });
    const edge = largest(list.map(value => value - center)) / stddev;
    expect(edge).toBeGreaterThan(1.98);
    expect(edge).toBeLessThan(2.00001);
  });

  test('a deviation of 0 gives the mean', () => {
    expect(values(randomNormal({ mean: 7, stddev: 0 }), [4])).toEqual([7, 7, 7, 7]);
    const far = [randomNormal({ stddev: 2.6e37 }), truncatedNormal({ stddev: 1.7e38 })];
    for (const each of far) expect(values(each, [100, 100]).every(Number.isFinite)).toBe(true);
  });
});

describe('variance scaling', () => {
  // Shape, fan in and fan out: dense, bias, convolution of a 3 × 5 kernel.
  const shapes: [number[], number, number][] = [
    [[300, 80], 300, 80],
    [[20_000], 20_000, 20_000],
    [[3, 5, 40, 30], 600, 450],
  ];
  const limits: [InitializerName, (fanIn: number, fanOut: number) => number][] = [
    ['glorotUniform', (fanIn, fanOut) => Math.sqrt(6 / (fanIn + fanOut))],
    ['heUniform', fanIn => Math.sqrt(6 / fanIn)],
    ['lecunUniform', fanIn => Math.sqrt(3 / fanIn)],
  ];
  const deviations: [InitializerName, (fanIn: number, fanOut: number) => number][] = [
    ['glorotNormal', (fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut))],
    ['heNormal', fanIn => Math.sqrt(2 / fanIn)],
    ['lecunNormal', fanIn => Math.sqrt(1 / fanIn)],
  ];

  for (const [shape, fanIn, fanOut] of shapes) {
    test.each(limits)(`%s of [${shape}] is uniform within its limit`, (name, formula) => {
      const list = values(name, shape);
      const limit = formula(fanIn, fanOut);
      expectMoments(list, { center: 0, stddev: limit / Math.sqrt(3) });
      expect(largest(list) / limit).toBeGreaterThan(0.999);
      expect(largest(list) / limit).toBeLessThan(1.0000001);
    });

    test.each(deviations)(`%s of [${shape}] has its deviation after the cut`, (name, formula) => {
      const list = values(name, shape);
      const stddev = formula(fanIn, fanOut);
      expectMoments(list, { center: 0, stddev });
      const edge = (largest(list) / stddev) * CUT;
      expect(edge).toBeGreaterThan(1.98);
      expect(edge).toBeLessThan(2.00001);
    });
  }
});

describe('orthogonal', () => {
  test.each([
    [[17, 5], 1],
    [[5, 17], 1],
    [[64, 64], 1],
    [[200, 200], 1],
    [[1, 1], 1],
    [[1, 9], 3],
    [[9, 1], 3],
    [[33, 12], 1.5],
    [[3, 2, 4, 7], 0.5],
  ])('of [%s] with gain %d: the shorter side is orthonormal times the gain', (shape, gain) => {
    const list = values(orthogonal({ gain }), shape);
    const columns = shape.at(-1) ?? 0;
    const rows = list.length / columns;
    const at = (row: number, column: number) => list[row * columns + column] ?? Number.NaN;
    const [count, length] = rows >= columns ? [columns, rows] : [rows, columns];
    const element = (k: number, i: number) => (rows >= columns ? at(i, k) : at(k, i));
    let worst = 0;
    for (let j = 0; j < count; j++) {
      for (let k = 0; k < count; k++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += element(j, i) * element(k, i);
        worst = Math.max(worst, Math.abs(product - (j === k ? gain * gain : 0)));
      }
    }
    expect(list.every(Number.isFinite)).toBe(true);
    expect(worst).toBeLessThan(1e-6 * gain * gain);
  });

  test('favours no direction: every element has mean 0 and variance 1 / length', () => {
    const draws = Array.from({ length: 2000 }, (_, index) => values('orthogonal', [4, 3], { index }));
    for (let i = 0; i < 12; i++) {
      const element = draws.map(list => list[i] ?? Number.NaN);
      expect(Math.abs(mean(element))).toBeLessThan(5 * Math.sqrt(0.25 / element.length));
      expect(Math.abs(deviation(element) - 0.5)).toBeLessThan(0.04);
    }
  });

  test('is refused for a bias', () => {
    expect(() => values('orthogonal', [10])).toThrow(RangeError);
    expect(() => values('orthogonal', [10])).toThrow('expected a shape of at least two dimensions, got [10]');
  });
});

describe('every initializer', () => {
  const drawn = initializerNames.filter(name => !['zeros', 'ones', 'constant'].includes(name));

  test('is known by its name', () => {
    expect([...initializerNames].sort()).toEqual([
      'constant',
      'glorotNormal',
      'glorotUniform',
      'heNormal',
      'heUniform',
      'lecunNormal',
      'lecunUniform',
      'ones',
      'orthogonal',
      'randomNormal',
      'randomUniform',
      'truncatedNormal',
      'zeros',
    ]);
  });

  test.each(initializerNames)('%s is frozen plain data that survives JSON', name => {
    const config = resolveInitializer('test', name);
    expect(config.kind).toBe(name);
    expect(Object.isFrozen(config)).toBe(true);
    expect(resolveInitializer('test', JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  test.each(drawn)('%s: same seed same bits, another seed or parameter index other bits', name => {
    const bits = values(name, [13, 7]);
    expect(values(name, [13, 7])).toEqual(bits);
    expect(values(name, [13, 7], { seed: 4 })).not.toEqual(bits);
    expect(values(name, [13, 7], { index: 1 })).not.toEqual(bits);
  });

  test('has Keras’s default settings', () => {
    expect(constant()).toEqual({ kind: 'constant', value: 0 });
    expect(randomUniform()).toEqual({ kind: 'randomUniform', min: -0.05, max: 0.05 });
    expect(randomNormal({ stddev: 1 })).toEqual({ kind: 'randomNormal', mean: 0, stddev: 1 });
    expect(truncatedNormal()).toEqual({ kind: 'truncatedNormal', mean: 0, stddev: 0.05 });
    expect(orthogonal()).toEqual({ kind: 'orthogonal', gain: 1 });
    expect(zeros()).toEqual({ kind: 'zeros' });
    expect(heNormal()).toEqual({ kind: 'heNormal' });
  });
});

describe('errors', () => {
  const where = 'dense(10).weightInitializer';

  test.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    [
      'glorotUnifrom',
      RangeError,
      `${where}: expected a known name, got 'glorotUnifrom'; did you mean 'glorotUniform'?`,
    ],
    ['toString', RangeError, `${where}: expected a known name`],
    [{ kind: 'heNorml' }, RangeError, `${where}.kind: expected a known name, got 'heNorml'; did you mean 'heNormal'?`],
    [{ kind: 7 }, TypeError, `${where}.kind: expected one of`],
    [
      { kind: 'constant', valeu: 1 },
      TypeError,
      `${where}: expected known options only, got 'valeu'; did you mean 'value'?`,
    ],
    [{ kind: 'zeros', value: 1 }, TypeError, `${where}: expected known options only, got 'value'; it takes none`],
    [{ kind: 'randomNormal', stddev: -1 }, RangeError, `${where}.stddev: expected a finite number >= 0, got -1`],
    [{ value: 1 }, TypeError, `${where}: expected an initializer such as 'heNormal'`],
    [undefined, TypeError, `${where}: expected an initializer such as 'heNormal'`],
    [null, TypeError, `${where}: expected an initializer such as 'heNormal'`],
    [
      constant,
      TypeError,
      `${where}: expected an initializer such as 'heNormal' or constant({ value: 1 }), got a function`,
    ],
  ])('%o is refused', (value, kind, message) => {
    expect(() => resolveInitializer(where, value)).toThrow(kind);
    expect(() => resolveInitializer(where, value)).toThrow(message);
  });

  test('factories refuse impossible settings', () => {
    expect(() => randomUniform({ min: 1, max: 0 })).toThrow('randomUniform: expected min <= max, got min 1 and max 0');
    expect(() => truncatedNormal({ stddev: -1 })).toThrow(
      'truncatedNormal.stddev: expected a finite number >= 0, got -1',
    );
    const reach = (deviations: number) =>
      `expected values within float32, up to ${deviations} stddev from the mean, got`;
    expect(() => randomNormal({ stddev: 1e38 })).toThrow(`randomNormal: ${reach(13)} mean 0 and stddev 1e+38`);
    expect(() => truncatedNormal({ mean: -3e38, stddev: 3e37 })).toThrow(`truncatedNormal: ${reach(2)} mean -3e+38`);
    expect(() => constant({ value: Number.NaN })).toThrow(RangeError);
    expect(() => constant({ value: 1e39 })).toThrow(RangeError);
    expect(() => constant(JSON.parse('{"value":"1"}'))).toThrow(TypeError);
    expect(() => constant(JSON.parse('5'))).toThrow(TypeError);
    expect(() => constant(JSON.parse('null'))).toThrow(TypeError);
    // @ts-expect-error zeros has no settings
    expect(() => zeros({ value: 1 })).toThrow('zeros: expected known options only');
  });
});
