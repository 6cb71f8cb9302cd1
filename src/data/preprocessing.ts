/**
 * From a table of text to the numbers a network takes, and from its outputs back to the target's own terms.
 *
 * A `Preprocessing` is plain data, so that it travels inside the model's file and is applied again at predict exactly as
 * it was fitted. Everything here is float64 with + − × ÷ and √ only: the same bits on every engine.
 */
import { wrongValue } from '../errors.js';
import { parseStrictly } from '../files/strictJson.js';
import {
  column,
  columnIndex,
  isLocalNumber,
  isMissing,
  missingColumn,
  parseNumber,
  place,
  quoted,
  type Row,
  type Table,
} from './table.js';

/** Shift and divisor of a numeric column. A scale of 0 marks a column that never varied: it is always encoded as 0. */
export interface Scaling {
  mean: number;
  scale: number;
}

/** A column that becomes one input, standardised. */
export interface NumberColumn extends Scaling {
  name: string;
  kind: 'number';
}

/** A text column that becomes one input per value, 1 where it holds that value; `fill` is the most frequent. */
export interface CategoryColumn {
  name: string;
  kind: 'category';
  values: string[];
  fill: string;
}

/** A target of class names, in the order of the network's outputs. */
export interface ClassTarget {
  name: string;
  kind: 'classes';
  values: string[];
}

export type InputColumn = NumberColumn | CategoryColumn;
export type TargetColumn = ClassTarget | NumberColumn;

/** How a table's columns become inputs, in their order, and what the outputs mean. */
export interface Preprocessing {
  columns: InputColumn[];
  target: TargetColumn;
}

export type Task = 'classification' | 'regression';

/** More distinct texts than this in one column are refused: names and free text are no categories. */
export const MAX_CATEGORIES = 100;

/**
 * Mean and population standard deviation of `values`, as scikit-learn's StandardScaler takes them. Values that are all
 * the same give scale 0.
 */
export function fitScaling(values: readonly number[]): Scaling {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  // The mean of equal numbers may miss them by a rounding; the range cannot.
  const range = max - min;
  if (range === 0) return { mean: min, scale: 0 };
  const mean = sum / values.length;
  // Dividing by the range keeps the squares of very large or very small numbers within float64.
  let squares = 0;
  for (const value of values) {
    const deviation = (value - mean) / range;
    squares += deviation * deviation;
  }
  return { mean, scale: range * Math.sqrt(squares / values.length) };
}

/** (value − mean) / scale, or 0 where the column never varied. */
export function standardise(value: number, { mean, scale }: Scaling): number {
  return scale === 0 ? 0 : (value - mean) / scale;
}

/** The inverse of `standardise`. */
export function restore(value: number, { mean, scale }: Scaling): number {
  return mean + value * scale;
}

/**
 * Learns the preprocessing from the training rows, and from nothing else: the mean and scale of every numeric column,
 * the values of every text column, the classes or the scale of the target. Missing inputs are passed over.
 *
 * A column is numeric when at least half of its values are numbers; a text among them is then refused with its place.
 * Refused as well are columns without a name or with one that another has, unless they are ignored.
 */
export function fitPreprocessing(
  training: Table,
  options: { target: string; task: Task; ignore?: readonly string[] },
): Preprocessing {
  const { target, task, ignore = [] } = options;
  for (const name of ignore) if (!training.header.includes(name)) throw missingColumn(training, name, [target]);
  const skipped = new Set([target, ...ignore]);
  const columns: InputColumn[] = [];
  training.header.forEach((name, index) => {
    if (skipped.has(name)) return;
    if (name === '') {
      const mend = "name it in the header line, or leave it out with --ignore ''";
      throw wrongValue(`column ${index + 1}`, 'a name', 'an empty header cell', mend);
    }
    columns.push(fitInput(training.rows, columnIndex(training, name), name));
  });
  if (columns.length === 0) {
    throw wrongValue('the table', `at least one input column besides '${target}'`, 'none');
  }
  return { columns, target: fitTarget(training, target, task) };
}

