/** Every example, and the one in the README, does what it says. They run on the build, as users run them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const tsx = createRequire(import.meta.url).resolve('tsx/cli');
const folder = mkdtempSync(join(tmpdir(), 'myelin-examples-'));
const ran = new Set<string>();
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs an example in a folder of its own and returns what it prints. */
async function example(name: string, ...args: string[]): Promise<string> {
  ran.add(`${name}.ts`);
  const { stdout } = await run(process.execPath, [tsx, resolve(`examples/${name}.ts`), ...args], { cwd: folder });
  return stdout;
}

/** The number after some words. */
function numberAfter(output: string, words: string): number {
  const text = new RegExp(`${words} (-?[\\d.]+(?:e[+-]\\d+)?)`).exec(output)?.[1];
  if (text === undefined) throw new Error(`«${words}» is not in:\n${output}`);
  return Number(text);
}

/** Every matrix that the six steps print under this name, row-major, in the order they come. */
function matrices(output: string, name: string): number[][] {
  const blocks = output.matchAll(/^(.+) \[[\d, ]+\]\n((?: +[-\d. ]+\n)+)/gm);
  return [...blocks]
    .filter(([, found]) => found === name)
    .map(([, , rows = '']) => rows.trim().split(/\s+/).map(Number));
}

interface Parameters {
  [name: string]: number[];
}

/**
 * The network of the six steps in plain float64: tanh, then sigmoid, then the mean of −ln of the truth's probability.
 */
function costOf(parameters: Parameters, x: number[], y: number[]): number {
  const {
    '0.dense.weight': w = [],
    '0.dense.bias': b = [],
    '1.dense.weight': v = [],
    '1.dense.bias': c = [],
  } = parameters;
  let total = 0;
  y.forEach((passed, row) => {
    let z = c[0] ?? Number.NaN;
    for (const unit of [0, 1]) {
      const inner = [0, 1].reduce((sum, i) => sum + (x[row * 2 + i] ?? 0) * (w[i * 2 + unit] ?? 0), b[unit] ?? 0);
      z += Math.tanh(inner) * (v[unit] ?? 0);
    }
    total -= Math.log(1 / (1 + Math.exp(passed ? -z : z)));
  });
  return total / y.length;
}

describe('sixSteps', () => {
  const names = ['0.dense.weight', '0.dense.bias', '1.dense.weight', '1.dense.bias'];

  it('prints a cost, gradients and an update that float64 and finite differences confirm', async () => {
    const output = await example('sixSteps');
    const [x = []] = matrices(output, 'x');
    const [y = []] = matrices(output, 'y');
    const initial: Parameters = {};
    for (const name of names) initial[name] = matrices(output, name)[0] ?? [];
    expect(names.map(name => initial[name]?.length)).toEqual([4, 2, 2, 1]);
    expect(numberAfter(output, '\ncost')).toBeCloseTo(costOf(initial, x, y), 5);

    for (const name of names) {
      const gradient = matrices(output, `d cost / d ${name}`)[0] ?? [];
      const moved = matrices(output, name)[1] ?? [];
      expect(gradient).toHaveLength(initial[name]?.length ?? -1);
      gradient.forEach((slope, i) => {
        const nudged = (amount: number) => {
          const values = initial[name]?.map((value, j) => value + (i === j ? amount : 0)) ?? [];
          return costOf({ ...initial, [name]: values }, x, y);
        };
        expect(slope).toBeCloseTo((nudged(1e-4) - nudged(-1e-4)) / 2e-4, 5);
        expect(moved[i]).toBeCloseTo((initial[name]?.[i] ?? 0) - 0.5 * slope, 5);
      });
    }
  });

  it('takes the same step by hand and by the trainer, and then learns', async () => {
    const output = await example('sixSteps');
    expect(numberAfter(output, 'nudged')).toBeCloseTo(numberAfter(output, 'backpropagated'), 3);
    expect(numberAfter(output, 'largest difference to the step by hand')).toBeLessThan(1e-6);
    const costs = [...output.matchAll(/^step \d+ {2}cost ([\d.]+)$/gm)].map(([, cost]) => Number(cost));
    expect(costs).toHaveLength(5);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    const [chances = []] = matrices(output, 'probability of passing');
    expect(chances.map(Math.round)).toEqual(matrices(output, 'passed')[0]);
  });
});

