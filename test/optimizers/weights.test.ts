/** What rows count: PyTorch's ten steps, rows that come as often as they weigh, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  dense,
  graph,
  type Metric,
  Model,
  sequential,
  sgd,
  Trainer,
  type TrainerOptions,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { caseOf, classWeights, loss, named, sampleWeights, x, y } from '../reference/goldenTraining.js';

const network = () => sequential(6, [dense(9, { activation: 'tanh' }), dense(3)]);
const optimizer = sgd({ learningRate: 0.2, momentum: 0.9 });
const bitsOf = (model: Model) => model.parameters.map(each => [...each.data]);

describe('ten steps', () => {
  it.each<[string, Partial<TrainerOptions>, object]>([
    ['sample weights', {}, { sampleWeights }],
    ['class weights', { classWeights }, {}],
  ])('by %s', async (name, options, weights) => {
    const each = caseOf(name);
    const model = await Model.create(network());
    model.setParameters(named(each.parameters));
    const trainer = await model.trainer({ loss, optimizer, batchSize: y.length, ...options });
    const history = await trainer.fit({ x, y, ...weights }, { epochs: 10, shuffle: false });
    expectClose(history.loss, each.costBeforeEachStep, 1e-6, 'costs');
    const want = named(each.parametersAfter10Steps);
    for (const { name: parameter, data } of model.parameters) {
      expectClose(data, want[parameter] ?? [], 1e-5, parameter);
    }
  });
});

const rows = 30;
const counts = Array.from({ length: rows }, (_, i) => (i * 7) % 4);
const total = counts.reduce((sum, count) => sum + count, 0);

/** Each row as often as it counts. */
function repeated<A extends Float32Array | number[]>(values: A, width: number): number[] {
  return counts.flatMap((count, row) =>
    Array.from({ length: count * width }, (_, i) => values[row * width + (i % width)] ?? 0),
  );
}

describe.each<[string, 'softmax' | 'sigmoid' | 'linear', number, TrainerOptions['loss'], Metric[]]>([
  ['classes', 'softmax', 3, 'sparseCategoricalCrossEntropy', ['accuracy', 'f1', 'rocAuc', 'logLoss', 'topKAccuracy']],
  ['one sigmoid', 'sigmoid', 1, 'binaryCrossEntropy', ['accuracy', 'precision', 'averagePrecision', 'brier']],
  ['numbers', 'linear', 2, 'meanSquaredError', ['r2', 'meanAbsoluteError', 'rootMeanSquaredError', 'maxError']],
])('%s', (_, activation, units, cost, given) => {
  const metrics = given.map(metric => (metric === 'topKAccuracy' ? { kind: metric, k: 2 } : metric)) as Metric[];
  const samples = numbers(rows * 6, 1);
  const targets: number[] =
    activation === 'linear' ? [...numbers(rows * 2, 2)] : [...labels(rows, units === 1 ? 2 : 3, 2)];
  const width = activation === 'linear' ? 2 : 1;
  const weighed = { x: samples, y: targets, sampleWeights: counts };
  const again = { x: Float32Array.from(repeated(samples, 6)), y: repeated(targets, width) };
  const start = () =>
    Model.create(sequential(6, [dense(5, { activation: 'tanh' }), dense(units, { activation })]), { seed: 2 });

  it('are judged as if rows came as often as they weigh', async () => {
    const model = await start();
    const found = model.evaluate(weighed, { loss: cost, metrics });
    const want = model.evaluate(again, { loss: cost, metrics }) as unknown as Record<string, number>;
    expect(Object.keys(found)).toEqual(Object.keys(want));
    for (const [name, value] of Object.entries(want)) {
      const scale = name === 'loss' ? total / rows : 1;
      expectClose([found[name as 'loss']], [value * scale], 2e-6, name);
    }
  });

  it('are trained and validated likewise, from the middle of an epoch too', async () => {
    const options = { loss: cost, optimizer: sgd({ learningRate: 0.05 }), metrics, batchSize: 8 } as const;
    const [whole, half] = [await (await start()).trainer(options), await (await start()).trainer(options)];
    const wanted = await whole.fit(weighed, { epochs: 2, validation: weighed });
    const final = whole.model.evaluate(weighed, { loss: cost, metrics }) as unknown as Record<string, number>;
    for (const [name, value] of Object.entries(final)) {
      const key = `val${name.charAt(0).toUpperCase()}${name.slice(1)}` as 'valLoss';
      expect(wanted[key]?.at(-1), name).toBe(value);
    }
    const stop = new AbortController();
    await half.fit(weighed, { signal: stop.signal, onBatch: ({ batch }) => void (batch === 2 && stop.abort()) });
    const resumed = await Trainer.fromBytes(half.toBytes());
    const [first, second] = [await resumed.fit(weighed), await resumed.fit(weighed, { validation: weighed })];
    expect([...first.loss, ...second.loss]).toEqual(wanted.loss);
    expect(bitsOf(resumed.model)).toEqual(bitsOf(whole.model));
    await expect(half.fit({ x: samples, y: targets }).then(() => half.toBytes())).resolves.toBeDefined();
  });
});

