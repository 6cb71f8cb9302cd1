/** `myelin/predict/chains`: the bits of `myelin/predict`, and refusals that name it where a model is beyond chains. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type * as Chains from '../../src/entries/chains.node.js';
import * as myelin from '../../src/entries/node.js';
import type * as Predict from '../../src/entries/predict.node.js';
import { numbers } from '../reference/data.js';
import { allCases, architectureOf, dataOf } from '../threads/cases.js';

const { dense, Model, sequential } = myelin;
let chains: typeof Chains;
let predict: typeof Predict;

// The sources as scripts/bundleEntries.js bundles them.
beforeAll(async () => {
  const bundled = async <M>(entry: string, chainsOnly: boolean): Promise<M> => {
    vi.resetModules();
    vi.doMock('../../src/forwardOnly.js', () => ({ FORWARD_ONLY: true, CHAINS_ONLY: chainsOnly }));
    return import(entry) as Promise<M>;
  };
  chains = await bundled('../../src/entries/chains.node.js', true);
  predict = await bundled('../../src/entries/predict.node.js', false);
});

/** What it says of layers and wirings that it has not; files say where they came from before it. */
const beyond = (got: string) =>
  new RegExp(`: expected what 'myelin/predict/chains' has, got ${got}; import Model from 'myelin/predict'$`);

async function fileOf(architecture: myelin.Architecture): Promise<Uint8Array> {
  return (await Model.create(architecture, { seed: 5 })).toBytes();
}

/** Kinds of layers that it leaves out. */
const absent = [
  ...['embedding', 'embeddingBag', 'slice', 'permute', 'repeatVector', 'simpleRnn', 'lstm', 'gru', 'bidirectional'],
  ...['multiHeadAttention', 'positionEmbedding', 'sinusoidalPositions'],
];

describe('a model that both can run', () => {
  const { conv1d, conv2d, groupNormalization, upSampling2d } = myelin;
  const relu = { activation: 'relu', padding: 'same' } as const;
  const others = [
    sequential(
      [28, 28, 1],
      [
        ...[conv2d(6, 5, relu), myelin.averagePool2d(2), conv2d(16, 5, { activation: 'tanh' }), myelin.maxPool2d(2)],
        ...[myelin.flatten(), dense(120, { activation: 'relu' }), dense(10, { activation: 'softmax' })],
      ],
    ),
    sequential(
      [8, 6, 5],
      [
        ...[myelin.zeroPadding2d(1), myelin.separableConv2d(7, 3), myelin.cropping2d(1), conv2d(8, 3, { groups: 1 })],
        ...[
          groupNormalization(4),
          upSampling2d(2),
          myelin.conv2dTranspose(3, 3, { strides: 2 }),
          myelin.spatialDropout(0.2),
        ],
        ...[
          myelin.depthwiseConv2d(3, { depthMultiplier: 2 }),
          myelin.globalMaxPool2d(),
          dense(2, { activation: 'gelu' }),
        ],
      ],
    ),
    sequential(
      [17, 4],
      [
        ...[conv1d(9, 3, { padding: 'causal', dilation: 2 }), myelin.maxPool1d(2), myelin.zeroPadding1d(1)],
        ...[conv1d(6, 2, { strides: 2, groups: 3 }), myelin.separableConv1d(5, 2), myelin.depthwiseConv1d(2)],
        ...[myelin.reshape([5, 3]), myelin.averagePool1d(1), myelin.globalAveragePool1d(), dense(1)],
      ],
    ),
  ];
  const known = allCases.map(architectureOf).filter(({ layers, inputShape, ...wiring }) => {
    return Object.keys(wiring).length === 0 && !layers.some(({ kind }) => absent.includes(kind));
  });

  it.each([...others, ...known].map((each, i) => [i, each] as const))('%i: the same bits', async (_, architecture) => {
    const whole = await Model.create(architecture, { seed: 5 });
    const rows = 13;
    const width = (architecture.inputShape as readonly number[]).reduce((a, b) => a * b, 1);
    const x = numbers(rows * width, 7);
    for (const model of [
      whole,
      await whole.quantize({ weights: 'int8' }),
      await whole.quantize({ weights: 'float16' }),
    ]) {
      const small = await chains.Model.fromBytes(model.toBytes());
      const expected = (await predict.Model.fromBytes(model.toBytes())).predict(x);
      expect(small.predict(x)).toEqual(expected);
      expect(small.predictInto(new Float32Array(expected.length), x)).toEqual(expected);
      expect(small.architecture).toEqual(JSON.parse(JSON.stringify(architecture)));
      expect(small.weights).toBe(model.weights);
    }
  });

  it('of a table takes its raw rows', async () => {
    const model = await Model.create(sequential(2, [dense(3, { activation: 'tanh' }), dense(1)]), { seed: 5 });
    const column = (name: string, mean: number, scale: number) => ({ name, kind: 'number', mean, scale });
    const columns = [column('a', 3, 2), column('b', -1, 0.5)];
    model.metadata.preprocessing = JSON.stringify({ columns, target: column('y', 10, 4) });
    const small = await chains.Model.fromBytes(model.toBytes());
    const rows = [
      [1, 2],
      [5, -3],
    ];
    expect(small.predict(rows)).toEqual((await predict.Model.fromBytes(model.toBytes())).predict(rows));
  });

  it('takes bytes with their scale, and refuses what does not fit as ever', async () => {
    const file = await fileOf(sequential(4, [dense(2)]));
    const small = await chains.Model.fromBytes(file);
    const bytes = { x: Uint8Array.of(1, 2, 3, 255), scale: 1 / 255 };
    expect(small.predict(bytes)).toEqual((await predict.Model.fromBytes(file)).predict(bytes));
    expect(() => small.predict([[1, 2, 3]])).toThrow(
      'predict: x: dense(2): expected input [rows, 4], got 3 numbers in row 0',
    );
    expect(() => small.predict([[1, 2, 3, Number.NaN]])).toThrow(/NaN in row 0, column 3/);
  });
});

