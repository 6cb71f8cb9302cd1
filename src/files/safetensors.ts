import { fileBytes } from '../conversions.js';
import { describe, listed, wrongType, wrongValue } from '../errors.js';
import type { Bytes } from '../kinds.js';
import { formatOf, type StoredNumbers, type WeightFormat } from '../plan/formats.js';
import { badFile, LONE_SURROGATE, StrictJson } from './strictJson.js';

/**
 * The safetensors format (https://github.com/huggingface/safetensors, «Format»), little-endian throughout:
 *
 *     8 bytes       N, the length of the header
 *     N bytes       the header: JSON in UTF-8 that begins with {, spaces may follow
 *     the rest      the tensors, row-major, one after another without gap or overlap
 *
 * The header maps each tensor's name to { dtype, shape, data_offsets: [begin, end] }, offsets counted from the end of
 * the header, and `__metadata__` to an object of strings. Typed arrays are copied as they lie in memory: every platform
 * with WebAssembly that runs JavaScript is little-endian.
 */
const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

/**
 * Two limits that the format does not set: 100 MB of tiny keys or sizes would become gigabytes of objects.
 * NumPy's arrays have at most 64 dimensions too.
 */
const MAX_KEYS = 100_000;
const MAX_DIMENSIONS = 64;

interface Dtype {
  readonly bytesPerValue: number;
  /** `bytes` may lie anywhere; the result is its own memory. */
  decode(bytes: Uint8Array): StoredNumbers;
}

/** The kinds of number this reader knows; a further one is a line here. */
const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ['F32', { bytesPerValue: 4, decode: bytes => filled(new Float32Array(bytes.length / 4), bytes) }],
  ['F16', { bytesPerValue: 2, decode: bytes => filled(new Uint16Array(bytes.length / 2), bytes) }],
  ['I8', { bytesPerValue: 1, decode: bytes => filled(new Int8Array(bytes.length), bytes) }],
]);

/** What the format calls them. */
export const dtypeNames: Readonly<Record<WeightFormat, string>> = { float32: 'F32', float16: 'F16', int8: 'I8' };

/**
 * A named array of numbers; `data` is row-major and holds as many values as the product of `shape`. A Uint16Array holds
 * the bits of float16 numbers.
 */
export interface Tensor {
  name: string;
  shape: readonly number[];
  data: StoredNumbers;
}

/** A tensor as the header tells of it. */
interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The bytes of a .safetensors file with `tensors` in the given order as F32, F16 or I8, and `metadata`.
 *
 * The data begins at a multiple of 8 bytes. The same input gives the same bytes.
 *
 * @throws TypeError where a name, a shape, data or metadata is of the wrong kind
 * @throws RangeError where a name comes twice or is `__metadata__`, text is not Unicode, a shape does not fit its data,
 * or the header is over 100,000,000 bytes or 100,000 keys
 */
