/**
 * Arrays, bytes and options of any realm and in any memory: they are known by what they are, and give what plain ones
 * give.
 */
import { readFile } from 'node:fs/promises';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as core from '../../src/entries/core.js';
import { dense, Model, sequential, Trainer } from '../../src/entries/node.js';
import * as predict from '../../src/entries/predict.node.js';
import { labels, numbers } from '../reference/data.js';

const realm = createContext({});
/** What a script of another realm gives. */
function foreign<T>(code: string, given?: unknown): T {
  realm.given = given;
  return runInContext(`(given => ${code})(given)`, realm);
}

const [rows, inputs, classes] = [6, 4, 3];
// Exact in float32, so that they may pass through any class of numbers.
const x = numbers(rows * inputs, 1);
const y = labels(rows, classes, 2);
const bytes = Uint8Array.from({ length: rows * inputs }, (_, i) => (i * 37) % 256);
const loss = 'sparseCategoricalCrossEntropy' as const;
const options = { loss, optimizer: 'sgd', batchSize: 4, metrics: ['accuracy'] } as const;
const architecture = sequential([inputs], [dense(classes, { activation: 'softmax' })]);

class Samples extends Float32Array {}

/** The same numbers in memory of one's own choice. */
function inside<A extends Float32Array | Uint8Array>(memory: ArrayBufferLike, values: A): A {
  const copy = (values instanceof Float32Array
    ? new Float32Array(memory, 8, values.length)
    : new Uint8Array(memory, 8, values.length)) as ArrayLike<number> as A;
  copy.set(values);
  return copy;
}
function shared<A extends Float32Array | Uint8Array>(values: A): A {
  return inside(new SharedArrayBuffer(values.byteLength + 8), values);
}
function resizable<A extends Float32Array | Uint8Array>(values: A): A {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  return inside(new Resizable(values.byteLength + 8, { maxByteLength: 2 ** 17 }), values);
}

/** TypeScript sees the classes of its own realm alone. */
type Given = Float32Array;

const floats: [what: string, make: () => unknown][] = [
  ["another realm's Float32Array", () => foreign('new Float32Array(given)', [...x])],
  ['a structured clone', () => structuredClone(x)],
  ['a subclass', () => Samples.from(x)],
  ['shared memory', () => shared(x)],
  ['memory that can grow', () => resizable(x)],
  ['a Float64Array', () => Float64Array.from(x)],
  ["another realm's Float64Array", () => foreign('new Float64Array(given)', [...x])],
  ["another realm's rows", () => foreign(`[0, 1, 2, 3, 4, 5].map(r => given.slice(r * 4, r * 4 + 4))`, [...x])],
  [
    "another realm's typed rows",
    () => foreign(`[0, 1, 2, 3, 4, 5].map(r => new Float32Array(given.slice(r * 4, r * 4 + 4)))`, [...x]),
  ],
];

const pixels: [what: string, make: () => unknown][] = [
  ['a Uint8ClampedArray, as of a canvas', () => Uint8ClampedArray.from(bytes)],
  ['a Buffer', () => Buffer.from(bytes)],
  ["another realm's Uint8Array", () => foreign('new Uint8Array(given)', [...bytes])],
  ["another realm's Uint8ClampedArray", () => foreign('new Uint8ClampedArray(given)', [...bytes])],
  ['shared memory', () => shared(bytes)],
  ['memory that can grow', () => resizable(bytes)],
];

const targets: [what: string, make: () => unknown][] = [
  ["another realm's Int32Array", () => foreign('new Int32Array(given)', [...y])],
  ["another realm's array", () => foreign('Array.from(given)', [...y])],
  ['a Float64Array', () => Float64Array.from(y)],
  ['a Uint8ClampedArray', () => Uint8ClampedArray.from(y)],
  ['a Buffer', () => Buffer.from(y)],
  ['shared memory', () => shared(Uint8Array.from(y))],
];

