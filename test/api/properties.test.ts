/** What holds for every network and every batch, whatever the numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputNumbers } from '../../src/architecture.js';
import {
  Architecture,
  activation,
  alphaDropout,
  batchNormalization,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  type Layer,
  type Loss,
  layerNormalization,
  Model,
  normalization,
  rmsNormalization,
  sequential,
} from '../../src/entries/node.js';
import { at, total } from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';

const settings = { numRuns: 40 };
type Activation = Parameters<typeof activation>[0];
const size = fc.integer({ min: 1, max: 37 });
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const hidden = fc.constantFrom<Activation>('relu', 'tanh', 'gelu', 'sigmoid', 'softplus', 'exponential');

/** A net of one hidden layer and the data to go with it. */
const nets = fc
  .record({ inputs: size, units: size, outputs: fc.integer({ min: 2, max: 19 }), rows: size, hidden, seed })
  .map(net => ({ ...net, x: numbers(net.rows * net.inputs, net.seed) }));

function build(net: { inputs: number; units: number; outputs: number; hidden: Activation; seed: number }) {
  const layers = [dense(net.units, { activation: net.hidden }), dense(net.outputs, { activation: 'softmax' })];
  return Model.create(sequential([net.inputs], layers), { seed: net.seed });
}

/** The rows of `x` in the given order. */
function pick(x: Float32Array, columns: number, order: readonly number[]): Float32Array {
  return Float32Array.from(order.flatMap(row => Array.from(x.subarray(row * columns, (row + 1) * columns))));
}

describe('predict', () => {
  it('softmax rows are probabilities that sum to one, and logSoftmax their logarithms', async () => {
    const logits = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(logits, async x => {
        const [soft, log] = await Promise.all(
          (['softmax', 'logSoftmax'] as const).map(a => Model.create(sequential([x.length], [activation(a)]))),
        );
        const p = soft?.predict([x]) ?? new Float32Array();
        expectClose([total(p)], [1], 1e-6);
        expect(p.every(v => v >= 0 && v <= 1)).toBe(true);
        expectClose(Float64Array.from(log?.predict([x]) ?? [], Math.exp), p, 2e-5);
      }),
      settings,
    );
  });

  it('a permuted batch gives permuted predictions, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(nets, seed, async (net, shuffle) => {
        const model = await build(net);
        const keys = numbers(net.rows, shuffle);
        const order = Array.from({ length: net.rows }, (_, i) => i).sort((a, b) => at(keys, a) - at(keys, b));
        const permuted = model.predict(pick(net.x, net.inputs, order));
        expect(permuted).toEqual(pick(model.predict(net.x), net.outputs, order));
      }),
      settings,
    );
  });

  it("a row's prediction has the same bits whatever batch it is in", async () => {
    await fc.assert(
      fc.asyncProperty(nets, async net => {
        const model = await build(net);
        const together = model.predict(net.x);
        for (let row = 0; row < net.rows; row++) {
          const alone = model.predict(pick(net.x, net.inputs, [row]));
          expect(alone).toEqual(pick(together, net.outputs, [row]));
        }
      }),
      settings,
    );
  });

  it('predictInto and forward give the bits of predict', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async net => {
        const model = await build(net);
        const want = model.predict(net.x);
        const out = new Float32Array(want.length);
        model.predictInto(out, net.x);
        expect(out).toEqual(want);
        expect(model.forward(net.x).output).toEqual(want);
      }),
      settings,
    );
  });

  it('bytes with a scale are the numbers they stand for, and rows of numbers are the flat array', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async net => {
        const model = await build(net);
        const bytes = Uint8Array.from(net.x, v => Math.round((v + 1) * 127));
        const scaled = Float32Array.from(bytes, b => Math.fround(b * Math.fround(1 / 255)));
        expect(model.predict({ x: bytes, scale: 1 / 255 })).toEqual(model.predict(scaled));
        const rows = Array.from({ length: net.rows }, (_, r) => Array.from(pick(net.x, net.inputs, [r])));
        expect(model.predict(rows)).toEqual(model.predict(net.x));
      }),
      settings,
    );
  });
});

