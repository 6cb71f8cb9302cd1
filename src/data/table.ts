/** A table of text cells, read by one grammar: a file's bytes and where each cell begins. */
import { listed, nearest, quote, wrongValue } from '../errors.js';
import { flags } from './flags.js';
import { type NumberGrammar, numberReader, PLAIN_NUMBERS, type Shape, shapeOf, unitOf } from './numbers.js';
import type { FoundProblem } from './problems.js';

export { printable, quote as quoted } from '../errors.js';

/** How the cells of a table are read. */
export interface Reading extends NumberGrammar {
  /** What stands for «no value» besides an empty cell. */
  readonly missing: readonly string[];
  /** Whether the first row holds the columns' names; without it they are called column1, column2 and so on. */
  readonly header: boolean;
  /** What the columns are called instead, where there is no header. */
  readonly names?: readonly string[];
}

/** What counts as missing unless the user says otherwise: as R, pandas and databases write it. */
export const MISSING = ['NA', 'N/A', 'n/a', 'NaN', 'nan', 'null', 'NULL'];

export const PLAIN_READING: Reading = { ...PLAIN_NUMBERS, missing: MISSING, header: true };

/**
 * UTF-8 text in records of cells: cell c of record r goes from `starts[r · (columns + 1) + c]` to one before the next
 * entry.
 */
export interface Records {
  readonly bytes: Uint8Array;
  readonly columns: number;
  readonly count: number;
  readonly starts: Uint32Array;
  /** The line on which each record begins, counted from 1. */
  readonly lines: Uint32Array;
  /** Rows of the file before these records, where they are a part of it. */
  readonly rowsBefore?: number;
  /** Each record's place among all, where some that are no records of this table were left out. */
  readonly places?: Uint32Array;
  /** What is wrong with the file, where that is not thrown at once; whoever takes the table tells it with the rest. */
  readonly faults?: Faults | undefined;
}

/** What was found wrong while a table was read. */
export interface Faults {
  readonly problems: readonly FoundProblem[];
  /** Columns of which nothing tells how their numbers are read: what else they hold cannot be judged. */
  readonly unclear?: ReadonlySet<number>;
}

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, power) => 10 ** power);

/** A table as plain data. */
export interface PlainTable {
  readonly kind: 'table';
  readonly records: Records;
  readonly reading: Reading;
  readonly identifiers: ReadonlySet<number>;
  readonly picked: Int32Array | undefined;
}

/** Text cells under named columns. Rows are counted from 0 here, and from 1 in messages, the header not being one. */
export class Table {
  readonly header: readonly string[];
  readonly rows: number;
  readonly reading: Reading;
  /** Columns of whole numbers that are no quantities: they stay texts. */
  readonly identifiers: ReadonlySet<number>;
  readonly ways = flags;
  readonly #records: Records;
  readonly #picked: Int32Array | undefined;
  readonly #first: number;
  readonly #missing: ReadonlySet<string>;
  /** Characters of the longest word that means «no value». */
  readonly #longestMissing: number;
  readonly #read: (cell: string) => number;
  readonly #point: number;
  /** Numbers that count as missing, such as −999. */
  readonly #sentinels: ReadonlySet<number>;
  #places: Map<string, number[]> | undefined;

