/** Penalties and constraints against PyTorch's ten steps, the same on any number of threads, and what is refused. */
import { afterAll, describe, expect, it } from 'vitest';
import {
  Architecture,
  adam,
  type DenseOptions,
  dense,
  l1,
  l1l2,
  l2,
  Model,
  maxNorm,
  nonNegative,
  sequential,
  sgd,
  unitNorm,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { caseOf, loss, named, x, y } from '../reference/goldenTraining.js';
import { hostWith, modelOn, watchedThreads } from '../threads/hosts.js';

const network = (options: DenseOptions) =>
  sequential(6, [dense(9, { activation: 'tanh', ...options }), dense(3, options)]);
const optimizer = sgd({ learningRate: 0.2, momentum: 0.9 });
const squares = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value * value, 0);

describe('ten steps', () => {
  it.each<[string, DenseOptions]>([
    ['l2 penalty 0.01 on weights', { weightRegularizer: l2(0.01) }],
    ['l1 penalty 0.003 on weights', { weightRegularizer: l1(0.003) }],
    ["max norm 1 on each unit's incoming weights", { weightConstraint: maxNorm(1) }],
  ])('%s', async (name, options) => {
    const each = caseOf(name);
    const model = await Model.create(network(options));
    model.setParameters(named(each.parameters));
    const trainer = await model.trainer({ loss, optimizer, batchSize: y.length });
    expectClose(
      each.costBeforeEachStep.map(() => trainer.stepSync(x, y)),
      each.costBeforeEachStep,
      1e-6,
      'costs',
    );
    const want = named(each.parametersAfter10Steps);
    for (const { name: parameter, data } of model.parameters) {
      expectClose(data, want[parameter] ?? [], 1e-5, parameter);
    }
  });
});

describe('penalties', () => {
  it('are part of loss and of training gradients, and of nothing else', async () => {
    const options = { weightRegularizer: l1l2(0.5, 0.25), biasRegularizer: l2(2) };
    const [plain, held] = [await Model.create(network({})), await Model.create(network(options))];
    const rising = (model: Model) =>
      model.parameters.map(({ name, data }) => [name, data.map((_, i) => 0.1 * (i + 1))]);
    plain.setParameters(Object.fromEntries(rising(plain)));
    held.setParameters(Object.fromEntries(rising(plain)));
    const penalty = held.parameters.reduce((sum, { name, data }) => {
      if (name.endsWith('bias')) return sum + 2 * squares(data);
      return sum + 0.5 * data.reduce((all, value) => all + Math.abs(value), 0) + 0.25 * squares(data);
    }, 0);
    const cost = plain.cost(x, y, { loss });
    expect(held.cost(x, y, { loss })).toBe(cost);
    expect(held.gradients(x, y, { loss }).cost).toBe(cost);
    expectClose([held.gradients(x, y, { loss, training: true }).cost], [cost + penalty], 1e-6, 'training');
    const history = await held.fit({ x, y }, { loss, optimizer, batchSize: 64, validation: { x, y } });
    expectClose(history.loss, [cost + penalty], 1e-6, 'loss');
    expect(history.valLoss).toEqual([held.evaluate({ x, y }, { loss }).loss]);
  });
});

describe('constraints', () => {
  it('hold after every update', async () => {
    const unit = await Model.create(sequential(6, [dense(3, { weightConstraint: unitNorm() })]));
    await unit.fit({ x, y }, { loss, optimizer: adam({ learningRate: 0.1 }) });
    const weights = unit.parameters[0]?.data ?? [];
    for (const column of [0, 1, 2]) {
      expectClose([squares([...weights].filter((_, i) => i % 3 === column))], [1], 1e-6, 'norm');
    }
    const positive = await Model.create(sequential(6, [dense(3, { weightConstraint: nonNegative() })]));
    await positive.fit({ x, y }, { loss, optimizer: adam({ learningRate: 0.1 }) });
    expect(Math.min(...(positive.parameters[0]?.data ?? []))).toBe(0);
  });
});

describe('on threads', () => {
  const threaded = watchedThreads();
  const Together = modelOn(hostWith(threaded.host));
  afterAll(async () => {
    await (await Together.create(sequential([1], [dense(1)]))).dispose();
  });

  it('gives the same bits on 1, 2 and 3', async () => {
    const options = { weightRegularizer: l1l2(1e-3, 1e-2), biasRegularizer: l2(0.1), weightConstraint: maxNorm(0.5) };
    const layers = [dense(203, { activation: 'relu', ...options }), dense(37, options), dense(5)];
    const found = [];
    for (const threads of [1, 2, 3]) {
      const before = threaded.runs;
      const model = await Together.create(sequential(301, layers), { seed: 3 });
      const data = { x: numbers(150 * 301, 1), y: labels(150, 5, 2) };
      const history = await model.fit(data, { loss, optimizer: adam(), batchSize: 48, threads });
      if (threads > 1) expect(threaded.runs).toBeGreaterThan(before);
      found.push([history.loss, model.parameters.map(each => [...each.data])]);
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });
});

it('is plain data, and refuses what makes no sense', () => {
  const architecture = network({ weightRegularizer: l2(0.1), weightConstraint: nonNegative() });
  expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
  const loosely = (value: unknown) => value as never;
  expect(() => l2(-1)).toThrow(/l2: .*>= 0.*-1/);
  expect(() => l1l2(0, Number.NaN)).toThrow(/l1l2: l2/);
  expect(() => maxNorm(0)).toThrow(/maxNorm: .*> 0/);
  expect(() => dense(3, { weightRegularizer: loosely(0.1) })).toThrow(/weightRegularizer: .*l2\(0\.01\)/);
  expect(() => dense(3, { weightConstraint: loosely({ kind: 'max' }) })).toThrow(/weightConstraint: .*maxNorm\(1\)/);
});
