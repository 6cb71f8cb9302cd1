/**
 * What people hold without knowing: arrays whose memory is gone, Proxies of state libraries, methods without their
 * object, and options that were passed over in silence.
 */
import { describe, expect, it } from 'vitest';
import * as core from '../../src/entries/core.js';
import * as myelin from '../../src/entries/node.js';
import * as predict from '../../src/entries/predict.node.js';
import { detached, proxied, shrunk } from './values.js';

const { adam, dense, Model, sequential, Trainer } = myelin;
const architecture = sequential(4, [dense(3, { activation: 'softmax' })]);
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'sgd' } as const;
const x = new Float32Array(8);
const y = [0, 1];

const model = await Model.create(architecture);
const file = model.toBytes();
const predictor = await predict.Model.fromBytes(file);

/** What TypeScript would refuse. */
function loosely<T>(value: unknown): T {
  return value as T;
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}

describe('memory that is gone is said to be, and its length is not blamed', () => {
  type Way = (lost: never) => unknown;
  const ways: [what: string, kind: 'Float32Array' | 'Int32Array' | 'Uint8Array', where: RegExp, way: Way][] = [
    ['samples', 'Float32Array', /^predict: x: /, v => model.predict(v)],
    ['samples of predictAsync', 'Float32Array', /^predictAsync: x: /, v => model.predictAsync(v)],
    ['samples of myelin/predict', 'Float32Array', /^predictInto: x: /, v => predictor.predictInto(x.slice(), v)],
    ['a row', 'Float32Array', /^predict: x, row 1: /, v => model.predict([[1, 2, 3, 4], v])],
    ['room for predictions', 'Float32Array', /^predictInto: out: /, v => model.predictInto(v, x)],
    ['bytes', 'Uint8Array', /^predict: x: /, v => model.predict({ x: v, scale: 1 })],
    ['labels', 'Int32Array', /^cost: y: /, v => model.cost(x, v, options2())],
    ['labels of a fit', 'Int32Array', /^fit: y: /, v => model.fit({ x, y: v }, options)],
    ['rows of targets', 'Float32Array', /^cost: y, row 1: /, async v => soft(await regressor(), [[1, 2], v])],
    ['parameters', 'Float32Array', /^setParameters: 0\.dense\.bias: /, v => model.setParameters({ '0.dense.bias': v })],
    ["a file's bytes", 'Uint8Array', /^Model\.fromBytes: /, v => Model.fromBytes(v)],
    ["a trainer's bytes", 'Uint8Array', /^Trainer\.fromBytes: /, v => Trainer.fromBytes(v)],
    ['WebAssembly', 'Uint8Array', /^myelin\/core: init: /, v => core.init(v)],
  ];
  const options2 = () => ({ loss: options.loss });
  const regressor = () => Model.create(sequential(4, [dense(2)]));
  const soft = (model: myelin.Model, targets: never[] | unknown) =>
    model.cost(x, loosely<number[][]>(targets), { loss: 'huber' });
  const classes = { Float32Array, Int32Array, Uint8Array };

  it.each(ways)('%s', async (_, kind, where, way) => {
    const gone = await refusal(() => way(detached(new classes[kind](8)) as never));
    expect(gone).toMatch(where);
    expect(gone).toMatch(/ without its memory: it is detached, or has shrunk/);
    const less = await refusal(() => way(shrunk(kind, 1) as never));
    expect(less).toMatch(where);
    expect(less).toMatch(/ without its memory: it is detached, or has shrunk/);
  });

  it('a Float64Array too', async () => {
    const gone = detached(new Float64Array(8));
    expect(await refusal(() => model.predict(gone))).toMatch(
      /got a Float64Array without its memory: .*; copy it before it is transferred$/,
    );
    expect(await refusal(() => model.predict(new Float32Array(0)))).toMatch(/at least one row, got none$/);
  });
});

