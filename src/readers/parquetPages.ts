/**
 * Numbers straight from the pages of a Parquet file: whole and real ones of 32 and 64 bits, plain or by a dictionary,
 * also with nulls. hyparquet, which reads all else, makes a list of the cells of a column that may have nulls, one by
 * one; training would wait for that.
 *
 * Source: https://parquet.apache.org/docs/file-format, and Thrift's compact protocol for the headers of pages.
 */

/** What the file says of a column's chunk, the part of it that a row group holds. */
export interface NumberChunk {
  readonly type: NumberType;
  /** Whether there may be nulls. */
  readonly isOptional: boolean;
  readonly rows: number;
  readonly unpack: (bytes: Uint8Array, length: number) => Uint8Array;
}

const BYTES = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8 };
export type NumberType = keyof typeof BYTES;

export function isNumberType(type: string | undefined): type is NumberType {
  return type !== undefined && Object.hasOwn(BYTES, type);
}

const [PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY] = [0, 2, 3, 8];
const [DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2] = [0, 2, 3];

/** Cells of a page: which are there, where not all are, and bytes of those that are. */
interface PageCells {
  readonly defined: Uint8Array | undefined;
  readonly encoding: number | undefined;
  readonly bytes: Uint8Array;
}

/**
 * Puts the numbers of a chunk into `numbers` from `first` on, null as NaN. False where something in it is not known
 * here, is no exact number, or is damaged: then what was put there is of no use.
 */
export function copyPages(bytes: Uint8Array, chunk: NumberChunk, numbers: Float64Array, first: number): boolean {
  const { type, rows, unpack } = chunk;
  const reader = new Compact(bytes);
  const end = first + rows;
  let dictionary: ArrayLike<number> | undefined;
  for (let row = first; row < end; ) {
    const header = reader.struct();
    const [kind, length, packed] = [1, 2, 3].map(field => numberIn(header, field)) as [number, number, number];
    const page = bytes.subarray(reader.at, reader.at + packed);
    reader.at += packed;
    if (page.length !== packed) return false;
    if (kind === DICTIONARY_PAGE) {
      // A copy: what is unpacked next may lie in the same place.
      dictionary = plainNumbers(type, unpack(page, length).slice(), 0, numberIn(structIn(header, 7), 1));
      if (dictionary === undefined) return false;
      continue;
    }
    const isOld = kind === DATA_PAGE;
    if (!isOld && kind !== DATA_PAGE_V2) return false;
    const about = structIn(header, isOld ? 5 : 8);
    const count = numberIn(about, 1);
    if (!(count > 0 && count <= end - row)) return false;
    const cells = isOld ? cellsOf(unpack(page, length), about, chunk) : cellsOfV2(page, length, about, chunk);
    if (cells === undefined || !putCells(cells, { type, dictionary, count }, numbers, row)) return false;
    row += count;
  }
  return true;
}

/** A data page of the first version: its length and the levels before the values, if there are some. */
function cellsOf(bytes: Uint8Array, about: Struct, { isOptional }: NumberChunk): PageCells | undefined {
  const encoding = numberIn(about, 2);
  if (!isOptional) return { defined: undefined, encoding, bytes };
  if (numberIn(about, 3) !== RLE || bytes.length < 4) return undefined;
  const start = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const defined = new Uint8Array(numberIn(about, 1));
  if (!readRuns(bytes.subarray(4, start), 1, defined)) return undefined;
  return { defined, encoding, bytes: bytes.subarray(start) };
}

/** One of the second version, whose levels are not packed. */
function cellsOfV2(page: Uint8Array, length: number, about: Struct, chunk: NumberChunk): PageCells | undefined {
  const levels = numberIn(about, 5);
  // Lists have levels of repetition before these, and are not of numbers alone.
  if (numberIn(about, 6) !== 0) return undefined;
  const isPacked = about.get(7) !== 0;
  const values = page.subarray(levels);
  const bytes = isPacked ? chunk.unpack(values, length - levels) : values;
  const encoding = numberIn(about, 4);
  if (!chunk.isOptional) return { defined: undefined, encoding, bytes };
  const defined = new Uint8Array(numberIn(about, 1));
  return readRuns(page.subarray(0, levels), 1, defined) ? { defined, encoding, bytes } : undefined;
}

interface Values {
  readonly type: NumberType;
  readonly dictionary: ArrayLike<number> | undefined;
  /** Cells, whether they are null or not. */
  readonly count: number;
}

function putCells({ defined, encoding, bytes }: PageCells, page: Values, numbers: Float64Array, row: number): boolean {
  const { type, dictionary, count } = page;
  const present = defined === undefined ? count : defined.reduce((sum, one) => sum + one, 0);
  const values =
    encoding === PLAIN
      ? plainNumbers(type, bytes, 0, present)
      : encoding === RLE_DICTIONARY || encoding === PLAIN_DICTIONARY
        ? lookedUp(bytes, dictionary, present)
        : undefined;
  if (values === undefined) return false;
  if (defined === undefined || present === count) numbers.set(values, row);
  else for (let i = 0, at = 0; i < count; i++) numbers[row + i] = defined[i] ? (values[at++] ?? 0) : Number.NaN;
  return true;
}