describe('what is beyond chains is refused by its name, and told where it is', () => {
  const steps = { returnSequences: true };
  const sequence = (...layers: myelin.Layer[]) => sequential([5, 3], [dense(3), ...layers]);
  it.each([
    ['lstm', sequence(myelin.lstm(4, steps))],
    ['gru', sequence(myelin.gru(4))],
    ['simpleRnn', sequence(myelin.simpleRnn(4))],
    ['bidirectional', sequence(myelin.bidirectional(myelin.gru(4)))],
    ['multiHeadAttention', sequence(myelin.multiHeadAttention(1, 4))],
    ['positionEmbedding', sequence(myelin.positionEmbedding(5))],
    ['sinusoidalPositions', sequence(myelin.sinusoidalPositions())],
  ])('%s', async (kind, architecture) => {
    const file = await fileOf(architecture);
    await expect(chains.Model.fromBytes(file)).rejects.toThrow(/^model file: architecture: .*layer 1: expected /);
    await expect(chains.Model.fromBytes(file)).rejects.toThrow(beyond(`"${kind}"`));
  });

  it('a table that is looked up, and branches', async () => {
    await expect(
      chains.Model.fromBytes(await fileOf(sequential(3, [myelin.embedding(9, 2), dense(1)]))),
    ).rejects.toThrow(beyond('"embedding"'));
    const branches = myelin.graph([4], x => myelin.add(x, x.to(dense(4))));
    await expect(chains.Model.fromBytes(await fileOf(branches))).rejects.toThrow(beyond('a graph of layers'));
  });

  it.each(allCases.map(each => [each.name, each] as const))('%s: runs, or is refused so', async (_, each) => {
    const architecture = architectureOf(each);
    const file = await fileOf(architecture);
    const { layers, inputShape, ...wiring } = architecture;
    if (Object.keys(wiring).length > 0 || layers.some(({ kind }) => absent.includes(kind))) {
      await expect(chains.Model.fromBytes(file)).rejects.toThrow(beyond('.*'));
      return;
    }
    const { x } = dataOf(each, 3, 1);
    const small = await chains.Model.fromBytes(file);
    expect(small.predict(x as Float32Array).some(value => value !== 0)).toBe(true);
  });

  it('lengths, and streams', async () => {
    const small = await chains.Model.fromBytes(await fileOf(sequential([5, 3], [myelin.conv1d(2, 2), dense(1)])));
    const x = new Float32Array(15);
    expect(() => small.predict(x, { lengths: [3] })).toThrow(beyond('lengths'));
    expect(() => small.predict({ x, lengths: [3] })).toThrow(beyond('lengths'));
    expect(() => small.stateful()).toThrow(beyond('a stream'));
  });

  it.each([
    ['"units\\":2', '"units\\":0'],
    ['"dense\\"', '"dens3\\"'],
    ['"dense\\"', '"valueOf'],
  ])('a file that is damaged, %s for %s, is said to be', async (right, wrong) => {
    const model = await Model.create(sequential(4, [dense(2)]));
    const text = new TextDecoder('latin1').decode(model.toBytes()).replace(right, wrong.padEnd(right.length));
    const bytes = Uint8Array.from(text, character => character.charCodeAt(0));
    await expect(chains.Model.fromBytes(bytes)).rejects.toThrow(/the file is damaged/);
    await expect(chains.Model.fromBytes(bytes)).rejects.not.toThrow(/import Model/);
  });
});
