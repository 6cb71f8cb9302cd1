/** Sums of costs: value and gradients are the sums of those of each, which have tests of their own. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  binaryCrossEntropy,
  categoricalCrossEntropy,
  dense,
  graph,
  huber,
  type Loss,
  lstm,
  Model,
  sequential,
  sparseCategoricalCrossEntropy,
  sum,
  Trainer,
  weighted,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const rows = 23;
const x = numbers(rows * 4, 1);
const sampleWeights = numbers(rows, 5).map(Math.abs);
const values = numbers(rows * 3, 2);
const shares = values.map(Math.abs);
const signs = values.map(Math.sign);
const logits = { fromLogits: true };

const cases: [string, 'linear' | 'softmax' | 'sigmoid', [Loss, number][], Float32Array | Int32Array][] = [
  [
    'numbers',
    'linear',
    [
      ['meanSquaredError', 0.7],
      [huber({ delta: 0.2 }), 2],
      ['logCosh', 1],
    ],
    values,
  ],
  [
    'directions',
    'linear',
    [
      ['cosineSimilarity', 1.5],
      ['meanAbsoluteError', 0.1],
    ],
    values,
  ],
  [
    'signs',
    'linear',
    [
      ['hinge', 0.3],
      ['meanSquaredError', 1],
    ],
    signs,
  ],
  [
    'two readings of logits',
    'softmax',
    [
      ['categoricalCrossEntropy', 1],
      [categoricalCrossEntropy({ labelSmoothing: 0.2 }), 3],
    ],
    shares,
  ],
  [
    'labels',
    'softmax',
    [
      ['sparseCategoricalCrossEntropy', 1],
      [sparseCategoricalCrossEntropy({ labelSmoothing: 0.5 }), 1],
    ],
    labels(rows, 3, 2),
  ],
  [
    'decisions',
    'sigmoid',
    [
      ['binaryCrossEntropy', 0.5],
      ['focal', 4],
    ],
    shares,
  ],
  [
    'logits and numbers',
    'linear',
    [
      [binaryCrossEntropy(logits), 1],
      ['meanSquaredError', 0.01],
    ],
    shares,
  ],
];

describe.each(cases)('of %s', (_, activation, terms, y) => {
  const loss = sum(...terms.map(([own, weight]) => (weight === 1 ? own : weighted(own, weight))));
  const create = () => Model.create(sequential(4, [dense(5, { activation: 'tanh' }), dense(3, { activation })]));

  it('is the weighted sum, its gradients too', async () => {
    const model = await create();
    const { cost, gradients } = model.gradients(x, y, { loss });
    const each = terms.map(([own, weight]) => ({ weight, ...model.gradients(x, y, { loss: own }) }));
    const want = each.reduce((all, { weight, cost: own }) => all + weight * own, 0);
    expectClose([cost, model.cost(x, y, { loss })], [want, want], 1e-6);
    for (const [name, gradient] of Object.entries(gradients)) {
      const wanted = gradient.map((__, i) =>
        each.reduce((all, { weight, gradients: own }) => all + weight * (own[name]?.[i] ?? 0), 0),
      );
      expectClose(gradient, wanted, 1e-6, name);
    }
  });

  it('trains, with weights of rows, and is judged by what its terms have in common', async () => {
    const model = await create();
    const metrics = activation === 'linear' ? [] : (['accuracy'] as const);
    const history = await model.fit(
      { x, y, sampleWeights },
      { loss, optimizer: adam({ learningRate: 0.05 }), metrics, epochs: 40, batchSize: 5 },
    );
    expect(history.loss.at(-1)).toBeLessThan(0.95 * (history.loss[0] ?? 0));
    const each = terms.map(([own, weight]) => weight * model.evaluate({ x, y, sampleWeights }, { loss: own }).loss);
    const { loss: found } = model.evaluate({ x, y, sampleWeights }, { loss, metrics });
    expectClose([found], [each.reduce((all, own) => all + own, 0)], 1e-5);
  });
});

it('counts what a weighted sum of sums counts', async () => {
  const model = await Model.create(sequential(4, [dense(3)]));
  const costOf = (loss: Loss) => model.cost(x, values, { loss });
  const nested = sum(weighted(sum('meanSquaredError', weighted('logCosh', 3)), 2), 'meanAbsoluteError');
  const want = 2 * costOf('meanSquaredError') + 6 * costOf('logCosh') + costOf('meanAbsoluteError');
  expectClose(
    [costOf(nested), costOf(weighted('logCosh', 2)), costOf(sum('logCosh'))],
    [want, 2 * costOf('logCosh'), costOf('logCosh')],
    1e-6,
  );
  expect(JSON.parse(JSON.stringify(nested))).toEqual(nested);
});

it('is a cost of outputs with names, of sequences that end early, and of a trainer’s file', async () => {
  const architecture = graph([5, 2], input => ({
    a: input.to(lstm(4, { returnSequences: true })).to(dense(1)),
    b: input.to(lstm(2)).to(dense(1)),
  }));
  const model = await Model.create(architecture);
  const lengths = Int32Array.from({ length: rows }, (_, i) => 1 + (i % 5));
  const data = { x: numbers(rows * 10, 1), lengths, y: { a: numbers(rows * 5, 2), b: numbers(rows, 3) } };
  const both = sum('meanSquaredError', weighted('meanAbsoluteError', 0.5));
  const options = { lossWeights: { a: 3 } };
  const judged = (a: Loss, b: Loss) => model.evaluate(data, { ...options, loss: { a, b } });
  const found = judged(both, 'logCosh');
  const [squares, sizes] = [judged('meanSquaredError', 'logCosh'), judged('meanAbsoluteError', 'logCosh')];
  const own = (squares['a.loss'] ?? 0) + 0.5 * (sizes['a.loss'] ?? 0);
  expectClose([found['a.loss'] ?? 0, found.loss ?? 0], [own, 3 * own + (found['b.loss'] ?? 0)], 1e-6);
  const trainer = await model.trainer({ ...options, loss: { a: both, b: 'logCosh' }, optimizer: 'sgd', batchSize: 4 });
  await trainer.fit(data, { epochs: 2 });
  const again = await Trainer.fromBytes(trainer.toBytes());
  expect((await again.fit(data)).loss).toEqual((await trainer.fit(data)).loss);
});

it('refuses, before any work, terms that do not go together', async () => {
  const model = await Model.create(sequential(4, [dense(3, { activation: 'softmax' })]));
  const message =
    (loss: Loss, y: Int32Array | Float32Array = labels(rows, 3, 1)) =>
    () =>
      model.cost(x, y, { loss });
  expect(message(sum('sparseCategoricalCrossEntropy', 'categoricalCrossEntropy'))).toThrow(
    'sum: expected losses of the same targets, got sparseCategoricalCrossEntropy and categoricalCrossEntropy; take others',
  );
  expect(message(sum('categoricalCrossEntropy', 'meanSquaredError'))).toThrow(
    'sum: expected losses that all read the last activation, or all what comes to it, got categoricalCrossEntropy and meanSq',
  );
  expect(() => sum()).toThrow('sum: expected from 1 to 16 losses, got 0');
  expect(() => sum('meanSquared' as Loss)).toThrow("sum: loss: expected a known name, got 'meanSquared'");
  expect(() => weighted('logCosh', 0)).toThrow('weighted: weight: expected a finite number > 0, got 0');
  expect(() => weighted('logCosh', -1)).toThrow('got -1');
  expect(message({ kind: 'sum', losses: ['logCosh'], more: 1 } as unknown as Loss)).toThrow(
    "known options only, got 'more'",
  );
  expect(message({ kind: 'sum' } as unknown as Loss)).toThrow(
    'cost: sum: losses: expected a list of losses, got undefined',
  );
});