describe('class weights', () => {
  const fit = { optimizer: sgd({ learningRate: 0.1 }), epochs: 3 } as const;

  it('count in training as each row’s own would, and nowhere else', async () => {
    const samples = numbers(rows * 6, 1);
    const classes = [...labels(rows, 3, 2)];
    const of = [0.5, 2, 0];
    const [byClass, byRow] = [await Model.create(network(), { seed: 1 }), await Model.create(network(), { seed: 1 })];
    const data = { x: samples, y: classes };
    const options = { loss, metrics: ['accuracy'], ...fit } as const;
    const found = await byClass.fit(data, { ...options, classWeights: of, validation: data });
    const want = await byRow.fit({ ...data, sampleWeights: classes.map(label => of[label] ?? 0) }, options);
    expect(found.loss).toEqual(want.loss);
    expect(bitsOf(byClass)).toEqual(bitsOf(byRow));
    expect(found.valLoss?.at(-1)).toBe(byClass.evaluate(data, { loss }).loss);
    expect(found.valAccuracy?.at(-1)).toBe(byClass.evaluate(data, { loss, metrics: ['accuracy'] }).accuracy);
    const { epochs: _, ...own } = { ...options, classWeights: of };
    const steps = await (await Model.create(network(), { seed: 1 })).trainer(own);
    expectClose([steps.stepSync(samples, classes)], [found.loss[0] ?? 0], 1e-6, 'cost');
  });

  it('are balanced by the rows that are trained on', async () => {
    const samples = numbers(rows * 6, 1);
    const binary = Array.from({ length: rows }, (_, i) => Number(i % 5 === 0));
    const hot = binary.flatMap(label => [1 - label, label]);
    const ends = [
      { units: 1, activation: 'sigmoid', loss: 'binaryCrossEntropy', y: binary },
      { units: 2, activation: 'softmax', loss: 'categoricalCrossEntropy', y: hot },
    ] as const;
    for (const { units, activation, loss, y } of ends) {
      const found = [];
      for (const classWeights of ['balanced', [rows / (2 * 24), rows / (2 * 6)]] as const) {
        const model = await Model.create(sequential(6, [dense(units, { activation })]), { seed: 1 });
        found.push([
          await model.fit({ x: samples, y }, { loss, classWeights, ...fit }).then(({ loss }) => loss),
          bitsOf(model),
        ]);
      }
      expect(found[1]).toEqual(found[0]);
    }
  });

  it('go by the names of outputs, as sample weights do', async () => {
    const two = graph(6, input => ({
      kind: input.to(dense(3, { activation: 'softmax' })),
      size: input.to(dense(2)),
    }));
    const samples = numbers(rows * 6, 1);
    const targets = { kind: [...labels(rows, 3, 2)], size: numbers(rows * 2, 3) };
    const losses = { kind: 'sparseCategoricalCrossEntropy', size: 'meanSquaredError' } as const;
    const metrics = { kind: ['accuracy'], size: ['r2'] } as const;
    const model = await Model.create(two, { seed: 1 });
    const data = { x: samples, y: targets, sampleWeights: { kind: counts } };
    const found = model.evaluate(data, { loss: losses, metrics }) as unknown as Record<string, number>;
    const plain = model.evaluate({ x: samples, y: targets }, { loss: losses, metrics }) as unknown as Record<
      string,
      number
    >;
    expect(found['size.r2']).toBe(plain['size.r2']);
    expect(found['size.loss']).toBeCloseTo(plain['size.loss'] ?? 0, 6);
    expect(found['kind.loss']).not.toBe(plain['kind.loss']);
    const history = await model.fit(data, {
      loss: losses,
      metrics,
      classWeights: { kind: 'balanced' },
      validation: data,
      ...fit,
    });
    const last = model.evaluate(data, { loss: losses, metrics }) as unknown as Record<string, number>;
    expect(history['kind.valAccuracy']?.at(-1)).toBe(last['kind.accuracy']);
    const wrong = { loss: losses, classWeights: { size: [1, 2] }, ...fit };
    await expect(model.fit(data, wrong)).rejects.toThrow(/classWeights: size: .*one class for each row/);
  });
});

