/** A table as readers give it: columns of numbers and of texts. */
import { isUnsafe } from '../data/numbers.js';
import { allProblems, listed, nearest, quote, wrongKind, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';

/** A column's cells: numbers, of which NaN is a missing one, or texts, of which null is. */
export type ColumnData = Float64Array | readonly (string | null)[];

/** Cells of a row by their columns' names. */
export type Row = Record<string, number | string | null>;

/** Class indices, and the classes that they mean. */
export interface ClassIndices {
  readonly y: Int32Array;
  readonly classes: readonly (string | number)[];
}

const ROWS_AT_ONCE = 64;

/** More problems than these are not told. */
const MOST_PROBLEMS = 1000;

/**
 * A table in memory, or a chunk of one. `for (const row of table)` goes through its rows as objects, in which a missing
 * cell is null.
 */
export class DataTable implements Iterable<Row> {
  /** How many rows there are. */
  readonly rows: number;
  /** The columns' names, in their order. */
  readonly names: readonly string[];
  /** The texts that stood for «no value» in a file of text: no others did. */
  readonly missing: readonly string[] | undefined;
  readonly #columns: ReadonlyMap<string, ColumnData>;
  readonly #place: (row: number) => string;

  /** @internal */
  constructor(
    rows: number,
    columns: ReadonlyMap<string, ColumnData>,
    place: (row: number) => string,
    missing?: readonly string[],
  ) {
    this.rows = rows;
    this.names = [...columns.keys()];
    this.#columns = columns;
    this.#place = place;
    this.missing = missing;
  }

  /**
   * The cells of a column.
   *
   * @throws where there is none of that name
   */
  column(name: string): ColumnData {
    if (typeof name !== 'string') throw wrongType('column', "a column's name", name);
    const found = this.#columns.get(name);
    if (found !== undefined) return found;
    const close = nearest(name, this.names);
    const mend = close === undefined ? undefined : `did you mean ${quote(close)}?`;
    throw wrongValue(`column ${quote(name)}`, 'a column of that name', `columns ${listed(this.names, quote)}`, mend);
  }

  /**
   * The numbers of some columns, row after row, as a network takes them: [rows, columns].
   *
   * @throws where a cell is missing or is a text, naming all such cells
   */
  numbers(names: readonly string[] = this.names): Float32Array {
    if (!Array.isArray(names)) throw wrongType('numbers', 'a list of column names', names);
    const columns = names.map(name => this.column(name));
    const values = new Float32Array(this.rows * names.length);
    // Some rows at a time: what is written of them stays in the processor's cache from column to column.
    for (let first = 0; first < this.rows; first += ROWS_AT_ONCE) {
      const last = Math.min(first + ROWS_AT_ONCE, this.rows);
      for (const [offset, cells] of columns.entries()) {
        if (!(cells instanceof Float64Array && copyFinite(cells, first, last, values, offset, names.length)))
          throw allProblems(this.#notNumbers(names));
      }
    }
    return values;
  }

  /** What is wrong with each cell that is no finite number. */
  #notNumbers(names: readonly string[]): string[] {
    const problems: string[] = [];
    for (const name of names) {
      for (const [row, cell] of this.column(name).entries()) {
        const isFine = typeof cell === 'number' && Number.isFinite(Math.fround(cell));
        if (!isFine && problems.length < MOST_PROBLEMS) problems.push(this.#problem(row, name, cell));
      }
    }
    return problems;
  }

  #problem(row: number, name: string, cell: number | string | null): string {
    const where = `${this.#place(row)}, column ${quote(name)}`;
    if (cell === null || Number.isNaN(cell)) {
      return wrongValue(where, 'a number', 'a missing value', 'fill it in or leave the row out').message;
    }
    if (typeof cell === 'number') return wrongValue(where, 'a finite float32 number', cell).message;
    return wrongKind(where, 'a number', quote(cell), 'leave the column out, or correct the cell').message;
  }

  /**
   * The class of each row by its index: numbers in their order, texts in the order of their code units, unless
   * `classes` says which there are.
   *
   * @throws where a cell is missing or none of `classes`, naming all such cells
   */
  labels(name: string, classes?: readonly (string | number)[]): ClassIndices {
    const cells = this.column(name);
    if (classes !== undefined && !isList(classes)) throw wrongType('labels: classes', 'a list of classes', classes);
    const known = classes ?? classesOf(cells);
    const indices = new Map<string | number, number>(known.map((value, index) => [value, index]));
    const y = new Int32Array(this.rows);
    const problems: string[] = [];
    for (let row = 0; row < this.rows; row++) {
      const cell = cells[row] ?? null;
      const index = cell === null ? undefined : indices.get(cell);
      if (index !== undefined) y[row] = index;
      else if (problems.length < MOST_PROBLEMS) {
        const got = cell === null || Number.isNaN(cell) ? 'a missing value' : quote(String(cell));
        const where = `${this.#place(row)}, column ${quote(name)}`;
        problems.push(wrongValue(where, `one of the classes ${listed(known)}`, got).message);
      }
    }
    if (problems.length > 0) throw allProblems(problems);
    return { y, classes: known };
  }

  *[Symbol.iterator](): Iterator<Row> {
    for (let row = 0; row < this.rows; row++) {
      const cells: [string, number | string | null][] = [];
      for (const [name, column] of this.#columns) {
        const cell = column[row] ?? null;
        cells.push([name, Number.isNaN(cell) ? null : cell]);
      }
      yield Object.fromEntries(cells);
    }
  }
}

/** Puts cells of some rows into a column of values, until one is no finite float32 number: then false. */
function copyFinite(
  cells: Float64Array,
  first: number,
  last: number,
  values: Float32Array,
  offset: number,
  columns: number,
): boolean {
  for (let row = first, at = first * columns + offset; row < last; row++, at += columns) {
    const value = Math.fround(cells[row] ?? Number.NaN);
    if (!Number.isFinite(value)) return false;
    values[at] = value;
  }
  return true;
}

function classesOf(cells: ColumnData): (string | number)[] {
  if (cells instanceof Float64Array)
    return [...new Set(cells)].filter(cell => !Number.isNaN(cell)).sort((a, b) => a - b);
  return [...new Set(cells)].flatMap(cell => (cell === null ? [] : [cell])).sort();
}

/**
 * Puts cells into numbers from a row on, null and undefined as NaN, until one is neither a number nor a whole one below
 * 2⁵³: then false.
 */
export function copyNumbers(cells: ArrayLike<unknown>, numbers: Float64Array, row: number): boolean {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] ?? Number.NaN;
    if (typeof cell === 'number') numbers[row + i] = cell;
    else {
      const whole = typeof cell === 'bigint' ? Number(cell) : Number.NaN;
      if (!Number.isSafeInteger(whole)) return false;
      numbers[row + i] = whole;
    }
  }
  return true;
}

