/** Rows under named columns, wherever they come from: what columns are learned from and encoded by. */
import { numberReader, PLAIN_NUMBERS } from '../data/numbers.js';
import { MISSING, PLAIN_READING, type Reading } from '../data/table.js';
import { listed, nearest, quote, wrongKind, wrongType, wrongValue } from '../errors.js';
import { arrayKind, isList, kindOf } from '../kinds.js';

/** How users of a table say what they want: by flags of the command line, or by options. */
export interface Ways {
  readonly impute: string;
  readonly target: string;
  /** Why a task is what it is, where users say so. */
  readonly askedTask: string;
  readonly missing: string;
  readonly numbers: string;
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
  /** A cell's text, without blanks around it. */
  cell(row: number, column: number): string;
  /** The finite number that a cell holds, or NaN. */
  number(row: number, column: number): number;
  isMissing(row: number, column: number): boolean;
  /** A row's number as messages count. */
  rowNumber(row: number): number;
  /** A cell's place as messages write it. */
  place(row: number, name: string): string;
  /** Where the columns of that name stand. */
  find(name: string): readonly number[];
  /** The same with only those rows. */
  pick(rows: ArrayLike<number>): Cells;
}

const options: Ways = {
  impute: 'impute: true',
  target: 'target',
  askedTask: 'as task says',
  missing: 'null',
  numbers: 'numbers',
  task: task => `task: '${task}'`,
  leaveOut: name => options.kind(name, 'drop'),
  kind: (name, kind) => `columns: { ${/^[A-Za-z_]\w*$/.test(name) ? name : quote(name)}: '${kind}' }`,
};

/** What users give a table as: objects by column name, or columns by theirs. */
export type GivenRows = readonly object[] | Iterable<object>;
export type GivenColumns = Readonly<Record<string, ArrayLike<unknown>>>;

const read = /* @__PURE__ */ numberReader(PLAIN_NUMBERS);

/** A table of values: numbers, texts, true and false, dates; null, undefined, NaN and '' are missing. */
export class ValueCells implements Cells {
  readonly header: readonly string[];
  readonly rows: number;
  readonly reading: Reading = PLAIN_READING;
  readonly identifiers: ReadonlySet<number> = new Set();
  readonly ways = options;
  readonly #columns: readonly ArrayLike<unknown>[];
  readonly #places: ReadonlyMap<string, readonly number[]>;
  readonly #picked: Int32Array | undefined;

  constructor(columns: ReadonlyMap<string, ArrayLike<unknown>>, rows: number, picked?: Int32Array) {
    this.header = [...columns.keys()];
    this.#columns = [...columns.values()];
    this.#places = new Map(this.header.map((name, index) => [name, [index]]));
    this.#picked = picked;
    this.rows = picked?.length ?? rows;
  }

  #value(row: number, column: number): unknown {
    return this.#columns[column]?.[this.#picked?.[row] ?? row];
  }

  cell(row: number, column: number): string {
    return textOf(this.#value(row, column));
  }

  number(row: number, column: number): number {
    const value = this.#value(row, column);
    if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'string' ? read(value) : Number.NaN;
  }

  isMissing(row: number, column: number): boolean {
    const value = this.#value(row, column);
    if (typeof value === 'string') return value.trim() === '' || MISSING.includes(value.trim());
    return value === null || value === undefined || Number.isNaN(value);
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
    const columns = new Map(this.header.map((name, index) => [name, this.#columns[index] ?? []]));
    return new ValueCells(
      columns,
      this.rows,
      Int32Array.from(rows, row => this.rowNumber(row)),
    );
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return kindOf(value) === 'Date' ? (value as Date).toISOString() : String(value).trim();
}

/** The kinds of values that a cell may be. */
const CELLS = new Set(['Number', 'String', 'Boolean', 'BigInt', 'Date', 'Undefined', 'Null']);

/**
 * What a user gives as a table. `needed` are the columns that there must be and `known` those that there may be
 * besides; where they are not told, the rows themselves say which there are.
 *
 * @throws TypeError where it is no table; RangeError naming columns that are unknown, missing or misspelt
 */
export function cellsOf(
  where: string,
  given: unknown,
  needed?: readonly string[],
  known?: readonly string[],
): ValueCells {
  const table = isTable(given) ? [...given] : given;
  if (isList(table)) return cellsOfRows(where, table as readonly unknown[], needed, known);
  if (kindOf(table) !== 'Object' && !isTable(given)) {
    throw wrongType(where, 'rows, which are objects by column name, or an object of columns', given);
  }
  return cellsOfColumns(where, table as GivenColumns, needed, known);
}

/** Whether it gives rows one by one, as a DataTable does. */
function isTable(given: unknown): given is Iterable<object> {
  return typeof given === 'object' && given !== null && !isList(given) && Symbol.iterator in given;
}

function cellsOfColumns(
  where: string,
  given: GivenColumns,
  needed?: readonly string[],
  known?: readonly string[],
): ValueCells {
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
  refuseColumns(where, [...columns.keys()], needed, known);
  for (const [name, values] of columns) checkValues(where, name, values);
  return new ValueCells(columns, Math.max(rows, 0));
}

function cellsOfRows(
  where: string,
  given: readonly unknown[],
  needed?: readonly string[],
  known?: readonly string[],
): ValueCells {
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
  refuseColumns(where, [...columns.keys()], needed, known);
  for (const [name, values] of columns) checkValues(where, name, values);
  return new ValueCells(columns, given.length);
}

function checkValues(where: string, name: string, values: ArrayLike<unknown>): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value === 'number' || typeof value === 'string' || CELLS.has(kindOf(value))) continue;
    throw wrongKind(
      `${where}: row ${row}, column ${quote(name)}`,
      'a number, a text, true, false, a date or null',
      kindOf(value),
    );
  }
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