describe('Proxies', () => {
  it.each<[what: string, work: () => unknown, got: RegExp]>([
    ['samples', () => model.predict(proxied(x)), /got a Proxy of a Float32Array; give what it wraps/],
    ['bytes', () => model.predict({ x: proxied(new Uint8Array(8)), scale: 1 }), /got a Proxy of a Uint8Array; give/],
    [
      'a row',
      () => model.predict([proxied(x.subarray(4))]),
      /got a Proxy of a Float32Array as row 0; give what it wraps/,
    ],
    [
      'labels',
      () => model.cost(x, proxied(Int32Array.of(0, 1)), { loss: options.loss }),
      /a Proxy of an Int32Array; give/,
    ],
    ['room for predictions', () => model.predictInto(proxied(x.slice()), x), /a Proxy of a Float32Array; give/],
    ['parameters', () => model.setParameters({ '0.dense.bias': proxied(x) }), /a Proxy of a Float32Array; give/],
    [
      "a file's bytes",
      () => Model.fromBytes(proxied(file)),
      /a Proxy of a Uint8Array; give what it wraps, such as toRaw/,
    ],
    ['an ArrayBuffer', () => core.init(proxied(new ArrayBuffer(8))), /got a Proxy of an ArrayBuffer; give/],
    ['options', () => model.fit({ x, y }, loosely(proxied(new Map()))), /got a Proxy of a Map; give what it wraps/],
  ])('of arrays are refused with the mend: %s', async (_, work, got) => {
    expect(await refusal(work)).toMatch(got);
  });

  it('of lists and plain objects are as good as what they wrap', async () => {
    const rows = [[1, 2, 3, 4]];
    expect(model.predict(proxied(rows.map(proxied)))).toEqual(model.predict(rows));
    const made = await Model.create(proxied(architecture), proxied({ seed: 0 }));
    expect(made.parameters).toEqual(model.parameters);
    await made.fit(proxied({ x, y: proxied(y) }), proxied({ ...options, optimizer: proxied(adam()) }));
  });

  it('that were revoked are said to be', async () => {
    const { proxy, revoke } = Proxy.revocable([[1, 2, 3, 4]], {});
    revoke();
    expect(await refusal(() => model.predict(proxy))).toMatch(
      /got a Proxy that was revoked; copy what it wraps before/,
    );
  });
});

describe('a model and a trainer', () => {
  /** Vue's, Pinia's and Alpine's rule for what they wrap in a Proxy. */
  const isWrapped = (value: object) => ['Object', 'Array'].includes(Object.prototype.toString.call(value).slice(8, -1));

  it('stay as they are in reactive state', async () => {
    const trainer = await model.trainer(options);
    expect([model, predictor, trainer].map(isWrapped)).toEqual([false, false, false]);
    expect(isWrapped(architecture)).toBe(true);
  });

  it('say so where they are behind a Proxy all the same', async () => {
    const trainer = proxied(await model.trainer(options));
    const wrapped = proxied(model);
    for (const work of [
      () => wrapped.predict(x),
      () => wrapped.predictInto(x.slice(), x),
      () => wrapped.fit({ x, y }, options),
      () => wrapped.parameters,
      () => wrapped.backend,
      () => wrapped.toBytes(),
      () => proxied(predictor).predict(x),
      () => trainer.stepSync(x, y),
      () => trainer.fit({ x, y }),
      () => trainer.epoch,
    ]) {
      expect(await refusal(work)).toMatch(
        /^(model|trainer)\.\w+: expected the (model|trainer) itself, got a Proxy of a (Model|Trainer); give what it wraps, such as toRaw/,
      );
    }
  });

  it('say so where a method is called without them', async () => {
    const { predict: alone, fit: train, toBytes } = model;
    const { stepSync } = await model.trainer(options);
    expect(() => [x].map(alone)).toThrow(
      'model.predict: expected the model before the dot, got undefined; call it as model.predict(…), such as in given => model.predict(given)',
    );
    await expect(train({ x, y }, options)).rejects.toThrow(/^model\.fit: expected the model before the dot/);
    expect(() => Reflect.apply(toBytes, { toBytes }, [])).toThrow(/got an object with keys \[toBytes\]; call it as/);
    expect(() => stepSync(x, y)).toThrow(/^trainer\.stepSync: expected the trainer before the dot/);
  });

  it.each([
    ['Model.load', () => Promise.all(['a', 'b'].map(loosely<(path: string) => unknown>(Model.load)))],
    ['Model.fromBytes', () => Promise.all([file].map(loosely<(bytes: Uint8Array) => unknown>(Model.fromBytes)))],
    ['Model.create', () => loosely<() => unknown>(Model.create)()],
    ['Model.fromBytes', () => loosely<() => unknown>(predict.Model.fromBytes)()],
    ['Trainer.fromBytes', () => loosely<() => unknown>(Trainer.fromBytes)()],
  ])('%s says so without its class', async (where, work) => {
    const [owner] = where.split('.');
    expect(await refusal(work)).toMatch(`${where}: expected the ${owner} before the dot, got undefined; call it as`);
  });

  it('are not made with new', async () => {
    for (const given of [[model, options], [model], [{}], [null], [architecture, options]]) {
      for (const Class of [Model, Trainer, predict.Model]) {
        expect(await refusal(() => Reflect.construct(Class, given))).toMatch(
          /, got new \w+\(…\); each gives a promise/,
        );
      }
    }
  });

  it('of a class that extends them are as good', async () => {
    class Own extends Model {}
    const own = await Own.fromBytes(file);
    expect(own).toBeInstanceOf(Own);
    expect(own.predict(x)).toEqual(model.predict(x));
  });
});