/** Every way in for samples and targets, and what comes of them. */
async function everywhere(x: Given, scale: number | undefined, y: Int32Array): Promise<unknown> {
  const model = await Model.create(architecture);
  const alone = (scale === undefined ? x : { x, scale }) as Float32Array;
  const data = scale === undefined ? { x, y } : { x, y, scale };
  const trainer = await model.trainer({ ...options, batchSize: 8 });
  const predictor = await predict.Model.fromBytes(model.toBytes());
  return {
    predict: model.predict(alone),
    into: model.predictInto(new Float32Array(rows * classes), alone),
    async: await model.predictAsync(alone),
    forward: model.forward(alone),
    cost: model.cost(alone, y, { loss }),
    gradients: model.gradients(alone, y, { loss }),
    evaluate: model.evaluate(data, { loss, metrics: ['accuracy'] }),
    predictor: predictor.predict(alone),
    predictorInto: predictor.predictInto(new Float32Array(rows * classes), alone),
    step: await trainer.step(alone, y),
    stepSync: trainer.stepSync(alone, y),
    trainerFit: (await trainer.fit(data, { validation: data })).valLoss,
    fit: (await model.fit(data, { ...options, validation: data })).valLoss,
    parameters: model.parameters,
  };
}

describe('samples and targets', () => {
  it.each(floats)('samples: %s', async (_, make) => {
    expect(await everywhere(make() as Given, undefined, y)).toEqual(await everywhere(x, undefined, y));
  });

  it.each(pixels)('bytes: %s', async (_, make) => {
    const plain = await everywhere(bytes as unknown as Given, 1 / 255, y);
    expect(await everywhere(make() as Given, 1 / 255, y)).toEqual(plain);
  });

  it.each(targets)('targets: %s', async (_, make) => {
    expect(await everywhere(x, undefined, make() as Int32Array)).toEqual(await everywhere(x, undefined, y));
  });

  it('targets of numbers', async () => {
    const model = await Model.create(sequential([inputs], [dense(2)]));
    const numbersOf = numbers(rows * 2, 3);
    const cost = (y: unknown) => model.cost(x, y as Float32Array, { loss: 'huber' });
    const plain = cost(numbersOf);
    expect(cost(foreign('new Float32Array(given)', [...numbersOf]))).toBe(plain);
    expect(cost(Float64Array.from(numbersOf))).toBe(plain);
    expect(cost(shared(numbersOf))).toBe(plain);
    expect(
      cost(
        foreign(
          'given.map(row => new Float64Array(row))',
          [0, 2, 4, 6, 8, 10].map(i => [...numbersOf.slice(i, i + 2)]),
        ),
      ),
    ).toBe(plain);
  });

  it('predictInto writes to an array of any realm and in any memory, and returns it', async () => {
    const model = await Model.create(architecture);
    const plain = model.predict(x);
    for (const out of [foreign<Float32Array>('new Float32Array(18)'), shared(new Float32Array(18)), new Samples(18)]) {
      expect(model.predictInto(out, x)).toBe(out);
      expect([...out]).toEqual([...plain]);
    }
  });

  it('predictAsync reads the bytes of the call, though the Buffer is written over', async () => {
    const wide = await Model.create(sequential([512], [dense(512), dense(512)]));
    const pixels = Buffer.alloc(512 * 64, 7);
    const before = wide.predict({ x: pixels, scale: 1 });
    const promise = wide.predictAsync({ x: pixels, scale: 1 });
    pixels.fill(200);
    expect(await promise).toEqual(before);
  });
});

describe('bytes of a file', () => {
  const file = async () => (await Model.create(architecture)).toBytes();

  it.each<[what: string, make: (bytes: Uint8Array) => unknown]>([
    ['a Buffer', bytes => Buffer.from(bytes)],
    ["another realm's Uint8Array", bytes => foreign('new Uint8Array(given)', [...bytes])],
    ['a structured clone', bytes => structuredClone(bytes)],
    ['a Uint8ClampedArray', bytes => Uint8ClampedArray.from(bytes)],
    ['shared memory', shared],
    ['memory that can grow', resizable],
  ])('%s', async (_, make) => {
    const bytes = await file();
    for (const Class of [Model, predict.Model]) {
      const predictions = (await Class.fromBytes(bytes)).predict(x);
      expect((await Class.fromBytes(make(bytes) as Uint8Array)).predict(x)).toEqual(predictions);
    }
    const trainer = await (await Model.create(architecture)).trainer(options);
    const resumed = await Trainer.fromBytes(make(trainer.toBytes()) as Uint8Array);
    expect(resumed.toBytes()).toEqual(trainer.toBytes());
  });
});