export function writeSafetensors(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>>): Bytes {
  const labels = Object.entries(metadata);
  checkCount('metadata', labels.length);
  checkCount('tensors', tensors.length + 1); // the header holds the metadata as one more key
  for (const [key, value] of labels) {
    checkText(`metadata ${describe(key)}`, key);
    checkText(`metadata ${describe(key)}`, value);
  }
  const names = new Set<string>();
  // Members are joined by hand, for an object would put a name such as '0' before all others.
  const members = [`"${METADATA}":${JSON.stringify(metadata)}`];
  let dataBytes = 0;
  for (const tensor of tensors) {
    checkTensor(tensor);
    const { name, shape, data } = tensor;
    if (name === METADATA) throw wrongValue(`tensor ${describe(name)}`, 'another name', 'the one kept for metadata');
    if (names.has(name)) throw wrongValue(`tensor ${describe(name)}`, 'a name of its own', 'two tensors of this name');
    names.add(name);
    const entry = { dtype: dtypeNames[formatOf(data)], shape, data_offsets: [dataBytes, dataBytes + data.byteLength] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    dataBytes += data.byteLength;
  }

  const header = new TextEncoder().encode(`{${members.join(',')}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw wrongValue(
      'model file',
      `a header of at most ${MAX_HEADER_BYTES} bytes`,
      headerBytes,
      'shorten the metadata',
    );
  }

  const file = new Uint8Array(LENGTH_BYTES + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  file.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * The tensors of a .safetensors file, in the order of their data, and its metadata (an object without a prototype).
 *
 * The file may come from a stranger: nothing in it is believed before it is checked, and no memory is taken beyond what
 * its own length justifies. Each tensor's data is a copy of its own. NaN and infinities are data like any other. Only
 * the dtypes F32, F16 and I8 are read.
 *
 * @throws TypeError where `given` is not a Uint8Array
 * @throws RangeError where the file breaks a rule of the format
 */
export function readSafetensors(given: Uint8Array): { tensors: Tensor[]; metadata: Record<string, string> } {
  const bytes = fileBytes('model file', given);
  const dataStart = LENGTH_BYTES + headerLength(bytes);
  const data = bytes.subarray(dataStart);
  const { entries, metadata } = parseHeader(decodeHeader(bytes.subarray(LENGTH_BYTES, dataStart)));

  // Tensors that follow one another exactly, from the first byte to the last, can neither overlap nor leave a gap.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let next = 0;
  const tensors = entries.map(entry => {
    if (entry.begin !== next) {
      throw badFile(tensorWhere(entry.name), `data from byte ${next} on, without gap or overlap`, entry.begin);
    }
    const dtype = checkEntry(entry, data.length);
    next = entry.end;
    return { name: entry.name, shape: entry.shape, data: dtype.decode(data.subarray(entry.begin, entry.end)) };
  });
  if (next !== data.length) {
    throw badFile('model file', `${next} bytes after the header, as its tensors need`, data.length);
  }
  return { tensors, metadata };
}

/** The N of the first 8 bytes, once it is known to fit. */
function headerLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) throw badFile('model file', 'at least 8 bytes', bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  const most = Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_BYTES);
  if (length > most) throw badFile('model file', `a header of at most ${most} bytes`, `a length of ${length}`);
  return Number(length);
}

function decodeHeader(header: Uint8Array): string {
  const [first] = header;
  if (first !== 0x7b) {
    throw badFile(
      'model file',
      "a header that begins with '{'",
      first === undefined ? 'an empty one' : `byte ${first}`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw badFile('model file', 'a header in UTF-8', 'bytes that are not');
  }
}

function parseHeader(text: string): { entries: Entry[]; metadata: Record<string, string> } {
  const json = new StrictJson('model file', text);
  const entries: Entry[] = [];
  // Without a prototype, '__proto__' and 'constructor' are keys like any other.
  const metadata: Record<string, string> = Object.create(null);
  json.object(MAX_KEYS, key => {
    if (key === METADATA) {
      json.object(MAX_KEYS, label => {
        metadata[label] = json.string();
      });
    } else {
      entries.push(parseEntry(json, key));
    }
  });
  json.end();
  return { entries, metadata };
}

function parseEntry(json: StrictJson, name: string): Entry {
  const fields: { dtype?: string; shape?: number[]; offsets?: number[] } = {};
  json.object(MAX_KEYS, field => {
    if (field === 'dtype') fields.dtype = json.string();
    else if (field === 'shape') fields.shape = json.integers(MAX_DIMENSIONS);
    else if (field === 'data_offsets') fields.offsets = json.integers(2);
    else throw badFile(tensorWhere(name), 'dtype, shape and data_offsets alone', describe(field));
  });
  const { dtype, shape, offsets } = fields;
  if (dtype === undefined) throw badFile(tensorWhere(name), 'a dtype', 'none');
  if (shape === undefined) throw badFile(tensorWhere(name), 'a shape', 'none');
  if (offsets === undefined) throw badFile(tensorWhere(name), 'data_offsets', 'none');
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined) {
    throw badFile(tensorWhere(name), 'data_offsets [begin, end]', `${offsets.length} numbers`);
  }
  return { name, dtype, shape, begin, end };
}

/** Refuses an entry whose dtype, shape and place do not agree; only then may memory be taken for it. */
function checkEntry({ name, dtype: dtypeName, shape, begin, end }: Entry, dataBytes: number): Dtype {
  const where = tensorWhere(name);
  const dtype = DTYPES.get(dtypeName);
  if (dtype === undefined) {
    const known = [...DTYPES.keys()].join(' or ');
    throw badFile(where, `dtype ${known}`, describe(dtypeName), 'convert the tensor before saving it');
  }
  const size = product([...shape, dtype.bytesPerValue]);
  if (size === undefined) throw badFile(where, 'a shape of at most 2^53 - 1 bytes', `[${listed(shape)}]`);
  if (end - begin !== size) {
    const expected = `${size} bytes for ${dtypeName} [${listed(shape)}]`;
    throw badFile(where, expected, `data_offsets [${begin}, ${end}]`);
  }
  if (end > dataBytes) throw badFile(where, `data within the file's ${dataBytes} bytes of it`, `an end at ${end}`);
  return dtype;
}

function tensorWhere(name: string): string {
  return `model file, tensor ${describe(name)}`;
}

/** The product, or undefined where it leaves the exact whole numbers. */
function product(factors: readonly number[]): number | undefined {
  let result = 1;
  for (const factor of factors) {
    result *= factor;
    if (!Number.isSafeInteger(result)) return undefined;
  }
  return result;
}

function filled<N extends StoredNumbers>(values: N, bytes: Uint8Array): N {
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

function checkTensor({ name, shape, data }: Tensor): void {
  checkText('tensor name', name);
  const where = `tensor ${describe(name)}`;
  if (!(data instanceof Float32Array || data instanceof Uint16Array || data instanceof Int8Array)) {
    throw wrongType(where, 'data in a Float32Array, Uint16Array or Int8Array', data);
  }
  if (!Array.isArray(shape)) throw wrongType(where, 'a shape as an array', shape);
  const whole = shape.length <= MAX_DIMENSIONS && shape.every(size => Number.isSafeInteger(size) && size >= 0);
  if (!whole) throw wrongValue(where, `a shape of at most ${MAX_DIMENSIONS} whole numbers`, `[${listed(shape)}]`);
  const values = product(shape);
  if (values !== data.length) {
    throw wrongValue(where, `as many values as the shape [${listed(shape)}] holds`, data.length);
  }
}

function checkCount(where: string, keys: number): void {
  if (keys > MAX_KEYS) throw wrongValue(where, `at most ${MAX_KEYS} keys in the header`, keys);
}

function checkText(where: string, text: unknown): void {
  if (typeof text !== 'string') throw wrongType(where, 'a string', text);
  if (LONE_SURROGATE.test(text)) throw wrongValue(where, 'text that UTF-8 can hold', describe(text));
}