/**
 * A column of what JSON and Parquet hold: all numbers, or all texts, truth values and dates, which become texts; null
 * is missing. Whole numbers of which some are beyond 2⁵³, where float64 merges neighbours, are texts too.
 */
export function columnOf(values: readonly unknown[], place: (row: number) => string): ColumnData {
  const numbers = new Float64Array(values.length);
  if (copyNumbers(values, numbers, 0)) return numbers;
  numbers.fill(Number.NaN);
  const texts = new Array<string | null>(values.length).fill(null);
  let number: number | undefined;
  let text: number | undefined;
  const areIdentifiers = values.some(value => typeof value === 'bigint' && isUnsafe(value));
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    if (areIdentifiers && Number.isInteger(value)) texts[row] = String(value);
    else if (typeof value === 'number' || (typeof value === 'bigint' && !areIdentifiers)) {
      numbers[row] = Number(value);
      number ??= row;
    } else {
      texts[row] = textOf(value, () => place(row));
      text ??= row;
    }
  }
  if (number === undefined && text !== undefined) return texts;
  if (text === undefined) return numbers;
  const got = `${quote(String(values[number ?? 0]))} in ${place(number ?? 0)}, and ${quote(texts[text] ?? '')}`;
  throw wrongKind(place(text), 'numbers alone, or texts alone', got, 'write all of the column in one way');
}

function textOf(value: unknown, place: () => string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Object.prototype.toString.call(value) === '[object Date]') return (value as Date).toISOString();
  throw wrongType(place(), 'a number, a text, true, false, a date or null', value, 'leave the column out with columns');
}
