/** Metrics while a network is trained and judged: those that score() finds of its predictions. */
import { expect, it } from 'vitest';
import {
  adam,
  dense,
  f1,
  graph,
  type Metric,
  Model,
  score,
  sequential,
  sgd,
  Trainer,
  topKAccuracy,
} from '../../src/entries/node.js';

const [rows, inputs] = [70, 5];
const x = Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i * i));
const classes = Int32Array.from({ length: rows }, (_, i) => (i * 7 + (i % 5)) % 3);
const yes = Float32Array.from(classes, label => Number(label === 1));
const numbers = Float32Array.from({ length: rows * 2 }, (_, i) => Math.cos(i));

const cases: [string, Parameters<typeof dense>[1], number, Int32Array | Float32Array, Metric[]][] = [
  [
    'sparseCategoricalCrossEntropy',
    { activation: 'softmax' },
    3,
    classes,
    ['f1', 'rocAuc', 'logLoss', 'cohenKappa', topKAccuracy({ k: 2 })],
  ],
  ['binaryCrossEntropy', { activation: 'sigmoid' }, 1, yes, ['f1', 'averagePrecision', 'brier', 'accuracy']],
  [
    'meanSquaredError',
    {},
    2,
    numbers,
    ['r2', 'medianAbsoluteError', 'maxError', 'explainedVariance', 'meanSquaredError'],
  ],
];

it.each(cases)('%s: evaluate, and the first step of a fit', async (loss, end, units, y, metrics) => {
  const architecture = sequential(inputs, [dense(8, { activation: 'tanh' }), dense(units, end)]);
  const model = await Model.create(architecture, { seed: 2 });
  const perRow: Parameters<typeof score>[1] =
    y === numbers ? Array.from({ length: rows }, (_, r) => [...numbers.slice(2 * r, 2 * r + 2)]) : y;
  const expected = score(model.predict(x), perRow, metrics);
  const found = model.evaluate({ x, y }, { loss: loss as 'huber', metrics });
  expect(Object.keys(found).sort()).toEqual(['loss', ...Object.keys(expected)].sort());
  // With one batch the metrics of the first epoch are those from before its update; validation's are the new ones.
  const options = { loss: loss as 'huber', optimizer: adam(), metrics, batchSize: rows };
  const history = await model.fit({ x, y }, { ...options, validation: { x, y } });
  const after = score(model.predict(x), perRow, metrics);
  for (const [key, value] of Object.entries(expected)) {
    expect(found[key as 'f1']).toBeCloseTo(value as number, 5);
    expect(history[key as 'f1']?.[0]).toBeCloseTo(value as number, 5);
    const name = `val${key[0]?.toUpperCase()}${key.slice(1)}`;
    expect(history[name as 'valF1']?.[0]).toBeCloseTo(after[key] as number, 5);
  }
});

it('metrics of many small batches, on threads and from the middle of an epoch are the same', async () => {
  const layers = [
    dense(300, { activation: 'relu' }),
    dense(300, { activation: 'relu' }),
    dense(3, { activation: 'softmax' }),
  ];
  const options = {
    loss: 'sparseCategoricalCrossEntropy',
    optimizer: sgd(),
    metrics: ['f1', 'rocAuc'],
    batchSize: 16,
  } as const;
  const data = { x, y: classes };
  const histories = [];
  for (const threads of [1, 3]) {
    const model = await Model.create(sequential(inputs, layers), { seed: 5 });
    histories.push(await model.fit(data, { ...options, threads, epochs: 2, validation: data }));
  }
  expect(histories[0]?.f1).toEqual(histories[1]?.f1);
  expect(histories[0]?.valRocAuc).toEqual(histories[1]?.valRocAuc);
  const model = await Model.create(sequential(inputs, layers), { seed: 5 });
  const trainer = await model.trainer({ ...options, threads: 1 });
  const stop = new AbortController();
  await trainer.fit(data, { signal: stop.signal, onBatch: ({ batch }) => void (batch === 2 && stop.abort()) });
  const resumed = await Trainer.fromBytes(trainer.toBytes());
  const { f1, rocAuc } = await resumed.fit(data, { epochs: 2 });
  expect([f1, rocAuc]).toEqual([histories[0]?.f1, histories[0]?.rocAuc]);
});