describe('WebAssembly', () => {
  it.each<[what: string, make: (bytes: Uint8Array) => unknown]>([
    ['a Buffer', bytes => Buffer.from(bytes)],
    ["another realm's bytes", bytes => foreign('new Uint8Array(given)', [...bytes])],
    ["another realm's ArrayBuffer", bytes => foreign('new Uint8Array(given).buffer', [...bytes])],
    ["another realm's module", bytes => foreign('new WebAssembly.Module(new Uint8Array(given))', [...bytes])],
    ['shared memory', shared],
    ['a shared buffer', bytes => shared(bytes).buffer.slice(8)],
    ['a DataView', bytes => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)],
    ['memory that can grow', resizable],
    ['a Response', bytes => new Response(Uint8Array.from(bytes))],
    ['an address', () => new URL('../../wasm/simd.wasm', import.meta.url)],
  ])('from %s', async (_, make) => {
    await core.init(make(await readFile('wasm/simd.wasm')) as Response);
    expect((await core.Model.create(core.sequential([1], [core.dense(1)]))).predict([[1]])).toHaveLength(1);
  });
});

describe('everything else', () => {
  it('architectures, options, lists, callbacks and signals of another realm', async () => {
    const made = foreign<typeof architecture>('JSON.parse(given)', JSON.stringify(architecture));
    const model = await Model.create(made, foreign('({ seed: 3 })'));
    const same = await Model.create(architecture, { seed: 3 });
    expect(model.parameters).toEqual(same.parameters);
    const epochs: unknown[] = [];
    const settings = foreign<typeof options>('JSON.parse(given)', JSON.stringify(options));
    await model.fit(foreign('({ ...given })', { x, y }), {
      ...settings,
      onEpoch: foreign('event => given.push(event.epoch)', epochs),
    });
    expect(epochs).toEqual([1]);
    const { signal } = new AbortController();
    const relayed = foreign<AbortSignal>(
      `({ get aborted() { return given.aborted }, addEventListener() {}, removeEventListener() {} })`,
      signal,
    );
    expect((await model.fit({ x, y }, { ...options, signal: relayed })).stopped).toBeUndefined();
  });

  it('parameters of another realm, in shared memory and of other classes', async () => {
    const model = await Model.create(architecture);
    const bias = Float32Array.of(1, -2, 0.5);
    for (const given of [
      foreign('new Float32Array(given)', [...bias]),
      shared(bias),
      Float64Array.from(bias),
      foreign('given.slice()', [...bias]),
    ]) {
      model.setParameters({ '0.dense.bias': [0, 0, 0] });
      model.setParameters({ '0.dense.bias': given as Float32Array });
      expect(model.parameters[1]?.data).toEqual(bias);
    }
  });
});

