/** A layer may have any legal name: it changes no bit, and meets nothing that the library itself gives a name. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlacedLayer, refuseSharedNames } from '../../src/architecture.js';
import {
  type Architecture,
  activation,
  adam,
  dense,
  dropout,
  Model,
  type Optimizer,
  sequential,
  sgd,
  Trainer,
} from '../../src/entries/node.js';
import { Model as PredictModel } from '../../src/entries/predict.node.js';
import { readSafetensors } from '../../src/files/safetensors.js';
import { numbers } from '../reference/data.js';

const [ROWS, INPUTS, OUTPUTS] = [11, 5, 3];
const x = numbers(ROWS * INPUTS, 1);
const y = numbers(ROWS * OUTPUTS, 2).map(value => Math.abs(value) / OUTPUTS);

/** Layers that keep something beside their outputs: a mask, what an activation took, logits. */
function network(names: readonly (string | undefined)[]): Architecture {
  const named = (index: number) => (names[index] === undefined ? {} : { name: names[index] });
  return sequential(INPUTS, [
    dense(6, { activation: 'gelu', ...named(0) }),
    dropout(0.4),
    dense(7, { activation: 'relu', ...named(1) }),
    activation('mish'),
    dense(OUTPUTS, { activation: 'softmax', ...named(2) }),
  ]);
}

/** Every number that a network, its files and its copies in other formats come to, without any name. */
async function everything(names: readonly (string | undefined)[], optimizer: Optimizer) {
  const options = { loss: 'categoricalCrossEntropy', optimizer, batchSize: 4 } as const;
  const model = await Model.create(network(names), { seed: 3, deterministic: true });
  const before = model.parameters.map(({ data }) => data);
  const trainer = await model.trainer(options);
  const first = await trainer.fit({ x, y }, { epochs: 2 });
  const resumed = await Trainer.fromBytes(trainer.toBytes());
  const [on, again] = [await trainer.fit({ x, y }), await resumed.fit({ x, y })];
  expect(resumed.model.parameters).toEqual(model.parameters);
  expect(again.loss).toEqual(on.loss);
  const bytes = model.toBytes();
  const predictions = model.predict(x);
  expect((await Model.fromBytes(bytes, { deterministic: true })).predict(x)).toEqual(predictions);
  expect((await PredictModel.fromBytes(bytes)).predict(x)).toEqual(predictions);
  const quantized = [];
  for (const weights of ['int8', 'float16'] as const) {
    const small = await model.quantize({ weights });
    quantized.push(small.predict(x));
    expect((await PredictModel.fromBytes(small.toBytes())).predict(x)).toEqual(small.predict(x));
  }
  const { cost, gradients } = model.gradients(x, y, { loss: options.loss });
  const after = model.parameters.map(({ data }) => data);
  model.setParameters(Object.fromEntries(model.parameters.map(({ name, data }) => [name, data.map(v => 2 * v)])));
  return {
    ...{ before, losses: [...first.loss, ...on.loss], after, predictions, quantized, cost },
    gradients: Object.values(gradients),
    doubled: model.parameters.map(({ data }) => data),
    layers: model.forward(x).layers.map(({ data }) => data),
  };
}

/** What the library itself calls something, in a plan, a file or a language. */
const words = [
  ...['input', 'targets', 'labels', 'rowCosts', 'scratch', 'predictions', 'controls', 'records', 'parameters'],
  ...['gradients', 'optimizer', 'm', 'v', 'velocity', 'check', 'predict', 'evaluate', 'step', 'd', 'mask', 'linear'],
  ...['logits', 'weight', 'bias', 'scale', '0', '1', '2', 'dense', 'dropout', 'activation', 'myelin', 'architecture'],
  ...['seed', 'weights', 'trainer', 'user', 'metadata', '__metadata__', '__proto__', 'constructor', 'toString', '_'],
  ...['hasOwnProperty', 'length', '-', '.', 'then', 'toJSON', 'null', 'Input', 'INPUT', '1e3', '-1'],
];
const phrases = ['optimizer.m', 'optimizer.v', '0.dense.linear', '1.dropout.mask', '3.activation.d', '4.dense.logits'];

const optimizers: readonly Optimizer[] = [sgd(), sgd({ momentum: 0.9 }), adam()];

