import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';

// Files spoilt in every way we could think of: each must give one error in our voice, or exactly what its bytes say.

/** Mulberry32: enough chance for a fuzz test, the same on every run. `next(n)` is a whole number below n. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
type Chance = ReturnType<typeof chance>;

function pick<T>(next: Chance, list: readonly T[]): T {
  const item = list[next(list.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const HOSTILE_NUMBERS = [
  ...['0', '1', '2', '3', '4', '8', '12', '-1', '-0', '1.5', '1e3', '01', 'NaN', '2147483648', '4294967296'],
  ...['9007199254740991', '9007199254740992', '18446744073709551616', '1e308', '9'.repeat(400)],
];
const HOSTILE_VALUES = [
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '"F32"',
    '"F64"',
    '"F16"',
    '"I8"',
    '[0]',
    '[0,0]',
    '[[0],[4]]',
    '{"a":{"a":{}}}',
    '"\\ud800"',
  ],
  ...['{"__proto__":{"dtype":"F32"}}', '"__proto__"', '['.repeat(5000), '{"a":'.repeat(5000), '"\\u00e9"', '\u0000'],
];
const HOSTILE_KEYS = [
  '"__metadata__"',
  '"__proto__"',
  '"constructor"',
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '"w"',
  '""',
];

function replace(text: string, [start, end]: readonly [number, number], by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** Where `pattern` matches in `text`, one of them. */
function somewhere(next: Chance, text: string, pattern: RegExp): [number, number] {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return [0, 0];
  const match = pick(next, matches);
  return [match.index, match.index + match[0].length];
}

/** Changes the header's text and sets its length to match, so that the change reaches the parser. */
function inHeader(change: (next: Chance, header: string) => string) {
  return (next: Chance, bytes: Buffer): Buffer => {
    const end = 8 + Number(bytes.readBigUInt64LE());
    const header = Buffer.from(change(next, bytes.toString('utf8', 8, end)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, bytes.subarray(end)]);
  };
}

const NUMBER = /\d+/g;
const STRING = /"(?:[^"\\]|\\.)*"/g;
const VALUE = /\{[^{}]*\}|\[[^[\]]*\]|"(?:[^"\\]|\\.)*"(?!:)/g;
const MEMBER = /"[^"\\]*":(?:"[^"\\]*"|\[[^\]]*\]|\{[^{}]*\})/g;
const PUNCTUATION = /[{}[\]:,"]/g;

const MUTATIONS: Readonly<Record<string, (next: Chance, bytes: Buffer) => Buffer>> = {
  'flip a bit': (next, bytes) => {
    const copy = Buffer.from(bytes);
    const at = next(copy.length);
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << next(8)), at);
    return copy;
  },
  'set bytes': (next, bytes) => {
    const copy = Buffer.from(bytes);
    for (let count = 1 + next(8); count > 0; count--) copy.writeUInt8(next(256), next(copy.length));
    return copy;
  },
  truncate: (next, bytes) => Buffer.from(bytes.subarray(0, next(bytes.length))),
  insert: (next, bytes) => {
    const at = next(bytes.length + 1);
    const extra = Buffer.from(Array.from({ length: 1 + next(16) }, () => next(256)));
    return Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
  },
  'remove bytes': (next, bytes) => {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next(16))]);
  },
  'repeat a piece': (next, bytes) => {
    const at = next(bytes.length);
    return Buffer.concat([bytes.subarray(0, at + next(64)), bytes.subarray(at)]);
  },
  'set the header length': (next, bytes) => {
    const copy = Buffer.from(bytes);
    const near = copy.readBigUInt64LE() + BigInt(next(32)) - 16n;
    const wild = BigInt(next(2 ** 32)) << BigInt(next(33));
    copy.writeBigUInt64LE(BigInt.asUintN(64, next(2) === 0 ? near : wild));
    return copy;
  },
  'set a number': inHeader((next, header) =>
    replace(header, somewhere(next, header, NUMBER), pick(next, HOSTILE_NUMBERS)),
  ),
  'set a value': inHeader((next, header) =>
    replace(header, somewhere(next, header, VALUE), pick(next, HOSTILE_VALUES)),
  ),
  'set a string': inHeader((next, header) =>
    replace(header, somewhere(next, header, STRING), pick(next, HOSTILE_KEYS)),
  ),
  'repeat a member': inHeader((next, header) => {
    const [start, end] = somewhere(next, header, MEMBER);
    const [at] = somewhere(next, header, MEMBER);
    return replace(header, [at, at], `${header.slice(start, end)},`);
  }),
  'remove a member': inHeader((next, header) => replace(header, somewhere(next, header, MEMBER), '')),
  'swap two members': inHeader((next, header) => {
    const a = somewhere(next, header, MEMBER);
    const b = somewhere(next, header, MEMBER);
    const [first, second] = a[0] < b[0] ? [a, b] : [b, a];
    if (first[1] > second[0]) return header;
    return replace(replace(header, second, header.slice(...first)), first, header.slice(...second));
  }),
  'set punctuation': inHeader((next, header) =>
    replace(
      header,
      somewhere(next, header, PUNCTUATION),
      pick(next, ['', '{', '}', '[', ']', ':', ',', '"', ' ', '\\']),
    ),
  ),
};