describe('cost and gradients', () => {
  const losses = fc.constantFrom<Loss>(
    'sparseCategoricalCrossEntropy',
    'categoricalCrossEntropy',
    'meanSquaredError',
    'meanAbsoluteError',
    'huber',
    'logCosh',
    'klDivergence',
    'cosineSimilarity',
  );

  it('of a batch are the means of those of its parts, weighted by rows', async () => {
    await fc.assert(
      fc.asyncProperty(nets, losses, fc.double({ min: 0, max: 1, noNaN: true }), async (net, loss, where) => {
        const rows = net.rows + 1;
        const x = numbers(rows * net.inputs, net.seed);
        const cut = 1 + Math.floor(where * (rows - 2));
        const model = await build(net);
        const sparse = loss === 'sparseCategoricalCrossEntropy';
        // The model's own kind of output: rows of positive numbers that sum to one.
        const soft = model.predict(numbers(rows * net.inputs, net.seed + 1));
        const y = sparse ? labels(rows, net.outputs, net.seed) : soft;
        const width = sparse ? 1 : net.outputs;
        const whole = model.gradients(x, y, { loss });
        const parts = [
          [0, cut],
          [cut, rows],
        ].map(([from = 0, to = 0]) => ({
          weight: (to - from) / rows,
          ...model.gradients(x.slice(from * net.inputs, to * net.inputs), y.slice(from * width, to * width), { loss }),
        }));
        expectClose([whole.cost], [total(parts.map(p => p.weight * p.cost))], 3e-6, 'cost');
        for (const [name, gradient] of Object.entries(whole.gradients)) {
          const mean = Float64Array.from(gradient, (_, i) =>
            total(parts.map(p => p.weight * at(p.gradients[name] ?? [], i))),
          );
          expectClose(gradient, mean, 3e-6, name);
        }
      }),
      settings,
    );
  });

  it('leave the parameters and the predictions as they were', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async net => {
        const model = await build(net);
        const before = [model.parameters, model.predict(net.x)];
        const y = labels(net.rows, net.outputs, net.seed);
        model.cost(net.x, y, { loss: 'sparseCategoricalCrossEntropy' });
        model.gradients(net.x, y, { loss: 'sparseCategoricalCrossEntropy' });
        model.evaluate({ x: net.x, y }, { loss: 'sparseCategoricalCrossEntropy', metrics: ['accuracy'] });
        expect([model.parameters, model.predict(net.x)]).toEqual(before);
      }),
      settings,
    );
  });

  it('evaluate gives the cost, and as accuracy the share of rows whose largest output is the label', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async net => {
        const model = await build(net);
        const y = labels(net.rows, net.outputs, net.seed);
        const p = model.predict(net.x);
        const hits = Array.from(y).filter((label, row) => {
          const outputs = Array.from(pick(p, net.outputs, [row]));
          return outputs.indexOf(Math.max(...outputs)) === label;
        });
        const loss = 'sparseCategoricalCrossEntropy';
        const found = model.evaluate({ x: net.x, y }, { loss, metrics: ['accuracy'] });
        expectClose([found.loss], [model.cost(net.x, y, { loss })], 3e-6, 'loss');
        expectClose([found.accuracy ?? Number.NaN], [hits.length / net.rows], 1e-9, 'accuracy');
      }),
      settings,
    );
  });
});

describe('round trips', () => {
  const layer: fc.Arbitrary<Layer> = fc.oneof(
    fc
      .record({ units: size, activation: hidden, useBias: fc.boolean() })
      .map(({ units, ...options }) => dense(units, options)),
    fc.constantFrom<Activation>('softmax', 'mish', 'linear').map(a => activation(a)),
    fc.double({ min: 0, max: 0.9, noNaN: true }).map(rate => dropout(rate)),
    fc.constantFrom<Layer>(
      flatten(),
      batchNormalization(),
      normalization(),
      gaussianNoise(0.3),
      alphaDropout(0.1),
      layerNormalization(),
      rmsNormalization({ epsilon: 0.01 }),
    ),
  );
  const architectures = fc
    .record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      layers: fc.array(layer),
    })
    .map(({ shape, layers }) => sequential(shape, [flatten(), ...layers, dense(2)]));

  it('an architecture is its JSON', () => {
    fc.assert(
      fc.property(architectures, architecture => {
        const text = JSON.stringify(architecture);
        const again = Architecture.fromJSON(text);
        expect(again).toEqual(architecture);
        expect(JSON.stringify(again)).toBe(text);
        expect(Object.isFrozen(again)).toBe(true);
      }),
    );
  });

  it('a model is its bytes', async () => {
    await fc.assert(
      fc.asyncProperty(architectures, seed, async (architecture, s) => {
        const model = await Model.create(architecture, { seed: s });
        const again = await Model.fromBytes(model.toBytes());
        expect(again.architecture).toEqual(architecture);
        expect(again.parameters).toEqual(model.parameters);
        expect(again.toBytes()).toEqual(model.toBytes());
        const inputs = inputNumbers(model.architecture);
        const x = numbers(3 * inputs, s);
        expect(again.predict(x)).toEqual(model.predict(x));
      }),
      settings,
    );
  });

  it('parameters are what was set, and copies', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async net => {
        const model = await build(net);
        const values = Object.fromEntries(
          model.parameters.map(({ name, data }, i) => [name, numbers(data.length, net.seed + i)]),
        );
        model.setParameters(values);
        expect(Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]))).toEqual(values);
        for (const { data } of model.parameters) data.fill(0);
        expect(Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]))).toEqual(values);
      }),
      settings,
    );
  });

  it('names count every layer, and shapes are [inputs, outputs]', async () => {
    const architecture = sequential([2, 3], [flatten(), dense(5), dropout(0.5), activation('relu'), dense(4)]);
    const model = await Model.create(architecture);
    expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['1.dense.weight', [6, 5]],
      ['1.dense.bias', [5]],
      ['4.dense.weight', [5, 4]],
      ['4.dense.bias', [4]],
    ]);
    expect(model.forward(numbers(12, 1)).layers.map(({ name, shape }) => [name, shape])).toEqual([
      ['0.flatten', [2, 6]],
      ['1.dense', [2, 5]],
      ['2.dropout', [2, 5]],
      ['3.activation', [2, 5]],
      ['4.dense', [2, 4]],
    ]);
  });
});