it('xor answers right', async () => {
  const output = await example('xor');
  const answers = [...output.matchAll(/^ ([01]) {2}([01]) .* ([01])$/gm)].map(([, a, b, answer]) =>
    [a, b, answer].join(''),
  );
  expect(answers).toEqual(['000', '011', '101', '110']);
});

it('logisticRegression tells malignant from benign', async () => {
  const output = await example('logisticRegression');
  expect(numberAfter(output, 'accuracy')).toBeGreaterThan(0.95);
});

it('regression explains as much as these ten measurements can', async () => {
  // Least squares in float64, by the normal equations and without a network, explains 0.447 of the same rows.
  const output = await example('regression');
  expect(numberAfter(output, 'held-out R²')).toBeGreaterThan(0.4);
});

it('digits learns, and says the same after saving and loading', async () => {
  const output = await example('digits');
  expect(numberAfter(output, 'held-out cost [\\d.]+, accuracy')).toBeGreaterThan(0.95);
  expect(numberAfter(output, 'this is a')).toBe(numberAfter(output, 'the network says'));
  expect(readdirSync(folder)).toContain('digits.safetensors');
});

it('learningCurve draws what it measured', async () => {
  const file = join(folder, 'curve.svg');
  const output = await example('learningCurve', file);
  expect(numberAfter(output, 'held-out accuracy')).toBeGreaterThan(0.95);
  const curves = [...readFileSync(file, 'utf8').matchAll(/<polyline points="([^"]+)"/g)].map(([, points = '']) => {
    return points.split(' ').map(point => Number(point.split(',')[1]));
  });
  expect(curves.map(heights => heights.length)).toEqual([30, 30, 30, 30]);
  // Heights grow downwards: the cost of the training rows falls, and ends near 0, which is at 240.
  const [cost = [], , , heldOutAccuracy = []] = curves;
  expect(cost[0]).toBeLessThan(100);
  expect(cost.at(-1)).toBeGreaterThan(230);
  expect(heldOutAccuracy.at(-1)).toBeCloseTo(40 + 200 * (1 - numberAfter(output, 'held-out accuracy')), 0);
});

it('the README begins with an example that works', async () => {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/myelin'), 'junction');
  writeFileSync(join(folder, 'readme.mjs'), code);
  const { stdout } = await run(process.execPath, ['readme.mjs'], { cwd: folder });
  const printed = [...stdout.matchAll(/0\.\d+(?:e-\d+)?/g)].map(([number]) => Number(number));
  expect(printed.map(Math.round)).toEqual([0, 1, 1, 0, 1]);
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(12);
});

it('plan prints what docs/architecture.md shows', async () => {
  const [, , step = '', memory = ''] = (await example('plan')).trim().split('\n\n');
  const document = readFileSync('docs/architecture.md', 'utf8');
  expect(document).toContain(step);
  expect(document).toContain(memory);
});

it('churn ranks customers better than chance, by a table of its own', async () => {
  const output = await example('churn', '3000', join(folder, 'churn.csv'));
  expect(numberAfter(output, 'ROC AUC')).toBeGreaterThan(0.65);
  const lines = readFileSync(join(folder, 'churn.csv'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(3001);
  const share = lines.filter(line => line.endsWith(',yes')).length / 3000;
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.12);
});

it('forecast is nearer than the last value and the week before', async () => {
  const output = await example('forecast', join(folder, 'sales.csv'));
  const [own, last, before] = ['network', 'last value', 'week before'].map(who =>
    numberAfter(output, `${who} +off by`),
  );
  expect(own).toBeLessThan(0.9 * Math.min(last ?? 0, before ?? 0));
  expect(readFileSync(join(folder, 'sales.csv'), 'utf8').trim().split('\n')).toHaveLength(1461);
});

it('leaves no example out', () => {
  const files = readdirSync('examples').filter(name => name.endsWith('.ts'));
  expect([...ran].sort()).toEqual(files.sort());
});