describe('names of layers', () => {
  it.each([
    ['input', 'targets', 'rowCosts'],
    ['labels', 'scratch', 'predictions'],
    ['optimizer.m', 'optimizer.v', 'optimizer.velocity'],
    ['optimizer.m.2.dense', undefined, 'optimizer.v.2.dense'],
    ['1.dropout.mask', '0.dense.linear', 'optimizer.m.0.dense.linear'],
    ['d', 'd.d', 'd.d.weight'],
    ['4.dense.logits', '4.dense.weight', undefined],
    ['controls', 'records', 'parameters'],
    ['gradients', 'check', 'step'],
    ['__proto__', 'constructor', 'toString'],
    ['__metadata__', 'hasOwnProperty', '__proto__.weight'],
    ['a.b', 'a', 'A'],
    ['a.weight', 'a', 'a.weight.scale'],
    ['.', '..', '-'],
    ['größe', '層', 'слой.٣'],
    ['é', 'e\u0301', 'É'],
    ['0', '1', '00'],
    ['x'.repeat(70_000), `${'x'.repeat(70_000)}.`, 'x'],
  ])('set %# changes nothing', async (...names) => {
    for (const optimizer of optimizers) {
      expect(await everything(names, optimizer)).toEqual(await everything([], optimizer));
    }
  });

  it('of any kind change nothing', async () => {
    const name = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 }).chain(parts => {
      return fc.constantFrom('.', '', '-', '_').map(separator => parts.join(separator));
    });
    const legal = fc.uniqueArray(
      fc.oneof(name, fc.constantFrom(...words, ...phrases), fc.stringMatching(/^[\w.-]{1,20}$/)),
      { minLength: 3, maxLength: 3 },
    );
    const check = fc.asyncProperty(legal, fc.constantFrom(...optimizers), async (names, optimizer) => {
      fc.pre(!names.some(own => own === '1.dropout' || own === '3.activation'));
      expect(await everything(names, optimizer)).toEqual(await everything([], optimizer));
    });
    await fc.assert(check, { numRuns: 40 });
  });

  it('that come twice are refused, and so are parameters with one full name', () => {
    expect(() => network(['a', 'a'])).toThrow(`layer names: expected each name once, got 'a' twice`);
    expect(() => network(['2.dense'])).toThrow(`'2.dense' twice`);
    const layer = (name: string, parameter: string, shape: number[]): Pick<PlacedLayer, 'name' | 'parameters'> => {
      return { name, parameters: [{ name: parameter, shape, initializer: { kind: 'zeros' } }] };
    };
    const refused =
      (...layers: Pick<PlacedLayer, 'name' | 'parameters'>[]) =>
      () =>
        refuseSharedNames('here', layers);
    expect(refused(layer('a.b', 'c', [1]), layer('a', 'b.c', [2]))).toThrow(
      `here: parameter names: expected each name once, got 'a.b.c' twice`,
    );
    // The scales of a matrix, once it is int8.
    expect(refused(layer('a', 'weight', [2, 2]), layer('a.weight', 'scale', [1]))).toThrow(`'a.weight.scale' twice`);
    expect(refused(layer('a', 'weight', [2]), layer('a.weight', 'scale', [1]))).not.toThrow();
  });
});

describe('metadata', () => {
  const users = {
    ...{ seed: '8', architecture: 'Gothic', weights: 'int8', trainer: 'Ada', myelin: '9', 'myelin.x': 'y' },
    ...{ 'user.seed': 'a', user: 'b', __metadata__: 'c', constructor: 'd', toString: 'e', '': 'f' },
    ['__proto__']: 'g',
  };

  it.each([
    ['the format has too', users],
    ['a prototype has too', { note: 'kept', ['__proto__']: 'f', constructor: 'g', 'user.note': 'h' }],
  ])('keeps keys that %s, in every kind of file', async (_, entries: Record<string, string>) => {
    const model = await Model.create(network([]), { seed: 5 });
    for (const [key, value] of Object.entries(entries)) model.metadata[key] = value;
    const trainer = await model.trainer({ loss: 'categoricalCrossEntropy', optimizer: 'adam' });
    const quantized = await model.quantize({ weights: 'int8' });
    const copies = [
      await Model.fromBytes(model.toBytes()),
      await PredictModel.fromBytes(model.toBytes()),
      (await Trainer.fromBytes(trainer.toBytes())).model,
      quantized,
      await Model.fromBytes(quantized.toBytes()),
    ];
    for (const copy of copies) {
      expect(Object.entries(copy.metadata).sort()).toEqual(Object.entries(entries).sort());
      expect(copy.architecture).toEqual(model.architecture);
    }
    expect((await Model.fromBytes(model.toBytes())).toBytes()).toEqual(model.toBytes());
  });

  it('leaves files as version 0.1.0 reads them where no key is one of the format', async () => {
    const model = await Model.create(network([]));
    model.metadata['user.note'] = 'plain';
    expect(readSafetensors(model.toBytes()).metadata).toMatchObject({ myelin: '1', 'user.note': 'plain' });
  });
});

describe('files of version 0.1.0', () => {
  const read = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/files/${name}`, import.meta.url)));

  it('are read: a trainer with a layer named as its own state is', async () => {
    const bytes = read('trainer-0.1.0.safetensors');
    const trainer = await Trainer.fromBytes(bytes);
    const stored = new Map(readSafetensors(bytes).tensors.map(({ name, data }) => [name, data]));
    for (const { name, data } of trainer.model.parameters) expect(data).toEqual(stored.get(name));
    expect(trainer.model.metadata).toEqual({ note: 'old', 'user.note': 'older' });
    const again = new Map(readSafetensors(trainer.toBytes()).tensors.map(({ name, data }) => [name, data]));
    expect(again.get('optimizer.m:0.dense.weight')).toEqual(stored.get('optimizer.m.0.dense.weight'));
    expect(again.get('optimizer.v:optimizer.bias')).toEqual(stored.get('optimizer.v.optimizer.bias'));
    await trainer.fit({ x, y });
  });
});
