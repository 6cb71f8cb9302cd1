/** Networks whose inputs and outputs have names: records in, records out, a cost for each and one for all. */
import { describe, expect, it } from 'vitest';
import {
  Architecture,
  adam,
  concatenate,
  dense,
  dropout,
  embedding,
  flatten,
  graph,
  huber,
  Model,
  normalization,
  Trainer,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';

const rows = 23;
const about = 3;
const classes = 4;
const words = 5;

const architecture = graph({ image: [2, 3], about, word: [2] }, ({ image, about, word }) => {
  const looked = word.to(embedding(words, 3)).to(flatten());
  const h = concatenate(image.to(flatten()), about, looked).to(dense(9, { activation: 'tanh' }));
  const size = h.to(dropout(0.1)).to(dense(2, { name: 'size' }));
  return { kind: h.to(dense(classes, { activation: 'softmax', name: 'kind' })), size };
});

const x = {
  image: numbers(rows * 6, 1),
  about: numbers(rows * about, 2),
  word: Uint8Array.from({ length: rows * 2 }, (_, i) => (7 * i) % words),
};
const y = { kind: labels(rows, classes, 3), size: numbers(rows * 2, 4) };
const loss = { kind: 'sparseCategoricalCrossEntropy', size: huber({ delta: 0.5 }) } as const;
const lossWeights = { size: 0.25 };
const metrics = { kind: ['accuracy'] } as const;
const goals = { loss, lossWeights };

/** What a model without names says of one of the outputs: its inputs are all that it takes still, in one record. */
const part = (model: Model, output: 'kind' | 'size') => model.upTo(output);

describe('a network with names', () => {
  it('predicts a record, whole and into arrays of the user, at once and beside other work', async () => {
    const model = await Model.create(architecture, { seed: 3 });
    const made = model.predict(x);
    expect(Object.keys(made)).toEqual(['kind', 'size']);
    for (const name of ['kind', 'size'] as const) expect(made[name]).toEqual(part(model, name).predict(x));
    expect(await model.predictAsync(x)).toEqual(made);
    expect(await model.predictAsync(x, { threads: 2 })).toEqual(made);
    expect(model.forward(x).output).toEqual(made);
    const out = { kind: new Float32Array(rows * classes + 1), size: new Float32Array(rows * 2) };
    expect(model.predictInto(out, x)).toBe(out);
    expect([out.kind.subarray(0, rows * classes), out.kind.at(-1), out.size]).toEqual([made.kind, 0, made.size]);
  });

  it('takes each input in any form, bytes with a scale of their own', async () => {
    const model = await Model.create(architecture);
    const bytes = Uint8Array.from({ length: rows * 6 }, (_, i) => (i * 37) % 256);
    const floats = Float32Array.from(bytes, byte => byte * Math.fround(1 / 255));
    const cells = (values: ArrayLike<number>, columns: number) =>
      Array.from({ length: rows }, (_, row) => Array.from(values).slice(row * columns, (row + 1) * columns));
    const want = model.predict({ ...x, image: floats });
    expect(model.predict({ ...x, image: { x: bytes, scale: 1 / 255 } })).toEqual(want);
    expect(model.predict({ about: cells(x.about, 3), word: Int32Array.from(x.word), image: floats })).toEqual(want);
  });

  it('costs the weighted sum of what each output costs, and so do its gradients', async () => {
    const model = await Model.create(architecture, { seed: 1 });
    const cost = (output: 'kind' | 'size') => part(model, output).cost(x, y[output], { loss: loss[output] });
    const whole = cost('kind') + 0.25 * cost('size');
    expect(model.cost(x, y, goals)).toBeCloseTo(whole, 6);
    const judged = model.evaluate({ x, y }, { ...goals, metrics: { ...metrics, size: ['meanAbsoluteError', 'r2'] } });
    expect(Object.keys(judged)).toEqual([
      'loss',
      'kind.loss',
      'kind.accuracy',
      'size.loss',
      'size.meanAbsoluteError',
      'size.r2',
    ]);
    expect(judged.loss).toBeCloseTo(whole, 6);
    expect(judged['kind.loss']).toBeCloseTo(cost('kind'), 6);
    expect(judged['size.loss']).toBeCloseTo(cost('size'), 6);
    const own = part(model, 'size').evaluate(
      { x, y: y.size },
      { loss: loss.size, metrics: ['meanAbsoluteError', 'r2'] },
    );
    expect(judged['size.meanAbsoluteError']).toBe(own.meanAbsoluteError);
    expect(judged['size.r2']).toBe(own.r2);
    const { gradients } = model.gradients(x, y, { ...goals, inputs: true });
    const first = part(model, 'kind').gradients(x, y.kind, { loss: loss.kind, inputs: true }).gradients;
    const second = part(model, 'size').gradients(x, y.size, { loss: loss.size, inputs: true }).gradients;
    expect(Object.keys(gradients).filter(name => name.startsWith('input'))).toEqual(['input.image', 'input.about']);
    for (const name of ['input.image', 'input.about']) {
      gradients[name]?.forEach((value, i) => {
        expect(value).toBeCloseTo(at(first[name] ?? [], i) + 0.25 * at(second[name] ?? [], i), 6);
      });
    }
  });

  it('tells in its history what each output cost, as training by hand does', async () => {
    const model = await Model.create(architecture, { seed: 5 });
    const options = { ...goals, metrics, optimizer: adam({ learningRate: 0.02 }), batchSize: 8 };
    const before = model.evaluate({ x, y }, { ...goals, metrics });
    const one = await (await Model.create(architecture, { seed: 5 })).fit(
      { x, y },
      { ...options, batchSize: rows, epochs: 1, shuffle: false },
    );
    // The only batch's cost is that from before its update, but for dropout's masks, which are above one output alone.
    expect(one['kind.loss']?.[0]).toBeCloseTo(before['kind.loss'] ?? 0, 6);
    expect(one['kind.accuracy']?.[0]).toBe(before['kind.accuracy']);
    const history = await model.fit({ x, y }, { ...options, epochs: 40, validation: { x, y } });
    const names = ['loss', 'kind.loss', 'kind.accuracy', 'size.loss'];
    const val = ['valLoss', 'kind.valLoss', 'kind.valAccuracy', 'size.valLoss'];
    expect(Object.keys(history)).toEqual([...names, ...val, 'seconds', 'samplesPerSecond']);
    for (let epoch = 0; epoch < 40; epoch++) {
      const sum = (at: 'loss' | 'valLoss') =>
        (history[`kind.${at}`]?.[epoch] ?? 0) + 0.25 * (history[`size.${at}`]?.[epoch] ?? 0);
      expect(history.loss[epoch]).toBeCloseTo(sum('loss'), 6);
      expect(history.valLoss?.[epoch]).toBeCloseTo(sum('valLoss'), 6);
    }
    expect(history.valLoss?.at(-1)).toBeLessThan(0.5 * before.loss);
    expect(history['kind.valAccuracy']?.at(-1)).toBe(model.evaluate({ x, y }, { ...goals, metrics })['kind.accuracy']);
  });

  it('resumes in the middle of an epoch, sums and all', async () => {
    const options = { ...goals, metrics, optimizer: 'adam', batchSize: 4 } as const;
    const whole = await (await Model.create(architecture)).trainer(options);
    const want = await whole.fit({ x, y }, { epochs: 2 });
    const begun = await (await Model.create(architecture)).trainer(options);
    const stop = new AbortController();
    await begun.fit(
      { x, y },
      { signal: stop.signal, onBatch: ({ batch }) => (batch === 3 ? stop.abort() : undefined) },
    );
    const resumed = await Trainer.fromBytes(begun.toBytes());
    const got = await resumed.fit({ x, y }, { epochs: 2 });
    for (const name of ['loss', 'kind.loss', 'kind.accuracy', 'size.loss'] as const)
      expect(got[name]).toEqual(want[name]);
    expect(resumed.model.toBytes()).toEqual(whole.model.toBytes());
    expect(resumed.toBytes()).toEqual(whole.toBytes());
  });

  it('goes through JSON, and says its inputs and outputs in the summary', async () => {
    expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
    const model = await Model.create(architecture);
    expect((await Model.fromBytes(model.toBytes())).predict(x)).toEqual(model.predict(x));
    expect(model.summary()).toMatchInlineSnapshot(`
      "layer          kind              output        parameters  multiply-adds  memory  reads
      image          input             [rows, 2, 3]
      about          input             [rows, 3]
      word           input             [rows, 2]
      0.embedding    embedding(5, 3)   [rows, 2, 3]          15              0  192 B   word
      1.flatten      flatten           [rows, 6]              0              0  0 B     0.embedding
      2.flatten      flatten           [rows, 6]              0              0  0 B     image
      3.concatenate  concatenate       [rows, 15]             0              0  64 B    2.flatten, about, 1.flatten
      4.dense        dense(9) tanh     [rows, 9]            144            135  64 B    3.concatenate
      5.dropout      dropout(0.1)      [rows, 9]              0              0  0 B     4.dense
      size           dense(2) linear   [rows, 2]             20             18  64 B    5.dropout
      kind           dense(4) softmax  [rows, 4]             40             36  64 B    4.dense
      kind           output            [rows, 4]                                        kind
      size           output            [rows, 2]                                        size
      219 parameters, 876 B; a row takes 189 multiply-adds, 448 B"
    `);
  });

  it('learns the same from the gradient of each output as from the cost', async () => {
    const network = graph({ a: 3 }, ({ a }) => ({ p: a.to(dense(2)), q: a.to(dense(1, { activation: 'tanh' })) }));
    const [given, told] = [numbers(rows * 3, 1), { p: numbers(rows * 2, 2), q: numbers(rows, 3) }];
    const options = { loss: 'meanSquaredError', optimizer: 'sgd' } as const;
    const [first, second] = [await Model.create(network), await Model.create(network)];
    await (await first.trainer(options)).step({ a: given }, told);
    const made = second.predict({ a: given });
    const slope = (name: 'p' | 'q') =>
      Float32Array.from(made[name], (value, i) => (2 * (value - at(told[name], i))) / told[name].length);
    expect(
      await (await second.trainer(options)).step({ a: given }, { gradient: { p: slope('p'), q: slope('q') } }),
    ).toBe(0);
    const flat = (model: Model) => model.parameters.flatMap(({ data }) => [...data]);
    flat(first).forEach((value, i) => {
      expect(value).toBeCloseTo(at(flat(second), i), 6);
    });
  });

  it('adapts each normalisation to its own input, and inverted ones to their output', async () => {
    const network = graph({ a: 2, b: 1 }, ({ a, b }) => ({
      p: concatenate(b.to(normalization()), a.to(normalization()))
        .to(dense(1))
        .to(normalization({ invert: true })),
    }));
    const model = await Model.create(network);
    const [a, b, p] = [
      [
        [1, 2],
        [3, 6],
      ],
      [[10], [30]],
      [5, 9],
    ];
    model.adapt({ x: { a, b }, y: { p } });
    const state = Object.fromEntries(model.parameters.map(({ name, data }) => [name, [...data]]));
    expect(state).toMatchObject({
      '0.normalization.mean': [20],
      '1.normalization.mean': [2, 4],
      '1.normalization.variance': [1, 4],
      '4.normalization.mean': [7],
    });
    const fitted = await Model.create(network);
    await fitted.fit({ x: { a, b }, y: { p } }, { loss: 'meanSquaredError', optimizer: 'sgd' });
    expect(fitted.parameters.find(({ name }) => name === '4.normalization.mean')?.data).toEqual(Float32Array.of(7));
  });

  it('lets an output alone be infinite whose own function is', async () => {
    const model = await Model.create(
      graph({ a: 1 }, ({ a }) => ({ p: a.to(dense(1, { activation: 'exponential' })), q: a.to(dense(1)) })),
    );
    model.setParameters({ '0.dense.weight': [1], '1.dense.weight': [1] });
    expect(model.predict({ a: [[200]] })).toEqual({ p: Float32Array.of(Infinity), q: Float32Array.of(200) });
  });
});

it('outputs may be called as what every object has', async () => {
  const names = ['toString', 'constructor', 'hasOwnProperty', 'valueOf'];
  const network = graph({ x: 2 }, ({ x }) => Object.fromEntries(names.map(name => [name, x.to(dense(1))])));
  const model = await Model.create(network);
  const y = Object.fromEntries(names.map(name => [name, [1]]));
  const history = await model.fit({ x: { x: [[1, 2]] }, y }, { loss: 'meanSquaredError', optimizer: 'sgd' });
  expect(Object.keys(history)).toEqual(expect.arrayContaining(names.map(name => `${name}.loss`)));
});

describe('is refused before any work:', () => {
  const sure = async () => Model.create(architecture);
  it.each<[string, (model: Model) => unknown, string]>([
    [
      'one array',
      model => model.predict(x.image),
      "expected an object by the inputs' names: { image: …, about: …, word: … }",
    ],
    [
      'a missing input',
      model => model.predict({ image: x.image, about: x.about }),
      "expected one for each input, got none for 'word'",
    ],
    [
      'costs of which none counts',
      model => model.cost(x, y, { loss, lossWeights: { kind: 0, size: 0 } }),
      'cost: lossWeights: expected a number above 0, got only 0',
    ],
    ['an unknown one', model => model.predict({ ...x, abuot: x.about }), "got 'abuot'; did you mean 'about'?"],
    [
      'fewer rows of one',
      model => model.predict({ ...x, about: x.about.subarray(3) }),
      "as many rows of each input, got 23 of 'image' and 22 of 'about'",
    ],
    [
      'part of a row',
      model => model.predict({ ...x, about: x.about.subarray(1) }),
      "predict: about: x: input 'about': expected input [rows, 3]",
    ],
    [
      'a number that is not finite',
      model => model.predict({ ...x, about: x.about.map((v, i) => (i === 4 ? NaN : v)) }),
      'predict: about: x: expected finite float32 numbers, got NaN in row 1, column 1',
    ],
    [
      'an index beyond the table',
      model => model.predict({ ...x, word: x.word.map(() => 5) }),
      'predict: word: x: expected whole numbers from 0 to 4, got 5 in row 0, column 0',
    ],
    [
      'bare bytes',
      model => model.predict({ ...x, image: new Uint8Array(rows * 6) }),
      'predict: image: x: expected { x: Uint8Array, scale }',
    ],
    [
      'a scale beside them',
      model => model.fit({ x, y, scale: 1 }, { ...goals, optimizer: 'sgd' }),
      'give each its own: { x, scale }',
    ],
    [
      'an output without a loss',
      model => model.cost(x, y, { loss: { kind: loss.kind } }),
      "cost: loss: expected one for each output, got none for 'size'",
    ],
    [
      'a loss of no output',
      model => model.cost(x, y, { loss: { ...loss, colour: 'huber' } }),
      "expected names of outputs only, got 'colour'",
    ],
    [
      'a loss that does not fit',
      model => model.cost(x, y, { loss: { ...loss, kind: 'binaryCrossEntropy' } }),
      'activation softmax',
    ],
    [
      'an output without targets',
      model => model.cost(x, { kind: y.kind }, goals),
      "cost: y: expected one for each output, got none for 'size'",
    ],
    [
      'targets of another length',
      model => model.cost(x, { ...y, size: y.size.subarray(1) }, goals),
      'cost: y: size: expected targets [23, 2], got 45 numbers',
    ],
    [
      'a weight below 0',
      model => model.cost(x, y, { loss, lossWeights: { size: -1 } }),
      'cost: lossWeights: size: expected a finite number >= 0, got -1',
    ],
    [
      'a metric that does not fit',
      model => model.evaluate({ x, y }, { loss, metrics: { size: ['accuracy'] } }),
      'evaluate: metrics: size: accuracy',
    ],
    [
      'metrics without a name',
      model => model.evaluate({ x, y }, { loss, metrics: ['accuracy'] }),
      "evaluate: metrics: expected an object by the outputs' names",
    ],
    [
      'too little room',
      model => model.predictInto({ kind: new Float32Array(1), size: new Float32Array(99) }, x),
      'predictInto: out: kind: expected room for 92 numbers, got 1',
    ],
    [
      'a gradient of the wrong size',
      async model =>
        (await model.trainer({ ...goals, optimizer: 'sgd' })).stepSync(x, {
          gradient: { kind: new Float32Array(rows * classes), size: [1] },
        }),
      'step: gradient: size: expected 46 numbers',
    ],
  ])('%s', async (_, act, message) => {
    const model = await sure();
    await expect(async () => act(model)).rejects.toThrow(message);
  });

  it('an input and a parameter of one name, where gradients of both are asked for', async () => {
    const network = graph({ weight: 2 }, ({ weight }) => ({ y: weight.to(dense(1, { name: 'input' })) }));
    const model = await Model.create(network);
    const [x, y, loss] = [{ weight: [[1, 2]] }, { y: [1] }, { y: 'meanSquaredError' }] as const;
    expect(Object.keys(model.gradients(x, y, { loss }).gradients)).toEqual(['input.weight', 'input.bias']);
    expect(() => model.gradients(x, y, { loss, inputs: true })).toThrow(
      "gradients: inputs: expected names of their own, got the gradients of a parameter and of an input: 'input.weight'",
    );
  });

  it('weights where outputs have no names', async () => {
    const model = await Model.create(graph(2, x => x.to(dense(1))));
    const options = { loss: 'meanSquaredError', lossWeights: { a: 1 } } as const;
    expect(() => model.cost([[1, 2]], [1], options)).toThrow(
      'cost: lossWeights: expected none where the output has no name',
    );
  });

  it("a trainer's file whose sums are missing or too large", async () => {
    const model = await Model.create(architecture);
    const trainer = await model.trainer({ ...goals, optimizer: 'sgd', batchSize: 4 });
    const stop = new AbortController();
    await trainer.fit({ x, y }, { signal: stop.signal, onBatch: () => stop.abort() });
    const text = new TextDecoder('latin1').decode(trainer.toBytes());
    const spoil = (from: RegExp, to: (found: string) => string) =>
      Uint8Array.from(text.replace(from, to), letter => letter.charCodeAt(0));
    const nameless = spoil(/\\"size\\":{\\"costSum/, found => found.replace('size', 'kind'));
    await expect(Trainer.fromBytes(nameless)).rejects.toThrow(/twice/);
    const negative = spoil(/(\\"size\\":{\\"costSum\\":)\d/, found => found.replace(/\d$/, '-'));
    await expect(Trainer.fromBytes(negative)).rejects.toThrow();
  });
});