it('each output has its own', async () => {
  const made = graph({ a: inputs }, ({ a }) => ({
    kind: a.to(dense(3, { activation: 'softmax' })),
    size: a.to(dense(2)),
  }));
  const model = await Model.create(made, { seed: 1 });
  const [data, goals] = [
    { x: { a: x }, y: { kind: classes, size: numbers } },
    {
      loss: { kind: 'sparseCategoricalCrossEntropy', size: 'meanSquaredError' },
      metrics: { kind: ['f1'], size: ['r2'] },
    },
  ] as const;
  const found = model.evaluate(data, goals);
  const { kind, size } = model.predict({ a: x }) as unknown as Record<string, Float32Array>;
  const pairs = Array.from({ length: rows }, (_, r) => [...numbers.slice(2 * r, 2 * r + 2)]);
  expect(found['kind.f1']).toBeCloseTo(score(kind ?? [], classes, ['f1']).f1 as number, 6);
  expect(found['size.r2']).toBeCloseTo(score(size ?? [], pairs, ['r2']).r2 as number, 5);
  const history = await model.fit(data, { ...goals, optimizer: 'sgd', batchSize: rows, validation: data });
  expect(history['kind.f1']).toEqual([found['kind.f1']]);
  expect(history['size.valR2']).toHaveLength(1);
});

it('what says nothing, or is no number in each epoch, is refused before any work', async () => {
  const model = await Model.create(sequential(inputs, [dense(3, { activation: 'softmax' })]));
  const ask = (metrics: Metric[]) =>
    model.fit({ x, y: classes }, { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', metrics });
  await expect(ask(['confusionMatrix'])).rejects.toThrow(
    /metrics: confusionMatrix: expected metrics that are one number/,
  );
  await expect(ask([f1({ average: 'none' })])).rejects.toThrow(/f1\(none\): expected metrics that are one number/);
  await expect(ask(['r2'])).rejects.toThrow(/metrics: r2: expected targets that are numbers, got class indices/);
  await expect(ask([topKAccuracy({ k: 4 })])).rejects.toThrow(/expected k of at most the 3 classes/);
  expect(model.trained.steps).toBe(0);
  const { confusionMatrix } = model.evaluate(
    { x, y: classes },
    { loss: 'sparseCategoricalCrossEntropy', metrics: ['confusionMatrix'] },
  );
  expect(confusionMatrix?.flat().reduce((sum, count) => sum + count, 0)).toBe(rows);
});

it.each<['sigmoid' | 'softmax', 'binaryCrossEntropy' | 'categoricalCrossEntropy', number]>([
  ['sigmoid', 'binaryCrossEntropy', 1],
  ['sigmoid', 'binaryCrossEntropy', 3],
  ['softmax', 'categoricalCrossEntropy', 3],
])('of %s the machine counts as right what score() does, also next to a tie', async (activation, loss, units) => {
  const model = await Model.create(sequential(units, [dense(units, { activation, useBias: false })]));
  const identity = Array.from({ length: units * units }, (_, i) => Number(i % units === Math.floor(i / units)));
  model.setParameters({ '0.dense.weight': identity });
  const logits = [0, 2 ** -26, 2 ** -24, 1.5 * 2 ** -24, 2 ** -23, -(2 ** -24), 1, -1, 30, -30];
  const all = 60 * units;
  const samples = Float32Array.from({ length: all }, (_, i) => logits[(i * 7 + Math.floor(i / 11)) % 10] ?? 0);
  const truth = Float32Array.from({ length: all }, (_, i) => {
    return activation === 'softmax' ? Number(i % units === Math.floor(i / units) % units) : (i >> 1) % 2;
  });
  const data = { x: samples, y: truth };
  const { accuracy } = model.evaluate(data, { loss, metrics: ['accuracy'] });
  const weighed = { ...data, sampleWeights: new Float32Array(60).fill(1) };
  expect(model.evaluate(weighed, { loss, metrics: ['accuracy'] }).accuracy).toBe(accuracy);
  const perRow = Array.from({ length: 60 }, (_, row) => [...truth.slice(row * units, (row + 1) * units)]);
  expect(score(model.predict(samples), units === 1 ? truth : perRow, ['accuracy']).accuracy).toBe(accuracy);
  const still = { loss, optimizer: sgd({ learningRate: 0 }), metrics: ['accuracy'], batchSize: 7 } as const;
  expect((await model.fit(data, still)).accuracy?.[0]).toBe(accuracy);
});
