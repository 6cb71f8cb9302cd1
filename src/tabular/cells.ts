/** Rows under named columns, wherever they come from: what columns are learned from and encoded by. */
import { isBeyond, isIdentifier, isUnsafe, numberReader, unitOf } from '../data/numbers.js';
import { type Faults, PLAIN_READING, type PlainTable, type Reading } from '../data/table.js';
import { allProblems, listed, nearest, quote, wrongKind, wrongType, wrongValue } from '../errors.js';
import { arrayKind, isList, kindOf } from '../kinds.js';

/** How users of a table say what they want: by flags, or by options. */
export interface Ways {
  readonly impute: string;
  readonly target: string;
  /** Why a task is what it is, where users say so. */
  readonly askedTask: string;
  /** How more is counted as missing, where that can be said: of values only while a model is trained. */
  missing(trains: boolean): string | undefined;
  readonly numbers: string;
  /** An option as messages name it; `where` is the function that takes it. */
  option(where: string, name: string): string;
  task(task: string): string;
  leaveOut(name: string): string;
  kind(name: string, kind: string): string;
}

/** A table as text or as values; rows are counted from 0. */
export interface Cells {
  readonly header: readonly string[];
  readonly rows: number;
  readonly reading: Reading;
  /** Columns of whole numbers that are no quantities. */
  readonly identifiers: ReadonlySet<number>;
  readonly ways: Ways;
  /** What was found wrong while they were read, to be told with the rest. */
  readonly faults?: Faults | undefined;
  /** A cell's text, without blanks around it. */
  cell(row: number, column: number): string;
  /** The finite number that a cell holds, or NaN. */
  number(row: number, column: number): number;
  /** What that number is written with, such as `%` or `$`; '' where that is nothing. */
  unit(row: number, column: number): string;
  isMissing(row: number, column: number): boolean;
  /** A row's number as messages count. */
  rowNumber(row: number): number;
  /** A cell's place as messages write it. */
  place(row: number, name: string): string;
  /** Where the columns of that name stand. */
  find(name: string): readonly number[];
  /** The same with only those rows. */
  pick(rows: ArrayLike<number>): Cells;
  /** What a worker makes the same of. */
  readonly plain: PlainValues | PlainTable;
}

const options: Ways = {
  impute: 'impute: true',
  target: 'target',
  askedTask: 'as task says',
  missing: trains => (trains ? "missing: ['…']" : undefined),
  numbers: 'give numbers in place of texts',
  option: (where, name) => `${where}: ${name}`,
  task: task => `task: '${task}'`,
  leaveOut: name => options.kind(name, 'drop'),
  kind: (name, kind) => `columns: { ${/^[A-Za-z_]\w*$/.test(name) ? name : quote(name)}: '${kind}' }`,
};

/** What users give a table as: objects by column name, or columns by theirs. */
export type GivenRows = readonly object[] | Iterable<object>;
export type GivenColumns = Readonly<Record<string, ArrayLike<unknown>>>;

/** A table of values as plain data. */
export interface PlainValues {
  readonly kind: 'values';
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
  readonly rows: number;
  readonly reading: Reading;
  readonly picked: Int32Array | undefined;
}

/**
 * A table of values: numbers, texts, true and false, dates; null, undefined, NaN, '' and what `reading` says are
 * missing. Texts are read as the training file's were, where there was one.
 */
export class ValueCells implements Cells {
  readonly header: readonly string[];
  readonly rows: number;
  readonly reading: Reading;
  readonly identifiers: ReadonlySet<number>;
  readonly ways = options;
  readonly #columns: readonly ArrayLike<unknown>[];
  readonly #places: ReadonlyMap<string, readonly number[]>;
  readonly #picked: Int32Array | undefined;
  readonly #read: (text: string) => number;
  readonly #missing: ReadonlySet<string>;