describe('validationSplit', () => {
  it('sets a share of each class aside, by the model’s seed', async () => {
    const samples = Float32Array.from({ length: 40 }, (_, i) => i);
    const classes = Array.from({ length: 40 }, (_, i) => Number(i >= 30));
    const net = sequential(1, [dense(2, { activation: 'softmax' })]);
    const run = async (seed: number, validationSplit: number) => {
      const model = await Model.create(net, { seed });
      const options = {
        loss: 'sparseCategoricalCrossEntropy',
        optimizer: 'sgd',
        metrics: ['confusionMatrix'],
      } as const;
      const { metrics: _, ...rest } = options;
      return model.fit({ x: samples, y: classes }, { ...rest, metrics: ['accuracy'], validationSplit });
    };
    const [once, again, other] = [await run(3, 0.2), await run(3, 0.2), await run(4, 0.2)];
    expect(again.valLoss).toEqual(once.valLoss);
    expect(other.valLoss).not.toEqual(once.valLoss);
    // 8 rows are judged: shares of right ones are eighths.
    expect(((once.valAccuracy?.[0] ?? 0) * 8) % 1).toBe(0);
    expect(((once.accuracy?.[0] ?? 0) * 32) % 1).toBe(0);
  });
});

it('refuses what makes no sense', async () => {
  const model = await Model.create(network());
  const options = { loss, optimizer: 'sgd' } as const;
  const refused = (more: object, data: object, message: RegExp) =>
    expect(model.fit({ x, y, ...data } as never, { ...options, ...more } as never)).rejects.toThrow(message);
  await refused({ classWeights: [1, 2] }, {}, /classWeights: .*3 numbers, one for each class.*2/);
  await refused({ classWeights: [0, 0, 0] }, {}, /classWeights: .*above 0.*only 0/);
  await refused({ classWeights: [1, -1, 1] }, {}, /classWeights\[1\]: .*>= 0.*-1/);
  await refused({ classWeights: 'even' }, {}, /classWeights: .*'balanced'/);
  await refused({}, { sampleWeights: [1, 2] }, /sampleWeights: .*12 numbers, one for each row.*2/);
  await refused({}, { sampleWeights: new Float32Array(12) }, /sampleWeights: .*only 0/);
  await refused(
    {},
    { sampleWeights: y.map((_, i) => (i === 3 ? Number.NaN : 1)) && [...y].map(() => Number.NaN) },
    /sampleWeights\[0\]/,
  );
  const zeroes = { classWeights: [0, 1, 1], sampleWeights: [...y].map(label => Number(label === 0)) };
  await refused({ classWeights: zeroes.classWeights }, { sampleWeights: zeroes.sampleWeights }, /rows that count 0/);
  await refused({ validationSplit: 1 }, {}, /validationSplit: .*< 1/);
  await refused({ validationSplit: 0.5, validation: { x, y } }, {}, /validationSplit: .*validation/);
  await expect(model.fit({ chunks: async function* () {} }, { ...options, classWeights: 'balanced' })).rejects.toThrow(
    /classWeights/,
  );
  const trainer = await model.trainer({ ...options, classWeights: 'balanced' });
  expect(() => trainer.stepSync(x, y)).toThrow(/classWeights: .*'balanced'/);
  const numbersModel = await Model.create(sequential(6, [dense(2)]));
  const wrong = { loss: 'meanSquaredError', optimizer: 'sgd', classWeights: [1, 2] } as const;
  await expect(numbersModel.trainer(wrong)).rejects.toThrow(/one class for each row/);
});