const ORIGINALS = [
  readFileSync(new URL('../fixtures/files/python.safetensors', import.meta.url)),
  Buffer.from(
    writeSafetensors(
      [
        { name: 'w', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
        { name: 'v', shape: [1], data: Float32Array.of(7) },
        { name: 'e', shape: [0], data: new Float32Array(0) },
      ],
      { a: 'b', c: 'd' },
    ),
  ),
  Buffer.from(
    writeSafetensors(
      [
        { name: 'w', shape: [2, 3], data: Int8Array.of(1, -2, 3, -4, 5, -6) },
        { name: 'w.scale', shape: [3], data: Float32Array.of(1, 2, 3) },
        { name: 'h', shape: [2], data: Uint16Array.of(0x3c00, 0x7c00) },
      ],
      { weights: 'int8' },
    ),
  ),
  Buffer.from(writeSafetensors([], {})),
];
const FILES_PER_KIND = 2000; // × 14 kinds = 28,000 files

/** What the file says, by the loosest reading there is: JSON.parse and raw bytes. */
function naiveRead(bytes: Buffer): { tensors: Map<string, unknown>; metadata: Map<string, unknown> } {
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const header: Record<string, Record<string, string & number[]>> = JSON.parse(bytes.toString('utf8', 8, dataStart));
  const tensors = new Map<string, unknown>();
  let metadata = new Map<string, unknown>();
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = new Map(Object.entries(value));
    } else {
      const [begin, end] = value.data_offsets ?? [];
      const data = bytes.subarray(dataStart).subarray(begin, end).toString('hex');
      tensors.set(name, { dtype: value.dtype, shape: value.shape, data });
    }
  }
  return { tensors, metadata };
}

afterEach(() => vi.unstubAllGlobals());

test.each(Object.keys(MUTATIONS))(`${FILES_PER_KIND} files after «%s»: a clean error or what the bytes say`, kind => {
  const mutate = MUTATIONS[kind];
  if (mutate === undefined) throw new Error(`no mutation ${kind}`);
  const next = chance(Object.keys(MUTATIONS).indexOf(kind));

  // Every array of numbers the reader makes, also on the way to an error, is seen here.
  let largest = 0;
  const watch = (array: typeof Float32Array | typeof Uint16Array | typeof Int8Array) =>
    new Proxy(array, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget);
        largest = Math.max(largest, made.buffer.byteLength);
        return made;
      },
    });
  const watched = { Float32Array: watch(Float32Array), Uint16Array: watch(Uint16Array), Int8Array: watch(Int8Array) };

  let refused = 0;
  for (let count = 0; count < FILES_PER_KIND; count++) {
    let bytes: Buffer = pick(next, ORIGINALS);
    for (let times = 1 + next(2); times > 0; times--) bytes = bytes.length < 8 ? bytes : mutate(next, bytes);
    largest = 0;
    for (const [name, array] of Object.entries(watched)) vi.stubGlobal(name, array);
    const outcome = attempt(bytes);
    vi.unstubAllGlobals();
    if (largest > bytes.length) throw new Error(`${largest} bytes taken for a file of ${bytes.length}`);

    if (outcome instanceof Error) {
      refused++;
      const ours = outcome instanceof RangeError && /^model file.*: expected .+, got .+; .+$/.test(outcome.message);
      if (!ours || outcome.message.length > 1500) throw new Error('not an error of ours', { cause: outcome });
    } else {
      const said = naiveRead(bytes);
      const tensors = outcome.tensors.map(({ name, shape, data }) => {
        const hex = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
        const dtype = data instanceof Float32Array ? 'F32' : data instanceof Uint16Array ? 'F16' : 'I8';
        return [name, { dtype, shape, data: hex }] as const;
      });
      expect(new Map(tensors)).toEqual(said.tensors);
      expect(tensors.length).toBe(said.tensors.size);
      expect(new Map(Object.entries(outcome.metadata))).toEqual(said.metadata);
    }
  }
  expect(refused).toBeGreaterThan(0);
});

function attempt(bytes: Uint8Array): ReturnType<typeof readSafetensors> | Error {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
