/** What users see of graphs: names, JSON, files, summaries, parts, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  Architecture,
  add,
  attend,
  concatenate,
  dense,
  dropout,
  flatten,
  type GraphNode,
  graph,
  Model,
  multiHeadAttention,
  permute,
  sequential,
  shared,
  slice,
  subtract,
  Trainer,
  upSampling2d,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';

const [rows, inputs, classes] = [30, 6, 3];
const data = { x: numbers(rows * inputs, 1), y: labels(rows, classes, 2) };
const loss = 'sparseCategoricalCrossEntropy';

const residual = graph(inputs, x => {
  const layer = shared(dense(8, { activation: 'relu' }));
  const h = x.to(layer);
  const wide = concatenate(h, x.to(dense(8, { name: 'side' })));
  return add(h, wide.to(dropout(0.2)).to(dense(8)), slice(wide, { end: 8 })).to(
    dense(classes, { activation: 'softmax' }),
  );
});
const nested = graph(inputs, x => {
  const layer = shared(dense(inputs, { activation: 'tanh' }));
  return add(x.to(layer).to(layer), x).to(dense(classes, { activation: 'softmax' }));
});

describe('a graph', () => {
  it('that is a chain is what sequential makes', () => {
    const layers = [flatten(), dense(10, { activation: 'relu' }), dense(3, { activation: 'softmax' })];
    const chain = graph([4, 4], x => layers.reduce((node: GraphNode, layer) => node.to(layer), x));
    expect(JSON.stringify(chain)).toBe(JSON.stringify(sequential([4, 4], layers)));
  });

  it('shares the weights of attention between what it attends to', async () => {
    const attending = (layers: readonly (ReturnType<typeof multiHeadAttention> | ReturnType<typeof shared>)[]) =>
      graph([3, 4], x => {
        const [one, other = one] = layers;
        const source = slice(x, { start: 0, end: 4 });
        return one && other ? add(attend(x, source, one), attend(source, x, other)) : x;
      });
    const twice = await Model.create(attending([shared(multiHeadAttention(2, 3))]), { seed: 1 });
    const apart = await Model.create(attending([multiHeadAttention(2, 3), multiHeadAttention(2, 3)]), { seed: 2 });
    expect(twice.parameters).toHaveLength(8);
    const values = twice.parameters.flatMap(({ name, data: own }) => {
      return [1, 2].map(node => [name.replace(/^1/, String(node)), own] as const);
    });
    apart.setParameters(Object.fromEntries(values));
    const x = numbers(24, 3);
    expect(twice.predict(x)).toEqual(apart.predict(x));
  });

  it('names nodes in the order they were made, and parameters of shared layers after the first', async () => {
    const { layers } = (await Model.create(residual)).forward(data.x);
    expect(layers.map(({ name }) => name)).toEqual([
      '0.dense',
      'side',
      '2.concatenate',
      '3.dropout',
      '4.dense',
      '5.slice',
      '6.add',
      '7.dense',
    ]);
    const { parameters } = await Model.create(nested);
    expect(parameters.map(({ name }) => name)).toEqual([
      '0.dense.weight',
      '0.dense.bias',
      '3.dense.weight',
      '3.dense.bias',
    ]);
  });

  it.each([
    ['residual', residual],
    ['nested', nested],
  ])('goes through JSON and files, and resumes: %s', async (_, architecture) => {
    expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
    const model = await Model.create(architecture, { seed: 2 });
    const trainer = await model.trainer({ loss, optimizer: 'adam', batchSize: 8 });
    await trainer.fit(data, { epochs: 2 });
    const again = await Model.fromBytes(model.toBytes());
    expect(again.architecture).toEqual(architecture);
    expect(again.predict(data.x)).toEqual(model.predict(data.x));
    const resumed = await Trainer.fromBytes(trainer.toBytes());
    await trainer.fit(data, { epochs: 2 });
    await resumed.fit(data, { epochs: 2 });
    expect(resumed.model.toBytes()).toEqual(model.toBytes());
    expect(await model.predictAsync(data.x)).toEqual(model.predict(data.x));
  });

  it('shows branches in its summary', async () => {
    const summary = (await Model.create(nested)).summary();
    expect(summary).toMatch(/^layer +kind +output +parameters +multiply-adds +memory +reads$/m);
    expect(summary).toMatch(/^1\.dense +dense\(6\) tanh +\[rows, 6\] +of 0\.dense +36 +64 B +0\.dense$/m);
    expect(summary).toMatch(/^2\.add +add +\[rows, 6\] +0 +0 +64 B +1\.dense, input$/m);
  });

  it('keeps the bits of chains: a version of files of its own is for what is none', async () => {
    const text = async (architecture: Architecture) => {
      return Buffer.from((await Model.create(architecture)).toBytes()).toString('latin1');
    };
    expect(await text(sequential(3, [dense(2)]))).toContain('"myelin":"1"');
    expect(await text(nested)).toContain('"myelin":"1.2"');
  });
});

describe('upTo', () => {
  it.each(['0.dense', 'side', '2.concatenate', '6.add', '7.dense'])('%s gives that node as the output', async name => {
    const model = await Model.create(residual, { seed: 8 });
    const part = model.upTo(name);
    const { layers } = model.forward(data.x);
    expect(part.predict(data.x)).toEqual(layers.find(layer => layer.name === name)?.data);
    expect((await Model.fromBytes(part.toBytes())).predict(data.x)).toEqual(part.predict(data.x));
  });

  it('of chains, shared layers and quantised models; the part is a model of its own', async () => {
    const chain = await Model.create(sequential(inputs, [dense(5), dense(4), dense(3)]));
    const part = chain.upTo('1.dense');
    expect(part.architecture).toEqual(sequential(inputs, [dense(5), dense(4)]));
    const before = part.predict(data.x);
    await chain.fit({ x: data.x, y: numbers(rows * 3, 4) }, { loss: 'meanSquaredError', optimizer: 'sgd' });
    expect(part.predict(data.x)).toEqual(before);
    const small = await (await Model.create(nested)).quantize({ weights: 'int8' });
    expect(small.upTo('1.dense').predict(data.x)).toEqual(small.forward(data.x).layers[1]?.data);
    expect(() => chain.upTo('1.dens')).toThrow(/did you mean '1\.dense'/);
  });
});

describe('refused', () => {
  let stray: GraphNode | undefined;
  graph(inputs, x => {
    stray = x.to(dense(2));
    return stray;
  });
  const node = () => stray as GraphNode;
  it.each<[string, () => unknown, RegExp]>([
    [
      'shapes that do not fit',
      () => graph(4, x => add(x.to(dense(3)), x.to(dense(5)))),
      /one shape, got \[rows, 3\] from node 0 \(dense\(3\)\) and \[rows, 5\] from node 1 \(dense\(5\)\)/,
    ],
    [
      'shapes of other ranks',
      () => graph([2, 4], x => concatenate(x, x.to(flatten()))),
      /\[rows, 2, 4\] from the input and \[rows, 8\] from node 0/,
    ],
    [
      'a node of another graph',
      () => graph(inputs, x => add(x.to(dense(2)), node())),
      /nodes of one graph, got node 0 \(dense\(2\)\), of another graph/,
    ],
    ['a node made too late', () => node().to(dense(2)), /made while its graph is/],
    ['a node of another graph for output', () => graph(inputs, () => node()), /of another graph/],
    [
      'a node that nobody reads',
      () => graph(4, x => [dense(3), dense(2)].map(layer => x.to(layer))[1] as GraphNode),
      /node 0 \(dense\(3\)\), which none reads/,
    ],
    ['an input that nobody changes', () => graph(4, x => x), /what a layer makes, got the input/],
    ['one node where several are needed', () => graph(4, x => add(x)), /several nodes, got 1/],
    ['what is no node', () => graph(4, x => add(x, 3 as never)), /graph: node 0: expected nodes, got 3/],
    ['what is no layer', () => graph(4, x => x.to(3 as never)), /a layer, such as dense\(10\)/],
    ['axes that are not there', () => graph([2, 3], x => permute(x, [0, 0])), /each of 0 to 1 once, got 0, 0/],
    ['what is awaited', () => graph(4, (async (x: GraphNode) => x) as never), /an object of nodes, got a Promise/],
    ['settings that are not known', () => graph(4, x => slice(x, { begin: 1 } as never)), /slice: .*'begin'/],
    ['settings that are no record', () => graph(4, x => slice(x, 1 as never)), /slice: expected an object/],
    ['three nodes', () => graph(4, x => subtract.apply(null, [x, x, x] as never)), /subtract\(a, b\), got 3/],
    ['columns that are not there', () => graph(4, x => slice(x, { end: 5 })), /slice: end/],
    ['more than memory', () => sequential([999, 999, 3], [upSampling2d(999)]), /0\.upSampling2d: .* 4 GiB, got \[rows/],
    [
      'a shared layer on another width',
      () =>
        graph(4, x => {
          const s = shared(dense(3));
          return x.to(s).to(s);
        }),
      /shared dense\(3\)/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it.each<[string, object, RegExp]>([
    ['a cycle', { from: [['input', 1], [0]] }, /nodes before it, got node 1, which is a cycle/],
    ['a node that is not there', { from: [['input'], [0, 7]] }, /an input or a node of the same graph, got 7/],
    ['an input that is not there', { from: [['image'], [0]] }, /an input or a node/],
    ['an output that is not there', { outputs: 2 }, /outputs: expected a whole number from 0 to 1/],
    ['parameters of another layer', { shared: { 1: 0 } }, /the same layer first/],
  ])('JSON with %s', (_, change, message) => {
    const plain = { inputShape: [3], layers: [{ kind: 'add' }, dense(3)], from: [['input', 'input'], [0]], outputs: 1 };
    const two = {
      ...plain,
      layers: [{ kind: 'add' }, { kind: 'add' }],
      from: [
        ['input', 'input'],
        [0, 'input'],
      ],
    };
    const base = 'from' in change && JSON.stringify(change).includes('7') ? two : plain;
    expect(() => Architecture.fromJSON(JSON.stringify({ ...base, ...change }))).toThrow(message);
  });
});
