/** Arrays of numbers in files, of any shape: what NumPy's and IDX files have in common. */
import { wrongKind, wrongValue } from '../errors.js';
import type { Bytes, NumberArray } from '../kinds.js';
import { size } from '../shape.js';
import { joined, type Opened } from './source.js';

/** Numbers in the order of their shape, the last axis fastest. */
export interface ArrayData {
  readonly shape: number[];
  readonly data: NumberArray;
}

/** How a file holds one number. */
export interface Element {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly isBig: boolean;
  /** The numbers that bytes in this machine's order are. */
  readonly read: (bytes: Bytes) => NumberArray;
}

/** What a file's beginning says. */
export interface ArrayHeader {
  readonly shape: number[];
  readonly element: Element;
  /** Where the numbers begin. */
  readonly offset: number;
  /** Whether the first axis is the fastest. */
  readonly isFortran?: boolean;
}

/** Reads the header of a file, of which it is given the beginning; undefined where that is too short to say. */
export type HeaderReader = (name: string, bytes: Bytes) => ArrayHeader | undefined;

type ArrayClass<A> = new (buffer: ArrayBuffer, offset: number, length: number) => A;

function plain(bytes: 1 | 2 | 4 | 8, View: ArrayClass<NumberArray>): Omit<Element, 'isBig'> {
  return { bytes, read: raw => new View(raw.buffer as ArrayBuffer, raw.byteOffset, raw.length / bytes) };
}

/** Elements by what NumPy calls them. */
export const elements: Readonly<Record<string, Omit<Element, 'isBig'>>> = {
  u1: plain(1, Uint8Array),
  b1: plain(1, Uint8Array),
  i1: plain(1, Int8Array),
  u2: plain(2, Uint16Array),
  i2: plain(2, Int16Array),
  u4: plain(4, Uint32Array),
  i4: plain(4, Int32Array),
  f4: plain(4, Float32Array),
  f8: plain(8, Float64Array),
  f2: {
    bytes: 2,
    read: raw => Float32Array.from(new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2), fromHalf),
  },
  i8: { bytes: 8, read: raw => narrowed(new BigInt64Array(raw.buffer, raw.byteOffset, raw.length / 8)) },
  u8: { bytes: 8, read: raw => narrowed(new BigUint64Array(raw.buffer, raw.byteOffset, raw.length / 8)) },
};

/**
 * Whole numbers of 64 bits in 32 where they all fit, as class indices do, and otherwise as float64, which has to hold
 * them.
 */
function narrowed(values: BigInt64Array | BigUint64Array): Int32Array | Float64Array {
  let isSmall = true;
  for (const value of values) {
    if (BigInt.asIntN(32, value) !== value) isSmall = false;
    if (value > 9007199254740992n || value < -9007199254740992n) {
      const mend = 'identifiers are texts: save them as such in a table';
      throw wrongValue('whole numbers of 64 bits', 'numbers up to 2^53, which float64 holds', `${value}`, mend);
    }
  }
  return isSmall ? Int32Array.from(values, Number) : Float64Array.from(values, Number);
}

/** The number that 16 bits are by IEEE 754. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const isLittleMachine = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The numbers that bytes are, which are put into the machine's order. */
function numbersOf({ bytes, isBig, read }: Element, raw: Bytes): NumberArray {
  if (bytes > 1 && isBig === isLittleMachine)
    for (let at = 0; at < raw.length; at += bytes) raw.subarray(at, at + bytes).reverse();
  return read(raw);
}

/** The whole array in a file's bytes; all of them belong to it. */
export function readArray(name: string, bytes: Bytes, readHeader: HeaderReader): ArrayData {
  const header = readHeader(name, bytes);
  if (header === undefined) throw cutOff(name, 'its header', bytes.length);
  const { shape, element, offset, isFortran } = header;
  const length = size(shape) * element.bytes;
  if (bytes.length - offset !== length) {
    throw wrongValue(
      name,
      `${length} bytes for the shape [${shape}]`,
      bytes.length - offset,
      'the file is cut off or damaged',
    );
  }
  const data = numbersOf(element, bytes.slice(offset));
  return { shape, data: isFortran ? turned(data, shape) : data };
}

function cutOff(name: string, expected: string, got: number): RangeError {
  return wrongValue(name, `${expected}, whole`, `${got} bytes`, 'the file is cut off');
}

/** The same numbers with the last axis fastest in place of the first. */
function turned(data: NumberArray, shape: readonly number[]): NumberArray {
  const result = data.slice();
  const index = shape.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) from = from * (shape[axis] ?? 1) + (index[axis] ?? 0);
    result[at] = data[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === shape[axis] ? 0 : next;
      if (next !== shape[axis]) break;
    }
  }
  return result;
}

/** Chunks of an array, some of its first axis's entries each, in memory one at a time. */
export async function* streamArray(opened: Opened, readHeader: HeaderReader, rows: number): AsyncGenerator<ArrayData> {
  const { name } = opened;
  let header: ArrayHeader | undefined;
  let beginning: Bytes[] = [];
  let left = 0;
  // Bytes of the chunk that fills: each is copied once, into what the chunk is to be.
  let room = new Uint8Array(0);
  let filled = 0;
  // Given when the file is at its end and closed: whoever reads two files side by side asks for no more than they have.
  let last: ArrayData | undefined;
  for await (const piece of opened.pieces) {
    let rest: Uint8Array = piece;
    if (header === undefined) {
      beginning.push(piece);
      const held = joined(beginning);
      header = readHeader(name, held);
      if (header === undefined) continue;
      if (header.isFortran)
        throw wrongKind(name, 'rows one after another', 'columns (fortran_order)', 'save np.ascontiguousarray(a)');
      beginning = [];
      left = header.shape[0] ?? 1;
      rest = held.subarray(header.offset);
    }
    const { shape, element } = header;
    const [, ...axes] = shape;
    const rowBytes = size(axes) * element.bytes;
    while (left > 0) {
      const count = Math.min(rows, left);
      if (filled === 0) room = new Uint8Array(count * rowBytes);
      const taken = rest.subarray(0, room.length - filled);
      room.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled < room.length) break;
      filled = 0;
      left -= count;
      const chunk = { shape: [count, ...axes], data: numbersOf(element, room) };
      if (left > 0) yield chunk;
      else last = chunk;
    }
    if (rest.length > 0)
      throw wrongValue(name, `rows for the shape [${shape}]`, 'more bytes than they take', 'the file is damaged');
  }
  if (header === undefined)
    throw cutOff(
      name,
      'its header',
      beginning.reduce((sum, { length }) => sum + length, 0),
    );
  if (left > 0) throw cutOff(name, `${left} further rows`, filled);
  if (last !== undefined) yield last;
}

/** Rows of a chunk by default: about a megabyte, but one at least. */
export const CHUNK_ROWS = 4096;