describe('what is refused says how to mend it', () => {
  const thrown = async (work: (model: Model) => unknown): Promise<string> => {
    try {
      await work(await Model.create(architecture));
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing was refused';
  };
  const gone = new Float32Array(24);
  structuredClone(gone, { transfer: [gone.buffer] });

  it.each<[what: string, x: unknown, message: RegExp]>([
    [
      'a BigInt64Array',
      new BigInt64Array(24),
      /got a BigInt64Array of 192 bytes; give Float32Array\.from\(x, Number\)$/,
    ],
    ['an Int32Array', new Int32Array(24), /got an Int32Array of 96 bytes; give Float32Array\.from\(x\)$/],
    [
      'a DataView',
      new DataView(new ArrayBuffer(96)),
      /got a DataView of 96 bytes; give new Float32Array\(view\.buffer,/,
    ],
    ['an ArrayBuffer', new ArrayBuffer(96), /got an ArrayBuffer of 96 bytes; give new Float32Array\(buffer\)$/],
    ["another realm's ArrayBuffer", foreign('new ArrayBuffer(96)'), /got an ArrayBuffer of 96 bytes; give/],
    ['a SharedArrayBuffer', new SharedArrayBuffer(96), /got a SharedArrayBuffer of 96 bytes; give/],
    ['a Set', new Set([[1, 2, 3, 4]]), /x: expected .*, got a Set of 1; give Array\.from\(x\)$/],
    ['a generator', (function* () {})(), /got a Generator; give Array\.from\(x\)$/],
    [
      'something like an array',
      { 0: [1, 2, 3, 4], length: 1 },
      /got an object with keys \[0, length\]; give Array\.from\(x\)$/,
    ],
    ['a promise', Promise.resolve(x), /got a Promise; await it first$/],
    ['an object that is a promise to others', foreign('({ then() {} })'), /got a Promise; await it first$/],
    [
      'memory that went elsewhere',
      gone,
      /x: expected an array with its memory, got a Float32Array without its memory: it is detached, .*; copy it/,
    ],
    [
      'bare bytes of a canvas',
      new Uint8ClampedArray(24),
      /got a bare Uint8ClampedArray; give \{ x, scale: 1 \/ 255 \}$/,
    ],
    ['x that is undefined', { x: undefined }, /x: expected .*, got undefined/],
    ['nothing', undefined, /x: expected .*, got undefined$/],
    [
      'a number beyond float32',
      Float64Array.of(1, 2, 3, 4, 5, 1e39, 7, 8),
      /finite float32 numbers, got 1e\+39 in row 1, column 1/,
    ],
    ['NaN', Float64Array.of(1, 2, 3, Number.NaN), /finite float32 numbers, got NaN in row 0, column 3/],
    [
      'rows that are a Set',
      [new Set([1, 2, 3, 4])],
      /rows of 4 numbers, got a Set of 4 as row 0; give Array\.from\(row\)$/,
    ],
    [
      'rows of rows',
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      /rows of 4 numbers, got arrays in row 0; give each row flat/,
    ],
    ['rows of BigInts', [new BigInt64Array(4)], /numbers, got 0n in row 0, column 0/],
    ['a row with a hole', foreign('[[1, , 3, 4]]'), /numbers, got undefined in row 0, column 1/],
    ['a hole among the rows', foreign('[[1, 2, 3, 4], , [1, 2, 3, 4]]'), /got undefined as row 1/],
  ])('%s', async (_, x, message) => {
    expect(await thrown(model => model.predict(x as Float32Array))).toMatch(message);
  });

  it.each<[what: string, y: unknown, message: RegExp]>([
    [
      'a BigInt64Array',
      new BigInt64Array(6),
      /y: expected 6 class indices .*, got a BigInt64Array of 48 bytes; give Float32Array\.from/,
    ],
    ['a DataView', new DataView(new ArrayBuffer(24)), /got a DataView of 24 bytes; give/],
    ['a Set', new Set(y), /got a Set of \d; give Array\.from\(y\)$/],
    ['a Map', new Map(), /got a Map of 0; give Array\.from\(y\.values\(\)\)$/],
    ['a hole', foreign('[0, , 1, 1, 1, 1]'), /got label undefined in row 1; fill in or leave out such rows$/],
  ])('targets: %s', async (_, y, message) => {
    expect(await thrown(model => model.fit({ x, y: y as Int32Array }, options))).toMatch(message);
  });

  it.each<[what: string, work: (model: Model) => unknown, message: RegExp]>([
    [
      'options in a Map',
      model => Model.create(model.architecture, new Map([['seed', 1]]) as never),
      /^Model\.create: expected an object with options among .*, got a Map of 1$/,
    ],
    [
      'data in a Set',
      model => model.fit(new Set([x, y]) as never, options),
      /^fit: data: expected an object .*, got a Set of 2$/,
    ],
    ['data to come', model => model.fit(Promise.resolve({ x, y }) as never, options), /got a Promise; await it first$/],
    [
      'parameters in a Map',
      model => model.setParameters(new Map() as never),
      /^setParameters: expected an object such as .*, got a Map of 0$/,
    ],
    [
      'metrics in a Set',
      model => model.evaluate({ x, y }, { loss, metrics: new Set(['accuracy']) as never }),
      /got a Set of 1$/,
    ],
    ['layers in a Set', () => sequential(4, new Set([dense(1)]) as never), /a list of layers, got a Set of 1/],
    [
      'a signal that is none',
      model => model.fit({ x, y }, { ...options, signal: new AbortController() as never }),
      /an AbortSignal, got an AbortController/,
    ],
    [
      'bytes of a Blob',
      () => Model.fromBytes(new Blob([]) as never),
      /got a Blob of 0; give new Uint8Array\(await blob\.arrayBuffer\(\)\)$/,
    ],
    ['bytes to come', () => Model.fromBytes(Promise.resolve(bytes) as never), /got a Promise; await it first$/],
    [
      'bytes of a DataView',
      () => Model.fromBytes(new DataView(new ArrayBuffer(8)) as never),
      /got a DataView of 8 bytes; give new Uint8Array\(view/,
    ],
    [
      'a path for bytes',
      () => Model.fromBytes('model.safetensors' as never),
      /got "model\.safetensors"; of a file give .* Model\.load\(path\)$/,
    ],
    [
      'an address for WebAssembly',
      () => core.init('https://example.com/simd.wasm' as never),
      /got "https:.*"; of an address make new URL\(…\)$/,
    ],
    [
      'predictions into a Float64Array',
      model => model.predictInto(new Float64Array(18) as never, x),
      /^predictInto: out: expected a Float32Array, got a Float64Array/,
    ],
  ])('%s', async (_, work, message) => {
    expect(await thrown(work)).toMatch(message);
  });
});
