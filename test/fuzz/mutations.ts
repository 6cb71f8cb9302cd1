/** Ways to spoil the bytes of a .safetensors file. */
import { type Chance, pick } from './chance.js';

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

export const MUTATIONS: Readonly<Record<string, (next: Chance, bytes: Buffer) => Buffer>> = {
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

/** The same for what only the meaning of a file shows. */
export const MEANINGS: typeof MUTATIONS = {
  'set a number of the data': (next, bytes) => {
    const copy = Buffer.from(bytes);
    const start = 8 + Number(copy.readBigUInt64LE());
    const numbers = Math.floor((copy.length - start) / 4);
    if (numbers > 0) copy.writeFloatLE(pick(next, HOSTILE_FLOATS), start + 4 * next(numbers));
    return copy;
  },
  'change JSON in a string': inHeader((next, header) => {
    const [start, end] = somewhere(next, header, NESTED);
    if (end === 0) return header;
    const text: string = JSON.parse(header.slice(start, end));
    const change = pick(next, NESTED_CHANGES);
    return replace(header, [start, end], JSON.stringify(change(next, text)));
  }),
};

/** Strings that hold an object, quotation marks and all. */
const NESTED = /"\{\\"(?:[^"\\]|\\.)*"/g;
const HOSTILE_FLOATS = [Number.NaN, Infinity, -Infinity, 3.4e38, -3.4e38, 1e20, 1e-45, -1e-30, 0];
const NESTED_CHANGES: readonly ((next: Chance, text: string) => string)[] = [
  (next, text) => replace(text, somewhere(next, text, /-?\d+(?:\.\d+)?/g), pick(next, HOSTILE_NUMBERS)),
  (next, text) => replace(text, somewhere(next, text, VALUE), pick(next, HOSTILE_VALUES)),
  (next, text) => replace(text, somewhere(next, text, STRING), pick(next, HOSTILE_KEYS)),
  (next, text) => replace(text, somewhere(next, text, MEMBER), ''),
  (next, text) => {
    const [start, end] = somewhere(next, text, MEMBER);
    return replace(text, [start, start], `${text.slice(start, end)},`);
  },
];
