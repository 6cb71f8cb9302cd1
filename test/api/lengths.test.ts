/**
 * Sequences that end early: what is predicted, what it costs and every gradient equal what each gives by itself, cut
 * off where it ends. What stands behind counts for nothing.
 */
import { describe, expect, it } from 'vitest';
import { stratifiedSplit } from '../../src/data/split.js';
import {
  activation,
  adam,
  add,
  attend,
  batchNormalization,
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  embeddingBag,
  flatten,
  globalAveragePool1d,
  globalMaxPool1d,
  graph,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  Model,
  multiHeadAttention,
  normalization,
  positionEmbedding,
  score,
  sequential,
  sgd,
  simpleRnn,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const [steps, features] = [6, 5];
const lengths = [3, 6, 1, 4, 2];
const rows = lengths.length;
const loss = 'meanSquaredError';
const all = { returnSequences: true } as const;

/** The last layers of each network: one that ends in steps costs as many answers as there are. */
const networks: Readonly<Record<string, readonly Layer[]>> = {
  simpleRnn: [simpleRnn(4)],
  'lstm, every step': [lstm(17, all), dense(2)],
  'lstm in whole panels': [lstm(32, all), lstm(16), dense(2)],
  'gru, reset before, backwards': [gru(3, { resetAfter: false, goBackwards: true }), dense(2)],
  'gru, backwards, every step': [gru(4, { ...all, goBackwards: true })],
  'bidirectional, every step': [bidirectional(lstm(3, all)), dense(2)],
  'bidirectional, the last step': [bidirectional(gru(3), { merge: 'sum' })],
  stacked: [gru(5, all), dropout(0), lstm(4), dense(1, { activation: 'tanh' })],
  attention: [multiHeadAttention(2, 3), layerNormalization(), dense(2)],
  'causal attention': [positionEmbedding(steps), multiHeadAttention(2, 3, { causal: true }), globalAveragePool1d()],
  'largest of all steps': [dense(4, { activation: 'relu' }), globalMaxPool1d(), dense(2)],
  'causal convolutions': [
    conv1d(3, 3, { padding: 'causal', dilation: 2 }),
    conv1d(18, 2, { padding: 'causal', groups: 3, activation: 'relu' }),
    activation('tanh'),
    dense(2),
  ],
};

/** The first steps of one row. */
const cut = (values: Float32Array, row: number, width: number) =>
  values.slice(row * steps * width, (row * steps + at(lengths, row)) * width);

/** The same network for sequences of so many steps, with the parameters that fit it. */
async function shorter(model: Model, layers: readonly Layer[], length: number): Promise<Model> {
  const own = layers.map(layer => (layer.kind === 'positionEmbedding' ? positionEmbedding(length) : layer));
  const one = await Model.create(sequential([length, features], own), { deterministic: true });
  const of = (data: Float32Array, shape: readonly number[]) =>
    data.slice(
      0,
      shape.reduce((a, b) => a * b, 1),
    );
  const shapes = new Map(one.parameters.map(({ name, shape }) => [name, shape]));
  one.setParameters(
    Object.fromEntries(model.parameters.map(({ name, data }) => [name, of(data, shapes.get(name) ?? [])])),
  );
  return one;
}

describe.each(Object.entries(networks))('%s', (_, layers) => {
  const x = numbers(rows * steps * features, 1);
  const create = () => Model.create(sequential([steps, features], layers), { deterministic: true, seed: 4 });

  it('predicts each row as it is without what follows, bit for bit, and zeros there', async () => {
    const model = await create();
    const y = model.predict(x, { lengths });
    const width = y.length / rows;
    for (const [row, length] of lengths.entries()) {
      const one = await shorter(model, layers, length);
      const want = one.predict(cut(x, row, features));
      const got = y.subarray(row * width, (row + 1) * width);
      expect([...got]).toEqual([...want, ...new Array<number>(width - want.length).fill(0)]);
    }
    const spoilt = x.map((value, i) =>
      Math.floor(i / features) % steps < at(lengths, Math.floor(i / features / steps)) ? value : 1e30,
    );
    expect(model.predict(spoilt, { lengths })).toEqual(y);
    expect(await model.predictAsync({ x, lengths })).toEqual(y);
    expect(model.predict(x, { lengths: lengths.map(() => steps) })).toEqual(model.predict(x));
  });

  it('costs, and learns, as its rows do by themselves', async () => {
    const model = await create();
    const outputs = model.predict(x).length / rows;
    const isSequence = layers.at(-1)?.kind !== 'globalAveragePool1d' && outputs % steps === 0;
    const width = isSequence ? outputs / steps : outputs;
    const y = numbers(rows * outputs, 2);
    const found = model.gradients(x, y, { loss, lengths, inputs: true });
    const weights = lengths.map(length => (isSequence ? length : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let cost = 0;
    const sums = new Map<string, Float64Array>();
    for (const [row, length] of lengths.entries()) {
      const one = await shorter(model, layers, length);
      const target = isSequence ? cut(y, row, width) : y.slice(row * outputs, (row + 1) * outputs);
      const own = one.gradients(cut(x, row, features), target, { loss, inputs: true });
      const weight = at(weights, row) / total;
      cost += own.cost * weight;
      for (const [name, values] of Object.entries(own.gradients)) {
        const whole = found.gradients[name] ?? new Float32Array();
        const sum = sums.get(name) ?? new Float64Array(whole.length);
        const shift = name === 'input' ? row * steps * features : 0;
        for (const [i, value] of values.entries()) sum[shift + i] = at(sum, shift + i) + value * weight;
        sums.set(name, sum);
      }
    }
    expectClose([found.cost], [cost], 1e-6, 'cost');
    for (const [name, want] of sums) expectClose(found.gradients[name] ?? [], want, 1e-6, name);
    const ends = { x, y, lengths };
    expectClose([model.cost(x, y, { loss, lengths })], [cost], 1e-6, 'cost');
    expectClose([model.evaluate(ends, { loss }).loss], [cost], 1e-6, 'evaluate');
    const { loss: losses, valLoss = [] } = await model.fit(ends, {
      loss,
      optimizer: sgd({ learningRate: 0 }),
      batchSize: 2,
      validation: ends,
    });
    expectClose(valLoss, [cost], 1e-6, 'validation');
    if (!isSequence) expectClose(losses, [cost], 1e-6, 'fit');
    const trainer = await model.trainer({ loss, optimizer: sgd({ learningRate: 0 }), batchSize: rows });
    expectClose([trainer.stepSync({ x, lengths }, y)], [cost], 1e-6, 'step');
  });
});

/** Whole numbers, of which padding is a row of the table too. */
const indices = Float32Array.from({ length: rows * steps }, (_, i) => (i * 7 + 3) % 9);
const padded = (by: number) => indices.map((value, i) => (i % steps < at(lengths, Math.floor(i / steps)) ? value : by));

it('looks up no row for what follows, and trains none', async () => {
  for (const layers of [
    [embedding(9, 3), lstm(4), dense(2)],
    [embeddingBag(9, 3), dense(2)],
  ]) {
    const data = (by: number) => ({ x: padded(by), y: numbers(rows * 2, 3), lengths });
    const [one, other] = await Promise.all([0, 1].map(() => Model.create(sequential([steps], layers), { seed: 2 })));
    if (!one || !other) throw new Error('two models');
    for (const [row, length] of lengths.entries()) {
      const alone = await Model.create(sequential([length], layers), { seed: 2 });
      const x = indices.slice(row * steps, row * steps + length);
      expect([...one.predict(padded(8), { lengths }).slice(row * 2, row * 2 + 2)]).toEqual([...alone.predict(x)]);
    }
    await one.fit(data(0), { loss, optimizer: adam(), epochs: 3 });
    await other.fit(data(5), { loss, optimizer: adam(), epochs: 3 });
    expect(one.parameters).toEqual(other.parameters);
  }
});

const within = (position: number) => position % steps < at(lengths, Math.floor(position / steps));

it('counts answers and metrics of real steps alone, in fits on threads and in chunks too', async () => {
  const architecture = sequential([steps, features], [gru(9, all), dense(3, { activation: 'softmax' })]);
  const x = numbers(rows * steps * features, 1);
  const y = Int32Array.from({ length: rows * steps }, (_, i) => i % 3);
  const options = {
    loss: 'sparseCategoricalCrossEntropy',
    optimizer: adam({ learningRate: 0.1 }),
    metrics: ['accuracy', 'f1'],
    batchSize: 2,
    epochs: 4,
    validation: { x, y, lengths },
  } as const;
  const histories = [];
  const data = { x, y, lengths };
  const chunks = async function* () {
    yield data;
  };
  for (const given of [data, data, { chunks }]) {
    const model = await Model.create(architecture, { seed: 1, deterministic: true });
    const threads = histories.length + 1;
    const history = await model.fit(given, { ...options, threads });
    histories.push({ ...history, seconds: 0, samplesPerSecond: 0 });
    const answers = model.predict(x, { lengths });
    const real = [...y.keys()].filter(within);
    const picked = Float32Array.from(real.flatMap(i => [...answers.slice(i * 3, i * 3 + 3)]));
    const want = score(
      picked,
      Int32Array.from(real, i => at(y, i)),
      ['accuracy', 'f1'],
    );
    const found = model.evaluate(data, { loss: options.loss, metrics: options.metrics });
    expectClose([found.accuracy ?? 0, found.f1 ?? 0], [want.accuracy as number, want.f1 as number], 1e-9);
    expectClose([history.valF1?.at(-1) ?? 0, history.valLoss?.at(-1) ?? 0], [found.f1 ?? 0, found.loss], 1e-6);
    expect(history.accuracy?.every(value => value <= 1)).toBe(true);
  }
  expect(histories[1]).toEqual(histories[0]);
  expect(histories[2]).toEqual(histories[0]);
});

it('keeps lengths with their rows where some are set aside', async () => {
  const [x, y] = [numbers(rows * steps * features, 1), numbers(rows * 2, 2)];
  const seed = 4;
  const parts = stratifiedSplit(new Int32Array(rows), 0.4, seed);
  const pick = (indices: readonly number[]) => {
    const part = (values: Float32Array, width: number) =>
      Float32Array.from(indices.flatMap(row => [...values.slice(row * width, (row + 1) * width)]));
    return { x: part(x, steps * features), y: part(y, 2), lengths: indices.map(row => at(lengths, row)) };
  };
  const create = () => Model.create(sequential([steps, features], [gru(4), dense(2)]), { seed, deterministic: true });
  const options = { loss, optimizer: adam(), batchSize: 2, epochs: 2 } as const;
  const [one, other] = [await create(), await create()];
  const { valLoss } = await one.fit({ x, y, lengths }, { ...options, validationSplit: 0.4 });
  const byHand = await other.fit(pick(parts.training), { ...options, validation: pick(parts.validation) });
  expect(valLoss).toEqual(byHand.valLoss);
  expect(one.parameters).toEqual(other.parameters);
});

it('has lengths of several inputs, each its own', async () => {
  const architecture = graph({ words: [steps, features], source: [4, 3] }, ({ words, source }) => {
    const h = add(words.to(dense(4)), attend(words.to(lstm(4, all)), source.to(dense(4)), multiHeadAttention(2, 2)));
    return { each: h.to(dense(2)), one: source.to(globalAveragePool1d()).to(dense(1)) };
  });
  const model = await Model.create(architecture, { deterministic: true, seed: 3 });
  const [words, source] = [numbers(rows * steps * features, 1), numbers(rows * 12, 2)];
  const ends = [1, 2, 3, 4, 2];
  const x = { words: { x: words, lengths }, source: { x: source, lengths: Int32Array.from(ends) } };
  const found = model.predict(x);
  const spoilt = (values: Float32Array, counts: readonly number[], width: number) => {
    const row = values.length / rows;
    return values.map((value, i) => (i % row < at(counts, Math.floor(i / row)) * width ? value : -5));
  };
  const other = {
    words: { x: spoilt(words, lengths, features), lengths },
    source: { x: spoilt(source, ends, 3), lengths: ends },
  };
  expect(model.predict(other)).toEqual(found);
  const y = { each: numbers(rows * steps * 2, 4), one: numbers(rows, 5) };
  const { loss: cost, ...own } = model.evaluate({ x, y }, { loss });
  const squares = (name: 'each' | 'one') => found[name].map((value, i) => (value - at(y[name], i)) ** 2);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const each = [...squares('each')].filter((_, i) => within(Math.floor(i / 2)));
  expectClose([own['each.loss'] ?? 0, own['one.loss'] ?? 0], [mean(each), mean([...squares('one')])], 1e-6);
  expectClose([cost], [mean(each) + mean([...squares('one')])], 1e-6);
});

it('adapts to real steps alone', async () => {
  const model = await Model.create(sequential([steps, features], [normalization(), lstm(2)]));
  const x = numbers(rows * steps * features, 1);
  await model.fit({ x, y: numbers(rows * 2, 2), lengths }, { loss, optimizer: sgd() });
  const real = x.filter((_, i) => within(Math.floor(i / features)));
  const count = real.length / features;
  const means = Array.from({ length: features }, (_, column) =>
    real.reduce((sum, value, i) => sum + (i % features === column ? value / count : 0), 0),
  );
  expectClose(model.parameters.find(({ name }) => name.endsWith('.mean'))?.data ?? [], means, 1e-6);
});

it('refuses lengths that do not fit, before any work', async () => {
  const model = await Model.create(sequential([steps, features], [lstm(2)]));
  const x = numbers(2 * steps * features, 1);
  const refused = (given: unknown) => () => model.predict(x, { lengths: given as number[] });
  expect(refused([1, 0])).toThrow(/at least one step, got 0 in row 1; leave out rows without steps/);
  expect(refused([7, 1])).toThrow(/at most 6, the steps of x, got 7 in row 0/);
  expect(refused([1, 2.5])).toThrow(/whole numbers from 1 to 6, got 2.5 in row 1/);
  expect(refused([1, -1])).toThrow(/whole numbers from 1 to 6/);
  expect(refused([1])).toThrow(/2 whole numbers, one for each row, got 1 numbers/);
  expect(refused('12')).toThrow(TypeError);
  expect(refused([1, '2'])).toThrow(TypeError);
  expect(() => model.predict({ x, lengths: [1, 2] }, { lengths: [1, 2] })).toThrow(/one list of lengths, got two/);
  expect(() => model.predict(x, { length: [1, 2] } as object)).toThrow(/lengths/);
  for (const [layers, what] of [
    [[conv1d(2, 3)], /conv1d\(2, 3\)/],
    [[dense(2), batchNormalization()], /1\.batchNormalization/],
    [[flatten(), dense(2)], /0\.flatten/],
  ] as const) {
    const unable = await Model.create(sequential([steps, features], layers));
    expect(() => unable.predict(x, { lengths: [1, 2] })).toThrow(what);
    expect(() => unable.predict(x, { lengths: [1, 2] })).toThrow(/cannot leave steps out/);
  }
  const flat = await Model.create(sequential(features, [dense(2)]));
  expect(() => flat.predict(numbers(features, 1), { lengths: [1] })).toThrow(/its input \[rows, 5\]/);
  const named = await Model.create(graph({ a: [2, 2] }, ({ a }) => ({ y: a.to(lstm(2)) })));
  expect(() => named.evaluate({ x: { a: x }, y: { y: x }, lengths: [1] } as never, { loss })).toThrow(
    /give each its own/,
  );
});