  constructor(columns: ReadonlyMap<string, ArrayLike<unknown>>, rows: number, reading: Reading, picked?: Int32Array) {
    this.header = [...columns.keys()];
    this.#columns = [...columns.values()];
    this.#places = new Map(this.header.map((name, index) => [name, [index]]));
    this.#picked = picked;
    this.rows = picked?.length ?? rows;
    this.reading = reading;
    this.#read = numberReader(reading);
    this.#missing = new Set(['', ...reading.missing]);
    const indices = this.header.map((_, index) => index);
    this.identifiers = new Set(indices.filter(index => this.#holdsIdentifiers(this.#columns[index] ?? [])));
  }

  static from({ columns, rows, reading, picked }: PlainValues): ValueCells {
    return new ValueCells(columns, rows, reading, picked);
  }

  get plain(): PlainValues {
    const { rows, reading } = this;
    const columns = new Map(this.header.map((name, index) => [name, this.#columns[index] ?? []]));
    return { kind: 'values', columns, rows, reading, picked: this.#picked };
  }

  #value(row: number, column: number): unknown {
    return this.#columns[column]?.[this.#picked?.[row] ?? row];
  }

  cell(row: number, column: number): string {
    return textOf(this.#value(row, column));
  }

  number(row: number, column: number): number {
    if (this.identifiers.has(column)) return Number.NaN;
    const value = this.#value(row, column);
    if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'string' ? this.#read(value) : Number.NaN;
  }

  unit(row: number, column: number): string {
    const value = this.#value(row, column);
    return typeof value === 'string' ? unitOf(value) : '';
  }

  isMissing(row: number, column: number): boolean {
    const value = this.#value(row, column);
    if (typeof value === 'string') return this.#missing.has(value.trim());
    return value === null || value === undefined || Number.isNaN(value);
  }

  /**
   * Whether a column is of whole numbers of which some are no quantities, with leading zeros or beyond 2⁵³; or half of
   * it is beyond 2⁵³.
   */
  #holdsIdentifiers(values: ArrayLike<unknown>): boolean {
    let [found, beyond, present, others] = [0, 0, 0, 0];
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (value === null || value === undefined || Number.isNaN(value)) continue;
      if (typeof value === 'string' && this.#missing.has(value.trim())) continue;
      present++;
      if (typeof value === 'bigint' ? isUnsafe(value) : typeof value === 'string' && isBeyond(value)) beyond++;
      else if (typeof value === 'string' && isIdentifier(value)) found++;
      else if (typeof value === 'bigint') continue;
      else if (!Number.isInteger(typeof value === 'string' ? this.#read(value) : value)) others++;
    }
    return 2 * beyond >= Math.max(present, 1) || (found + beyond > 0 && others === 0);
  }

  rowNumber(row: number): number {
    return this.#picked?.[row] ?? row;
  }

  place(row: number, name: string): string {
    return `row ${this.rowNumber(row)}, column ${quote(name)}`;
  }

  find(name: string): readonly number[] {
    return this.#places.get(name) ?? [];
  }

  pick(rows: ArrayLike<number>): ValueCells {
    return ValueCells.from({ ...this.plain, picked: Int32Array.from(rows, row => this.rowNumber(row)) });
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return kindOf(value) === 'Date' ? (value as Date).toISOString() : String(value).trim();
}

const MOST_WRONG = 1000;

/** The kinds of values that a cell may be. */
const CELLS = new Set(['Number', 'String', 'Boolean', 'BigInt', 'Date', 'Undefined', 'Null']);

/** What a table has to have. */
interface Wanted {
  /** The columns that there must be. Where they are not told, the rows themselves say which there are. */
  readonly needed?: readonly string[];
  /** Those that there may be besides. */
  readonly known?: readonly string[];
  /** How texts are read; as plain decimals by default. */
  readonly reading?: Reading;
}

/**
 * What a user gives as a table.
 *
 * @throws TypeError where it is no table; RangeError naming columns that are unknown, missing or misspelt
 */
export function cellsOf(where: string, given: unknown, wanted: Wanted = {}): ValueCells {
  const { needed, known, reading = PLAIN_READING } = wanted;
  const table = isTable(given) ? [...given] : given;
  if (!isList(table) && kindOf(table) !== 'Object') {
    throw wrongType(where, 'rows, which are objects by column name, or an object of columns', given);
  }
  const [columns, rows] = isList(table)
    ? columnsOfRows(where, table as readonly unknown[])
    : columnsGiven(where, table as GivenColumns);
  refuseColumns(where, [...columns.keys()], needed, known);
  const wrong = [...columns].flatMap(([name, values]) => wrongValues(where, name, values));
  const [only] = wrong;
  if (only !== undefined) throw wrong.length > 1 ? allProblems(wrong.map(({ message }) => message)) : only;
  return new ValueCells(columns, rows, reading);
}

/** The texts that mean «no value», where a DataTable knows them of its file. */
export function missingIn(given: unknown): readonly string[] | undefined {
  return isTable(given) && 'missing' in given && isList(given.missing) ? (given.missing as string[]) : undefined;
}

/** Whether it gives rows one by one, as a DataTable does. */
export function isTable(given: unknown): given is Iterable<object> {
  return typeof given === 'object' && given !== null && !isList(given) && Symbol.iterator in given;
}

type Columns = ReadonlyMap<string, ArrayLike<unknown>>;

function columnsGiven(where: string, given: GivenColumns): [Columns, number] {
  const columns = new Map<string, ArrayLike<unknown>>();
  let rows = -1;
  for (const [name, values] of Object.entries(given)) {
    if (!isList(values) && arrayKind(values) === undefined) {
      throw wrongType(`${where}: column ${quote(name)}`, 'a list of values', values);
    }
    if (rows >= 0 && values.length !== rows) {
      throw wrongValue(`${where}: column ${quote(name)}`, `${rows} values, as in the others`, values.length);
    }
    rows = values.length;
    columns.set(name, values);
  }
  return [columns, Math.max(rows, 0)];
}

function columnsOfRows(where: string, given: readonly unknown[]): [Columns, number] {
  if (given.length === 0) throw wrongValue(where, 'at least one row', 'none');
  const columns = new Map<string, unknown[]>();
  for (let row = 0; row < given.length; row++) {
    const object = given[row];
    if (typeof object !== 'object' || object === null || isList(object) || arrayKind(object) !== undefined) {
      throw wrongType(`${where}: row ${row}`, "an object by column name, such as { age: 42, plan: 'basic' }", object);
    }
    for (const [name, value] of Object.entries(object)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = new Array<unknown>(given.length).fill(undefined);
        columns.set(name, column);
      }
      column[row] = value;
    }
  }
  return [columns, given.length];
}

/** What is wrong with values that are no cells, of a column the first thousand. */
function wrongValues(where: string, name: string, values: ArrayLike<unknown>): Error[] {
  const wrong: Error[] = [];
  for (let row = 0; row < values.length && wrong.length < MOST_WRONG; row++) {
    const value = values[row];
    if (typeof value === 'number' || typeof value === 'string') continue;
    const at = `${where}: row ${row}, column ${quote(name)}`;
    const kind = kindOf(value);
    if (!CELLS.has(kind)) wrong.push(wrongKind(at, 'a number, a text, true, false, a date or null', kind));
    else if (kind === 'Date' && Number.isNaN(Number(value)))
      wrong.push(wrongValue(at, 'a date', 'an invalid Date', 'give null'));
  }
  return wrong;
}

/** Refuses columns that are missing, with the nearest of those that nobody knows, and the others of these. */
function refuseColumns(
  where: string,
  given: readonly string[],
  needed: readonly string[] = [],
  known?: readonly string[],
): void {
  const has = new Set(given);
  const missing = needed.filter(name => !has.has(name));
  const all = known === undefined ? undefined : new Set([...needed, ...known]);
  const unknown = all === undefined ? [] : given.filter(name => !all.has(name));
  const [first] = missing;
  if (first !== undefined) {
    const close = nearest(first, unknown);
    const mend = close === undefined ? undefined : `${quote(close)} is none of its columns: is it misspelt?`;
    throw wrongValue(where, `columns ${listed(missing, quote)}`, 'rows without', mend);
  }
  const [other] = unknown;
  if (other !== undefined) {
    const close = nearest(other, [...needed, ...(known ?? [])]);
    const mend = close === undefined ? 'leave it out' : `did you mean ${quote(close)}?`;
    throw wrongValue(where, `only columns that the model knows`, listed(unknown, quote), mend);
  }
}
