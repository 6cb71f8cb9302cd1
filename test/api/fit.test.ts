/** What fit and the trainer do, judged by a float64 network that does the same. */
import { describe, expect, it } from 'vitest';
import { type Architecture, adam, dense, Model, sequential, sgd } from '../../src/entries/node.js';
import { at, elementwise, softmax, tanh, total } from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { sparseCategoricalCrossEntropy } from '../reference/losses.js';
import { type Layer, parameters, predict, step } from '../reference/network.js';
import { sgd as referenceSgd } from '../reference/optimizers.js';

const [rows, inputs, units, classes, batchSize] = [11, 5, 7, 3, 4];
const x = numbers(rows * inputs, 1);
const y = labels(rows, classes, 2);
const data = { x, y };
const validation = { x: numbers(6 * inputs, 3), y: labels(6, classes, 4) };
const loss = 'sparseCategoricalCrossEntropy';
const architecture: Architecture = sequential(
  [inputs],
  [dense(units, { activation: 'tanh' }), dense(classes, { activation: 'softmax' })],
);
const settings = { learningRate: 0.2, momentum: 0.9 };
const options = { loss, optimizer: sgd(settings), batchSize, shuffle: false } as const;

const create = () => Model.create(architecture, { seed: 3 });

/** The same network in float64, with the model's parameters. */
function twin(model: Model): Layer[] {
  const values = model.parameters.map(p => Float64Array.from(p.data));
  const [w0 = new Float64Array(), b0 = new Float64Array(), w1 = new Float64Array(), b1 = new Float64Array()] = values;
  return [
    { inputs, outputs: units, weight: w0, bias: b0, activation: elementwise(tanh) },
    { inputs: units, outputs: classes, weight: w1, bias: b1, activation: softmax },
  ];
}

/** Epochs in order over batches of 4, 4 and 3 rows; the cost and rows of every batch, epoch by epoch. */
function trainTwin(layers: Layer[], epochs: number): { cost: number; rows: number }[][] {
  const optimizer = referenceSgd(settings);
  return Array.from({ length: epochs }, () => {
    const batches: { cost: number; rows: number }[] = [];
    for (let from = 0; from < rows; from += batchSize) {
      const to = Math.min(rows, from + batchSize);
      const bx = Float64Array.from(x.subarray(from * inputs, to * inputs));
      const by = Float64Array.from(y.subarray(from, to));
      batches.push({ cost: step(layers, bx, by, sparseCategoricalCrossEntropy(), optimizer), rows: to - from });
    }
    return batches;
  });
}

const meanByRows = (batches: { cost: number; rows: number }[]) =>
  total(batches.map(b => b.cost * b.rows)) / total(batches.map(b => b.rows));

function accuracy(p: ArrayLike<number>, labelsOf: ArrayLike<number>): number {
  let hits = 0;
  for (let row = 0; row < labelsOf.length; row++) {
    const outputs = Array.from({ length: classes }, (_, j) => at(p, row * classes + j));
    if (outputs.indexOf(Math.max(...outputs)) === at(labelsOf, row)) hits++;
  }
  return hits / labelsOf.length;
}

describe('an epoch', () => {
  it('goes over every batch, the short last one too, and its loss is the mean of their costs by rows', async () => {
    const model = await create();
    const layers = twin(model);
    const want = trainTwin(layers, 4);
    const history = await model.fit(data, { ...options, epochs: 4 });
    expectClose(history.loss, want.map(meanByRows), 1e-5, 'loss');
    parameters(layers).forEach((values, i) => {
      expectClose(model.parameters[i]?.data ?? [], values, 1e-5, model.parameters[i]?.name);
    });
    expectClose(model.predict(x), predict(layers, Float64Array.from(x)), 1e-5, 'predict');
  });

  it('shuffled, still sees every row once', async () => {
    // With a learning rate of 0 the parameters stay, so that the loss of an epoch is the cost of all rows in any order.
    const model = await create();
    const still = { ...options, optimizer: sgd({ learningRate: 0 }), shuffle: true, epochs: 3 };
    const history = await model.fit(data, still);
    expectClose(history.loss, new Array(3).fill(model.cost(x, y, { loss })), 1e-6);
  });

  it('takes one epoch and batches of 32 by default', async () => {
    const [a, b] = [await create(), await create()];
    const history = await a.fit(data, { loss, optimizer: 'sgd' });
    expect(history.loss.length).toBe(1);
    await b.fit(data, { loss, optimizer: sgd(), batchSize: rows, epochs: 1 });
    expectClose(a.parameters[0]?.data ?? [], b.parameters[0]?.data ?? [], 1e-6);
  });

  it('trains on bytes with a scale as on the numbers they stand for', async () => {
    const bytes = Uint8Array.from(x, v => Math.round((v + 1) * 127));
    const [a, b] = [await create(), await create()];
    await a.fit({ x: bytes, scale: 1 / 255, y }, { ...options, shuffle: true, epochs: 2 });
    const scaled = Float32Array.from(bytes, v => Math.fround(v * Math.fround(1 / 255)));
    await b.fit({ x: scaled, y }, { ...options, shuffle: true, epochs: 2 });
    expect(a.parameters).toEqual(b.parameters);
  });
});