function fitInput(rows: readonly Row[], index: number, name: string): InputColumn {
  const numbers: number[] = [];
  const counts = new Map<string, number>();
  let firstText: Row | undefined;
  for (const row of rows) {
    const cell = row.cells[index] ?? '';
    if (isMissing(cell)) continue;
    const number = parseNumber(cell);
    if (number !== undefined) numbers.push(number);
    else firstText ??= row;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  if (counts.size === 0) {
    throw wrongValue(column(name), 'a value in at least one training row', 'none', 'leave it out with --ignore');
  }
  if (firstText === undefined) return { name, kind: 'number', ...checkedScaling(numbers, name) };
  let texts = -numbers.length;
  for (const count of counts.values()) texts += count;
  if (numbers.length >= texts) {
    const mend = `correct it, empty it and train with --impute, or leave the column out with --ignore ${quoted(name)}`;
    throw notANumber(firstText, index, name, mend);
  }
  refuseLocalNumbers(
    rows.map(row => row.cells[index] ?? ''),
    name,
    `leave the column out with --ignore ${quoted(name)}`,
  );
  return { name, kind: 'category', ...fitCategories(counts, name) };
}

function checkedScaling(values: readonly number[], name: string): Scaling {
  const scaling = fitScaling(values);
  if (!Number.isFinite(scaling.mean) || !Number.isFinite(scaling.scale)) {
    throw wrongValue(column(name), 'numbers whose sum and range are finite', 'larger ones', 'rescale the column');
  }
  return scaling;
}

function fitCategories(counts: ReadonlyMap<string, number>, name: string): { values: string[]; fill: string } {
  if (counts.size > MAX_CATEGORIES) {
    const expected = `numbers, or at most ${MAX_CATEGORIES} different texts`;
    throw wrongValue(column(name), expected, `${counts.size} texts`, `leave it out with --ignore ${quoted(name)}`);
  }
  const values = [...counts.keys()].sort();
  let fill = '';
  let most = 0;
  for (const value of values) {
    const count = counts.get(value) ?? 0;
    if (count > most) {
      most = count;
      fill = value;
    }
  }
  return { values, fill };
}

/** Refuses texts that are numbers to people, all or nearly all of them: as categories they would teach nothing. */
export function refuseLocalNumbers(cells: readonly string[], name: string, otherwise: string): void {
  const texts = cells.filter(cell => !isMissing(cell) && parseNumber(cell) === undefined);
  const local = texts.filter(isLocalNumber);
  if (local.length === 0 || local.length < 0.9 * texts.length) return;
  const mend = `write 1234.5 for 1.234,5 or 1,234.5, or ${otherwise}`;
  throw wrongValue(column(name), 'numbers with a decimal point and nothing else', quoted(local[0] ?? ''), mend);
}

function fitTarget(training: Table, name: string, task: Task): TargetColumn {
  if (task === 'regression') {
    const target: NumberColumn = { name, kind: 'number', ...checkedScaling(targetNumbers(training, name), name) };
    if (target.scale === 0) {
      throw wrongValue(`target ${quoted(name)}`, 'numbers that vary', `${target.mean} in every training row`);
    }
    return target;
  }
  const values = classNames(targetCells(training, name));
  if (values.length < 2) {
    const got = `${quoted(values.join())} in every training row`;
    throw wrongValue(`target ${quoted(name)}`, 'a target that varies, with at least two classes', got);
  }
  return { name, kind: 'classes', values };
}

/**
 * The distinct class names: numbers in their order, texts in the order of their code units. Numbers written in two ways,
 * such as 1 and 1.0, are one class, spelled as it was first.
 */
export function classNames(cells: readonly string[]): string[] {
  const numeric = cells.every(cell => parseNumber(cell) !== undefined);
  const names = new Map<string, string>();
  for (const cell of cells) {
    const key = classKey(cell, numeric);
    if (!names.has(key)) names.set(key, cell);
  }
  const values = [...names.values()];
  return numeric ? values.sort((a, b) => Number(a) - Number(b)) : values.sort();
}

function classKey(cell: string, numeric: boolean): string {
  const number = numeric ? parseNumber(cell) : undefined;
  return number === undefined ? cell : String(number);
}

/** The target's cells in order; a missing one is refused with its place, for a target is never made up. */
export function targetCells(table: Table, name: string): string[] {
  const index = columnIndex(table, name);
  return table.rows.map(row => {
    const cell = row.cells[index] ?? '';
    if (isMissing(cell)) {
      const mend = 'remove the row: a missing target cannot be imputed';
      throw wrongValue(place(row, name), 'a target', shown(cell), mend);
    }
    return cell;
  });
}

function targetNumbers(table: Table, name: string): number[] {
  const index = columnIndex(table, name);
  targetCells(table, name);
  return table.rows.map(row => {
    const number = parseNumber(row.cells[index] ?? '');
    if (number === undefined) throw notANumber(row, index, name);
    return number;
  });
}

/** How many inputs the network takes. */
export function inputWidth(preprocessing: Preprocessing): number {
  let width = 0;
  for (const column of preprocessing.columns) width += column.kind === 'number' ? 1 : column.values.length;
  return width;
}

/** How many outputs the network gives: one per class, or one number. */
export function outputWidth({ target }: Preprocessing): number {
  return target.kind === 'classes' ? target.values.length : 1;
}

/** What to do with missing cells and with texts no training row had: refuse them, or fill them in. */
export interface EncodeOptions {
  missing?: 'refuse' | 'fill';
  unknown?: 'refuse' | 'fill';
}

/**
 * The table's inputs, row-major rows × `inputWidth`, columns found by their names; and how many missing cells and how
 * many unknown texts were filled in (numbers with the training mean, texts with the most frequent one).
 */
export function encodeInputs(
  table: Table,
  preprocessing: Preprocessing,
  options: EncodeOptions = {},
): { x: Float32Array; filled: number; unknown: number } {
  const { columns, target } = preprocessing;
  const named = [...columns, target].map(({ name }) => name);
  const width = inputWidth(preprocessing);
  const x = new Float32Array(table.rows.length * width);
  let filled = 0;
  let unknown = 0;
  let offset = 0;
  for (const column of columns) {
    const index = columnIndex(table, column.name, named);
    const ranks = column.kind === 'category' ? rankOf(column.values) : undefined;
    let at = offset;
    for (const row of table.rows) {
      const cell = row.cells[index] ?? '';
      const absent = isMissing(cell);
      if (absent && options.missing !== 'fill') {
        const mend = 'fill it in, or impute with --impute';
        throw wrongValue(place(row, column.name), 'a value', shown(cell), mend);
      }
      if (column.kind === 'number') {
        if (absent) filled++;
        else x[at] = encodeNumber(row, index, column);
      } else {
        let rank = absent ? undefined : ranks?.get(cell);
        if (rank === undefined) {
          if (!absent && options.unknown !== 'fill') throw unknownText(row, cell, column);
          if (absent) filled++;
          else unknown++;
          rank = ranks?.get(column.fill) ?? 0;
        }
        x[at + rank] = 1;
      }
      at += width;
    }
    offset += column.kind === 'number' ? 1 : column.values.length;
  }
  return { x, filled, unknown };
}

function encodeNumber(row: Row, index: number, column: NumberColumn): number {
  const number = parseNumber(row.cells[index] ?? '');
  if (number === undefined) throw notANumber(row, index, column.name);
  const value = Math.fround(standardise(number, column));
  if (!Number.isFinite(value)) {
    throw wrongValue(place(row, column.name), 'a number near those of the training rows', number);
  }
  return value;
}

/** The target for the cost: class indices for classification, standardised numbers for regression. */
export function encodeTarget(table: Table, target: TargetColumn): Int32Array | Float32Array {
  if (target.kind === 'number') {
    return Float32Array.from(targetNumbers(table, target.name), number => standardise(number, target));
  }
  return classIndices(table, target);
}

/** The index of every row's class; a class that the training rows did not have is refused with its place. */
export function classIndices(table: Table, target: ClassTarget): Int32Array {
  const numeric = target.values.every(value => parseNumber(value) !== undefined);
  const ranks = rankOf(target.values.map(value => classKey(value, numeric)));
  return Int32Array.from(targetCells(table, target.name), (cell, r) => {
    const rank = ranks.get(classKey(cell, numeric));
    if (rank !== undefined) return rank;
    const row = table.rows[r];
    const where = row === undefined ? column(target.name) : place(row, target.name);
    throw wrongValue(where, `one of the classes ${listed(target.values)}`, quoted(cell));
  });
}

/** The target as numbers in its own unit. */
export function trueNumbers(table: Table, target: NumberColumn): Float64Array {
  return Float64Array.from(targetNumbers(table, target.name));
}

function rankOf(values: readonly string[]): Map<string, number> {
  return new Map(values.map((value, rank) => [value, rank]));
}

function notANumber(row: Row, index: number, name: string, mend = 'correct the cell'): RangeError {
  const cell = row.cells[index] ?? '';
  return wrongValue(place(row, name), 'a number, as in the rest of the column', shown(cell), mend);
}

function unknownText(row: Row, cell: string, column: CategoryColumn): RangeError {
  const mend = 'correct it, or put the most frequent one in its place with --impute';
  return wrongValue(place(row, column.name), `one of ${listed(column.values)}`, quoted(cell), mend);
}

function shown(cell: string): string {
  return cell === '' ? 'an empty cell' : quoted(cell);
}

function listed(values: readonly string[]): string {
  const some = values.slice(0, 10).map(quoted);
  return values.length > some.length ? `${some.join(', ')} and ${values.length - some.length} more` : some.join(', ');
}

/** The preprocessing that a model's file holds, checked: a file may come from anywhere. */
export function parsePreprocessing(text: string): Preprocessing {
  let value: unknown;
  try {
    value = parseStrictly('preprocessing', text);
  } catch {
    throw broken('JSON, and each key once');
  }
  if (!isRecord(value) || !Array.isArray(value.columns) || value.columns.length === 0) throw broken('columns');
  const { columns, target } = value;
  if (!columns.every(isInputColumn)) throw broken('columns of numbers or of categories');
  if (!isTargetColumn(target)) throw broken('a target of classes or of numbers');
  return { columns, target };
}

function broken(expected: string): RangeError {
  return wrongValue("the model's preprocessing", expected, 'something else', 'train the model again');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNumberColumn(value: unknown): value is NumberColumn {
  if (!isRecord(value) || typeof value.name !== 'string' || value.kind !== 'number') return false;
  return typeof value.scale === 'number' && value.scale >= 0 && typeof value.mean === 'number';
}

function areTexts(value: unknown): value is string[] {
  const distinct = Array.isArray(value) && value.length > 0 && new Set(value).size === value.length;
  return distinct && value.every(text => typeof text === 'string');
}

function isInputColumn(value: unknown): value is InputColumn {
  if (isNumberColumn(value)) return true;
  if (!isRecord(value) || typeof value.name !== 'string' || value.kind !== 'category') return false;
  return areTexts(value.values) && typeof value.fill === 'string' && value.values.includes(value.fill);
}

function isTargetColumn(value: unknown): value is TargetColumn {
  if (isNumberColumn(value)) return true;
  return isRecord(value) && typeof value.name === 'string' && value.kind === 'classes' && areTexts(value.values);
}