  constructor(records: Records, reading: Reading, identifiers: ReadonlySet<number> = new Set(), picked?: Int32Array) {
    this.#records = records;
    this.#picked = picked;
    this.#first = reading.header ? 1 : 0;
    this.#missing = new Set(['', ...reading.missing]);
    this.#longestMissing = Math.max(0, ...reading.missing.map(word => word.length));
    this.#read = numberReader(reading);
    this.#point = reading.decimal.charCodeAt(0);
    this.#sentinels = new Set(reading.missing.map(this.#read).filter(number => !Number.isNaN(number)));
    this.reading = reading;
    this.identifiers = identifiers;
    this.rows = picked?.length ?? records.count - this.#first;
    const columns = Array.from({ length: records.columns }, (_, column) => column);
    this.header = reading.header
      ? columns.map(column => this.#text(column))
      : (reading.names ?? columns.map(column => `column${column + 1}`));
  }

  static from({ records, reading, identifiers, picked }: PlainTable): Table {
    return new Table(records, reading, identifiers, picked);
  }

  get plain(): PlainTable {
    const { reading, identifiers } = this;
    return { kind: 'table', records: this.#records, reading, identifiers, picked: this.#picked };
  }

  /** The same cells, read otherwise. */
  readBy(reading: Reading, identifiers?: ReadonlySet<number>): Table {
    return new Table(this.#records, reading, identifiers, this.#picked);
  }

  /** What was found wrong while it was read, where that is told with the rest. */
  get faults(): Faults | undefined {
    return this.#records.faults;
  }

  /** The table with one fault more, of columns that are left as texts beside the identifiers. */
  withUnclear(problem: string, unclear: ReadonlySet<number>, identifiers: Iterable<number>): Table {
    const problems = [...(this.faults?.problems ?? []), { row: 0, problem }];
    const records = { ...this.#records, faults: { problems, unclear } };
    return new Table(records, this.reading, new Set([...unclear, ...identifiers]), this.#picked);
  }

  /** The table with only the rows of these indices; each keeps its number and line. */
  pick(rows: ArrayLike<number>): Table {
    const picked = Int32Array.from(rows, row => this.#picked?.[row] ?? row);
    return new Table(this.#records, this.reading, this.identifiers, picked);
  }

  /** A cell's text, without its quotes and without blanks around it. */
  cell(row: number, column: number): string {
    return this.#text(this.#entry(row, column));
  }

  /**
   * Blanks in quotes around a word that means «no value» do not count, and neither does how such a number is written.
   */
  isMissing(row: number, column: number): boolean {
    return this.#isMissing(this.#entry(row, column));
  }

  #isMissing(entry: number, text?: string): boolean {
    // A letter takes three bytes for each of its code units at most.
    if (text === undefined && this.#sentinels.size === 0 && this.#length(entry) > 3 * this.#longestMissing)
      return false;
    const word = (text ?? this.#text(entry)).trim();
    return this.#missing.has(word) || (this.#sentinels.size > 0 && this.#sentinels.has(this.#read(word)));
  }

  /** The finite number that a cell writes, or NaN where it writes none, is missing, or is an identifier. */
  number(row: number, column: number): number {
    if (this.identifiers.has(column)) return Number.NaN;
    const entry = this.#entry(row, column);
    const plain = this.#plainNumber(entry);
    if (!Number.isNaN(plain)) return this.#sentinels.has(plain) ? Number.NaN : plain;
    if (this.#beginsWithLetter(entry)) return Number.NaN;
    const text = this.#text(entry);
    return this.#isMissing(entry, text) ? Number.NaN : this.#read(text);
  }

  /** What the number in a cell is written with: '' where that is nothing. */
  unit(row: number, column: number): string {
    const entry = this.#entry(row, column);
    return this.#isPlain(entry) ? '' : unitOf(this.#text(entry));
  }

  /** What a cell's writing tells of the grammar of numbers; undefined where it is missing. */
  shape(row: number, column: number): Shape | undefined {
    const entry = this.#entry(row, column);
    const plain = this.#sentinels.size > 0 ? undefined : this.#plainShape(entry);
    if (plain !== undefined) return plain;
    if (this.#isMissing(entry)) return undefined;
    return this.#beginsWithLetter(entry) ? 'text' : shapeOf(this.#text(entry));
  }

  /** A row's number as people count, from 1. */
  rowNumber(row: number): number {
    const own = this.#picked?.[row] ?? row;
    const { places, rowsBefore = 0 } = this.#records;
    return (places === undefined ? own : (places[own + this.#first] ?? own) - this.#first) + 1 + rowsBefore;
  }

  /** The line on which a row begins, counted from 1. */
  line(row: number): number {
    return this.#records.lines[(this.#picked?.[row] ?? row) + this.#first] ?? 0;
  }

  /** A cell's place as every message writes it: `row 3 (line 4), column 'age'`. */
  place(row: number, name: string): string {
    return `row ${this.rowNumber(row)} (line ${this.line(row)}), ${column(name)}`;
  }

  /** Where the columns of that name stand. */
  find(name: string): readonly number[] {
    if (this.#places === undefined) {
      this.#places = new Map();
      for (const [index, name] of this.header.entries()) {
        const places = this.#places.get(name);
        if (places) places.push(index);
        else this.#places.set(name, [index]);
      }
    }
    return this.#places.get(name) ?? [];
  }

  #entry(row: number, column: number): number {
    return ((this.#picked?.[row] ?? row) + this.#first) * (this.#records.columns + 1) + column;
  }

  /** Bytes of a cell without quotes and blanks around it. */
  #length(entry: number): number {
    const { bytes, starts } = this.#records;
    const start = this.#inner(entry);
    let end = (starts[entry + 1] ?? 0) - 1;
    while (end > start && (isBlank(bytes[end - 1]) || bytes[end - 1] === QUOTE)) end--;
    return end - start;
  }

  /** Where a cell's text begins, behind quotes and blanks. */
  #inner(entry: number): number {
    const { bytes, starts } = this.#records;
    const end = (starts[entry + 1] ?? 0) - 1;
    let at = starts[entry] ?? 0;
    while (at < end && (isBlank(bytes[at]) || bytes[at] === QUOTE)) at++;
    return at;
  }

  /** Whether a cell is a text for certain, known without reading all of it. */
  #beginsWithLetter(entry: number): boolean {
    const { bytes, starts } = this.#records;
    const at = this.#inner(entry);
    const first = at < (starts[entry + 1] ?? 0) - 1 ? (bytes[at] ?? 0) : 0;
    return (first > 0x40 && first <= 0x5a) || (first > 0x60 && first <= 0x7a);
  }

  #text(entry: number): string {
    const { bytes, starts } = this.#records;
    return cellText(bytes, starts[entry] ?? 0, (starts[entry + 1] ?? 0) - 1);
  }

  /**
   * The number of a cell that is digits, a sign and a point at most, and NaN for all others: most cells of large
   * tables. Fifteen digits and powers of ten up to 10¹⁵ are exact, so one division rounds as reading the text would;
   * more digits are left to the engine.
   */
  #plainNumber(entry: number): number {
    const { bytes, starts } = this.#records;
    const end = (starts[entry + 1] ?? 0) - 1;
    let at = starts[entry] ?? 0;
    const isNegative = bytes[at] === 0x2d;
    if (isNegative) at++;
    const first = at;
    let digits = 0;
    let count = 0;
    let point = -1;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x30 && byte <= 0x39) {
        digits = digits * 10 + byte - 0x30;
        count++;
      } else if (byte === this.#point && point < 0) point = count;
      else return Number.NaN;
    }
    if (count === 0) return Number.NaN;
    let value = point < 0 ? digits : digits / (POWERS_OF_TEN[count - point] ?? 1);
    if (count > 15) {
      value = Number(decode(bytes, first, end).replace(',', '.'));
      if (value === Infinity) return Number.NaN;
    }
    return isNegative ? -value : value;
  }

  /** Whether nothing but digits, signs and what groups them or stands before fractions is in a cell. */
  #isPlain(entry: number): boolean {
    const { bytes, starts } = this.#records;
    const end = (starts[entry + 1] ?? 0) - 1;
    for (let at = starts[entry] ?? 0; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x2b || byte > 0x39) return false;
    }
    return true;
  }

  /** The shape of a cell of digits, a minus and a point at most. */
  #plainShape(entry: number): Shape | undefined {
    const { bytes, starts } = this.#records;
    const end = (starts[entry + 1] ?? 0) - 1;
    let at = starts[entry] ?? 0;
    if (bytes[at] === 0x2d) at++;
    const first = bytes[at];
    const start = at;
    let point = -1;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === 0x2e && point < 0) point = at;
      else if (byte < 0x30 || byte > 0x39) return undefined;
    }
    const digits = point < 0 ? end - start : point - start;
    if (digits < 1 || digits > 15) return undefined;
    if (point < 0) return first === 0x30 && digits > 1 ? undefined : 'whole';
    return end - point === 4 && digits < 4 && first !== 0x30 ? 'pointOrGroup' : 'point';
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of the cell between two places. Quotes around all of it go; in other places they are text. */
function cellText(bytes: Uint8Array, start: number, end: number): string {
  while (start < end && isBlank(bytes[start])) start++;
  while (start < end && isBlank(bytes[end - 1])) end--;
  const isQuoted = bytes[start] === QUOTE && end - start > 1 && closingQuote(bytes, start, end) === end - 1;
  if (!isQuoted) return decode(bytes, start, end);
  return unquoted(bytes, start + 1, end - 1);
}

/** Text in quotes, in which two quotes are one and so are CR and LF. */
function unquoted(bytes: Uint8Array, start: number, end: number): string {
  let text: Uint8Array | undefined;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    const isPair =
      at + 1 < end && ((byte === QUOTE && bytes[at + 1] === QUOTE) || (byte === CR && bytes[at + 1] === LF));
    if (isPair) {
      // Until the first pair nothing is to be left out.
      text ??= bytes.slice(start, end);
      at++;
    }
    if (text !== undefined) text[length] = bytes[at] ?? 0;
    length++;
  }
  return text === undefined ? decode(bytes, start, end) : decode(text, 0, length);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** Where the quote that opens at `start` closes, or `end`: two quotes are one of the text's. */
export function closingQuote(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] !== QUOTE) continue;
    if (bytes[at + 1] !== QUOTE || at + 1 === end) return at;
    at++;
  }
  return end;
}

/** UTF-8 as text; of short cells letter by letter, which is quicker. */
function decode(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 24) return decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** What has columns. */
interface Named {
  readonly header: readonly string[];
  find(name: string): readonly number[];
}

/**
 * Where a column stands, by its name; refused when the table has two such, and with the nearest name when it has none
 * (but for the names `inUse`, which mean other columns).
 */
export function columnIndex(table: Named, name: string, inUse: readonly string[] = []): number {
  const [index, ...others] = table.find(name);
  if (index === undefined) throw missingColumn(table, name, inUse);
  if (others.length > 0) {
    const mend = 'rename the others in the header line';
    throw wrongValue(column(name), 'one column of that name', others.length + 1, mend);
  }
  return index;
}

/** The error for a column that the table has not. */
export function missingColumn({ header }: Named, name: string, inUse: readonly string[] = []): RangeError {
  const got = `${header.length === 1 ? 'only' : 'columns'} ${listed(header, quote)}`;
  const used = new Set(inUse);
  const close = nearest(
    name,
    header.filter(other => other !== '' && !used.has(other)),
  );
  const hint = close === undefined ? undefined : `did you mean ${quote(close)}?`;
  const isUnsplit = header.length === 1 && /[:\s]/.test(header[0] ?? '');
  const mend = isUnsplit ? 'name what stands between the columns with --delimiter' : hint;
  return wrongValue(column(name), 'a column of that name', got, mend);
}

/** A column as every message writes it: `column 'age'`. */
export function column(name: string): string {
  return `column ${quote(name)}`;
}