describe('what holds the data is refused with the way to it', () => {
  it.each<[what: string, work: () => unknown, mend: string]>([
    ['a Request for bytes', () => Model.fromBytes(loosely(new Request('http://a'))), 'await request.arrayBuffer()'],
    [
      'a stream for bytes',
      () => Model.fromBytes(loosely(new ReadableStream())),
      'await new Response(stream).arrayBuffer()',
    ],
    ['a URL for bytes', () => Model.fromBytes(loosely(new URL('http://a'))), '(await fetch(url)).arrayBuffer()'],
    [
      'base64 for bytes',
      () => Model.fromBytes(loosely(btoa('a'.repeat(200)))),
      'of base64 give Uint8Array.from(atob(text)',
    ],
    ['a list for bytes', () => Model.fromBytes(loosely([...file])), 'give Uint8Array.from(bytes)'],
    [
      'JSON of a Buffer',
      () => Model.fromBytes(loosely(Buffer.from(file).toJSON())),
      'give Uint8Array.from(value.data)',
    ],
    ['a model for bytes', () => Model.fromBytes(loosely(model)), 'give model.toBytes()'],
    ['bytes for a path', () => Model.load(loosely(file)), 'bytes are what Model.fromBytes takes'],
    [
      'a list of layers',
      () => Model.create(loosely<myelin.Architecture>([dense(1)])),
      'of layers make sequential(inputs, layers)',
    ],
    ['a model for an architecture', () => Model.create(loosely<myelin.Architecture>(model)), 'give model.architecture'],
    [
      'an async iterable',
      () => model.predict(loosely((async function* () {})())),
      'for await (const row of x) rows.push(row)',
    ],
    ['JSON of numbers', () => model.predict(JSON.parse(JSON.stringify(x))), 'give Float32Array.from(Object.values(x))'],
    ['a tensor', () => model.predict(loosely({ dataSync() {}, shape: [] })), 'of a tensor give x.dataSync()'],
    ['an ndarray', () => model.predict(loosely({ data: x, shape: [] })), 'give x.data'],
    ['a Blob', () => model.predict(loosely(new Blob([]))), 'give new Float32Array(await blob.arrayBuffer())'],
    ['a number', () => model.predict(loosely(1)), 'give a list, [x]'],
    ['records', () => model.predict(loosely([{ a: 1 }])), 'of a record give Object.values(row)'],
    ['texts', () => model.predict(loosely([['1', '2', '3', '4']])), 'make numbers of them first: row.map(Number)'],
    ['BigInts', () => model.predict(loosely([[1n, 2n, 3n, 4n]])), 'make numbers of them first: row.map(Number)'],
    ['labels that are texts', () => model.fit(loosely({ x, y: ['a', 'b'] }), options), 'classes.indexOf(label)'],
    ['a Response that was read', () => core.init(readResponse), 'give a clone() of it'],
  ])('%s', async (_, work, mend) => {
    expect(await refusal(work)).toContain(mend);
  });
  const readResponse = new Response('');
  void readResponse.text();
});

