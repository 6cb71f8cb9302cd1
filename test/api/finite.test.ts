/**
 * What leaves the finite numbers says so: fits, steps, predictions, judgements. The model always keeps finite
 * parameters.
 */
import { describe, expect, it } from 'vitest';
import {
  activation,
  adam,
  conv1d,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  depthwiseConv1d,
  type Layer,
  leakyRelu,
  Model,
  type Optimizer,
  sequential,
  sgd,
} from '../../src/entries/node.js';
import { numbers } from '../reference/data.js';

const [rows, inputs] = [32, 4];
const data = { x: numbers(rows * inputs, 1), y: numbers(rows, 2) };
const loss = 'meanSquaredError';
const deep = () => Model.create(sequential(inputs, [dense(16, { activation: 'relu' }), dense(1)]), { seed: 1 });

/** A linear model whose outputs, or whose costs alone, overflow at x = 1e5. */
async function linear(weight: number): Promise<Model> {
  const model = await Model.create(sequential(1, [dense(1)]));
  model.setParameters({ '0.dense.weight': [weight], '0.dense.bias': [0] });
  return model;
}

describe('a fit', () => {
  it('whose validation rows have no finite cost rejects, and keeps the epoch before', async () => {
    for (const threads of [1, 'auto'] as const) {
      const model = await deep();
      const before = model.parameters;
      const wild = { loss, optimizer: sgd({ learningRate: 1e30 }), validation: data, threads } as const;
      await expect(model.fit(data, wild)).rejects.toThrow(/epoch 1, step 1: .*validation/);
      expect(model.parameters).toEqual(before);
    }
  });

  it('that ends on an overflow in its last step rejects, naming the step, with and without onBatch', async () => {
    for (const onBatch of [undefined, () => {}]) {
      const model = await deep();
      const before = model.parameters;
      const wild = { loss, optimizer: sgd({ learningRate: 3e38 }), ...(onBatch && { onBatch }) } as const;
      await expect(model.fit({ ...data, x: data.x.map(v => 1e6 * v) }, wild)).rejects.toThrow(
        /epoch 1, step 1: .*finite/,
      );
      expect(model.parameters).toEqual(before);
      expect(model.predict(data.x).every(Number.isFinite)).toBe(true);
    }
  });

  it('whose parameters are huge but finite resolves, and predict tells', async () => {
    const model = await deep();
    await model.fit(data, { loss, optimizer: sgd({ learningRate: 1e30 }) });
    expect(model.parameters.every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(() => model.predict(data.x)).toThrow(/predict: expected finite outputs, got (NaN|-?Infinity) in row \d+/);
    await expect(model.predictAsync(data.x)).rejects.toThrow(/finite outputs/);
    // What is there to be looked at is shown.
    expect(model.forward(data.x).output.some(value => !Number.isFinite(value))).toBe(true);
  });

  it('whose second moments overflow rejects, though no parameter moves', async () => {
    const model = await linear(1);
    const wild = { loss: 'meanAbsoluteError', optimizer: adam() } as const;
    await expect(model.fit({ x: [[1e25]], y: [[0]] }, wild)).rejects.toThrow(/optimizer\.v of 0\.dense\.weight/);
    expect(model.parameters[0]?.data).toEqual(Float32Array.of(1));
  });
});

/** After relu nothing is left of a bias of −Infinity. */
async function hiding(): Promise<Model> {
  const model = await Model.create(sequential(1, [dense(1, { activation: 'relu' }), dense(1)]));
  model.setParameters({ '0.dense.weight': [0], '0.dense.bias': [1], '1.dense.weight': [1e3], '1.dense.bias': [0] });
  return model;
}

describe.each<[string, Optimizer, () => Promise<Model>, number]>([
  ['biases of momentum', sgd({ learningRate: 1e36, momentum: 0.5 }), hiding, 0],
  ['second moments of adam', adam(), () => linear(1), 1e25],
])('infinite %s that no output shows', (_, optimizer, create, x) => {
  const rows = { x: [[x], [x]], y: [[-1], [-1]] };
  const stop = new AbortController();
  const thrower = () => {
    throw new Error("the user's own");
  };
  it.each<[string, object, RegExp]>([
    ['at the end of the epoch', {}, /^fit: epoch 1, step 2: expected finite parameters, got .*0\.dense/],
    ['where it is aborted', { signal: stop.signal, onBatch: () => stop.abort() }, /step 1: expected finite parameters/],
    ['where a callback throws', { onBatch: thrower }, /^the user's own$/],
  ])('are found %s', async (_, more, message) => {
    const model = await create();
    const before = model.parameters;
    const trainer = await model.trainer({ loss: 'meanAbsoluteError', optimizer, batchSize: 1 });
    await expect(trainer.fit(rows, more)).rejects.toThrow(message);
    expect(model.parameters).toEqual(before);
    expect(() => trainer.toBytes()).toThrow(/make another/);
  });
});

describe.each<[string, Optimizer]>([
  ['sgd', sgd({ learningRate: 1000 })],
  ['momentum', sgd({ learningRate: 1000, momentum: 0.5, weightDecay: 1e-5 })],
  ['adam', adam()],
  ['adam with decay', adam({ weightDecay: 0.1 })],
])('a step of %s', (_, optimizer) => {
  it.each([1, 'auto'] as const)(
    'that leaves the finite numbers throws, and the parameters are those before it (threads %s)',
    async threads => {
      const wide = sequential(
        inputs,
        [500, 300, 1].map(units => dense(units, { useBias: false })),
      );
      const [model, twin] = [await Model.create(wide), await Model.create(wide)];
      const calm = { loss: 'meanAbsoluteError', optimizer, threads } as const;
      const [trainer, alone] = [await model.trainer(calm), await twin.trainer(calm)];
      const small = data.x.map(v => v / 1e4);
      for (const each of [trainer, trainer, trainer, alone, alone, alone]) each.stepSync(small, data.y);
      // The cost of such samples is finite, an update by their gradients is not.
      expect(() =>
        trainer.stepSync(
          data.x.map(v => v * 1e37),
          data.y,
        ),
      ).toThrow(/^step 4: expected finite parameters/);
      expect(model.parameters).toEqual(twin.parameters);
      expect((await Model.fromBytes(model.toBytes())).parameters).toEqual(twin.parameters);
      expect(() => trainer.stepSync(small, data.y)).toThrow(/make another/);
      await (await model.trainer(calm)).step(small, data.y);
    },
  );
});

describe('one rule for costs', () => {
  it.each([
    ['whose squares overflow', 1e30],
    ['that overflow', 1e38],
  ])('outputs %s', async (_, weight) => {
    const model = await linear(weight);
    const [x, y] = [[[1e5]], [[0]]];
    const judged = [
      () => model.cost(x, y, { loss }),
      () => model.evaluate({ x, y }, { loss }),
      () => model.evaluate({ x, y }, { loss, metrics: ['r2'] }),
      () => model.gradients(x, y, { loss }),
    ];
    for (const judge of judged) expect(judge).toThrow(/: expected a finite cost, got Infinity; look for/);
    await expect(model.fit({ x, y }, { loss, optimizer: 'sgd' })).rejects.toThrow(/epoch 1, step 1/);
  });

  it('a finite cost whose gradient is not finite', async () => {
    const model = await Model.create(sequential(1, [dense(1), dense(1)]));
    model.setParameters({ '0.dense.weight': [1e-30], '1.dense.weight': [1e25] });
    expect(model.cost([[1e30]], [[0]], { loss: 'meanAbsoluteError' })).toBeGreaterThan(1e24);
    const judge = () => model.gradients([[1e30]], [[0]], { loss: 'meanAbsoluteError' });
    expect(judge).toThrow(/gradients: 0\.dense\.weight\[0\]: expected a finite gradient, got Infinity/);
  });
});

describe('predictions', () => {
  it('that overflow are refused by every way to predict, quantised too', async () => {
    const model = await linear(1e38);
    for (const each of [model, await (await linear(1e38)).quantize({ weights: 'int8' })]) {
      expect(() => each.predict([[1], [1e5]])).toThrow(/row 1, column 0/);
      expect(() => each.predictInto(new Float32Array(9), Float32Array.of(1, 1e5))).toThrow(/row 1, column 0/);
      await expect(each.predictAsync([[1], [1e5]])).rejects.toThrow(/row 1, column 0/);
      expect(each.predict([[1]]).length).toBe(1);
    }
  });

  it('are an infinity where that is the value of the function they end with, but never NaN', async () => {
    const model = await Model.create(sequential(2, [activation('exponential')]));
    expect(model.predict([[1000, -1000]])).toEqual(Float32Array.of(Infinity, 0));
    const steep = await Model.create(sequential(1, [activation(leakyRelu({ slope: 10 }))]));
    expect(steep.predict([[-1e38], [1e38]])).toEqual(Float32Array.of(-Infinity, 1e38));
    const broken = await Model.create(
      sequential(1, [dense(2, { useBias: false }), dense(1, { activation: 'exponential' })]),
    );
    broken.setParameters({ '0.dense.weight': [1e38, 1e38], '1.dense.weight': [1, -1] });
    expect(() => broken.predict([[1e5]])).toThrow(/NaN in row 0/);
  });

  it("are refused where a table's own unit takes them beyond float32", async () => {
    const model = await linear(2);
    const column = (name: string, scale: string) => `{"name":"${name}","kind":"number","mean":0,"scale":${scale}}`;
    const tell = (x: string, y: string) => {
      model.metadata.preprocessing = `{"columns":[${column('x', x)}],"target":${column('y', y)}}`;
    };
    tell('1', '1e37');
    expect(model.predict([[3]])).toEqual(Float32Array.of(6e37));
    for (const x of [Float32Array.of(3, 30), [[3], [30]]]) {
      expect(() => model.predict(x)).toThrow(/predict: expected finite outputs, got Infinity in row 1, column 0/);
      expect(() => model.predictInto(new Float32Array(2), x)).toThrow(/row 1, column 0/);
      await expect(model.predictAsync(x)).rejects.toThrow(/row 1, column 0/);
      expect(() => model.evaluate({ x, y: [[0], [0]] }, { loss, metrics: ['r2'] })).toThrow(/evaluate: .*row 1/);
    }
    for (const x of ['1e999', '1']) {
      tell(x, x === '1' ? '1e999' : '1');
      expect(() => model.predict([[3]])).toThrow(/the model's preprocessing: expected/);
    }
  });

  it('look at no more than the rows asked for', async () => {
    const out = new Float32Array(4).fill(Number.NaN);
    expect((await linear(2)).predictInto(out, Float32Array.of(1, 2))).toEqual(Float32Array.of(2, 4, NaN, NaN));
  });
});

const relu = { activation: 'relu', useBias: false } as const;
const twice = [3e38, -3e38];

/** Each adds up ∞ and −∞ in its first output. */
describe.each<[string, readonly number[], readonly Layer[], readonly number[]]>([
  ['dense', [2], [dense(1, relu)], twice],
  ['conv1d', [2, 1], [conv1d(1, 2, relu)], twice],
  ['conv2d', [2, 1, 2], [conv2d(2, [2, 1], { ...relu, groups: 2 })], [3e38, 3e38, -3e38, -3e38]],
  ['depthwiseConv1d', [2, 1], [depthwiseConv1d(2, relu)], twice],
  [
    'conv2dTranspose',
    [1, 2, 1],
    [
      conv2dTranspose(1, [1, 2], relu),
      cropping2d([
        [0, 0],
        [1, 1],
      ]),
    ],
    twice,
  ],
])('a rectifier of %s', (kind, shape, layers, weights) => {
  it('makes no 0 of what is no number', async () => {
    const model = await Model.create(sequential([...shape], layers));
    model.setParameters({ [`0.${kind}.weight`]: weights });
    const x = new Float32Array(shape.reduce((product, length) => product * length)).fill(10);
    // Where multiply and add are fused, it is the infinite sum.
    expect(() => model.predict(x)).toThrow(/finite outputs, got (NaN|Infinity)/);
  });
});
