import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSafetensors, type Tensor, writeSafetensors } from '../../src/files/safetensors.js';

/** A file made of any header and data, right or wrong, without the code under test. */
function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const head = typeof header === 'string' ? Buffer.from(header) : header;
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(head.length));
  return new Uint8Array(Buffer.concat([size, head, data]));
}

function entry(shape: string, offsets: string, dtype = '"F32"'): string {
  return `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
}

/** A file of one tensor `w`. */
function single(shape: string, offsets: string, dataBytes: number): Uint8Array {
  return file(`{"w":${entry(shape, offsets)}}`, new Uint8Array(dataBytes));
}

function bits(data: Tensor['data']): number[] {
  if (!(data instanceof Float32Array)) return [...data];
  return [...new Uint32Array(data.buffer, data.byteOffset, data.length)];
}

// Written by hand from the published format: 0x50 bytes of header, the last of them a space, then 1 and -2.5.
const BY_HAND = Uint8Array.from(
  `50 00 00 00 00 00 00 00 7b 22 5f 5f 6d 65 74 61
   64 61 74 61 5f 5f 22 3a 7b 22 61 22 3a 22 62 22
   7d 2c 22 77 22 3a 7b 22 64 74 79 70 65 22 3a 22
   46 33 32 22 2c 22 73 68 61 70 65 22 3a 5b 32 5d
   2c 22 64 61 74 61 5f 6f 66 66 73 65 74 73 22 3a
   5b 30 2c 38 5d 7d 7d 20 00 00 80 3f 00 00 20 c0`
    .split(/\s+/)
    .map(byte => Number.parseInt(byte, 16)),
);
const SMALL: Tensor = { name: 'w', shape: [2], data: new Float32Array([1, -2.5]) };

test('a small file has exactly these bytes', () => {
  expect(Buffer.from(writeSafetensors([SMALL], { a: 'b' })).equals(BY_HAND)).toBe(true);
});

test('these bytes are read as what they say', () => {
  expect(readSafetensors(BY_HAND)).toEqual({ tensors: [SMALL], metadata: { a: 'b' } });
});

test('a file of the reference implementation is read whole', () => {
  const { tensors, metadata } = readSafetensors(
    readFileSync(new URL('../fixtures/files/python.safetensors', import.meta.url)),
  );
  expect(Object.entries(metadata).sort()).toEqual([
    ['architecture', '{"layers":["dense"]}\n'],
    ['größe', '\u0001 \u2028 🧠'],
  ]);
  const found = new Map(tensors.map(({ name, shape, data }) => [name, { shape, bits: bits(data) }]));
  expect(tensors.length).toBe(7);
  expect(found).toEqual(
    new Map([
      [
        '0.dense.weight',
        { shape: [2, 3], bits: [0, 0x3e800000, 0x3f000000, 0x3f400000, 0x3f800000, 0x3fa00000] }, // 0, 1/4 … 5/4
      ],
      ['0.dense.bias', { shape: [3], bits: [0x80000000, 1, 0x7f7fffff] }], // -0, the least and the largest number
      ['special', { shape: [3], bits: [0x7fc00000, 0x7f800000, 0xff800000] }], // NaN, +∞, -∞
      ['scalar', { shape: [], bits: [0x3dcccccd] }], // 0.1
      ['empty', { shape: [0, 3], bits: [] }],
      ['näme "quoted" \\ 🧠', { shape: [1, 1, 1], bits: [0x40e00000] }], // 7
      ['__proto__', { shape: [2], bits: [0x3f800000, 0x40000000] }], // 1, 2
    ]),
  );
});

// Any name but the one kept for metadata; '__proto__' and its kin more often than chance would have it.
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'toJSON', '0', '"\\'),
);
const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    name: text,
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
    seed: fc.oneof(
      fc.float32Array({ minLength: 256, maxLength: 256 }),
      fc.uint16Array({ minLength: 256, maxLength: 256 }),
      fc.int8Array({ minLength: 256, maxLength: 256 }),
    ),
  })
  .map(
    ({ name, shape, seed }): Tensor => ({
      name,
      shape,
      data: seed.slice(
        0,
        shape.reduce((a, b) => a * b, 1),
      ),
    }),
  );

test('what is written is read again, bit for bit, wherever the bytes lie', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(tensor, { selector: t => t.name, maxLength: 6 }),
      fc.array(fc.tuple(text, text)),
      fc.nat(9),
      (tensors, pairs, shift) => {
        const written = writeSafetensors(tensors, Object.fromEntries(pairs));
        const moved = new Uint8Array(written.length + shift + 3).subarray(shift, shift + written.length);
        moved.set(written);
        const read = readSafetensors(moved);
        expect(read.tensors.map(t => [t.name, t.shape, t.data.constructor, bits(t.data)])).toEqual(
          tensors.map(t => [t.name, t.shape, t.data.constructor, bits(t.data)]),
        );
        expect(new Map(Object.entries(read.metadata))).toEqual(new Map(Object.entries(Object.fromEntries(pairs))));
      },
    ),
  );
});

test('the data begins at a multiple of 8 bytes, whatever the length of the header', () => {
  for (let length = 0; length < 17; length++) {
    const written = writeSafetensors([SMALL], { a: 'b'.repeat(length) });
    expect((written.length - SMALL.data.byteLength) % 8).toBe(0);
  }
});

test('float16 and int8 numbers lie as the format has them', () => {
  const header = `{"h":${entry('[2]', '[0,4]', '"F16"')},"i":${entry('[3]', '[4,7]', '"I8"')}}`;
  const written = file(header, Uint8Array.of(0x00, 0x3c, 0x01, 0x80, 0x7f, 0x81, 0x00));
  const { tensors } = readSafetensors(written);
  expect(tensors).toEqual([
    { name: 'h', shape: [2], data: Uint16Array.of(0x3c00, 0x8001) },
    { name: 'i', shape: [3], data: Int8Array.of(127, -127, 0) },
  ]);
  expect(Buffer.from(writeSafetensors(tensors, {})).toString('latin1')).toContain(header.slice(1));
});

test('what is read is independent of the bytes it was read from', () => {
  const bytes = Buffer.from(BY_HAND); // Buffer.slice does not copy, unlike Uint8Array.slice
  const [read] = readSafetensors(bytes).tensors;
  bytes.fill(0xff);
  expect(read?.data).toEqual(SMALL.data);
  expect(read?.data.buffer.byteLength).toBe(8);
});

test('tensors come in the order of their data, not of the header', () => {
  const header = `{"b":${entry('[1]', '[4,8]')},"a":${entry('[]', '[0,4]')},"none":${entry('[0]', '[4,4]')}}`;
  const { tensors } = readSafetensors(file(header, new Uint8Array(new Float32Array([3, 5]).buffer)));
  expect(tensors.map(t => [t.name, ...t.data])).toEqual([['a', 3], ['none'], ['b', 5]]);
});

test('names that every object has are names like any other', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty'];
  const header = `{"__metadata__":{${names.map(n => `"${n}":"m"`)}},${names.map(n => `"${n}":${entry('[0]', '[0,0]')}`)}}`;
  const { tensors, metadata } = readSafetensors(file(header));
  expect(tensors.map(t => t.name)).toEqual(names);
  expect(Object.keys(metadata)).toEqual(names);
  expect(readSafetensors(file('{}')).metadata.constructor).toBeUndefined();
  expect(Object.hasOwn(Object.prototype, 'm')).toBe(false);
});

test.each([
  ['nothing at all', file('{}')],
  ['spaces after the header', file('{}   ')],
  ['white space between', file('{\r\t "w" :\n{ "shape" : [ 0 ] , "dtype":"F32","data_offsets":[0,0] } }')],
  ['escapes', file(`{"\\u0077\\n\\ud83e\\udde0":${entry('[0]', '[0,0]')}}`)],
  ['64 dimensions', single(`[${Array(64).fill(1)}]`, '[0,4]', 4)],
  ['an empty tensor with a large shape', single('[0,9007199254740991]', '[0,0]', 0)],
])('accepted: %s', (_, bytes) => {
  expect(() => readSafetensors(bytes)).not.toThrow();
});

const W = entry('[1]', '[0,4]');
const FOUR = new Uint8Array(4);
const MEND = 'the file is damaged or not a .safetensors file';

test.each<[string, Uint8Array, string]>([
  ['no bytes', new Uint8Array(0), 'model file: expected at least 8 bytes, got 0'],
  ['a length cut short', new Uint8Array(7), 'model file: expected at least 8 bytes, got 7'],
  ['a header longer than the file', file('{}', FOUR, 7n), 'a header of at most 6 bytes, got a length of 7'],
  ['a huge header length', file('{}', FOUR, 2n ** 64n - 1n), 'got a length of 18446744073709551615'],
  ['no header', file('', FOUR), "a header that begins with '{', got an empty one"],
  ['no header, no data', file(''), "a header that begins with '{', got an empty one"],
  ['a space first', file(' {}'), "a header that begins with '{', got byte 32"],
  ['a byte order mark first', file('\ufeff{}'), "a header that begins with '{', got byte 239"],
  ['a list for a header', file('[]'), "a header that begins with '{', got byte 91"],
  ['bytes that are not UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'a header in UTF-8'],
  ['an overlong form of a character', file(Uint8Array.of(0x7b, 0x22, 0xc0, 0xa2, 0x22, 0x7d)), 'a header in UTF-8'],
  ['half a surrogate pair', file(`{"\\ud83e":${W}}`, FOUR), 'valid characters and escapes, got "\\\\ud83e"'],
  ['an unknown escape', file(`{"\\x":${W}}`, FOUR), 'valid characters and escapes'],
  ['a raw control character', file(`{"a\n":${W}}`, FOUR), 'valid characters and escapes'],
  ['an unclosed string', file('{"w'), "a closing '\"', got the end of the text"],
  ['an escape at the end', file('{"w\\'), "a closing '\"', got the end of the text"],
  ['an unclosed header', file('{'), 'expected a string, got the end of the text'],
  ['a comma too many', file(`{"w":${W},}`, FOUR), 'expected a string, got "}"'],
  ['a comma missing', file(`{"w":${W} "v":${W}}`, FOUR), "expected ',' or '}'"],
  ['a colon missing', file(`{"w" ${W}}`, FOUR), "expected ':'"],
  ['a name that is no string', file(`{1:${W}}`, FOUR), 'expected a string, got "1"'],
  ['text after the header', file('{}{}'), 'expected nothing but spaces after the last }, got "{" at character 2'],
  ['a line break after the header', file('{}\n'), 'expected nothing but spaces after the last }'],
  ['a zero byte after the header', file('{}\0'), 'expected nothing but spaces after the last }'],
  ['a name twice', file(`{"w":${W},"w":${W}}`, FOUR), 'expected every key once, got "w" twice'],
  ['a name twice, once in escapes', file(`{"w":${W},"\\u0077":${W}}`, FOUR), 'expected every key once'],
  ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), 'got "__metadata__" twice'],
  ['a key twice in metadata', file('{"__metadata__":{"a":"1","a":"2"}}'), 'got "a" twice'],
  ['__proto__ twice in metadata', file('{"__metadata__":{"__proto__":"1","__proto__":"2"}}'), 'got "__proto__" twice'],
  ['a key twice in a tensor', file(`{"w":{"shape":[1],${W.slice(1)}}`, FOUR), 'got "shape" twice'],
  ['metadata that is no object', file('{"__metadata__":"a"}'), "expected '{'"],
  ['metadata that is no string', file('{"__metadata__":{"a":1}}'), 'expected a string, got "1"'],
  ['nested metadata', file('{"__metadata__":{"a":{"b":"c"}}}'), 'expected a string, got "{"'],
  ['a tensor that is null', file('{"w":null}'), 'expected \'{\', got "n"'],
  ['a tensor that is a list', file('{"w":[]}'), 'expected \'{\', got "["'],
  [
    'an unknown field',
    file('{"w":{"strides":[1]}}'),
    'tensor "w": expected dtype, shape and data_offsets alone, got "strides"',
  ],
  ['no dtype', file('{"w":{"shape":[1],"data_offsets":[0,4]}}', FOUR), 'tensor "w": expected a dtype, got none'],
  ['no shape', file('{"w":{"dtype":"F32","data_offsets":[0,4]}}', FOUR), 'tensor "w": expected a shape, got none'],
  ['no data_offsets', file('{"w":{"dtype":"F32","shape":[1]}}', FOUR), 'tensor "w": expected data_offsets, got none'],
  ['a dtype that is no string', file(`{"w":${entry('[1]', '[0,4]', '32')}}`, FOUR), 'expected a string, got "3"'],
  ['a shape that is no list', single('4', '[0,16]', 16), 'expected a list of whole numbers, got "4"'],
  ['a shape of strings', single('["4"]', '[0,16]', 16), 'a whole number from 0 to 2^53 - 1'],
  ['a shape with null', single('[null]', '[0,4]', 4), 'a whole number from 0 to 2^53 - 1'],
  ['a nested shape', single('[[1]]', '[0,4]', 4), 'a whole number from 0 to 2^53 - 1, got "["'],
  ['an unclosed shape', file('{"w":{"shape":[1'), "expected ',' or ']', got the end of the text"],
  ['a negative size', single('[-1]', '[0,4]', 4), 'a whole number from 0 to 2^53 - 1, got "-"'],
  ['a fraction', single('[1.0]', '[0,4]', 4), "expected ',' or ']', got \".\""],
  ['an exponent', single('[1e0]', '[0,4]', 4), "expected ',' or ']', got \"e\""],
  ['a leading zero', single('[01]', '[0,4]', 4), 'a whole number from 0 to 2^53 - 1, got "0"'],
  ['a number that is not exact', single('[9007199254740992]', '[0,4]', 4), 'a whole number from 0 to 2^53 - 1'],
  ['65 dimensions', single(`[${Array(65).fill(1)}]`, '[0,4]', 4), 'at most 64 numbers in a list'],
  [
    'a shape whose product overflows',
    single('[4294967296,4294967296,0]', '[0,0]', 0),
    'a shape of at most 2^53 - 1 bytes',
  ],
  ['a shape whose bytes overflow', single('[9007199254740991]', '[0,4]', 4), 'a shape of at most 2^53 - 1 bytes'],
  ['one offset', single('[0]', '[0]', 0), 'data_offsets [begin, end], got 1 numbers'],
  ['no offset', single('[0]', '[]', 0), 'data_offsets [begin, end], got 0 numbers'],
  ['three offsets', single('[1]', '[0,4,4]', 4), 'at most 2 numbers in a list'],
  [
    'offsets too narrow for the shape',
    single('[2]', '[0,4]', 4),
    'expected 8 bytes for F32 [2], got data_offsets [0, 4]',
  ],
  [
    'offsets too wide for the shape',
    single('[1]', '[0,8]', 8),
    'expected 4 bytes for F32 [1], got data_offsets [0, 8]',
  ],
  [
    'float16 numbers in the room of float32 ones',
    file(`{"w":${entry('[1]', '[0,4]', '"F16"')}}`, FOUR),
    'expected 2 bytes for F16 [1], got data_offsets [0, 4]',
  ],
  [
    'int8 numbers cut short',
    file(`{"w":${entry('[5]', '[0,4]', '"I8"')}}`, FOUR),
    'expected 5 bytes for I8 [5], got data_offsets [0, 4]',
  ],
  [
    'an end before the beginning',
    file(`{"v":${W},"w":${entry('[1]', '[4,0]')}}`, FOUR),
    'expected 4 bytes for F32 [1], got data_offsets [4, 0]',
  ],
  ['an end beyond the file', single('[2]', '[0,8]', 4), "data within the file's 4 bytes of it, got an end at 8"],
  ['a huge tensor in a small file', single('[1000000000000]', '[0,4000000000000]', 4), 'got an end at 4000000000000'],
  [
    'a gap at the beginning',
    single('[1]', '[4,8]', 8),
    'tensor "w": expected data from byte 0 on, without gap or overlap, got 4',
  ],
  [
    'a gap between',
    file(`{"v":${W},"w":${entry('[1]', '[8,12]')}}`, new Uint8Array(12)),
    'tensor "w": expected data from byte 4 on',
  ],
  [
    'an overlap',
    file(`{"v":${entry('[2]', '[0,8]')},"w":${entry('[2]', '[4,12]')}}`, new Uint8Array(12)),
    'tensor "w": expected data from byte 8 on',
  ],
  ['two tensors at one place', file(`{"v":${W},"w":${W}}`, FOUR), 'tensor "w": expected data from byte 4 on'],
  [
    'data that no tensor claims',
    single('[1]', '[0,4]', 5),
    'expected 4 bytes after the header, as its tensors need, got 5',
  ],
  ['data without any tensor', file('{}', FOUR), 'expected 0 bytes after the header, as its tensors need, got 4'],
])('refused: %s', (_, bytes, message) => {
  const error = refusal(bytes);
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toContain(message);
  expect(error.message.endsWith(`; ${MEND}`)).toBe(true);
});

test('refused: a header over 100,000,000 bytes, even in a file that has them', () => {
  const bytes = new Uint8Array(8 + 100_000_008).fill(0x20);
  bytes.set(file('{}', undefined, 100_000_001n));
  expect(refusal(bytes).message).toContain('a header of at most 100000000 bytes, got a length of 100000001');
});

test('refused: more keys than anyone needs, before they fill the memory', () => {
  const keys = Array.from({ length: 100_001 }, (_, i) => `"${i}":""`);
  const accepted = readSafetensors(file(`{"__metadata__":{${keys.slice(1)}}}`));
  expect(Object.keys(accepted.metadata).length).toBe(100_000);
  expect(refusal(file(`{"__metadata__":{${keys}}}`)).message).toContain('expected at most 100000 keys in an object');
  const many = Object.fromEntries(keys.map(key => [key, '']));
  expect(() => writeSafetensors([], many)).toThrow('metadata: expected at most 100000 keys in the header, got 100001');
  const tensors = Array<Tensor>(100_000).fill(SMALL);
  expect(() => writeSafetensors(tensors, {})).toThrow(
    'tensors: expected at most 100000 keys in the header, got 100001',
  );
});

test.each(['BF16', 'U16', 'F64', 'I32', 'BOOL', 'constructor', ''])('refused: dtype %j, by its name', dtype => {
  const bytes = file(`{"w":${entry('[1]', '[0,4]', JSON.stringify(dtype))}}`, FOUR);
  expect(refusal(bytes).message).toBe(
    `model file, tensor "w": expected dtype F32 or F16 or I8, got "${dtype}"; convert the tensor before saving it`,
  );
});

test.each([
  ['lists', '{"w":{"shape":'.concat('['.repeat(1_000_000))],
  ['objects', '{"w":'.repeat(1_000_000)],
  ['metadata', '{"__metadata__":'.repeat(1_000_000)],
])('refused: deeply nested %s, without overflowing the stack', (_, header) => {
  expect(refusal(file(header)).message).toMatch(/^model file.*: expected /);
});

test('a long name from a file does not make a long message', () => {
  expect(refusal(file(`{"${'n'.repeat(1_000_000)}":{}}`)).message.length).toBeLessThan(200);
});

test('a name from a file cannot steer the terminal that shows the message', () => {
  const message = refusal(file('{"\\u001b[2J \u202e\u2028\u009b":{}}')).message;
  expect(message).toContain('tensor "\\u001b[2J \\u{202e}\\u{2028}\\u{9b}": expected a dtype');
});

test('what is not a Uint8Array is refused', () => {
  const bytes: Uint8Array = JSON.parse('[1,2,3]');
  expect(() => readSafetensors(bytes)).toThrow(
    new TypeError('model file: expected a Uint8Array, got an array of 3; give Uint8Array.from(bytes)'),
  );
});

const data = new Float32Array(2);
const wrongKind = JSON.parse('{"number":1,"text":"2","list":[1,2]}');

test.each<[string, Tensor[], Record<string, string>, Error]>([
  [
    'a name twice',
    [SMALL, SMALL],
    {},
    new RangeError('tensor "w": expected a name of its own, got two tensors of this name'),
  ],
  [
    'the name of metadata',
    [{ ...SMALL, name: '__metadata__' }],
    {},
    new RangeError('tensor "__metadata__": expected another name, got the one kept for metadata'),
  ],
  [
    'half a surrogate pair in a name',
    [{ ...SMALL, name: '\ud800' }],
    {},
    new RangeError('tensor name: expected text that UTF-8 can hold, got "\\ud800"'),
  ],
  [
    'half a surrogate pair in metadata',
    [],
    { a: '\udc00' },
    new RangeError('metadata "a": expected text that UTF-8 can hold, got "\\udc00"'),
  ],
  ['metadata of another kind', [], { a: wrongKind.number }, new TypeError('metadata "a": expected a string, got 1')],
  [
    'a name of another kind',
    [{ ...SMALL, name: wrongKind.number }],
    {},
    new TypeError('tensor name: expected a string, got 1'),
  ],
  [
    'data of another kind',
    [{ ...SMALL, data: wrongKind.list }],
    {},
    new TypeError('tensor "w": expected data in a Float32Array, Uint16Array or Int8Array, got an array of 2'),
  ],
  [
    'a shape of another kind',
    [{ name: 'w', shape: wrongKind.text, data }],
    {},
    new TypeError('tensor "w": expected a shape as an array, got "2"'),
  ],
  [
    'a fraction in a shape',
    [{ name: 'w', shape: [0.5, 4], data }],
    {},
    new RangeError('tensor "w": expected a shape of at most 64 whole numbers, got [0.5, 4]'),
  ],
  [
    'negative sizes in a shape',
    [{ name: 'w', shape: [-1, -2], data }],
    {},
    new RangeError('tensor "w": expected a shape of at most 64 whole numbers, got [-1, -2]'),
  ],
  [
    'a shape that does not fit the data',
    [{ name: 'w', shape: [3], data }],
    {},
    new RangeError('tensor "w": expected as many values as the shape [3] holds, got 2'),
  ],
])('not written: %s', (_, tensors, metadata, error) => {
  expect(() => writeSafetensors(tensors, metadata)).toThrow(error);
});

function refusal(bytes: Uint8Array): Error {
  try {
    readSafetensors(bytes);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected the file to be refused');
}