describe('nothing is passed over in silence', () => {
  it.each<[where: string, work: (value: never) => unknown]>([
    ['layerNormalization: epsilon', epsilon => myelin.layerNormalization({ epsilon })],
    ['Model.create: seed', seed => Model.create(architecture, { seed })],
    ['Model.create: deterministic', deterministic => Model.create(architecture, { deterministic })],
    ['Model.fromBytes: turbo', turbo => Model.fromBytes(file, { turbo })],
    ['predict: scale', scale => model.predict({ x: new Uint8Array(4), scale })],
    ['fit: scale', scale => model.fit({ x: new Uint8Array(4), y: [0], scale }, options)],
    ['fit: epochs', epochs => model.fit({ x, y }, { ...options, epochs })],
    ['fit: validation', validation => model.fit({ x, y }, { ...options, validation })],
    ['fit: metrics', metrics => model.fit({ x, y }, { ...options, metrics })],
    ['dense(1): activation', activation => dense(1, { activation })],
    ['dense(1): useBias', useBias => dense(1, { useBias })],
    ['dense(1): weightInitializer', weightInitializer => dense(1, { weightInitializer })],
    ['dense(1): name', name => dense(1, { name })],
    ['leakyRelu: slope', slope => myelin.leakyRelu({ slope })],
    ['elu: alpha', alpha => myelin.elu({ alpha })],
    ['gelu: approximate', approximate => myelin.gelu({ approximate })],
    ['sgd: momentum', momentum => myelin.sgd({ momentum })],
    ['adam: epsilon', epsilon => adam({ epsilon })],
    ['huber: delta', delta => myelin.huber({ delta })],
    ['categoricalCrossEntropy: labelSmoothing', v => myelin.categoricalCrossEntropy({ labelSmoothing: v })],
    ['binaryCrossEntropy: fromLogits', fromLogits => myelin.binaryCrossEntropy({ fromLogits })],
    ['randomNormal.stddev', stddev => myelin.randomNormal({ stddev })],
  ])('null is no default: %s', async (where, work) => {
    expect(await refusal(() => work(null as never))).toMatch(
      new RegExp(`^${where.replace(/[().]/g, '\\$&')}: .*got null`),
    );
    expect(await refusal(() => work(undefined as never))).not.toMatch(/undefined/);
  });

  it.each<[where: string, work: (options: never) => unknown]>([
    ['meanSquaredError', v => myelin.meanSquaredError(v)],
    ['meanAbsoluteError', v => myelin.meanAbsoluteError(v)],
    ['logCosh', v => myelin.logCosh(v)],
    ['hinge', v => myelin.hinge(v)],
    ['klDivergence', v => myelin.klDivergence(v)],
    ['cosineSimilarity', v => myelin.cosineSimilarity(v)],
    ['flatten', v => myelin.flatten(v)],
    ['dropout', v => myelin.dropout(0.5, v)],
    ['alphaDropout', v => myelin.alphaDropout(0.5, v)],
    ['gaussianNoise', v => myelin.gaussianNoise(0.5, v)],
    ['activation', v => myelin.activation('relu', v)],
  ])('%s takes no options', async (where, work) => {
    expect(await refusal(() => work({ name: 'a' } as never))).toBe(
      `${where}: expected known options only, got 'name'; it takes none`,
    );
  });

  it('options that are inherited count, and so do their names', async () => {
    const inherits = Object.create({ ...options, epochs: 2 });
    expect((await model.fit({ x, y }, inherits)).loss).toHaveLength(2);
    const misspelt = Object.create({ ...options, epohcs: 2 });
    expect(await refusal(() => model.fit({ x, y }, misspelt))).toMatch(/'epohcs'; did you mean 'epochs'\?$/);
    class Settings {
      get loss() {
        return options.loss;
      }
      get optimizer() {
        return options.optimizer;
      }
      describe() {}
    }
    await model.fit({ x, y }, new Settings());
  });

  it('a shape has no holes, and no more lengths than a file may hold', async () => {
    const hole = Object.assign(new Array<number>(3), { 0: 2, 2: 2 });
    expect(await refusal(() => sequential(hole, [myelin.flatten()]))).toMatch(/inputShape: .*got undefined/);
    expect(await refusal(() => sequential(new Array(2 ** 32 - 1), [myelin.flatten()]))).toMatch(/at most 64 lengths/);
  });

  it('metadata is text, the preprocessing too', async () => {
    const own = await Model.fromBytes(file);
    own.metadata.preprocessing = loosely({});
    expect(await refusal(() => own.predict(x))).toMatch(
      /^predict: model\.metadata\.preprocessing: expected a string, got/,
    );
  });
});
