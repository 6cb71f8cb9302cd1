/**
 * Values of some 150 kinds, as people hand them to functions by mistake or in ways of their own; each made anew, for
 * some can be used once.
 */
import { createContext, runInContext } from 'node:vm';

/** An error of the user's own, which comes out as it is. */
export class TheirOwn extends Error {}
function theirOwn(): never {
  throw new TheirOwn();
}

const realm = createContext({});
function foreign(code: string): unknown {
  return runInContext(code, realm);
}

type View = Float32Array | Float64Array | Int32Array | Uint8Array | Uint8ClampedArray | DataView;

/** What is left of a view once its memory went to another thread. */
export function detached<V extends View>(view: V): V {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

/** What is left of four numbers of such an array once its memory has so many bytes. */
export function shrunk(kind: 'Float32Array' | 'Float64Array' | 'Int32Array' | 'Uint8Array', bytes: number): unknown {
  const code = `const memory = new ArrayBuffer(4 * ${kind}.BYTES_PER_ELEMENT, { maxByteLength: 64 });
    const view = new ${kind}(memory, 0, 4); memory.resize(${bytes}); return view;`;
  return new Function(code)();
}

/** What state libraries and spies wrap values in. */
export function proxied<T extends object>(value: T): T {
  return new Proxy(value, {});
}

function revoked(value: object): object {
  const { proxy, revoke } = Proxy.revocable(value, {});
  revoke();
  return proxy;
}

class Settings {
  readonly seed = 1;
}

const primitives = {
  ...{ undefined: undefined, null: null, true: true, false: false, zero: 0, one: 1, 'minus one': -1, half: 0.5 },
  ...{ NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity, huge: 1e300, tiny: 1e-300, 'minus 0': -0 },
  ...{ 'beyond 2^53': 2 ** 53, bigint: 3n, symbol: Symbol('a'), text: 'abc', 'no text': '', 'a number in text': '1' },
  ...{
    'base64 text': btoa('a'.repeat(200)),
    'JSON text': '{"a":[1]}',
    ['__proto__']: '__proto__',
    constructor: 'constructor',
  },
};

/** Every value by what it is. */
export const values: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(Object.entries(primitives).map(([name, value]) => [name, () => value])),
  'a function': () => () => 1,
  'a class': () => Settings,
  'an instance': () => new Settings(),
  'a Date': () => new Date(Number.NaN),
  'a RegExp': () => /a/,
  'an Error': () => new Error('x'),
  'a promise': () => Promise.resolve(1),
  'a thenable': () => foreign('({ then() {} })'),
  'a Number object': () => Object(3),
  'a String object': () => Object('relu'),
  'an object': () => ({}),
  'an object without prototype': () => Object.create(null),
  'a frozen object': () => Object.freeze({ a: 1 }),
  'an object with __proto__ for a key': () => JSON.parse('{"__proto__":1}'),
  'an object that inherits': () => Object.create({ epohcs: 3 }),
  'a getter that throws': () => ({
    get x() {
      return theirOwn();
    },
    get y() {
      return theirOwn();
    },
    get kind() {
      return theirOwn();
    },
    get loss() {
      return theirOwn();
    },
  }),
  'a tag that throws': () => ({
    get [Symbol.toStringTag]() {
      return theirOwn();
    },
  }),
  'a Proxy that throws': () => new Proxy({}, { get: theirOwn, has: theirOwn, ownKeys: theirOwn }),
  'a revoked Proxy': () => revoked({}),
  'a revoked Proxy of an array': () => revoked([]),
  'something that does not convert': () => ({ toString: theirOwn, valueOf: theirOwn }),
  'a kind': () => ({ kind: 'sgd' }),
  'kind: __proto__': () => ({ kind: '__proto__' }),
  'kind: constructor': () => ({ kind: 'constructor' }),
  'kind: a symbol': () => ({ kind: Symbol('k') }),
  'kind: an object': () => ({ kind: {} }),
  arguments: () => foreign('(function () { return arguments })(1)'),
  'an empty array': () => [],
  '[null]': () => [null],
  '[1]': () => [1],
  '[[1, 2, 3, 4]]': () => [[1, 2, 3, 4]],
  'rows of texts': () => [['1', '2', '3', '4']],
  'rows of BigInts': () => [[1n, 2n, 3n, 4n]],
  '[1n]': () => [1n],
  "['1']": () => ['1'],
  'rows of booleans': () => [[true, false, true, false]],
  'a row with null': () => [[null, 1, 2, 3]],
  'a row with undefined': () => [[undefined, 1, 2, 3]],
  'a row with a symbol': () => [[Symbol(), 1, 2, 3]],
  'a row with an object': () => [[{}, 1, 2, 3]],
  'a row with a hole': () => foreign('[[1, , 3, 4]]'),
  'rows of rows': () => [[[1, 2, 3, 4]]],
  records: () => [{ a: 1, b: 2, c: 3, d: 4 }],
  'an array of holes': () => new Array(4),
  'an array of very many holes': () => new Array(2 ** 32 - 1),
  'an array that throws': () => Object.defineProperty([1], 0, { get: theirOwn }),
  'rows of two kinds': () => [[1, 2, 3, 4], new Float32Array(4)],
  'a row and a number': () => [new Float32Array(4), 5],
  'a Map': () => new Map([[1, 2]]),
  'a Set': () => new Set([1]),
  'a WeakMap': () => new WeakMap(),
  'a generator': () =>
    (function* () {
      yield [1, 2, 3, 4];
    })(),
  'an async generator': () =>
    (async function* () {
      yield [1, 2, 3, 4];
    })(),
  'an iterable': () => ({
    *[Symbol.iterator]() {
      yield 1;
    },
  }),
  'an async iterable': () => ({
    async *[Symbol.asyncIterator]() {
      yield 1;
    },
  }),
  'a Float32Array': () => new Float32Array(4),
  'an empty Float32Array': () => new Float32Array(0),
  'a Float32Array of 3': () => new Float32Array(3),
  'a Float32Array of NaN': () => new Float32Array(4).fill(Number.NaN),
  'a Float64Array': () => new Float64Array(4),
  'an Int8Array': () => new Int8Array(4),
  'a Uint8Array': () => new Uint8Array(4),
  'a Uint8ClampedArray': () => new Uint8ClampedArray(4),
  'an Int16Array': () => new Int16Array(4),
  'an Int32Array': () => new Int32Array(4),
  'a Uint32Array': () => new Uint32Array(4),
  'a BigInt64Array': () => new BigInt64Array(4),
  'an ArrayBuffer': () => new ArrayBuffer(16),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(16),
  'a Float32Array of shared memory': () => new Float32Array(new SharedArrayBuffer(16)),
  'a DataView': () => new DataView(new ArrayBuffer(16)),
  'a Buffer out of the pool': () => Buffer.from([1, 2, 3, 4]),
  'a Buffer out of JSON': () => JSON.parse(JSON.stringify(Buffer.from([1, 2, 3, 4]))),
  'a Float32Array out of JSON': () => JSON.parse(JSON.stringify(new Float32Array(4))),
  'a detached Float32Array': () => detached(new Float32Array(4)),
  'a detached Float64Array': () => detached(new Float64Array(4)),
  'a detached Int32Array': () => detached(new Int32Array(4)),
  'a detached Uint8Array': () => detached(new Uint8Array(4)),
  'a detached Uint8ClampedArray': () => detached(new Uint8ClampedArray(4)),
  'a detached DataView': () => detached(new DataView(new ArrayBuffer(16))),
  'a detached ArrayBuffer': () => detached(new Uint8Array(4)).buffer,
  'a row that is detached': () => [detached(new Float32Array(4))],
  'a Float32Array that shrank': () => shrunk('Float32Array', 8),
  'a Float64Array that shrank': () => shrunk('Float64Array', 8),
  'an Int32Array that shrank': () => shrunk('Int32Array', 0),
  'a Uint8Array that shrank': () => shrunk('Uint8Array', 2),
  'a row that shrank': () => [shrunk('Float32Array', 8)],
  'a Proxy of a Float32Array': () => proxied(new Float32Array(4)),
  'a Proxy of a Float64Array': () => proxied(new Float64Array(4)),
  'a Proxy of an Int32Array': () => proxied(new Int32Array(4)),
  'a Proxy of a Uint8Array': () => proxied(new Uint8Array(4)),
  'a Proxy of a Buffer': () => proxied(Buffer.from([1, 2, 3, 4])),
  'a Proxy of an ArrayBuffer': () => proxied(new ArrayBuffer(16)),
  'a Proxy of a DataView': () => proxied(new DataView(new ArrayBuffer(16))),
  'a Proxy of rows': () => proxied([[1, 2, 3, 4]]),
  'a row that is a Proxy': () => [proxied(new Float32Array(4))],
  'a Proxy of an object': () => proxied({ x: 1 }),
  'a Proxy of a Map': () => proxied(new Map()),
  'a Proxy of a Set': () => proxied(new Set()),
  'a Proxy of a Date': () => proxied(new Date()),
  'a Proxy of a function': () => proxied(() => 1),
  '{ x: bytes }': () => ({ x: new Uint8Array(4) }),
  '{ x: bytes, scale }': () => ({ x: new Uint8Array(4), scale: 1 }),
  '{ x: bytes, scale: null }': () => ({ x: new Uint8Array(4), scale: null }),
  '{ x: bytes, scale: text }': () => ({ x: new Uint8Array(4), scale: '1' }),
  '{ x: bytes, scale: NaN }': () => ({ x: new Uint8Array(4), scale: Number.NaN }),
  '{ x: undefined }': () => ({ x: undefined }),
  '{ x: { x } }': () => ({ x: { x: 1 } }),
  '{ x: Proxy }': () => ({ x: proxied(new Uint8Array(4)), scale: 1 }),
  '{ x: detached }': () => ({ x: detached(new Uint8Array(4)), scale: 1 }),
  '{ x, y }': () => ({ x: [[1, 2, 3, 4]], y: [0] }),
  'a tensor': () => ({ dataSync() {}, shape: [1, 4] }),
  'an ndarray': () => ({ data: new Float32Array(4), shape: [1, 4] }),
  'a Response': () => new Response('x'),
  'a Request': () => new Request('http://x'),
  'a stream': () => new ReadableStream({ start: controller => controller.close() }),
  'a URL': () => new URL('file:///no/such'),
  'a Blob': () => new Blob(['x']),
  'a Headers': () => new Headers(),
  'a URLSearchParams': () => new URLSearchParams('a=1'),
  'an AbortController': () => new AbortController(),
  'an AbortSignal': () => new AbortController().signal,
  'an Event': () => new Event('x'),
  'a WebAssembly.Memory': () => new WebAssembly.Memory({ initial: 1 }),
  'an ImageData': () => ({ data: new Uint8ClampedArray(16), width: 2, height: 2, [Symbol.toStringTag]: 'ImageData' }),
  Math: () => Math,
  globalThis: () => globalThis,
  "another realm's object": () => foreign('({})'),
  "another realm's rows": () => foreign('[[1, 2, 3, 4]]'),
  "another realm's Float32Array": () => foreign('new Float32Array(4)'),
  "another realm's ArrayBuffer": () => foreign('new ArrayBuffer(16)'),
  "another realm's Map": () => foreign('new Map'),
  "another realm's promise": () => foreign('Promise.resolve()'),
};