describe('reports', () => {
  it('history and onEpoch say the same, with validation and accuracy', async () => {
    const model = await create();
    const seen: object[] = [];
    const states: { predictions: Float32Array; valLoss: number }[] = [];
    const history = await model.fit(data, {
      ...options,
      epochs: 3,
      validation,
      metrics: ['accuracy'],
      onEpoch: report => {
        seen.push(report);
        states.push({
          predictions: model.predict(validation.x),
          valLoss: model.cost(validation.x, validation.y, { loss }),
        });
      },
    });
    expect(seen).toEqual(
      [0, 1, 2].map(i => ({
        epoch: i + 1,
        loss: history.loss[i],
        accuracy: history.accuracy?.[i],
        valLoss: history.valLoss?.[i],
        valAccuracy: history.valAccuracy?.[i],
        seconds: history.seconds[i],
        samplesPerSecond: history.samplesPerSecond[i],
      })),
    );
    expect(history.stopped).toBeUndefined();
    expectClose(
      history.valLoss ?? [],
      states.map(s => s.valLoss),
      1e-6,
      'valLoss',
    );
    expectClose(
      history.valAccuracy ?? [],
      states.map(s => accuracy(s.predictions, validation.y)),
      1e-9,
      'valAccuracy',
    );
    const hits = (history.accuracy ?? []).map(a => a * rows);
    expect(hits.length).toBe(3);
    expectClose(hits, hits.map(Math.round), 1e-6, 'accuracy is a number of rows over all rows');
    expect(history.samplesPerSecond.every(s => s > 0)).toBe(true);
  });

  it('onBatch says epoch, batch and its cost before the update, each counted from 1', async () => {
    const model = await create();
    const want = trainTwin(twin(model), 2);
    const seen: { epoch: number; batch: number; loss: number }[] = [];
    await model.fit(data, { ...options, epochs: 2, onBatch: event => void seen.push(event) });
    expect(seen.map(({ epoch, batch }) => [epoch, batch])).toEqual([1, 2].flatMap(e => [1, 2, 3].map(b => [e, b])));
    expectClose(
      seen.map(event => event.loss),
      want.flat().map(batch => batch.cost),
      1e-5,
    );
  });

  it('without validation and metrics says only the loss', async () => {
    const model = await create();
    const keys: string[][] = [];
    const history = await model.fit(data, {
      ...options,
      onEpoch: report => void keys.push(Object.keys(report).sort()),
    });
    expect(keys).toEqual([['epoch', 'loss', 'samplesPerSecond', 'seconds']]);
    expect(Object.keys(history).sort()).toEqual(['loss', 'samplesPerSecond', 'seconds']);
  });

  it("training accuracy counts the predictions before each batch's update", async () => {
    const model = await create();
    const history = await model.fit(data, {
      ...options,
      optimizer: sgd({ learningRate: 0 }),
      metrics: ['accuracy'],
    });
    expectClose(history.accuracy ?? [], [accuracy(model.predict(x), y)], 1e-6);
  });

  it('validation does not change the training', async () => {
    const [a, b] = [await create(), await create()];
    await a.fit(data, { ...options, epochs: 3 });
    await b.fit(data, { ...options, epochs: 3, validation, metrics: ['accuracy'] });
    expect(b.parameters).toEqual(a.parameters);
  });
});

describe('while a fit runs', () => {
  it('predict, evaluate and parameters are those of the last finished epoch', async () => {
    const model = await create();
    const start = model.predict(x);
    const afterOne = await create();
    await afterOne.fit(data, { ...options, epochs: 1 });
    const state = (of: Model) => [of.predict(x), of.parameters, of.evaluate(data, { loss }).loss];
    const [first, second] = [state(await create()), state(afterOne)];
    const seen: unknown[] = [];
    const running = model.fit(data, { ...options, epochs: 2, onBatch: () => void seen.push(state(model)) });
    expect(model.predict(x)).toEqual(start);
    await running;
    expect(seen).toEqual([first, first, first, second, second, second]);
  });

  it('a second fit on the same model is refused, and the first goes on', async () => {
    const [model, alone] = [await create(), await create()];
    const running = model.fit(data, { ...options, epochs: 2 });
    await expect(model.fit(data, options)).rejects.toThrow(/^fit: expected no fit under way/);
    await running;
    await alone.fit(data, { ...options, epochs: 2 });
    expect(model.parameters).toEqual(alone.parameters);
    await model.fit(data, options);
  });
});