/** Numbers one after another; undefined where there are fewer, or whole ones that float64 does not keep. */
function plainNumbers(type: NumberType, bytes: Uint8Array, at: number, count: number): ArrayLike<number> | undefined {
  const size = BYTES[type] * count;
  if (!(at + size <= bytes.length)) return undefined;
  // A copy, where such an array may not begin there.
  const own = (bytes.byteOffset + at) % BYTES[type] === 0 ? bytes.subarray(at, at + size) : bytes.slice(at, at + size);
  const { buffer, byteOffset } = own;
  if (type === 'FLOAT') return new Float32Array(buffer, byteOffset, count);
  if (type === 'DOUBLE') return new Float64Array(buffer, byteOffset, count);
  const words = new Int32Array(buffer, byteOffset, size / 4);
  if (type === 'INT32') return words;
  const wholes = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const whole = (words[2 * i + 1] ?? 0) * 2 ** 32 + ((words[2 * i] ?? 0) >>> 0);
    if (!Number.isSafeInteger(whole)) return undefined;
    wholes[i] = whole;
  }
  return wholes;
}

/** Numbers by their places in the dictionary. */
function lookedUp(bytes: Uint8Array, dictionary: ArrayLike<number> | undefined, count: number) {
  const places = new Int32Array(count);
  if (dictionary === undefined || !readRuns(bytes.subarray(1), bytes[0] ?? 0, places)) return undefined;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = dictionary[places[i] ?? 0];
    if (value === undefined) return undefined;
    values[i] = value;
  }
  return values;
}

/** Bits of a number in runs that are read here. */
const MOST_BITS = 24;

/** Small whole numbers as runs of one, or packed by eights; false where there are fewer, or of too many bits. */
function readRuns(bytes: Uint8Array, bits: number, out: Int32Array | Uint8Array): boolean {
  if (bits > MOST_BITS) return false;
  const reader = new Compact(bytes);
  // Of no bits, all are 0.
  for (let filled = bits === 0 ? out.length : 0; filled < out.length; ) {
    const head = reader.whole();
    const count = head >>> 1;
    if (count === 0 || reader.at > bytes.length) return false;
    if (head % 2 === 0) {
      let value = 0;
      for (let shift = 0; shift < bits; shift += 8) value |= reader.byte() << shift;
      out.fill(value, filled, filled + count);
      filled += count;
      continue;
    }
    const end = reader.at + count * bits;
    const last = Math.min(out.length, filled + 8 * count);
    const mask = 2 ** bits - 1;
    for (let held = 0, known = 0; filled < last; filled++) {
      for (; known < bits; known += 8) held |= reader.byte() << known;
      out[filled] = held & mask;
      held >>>= bits;
      known -= bits;
    }
    reader.at = end;
  }
  return true;
}

type Struct = ReadonlyMap<number, unknown>;

function numberIn(struct: Struct, field: number): number {
  const value = struct.get(field);
  return typeof value === 'number' ? value : Number.NaN;
}

function structIn(struct: Struct, field: number): Struct {
  const value = struct.get(field);
  return value instanceof Map ? value : new Map();
}

/** Headers of pages have two levels of structs, and statistics may have one more. */
const MOST_LEVELS = 8;

/** Thrift's compact protocol; behind the end all is 0. */
class Compact {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  /** A whole number without a sign, seven bits a byte. */
  whole(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }

  #signed(): number {
    const value = this.whole();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The fields by their numbers: numbers and structs; others are passed over. */
  struct(level = 0): Struct {
    const fields = new Map<number, unknown>();
    for (let id = 0; level < MOST_LEVELS; ) {
      const head = this.byte();
      if ((head & 15) === 0) break;
      id = head >> 4 === 0 ? this.#signed() : id + (head >> 4);
      fields.set(id, this.#value(head & 15, level));
    }
    return fields;
  }

  #value(type: number, level: number): unknown {
    if (type === 1 || type === 2) return 2 - type;
    if (type === 3) return this.byte();
    if (type <= 6) return this.#signed();
    if (type === 12) return this.struct(level + 1);
    if (type === 9 || type === 10) return this.#list(level);
    const length = type === 7 ? 8 : type === 8 ? this.whole() : Infinity;
    this.at += length;
    return undefined;
  }

  #list(level: number): undefined {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.whole() : head >> 4;
    const type = head & 15;
    for (let i = 0; i < count && this.at < this.#bytes.length; i++) this.#value(type <= 2 ? 3 : type, level + 1);
    return undefined;
  }
}