describe('an abort signal', () => {
  it('stops after the epoch it is given in, and leaves a model that goes on', async () => {
    const [model, alone] = [await create(), await create()];
    const stop = new AbortController();
    const history = await model.fit(data, {
      ...options,
      epochs: 100,
      signal: stop.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) stop.abort();
      },
    });
    expect(history.loss.length).toBe(2);
    expect(history.stopped).toMatch(/abort/);
    await alone.fit(data, { ...options, epochs: 2 });
    expect(model.parameters).toEqual(alone.parameters);
    await model.fit(data, options);
  });

  it('already given, stops before the first step', async () => {
    const model = await create();
    const before = model.parameters;
    const history = await model.fit(data, { ...options, epochs: 3, signal: AbortSignal.abort() });
    expect(history.loss).toEqual([]);
    expect(history.stopped).toMatch(/abort/);
    expect(model.parameters).toEqual(before);
  });

  it('in the middle of an epoch, stops after the batch it is given in; the model has what was learned', async () => {
    const [model, alone] = [await create(), await create()];
    const stop = new AbortController();
    const history = await model.fit(data, {
      ...options,
      epochs: 3,
      signal: stop.signal,
      onBatch: ({ epoch, batch }) => {
        if (epoch === 2 && batch === 2) stop.abort();
      },
    });
    expect(history.loss.length).toBe(1);
    expect(history.stopped).toMatch(/abort/);
    const trainer = await alone.trainer({ loss, optimizer: sgd(settings), batchSize });
    for (const [from, to] of [...[0, 4, 8].map(i => [i, Math.min(rows, i + 4)] as const), [0, 4], [4, 8]] as const) {
      trainer.stepSync(x.slice(from * inputs, to * inputs), y.slice(from, to));
    }
    expect(model.parameters).toEqual(alone.parameters);
    expect(model.predict(x)).toEqual(alone.predict(x));
  });
});

describe('trainer', () => {
  it('goes on from parameters that were set in between, and from those of another trainer', async () => {
    const [a, b] = [await create(), await create()];
    const plain = { loss, optimizer: sgd({ learningRate: 0.1 }), batchSize: rows } as const;
    const [one, two] = [await a.trainer(plain), await a.trainer(plain)];
    const alone = await b.trainer(plain);
    one.stepSync(x, y);
    two.stepSync(x, y);
    one.stepSync(x, y);
    for (let i = 0; i < 3; i++) alone.stepSync(x, y);
    expect(a.parameters).toEqual(b.parameters);

    const start = Object.fromEntries((await create()).parameters.map(({ name, data: values }) => [name, values]));
    a.setParameters(start);
    b.setParameters(start);
    expect(one.stepSync(x, y)).toBe(alone.stepSync(x, y));
    expect(a.parameters).toEqual(b.parameters);
  });

  it('step and stepSync are the steps of fit', async () => {
    const [a, b, c] = [await create(), await create(), await create()];
    await a.fit(data, options);
    const sync = await b.trainer({ loss, optimizer: sgd(settings), batchSize });
    const waiting = await c.trainer({ loss, optimizer: sgd(settings), batchSize });
    const want = trainTwin(twin(b), 1).flat();
    for (const [i, from] of [0, 4, 8].entries()) {
      const to = Math.min(rows, from + batchSize);
      const [bx, by] = [x.slice(from * inputs, to * inputs), y.slice(from, to)];
      expectClose([sync.stepSync(bx, by)], [want[i]?.cost ?? Number.NaN], 1e-5);
      expectClose([await waiting.step(bx, by)], [want[i]?.cost ?? Number.NaN], 1e-5);
    }
    expect(b.parameters).toEqual(a.parameters);
    expect(c.parameters).toEqual(a.parameters);
  });

  it('fit twice goes on where the first stopped, state of the optimiser and all', async () => {
    const [a, b] = [await create(), await create()];
    const one = await a.trainer({ loss, optimizer: adam(), batchSize });
    await one.fit(data, { epochs: 5 });
    const two = await b.trainer({ loss, optimizer: adam(), batchSize });
    await two.fit(data, { epochs: 2 });
    await two.fit(data, { epochs: 3 });
    expect(b.parameters).toEqual(a.parameters);
  });
});
