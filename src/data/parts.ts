/** Data taken apart by rows: a test set, folds, windows over a series. */
import { refuseLost, roomFor } from '../conversions.js';
import { checkInteger, checkNumber, checkOptions, describe, wrongKind, wrongType, wrongValue } from '../errors.js';
import { isList, isNumberArray, kindOf } from '../kinds.js';
import { checkSeed, Purpose, Random } from '../random.js';
import { splitRows, stratifiedSplit } from './split.js';

/** Samples and targets, row by row: flat arrays, or lists of rows. */
export interface SplittableData {
  readonly x: ArrayLike<unknown>;
  readonly y: ArrayLike<unknown>;
  readonly scale?: number;
  /** How many steps each row has, where sequences end early. */
  readonly lengths?: ArrayLike<number>;
  /** What each row counts. */
  readonly sampleWeights?: ArrayLike<number>;
}

/** As many as an Int32Array of indices names. */
const MOST_ROWS = 2 ** 31 - 1;

/** How data are split. */
export interface SplitOptions {
  /** The share of the rows in the test part; 0.2 by default. */
  readonly test?: number;
  /** The same seed, the same split; 0 by default. */
  readonly seed?: number;
  /**
   * Whether every class of `y` keeps its share in both parts; false by default. Of a list of rows, a list of their
   * classes.
   */
  readonly stratify?: boolean | ArrayLike<string | number>;
}

/**
 * Takes a part of the rows away at random, for a test of what is learned from the others: of a list of rows, or of `{
 * x, y }`, whose `y` has one entry a row. At least one row is in either part; each keeps the order of the rows.
 */
export function split<D extends SplittableData | readonly unknown[]>(
  data: D,
  options: SplitOptions = {},
): { train: D; test: D } {
  checkOptions('split', options, ['test', 'seed', 'stratify']);
  const { test = 0.2, seed = 0, stratify = false } = options;
  checkNumber('split: test', test, { above: 0, below: 1 });
  checkSeed('split: seed', seed);
  const rows = rowsOf('split', data);
  if (rows < 2 || rows > MOST_ROWS) throw wrongValue('split', `from 2 to ${MOST_ROWS} rows`, rows);
  const labels = stratify === true && !isList(data) ? (data as SplittableData).y : stratify;
  if (labels === true) {
    throw wrongKind('split: stratify', 'the class of each row', 'true', 'give a list of them, for rows have no y');
  }
  const parts =
    labels === false
      ? splitRows(rows, test, seed)
      : stratifiedSplit(checkLabels('split: stratify', labels, rows), test, seed);
  return { train: pick(data, parts.training), test: pick(data, parts.validation) };
}

/** Rows of a list, or of `{ x, y }`, in the order of their indices, which may come twice. */
export function pick<D extends SplittableData | readonly unknown[]>(data: D, rows: ArrayLike<number>): D {
  const count = rowsOf('pick', data);
  if (!isColumn(rows)) throw wrongType('pick: rows', 'a list of row indices', rows);
  refuseLost('pick: rows', rows);
  for (let i = 0; i < rows.length; i++) checkInteger('pick: rows', rows[i], 0, count - 1);
  if (isList(data)) return Array.from(rows, row => data[row] as unknown) as unknown as D;
  return pickParts('pick', data as SplittableData, rows, count) as D;
}

/** What has an entry for each row. */
const PARTS = ['x', 'y', 'sampleWeights', 'lengths'] as const;

/** The same of all that a model learns from, of which it is known how many rows there are. */
export function pickParts(where: string, data: object, rows: ArrayLike<number>, count: number): object {
  const parts = data as Readonly<Record<string, unknown>>;
  const picked: Record<string, unknown> = { ...parts };
  for (const name of PARTS) {
    if (parts[name] !== undefined) picked[name] = pickPart(`${where}: ${name}`, parts[name], rows, count);
  }
  return picked;
}

/** The rows of an array, of `{ x, scale }`, or of each array by its name. */
function pickPart(where: string, part: unknown, rows: ArrayLike<number>, count: number): unknown {
  if (isColumn(part)) return pickRows(where, part, rows, count);
  if (kindOf(part) !== 'Object') throw wrongType(where, 'an array', part);
  const entries = Object.entries(part as object);
  return Object.fromEntries(
    entries.map(([name, own]) => [name, name === 'scale' ? own : pickPart(`${where}.${name}`, own, rows, count)]),
  );
}

/** The rows of one array: a flat one has as many numbers for each. */
function pickRows(where: string, values: ArrayLike<unknown>, rows: ArrayLike<number>, count: number) {
  const isFlat = isNumberArray(values);
  if (values.length === 0 || (isFlat ? values.length % count !== 0 : values.length !== count)) {
    throw wrongValue(where, `an entry for each of ${count} rows`, values.length);
  }
  if (!isFlat) return Array.from(rows, row => values[row]);
  const width = values.length / count;
  const picked = new (values.constructor as new (length: number) => Float32Array)(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] ?? 0) * width;
    picked.set((values as Float32Array).subarray(start, start + width), i * width);
  }
  return picked;
}

/** How many rows there are: as many as entries of a list, or of `y`; a flat `x` has as many numbers for each. */
export function rowsOf(where: string, data: unknown): number {
  if (isList(data)) return data.length;
  if (kindOf(data) !== 'Object') throw wrongType(where, 'a list of rows, or { x, y }', data);
  const { x, y } = data as { x?: unknown; y?: unknown };
  if (!isColumn(x) || !isColumn(y)) throw wrongKind(where, '{ x, y }', `${describe(x)} and ${describe(y)}`);
  refuseLost(`${where}: x`, x);
  refuseLost(`${where}: y`, y);
  const isFlat = isNumberArray(x);
  if (y.length === 0 || (isFlat ? x.length % y.length !== 0 : x.length !== y.length)) {
    const got = `${x.length} ${isFlat ? 'numbers' : 'rows'} and ${y.length}`;
    throw wrongValue(where, 'x with as many rows as y has entries', got, 'give class indices or numbers, one a row');
  }
  return y.length;
}

function isColumn(value: unknown): value is ArrayLike<unknown> {
  return isList(value) || isNumberArray(value);
}

function checkLabels(where: string, labels: unknown, rows: number): ArrayLike<string | number> {
  if (!isColumn(labels)) throw wrongType(where, 'true, false, or a list of classes', labels);
  if (labels.length !== rows) throw wrongValue(where, `${rows} classes, one for each row`, labels.length);
  for (let row = 0; row < rows; row++) {
    const label = labels[row];
    if (typeof label === 'string' || Number.isFinite(label)) continue;
    throw wrongType(`${where}: row ${row}`, 'a class: a text or a number', label, 'give one class a row');
  }
  return labels as ArrayLike<string | number>;
}

/** How rows are taken apart into folds. */
export interface FoldOptions {
  /** How many folds; 5 by default. */
  readonly folds?: number;
  /** The same seed, the same folds; 0 by default. */
  readonly seed?: number;
  /** The class of each row, each of which then keeps its share in every fold. */
  readonly stratify?: ArrayLike<string | number>;
}

/** A fold: the rows to test on, and all others to train on. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Takes rows apart for cross-validation: each row is tested in one fold and trained on in all others. Folds differ by
 * one row at most, and of every class too where they are stratified.
 *
 * @throws where there are more folds than rows, or than rows of some class
 */
export function kFold(rows: number, options: FoldOptions = {}): Fold[] {
  checkInteger('kFold: rows', rows, 2, MOST_ROWS);
  checkOptions('kFold', options, ['folds', 'seed', 'stratify']);
  return foldsOf(name => `kFold: ${name}`, rows, options);
}

/** {@link kFold}, whose errors name options as whoever takes them does. */
export function foldsOf(at: (name: string) => string, rows: number, options: FoldOptions): Fold[] {
  const { folds = 5, seed = 0, stratify } = options;
  checkInteger(at('folds'), folds, 2, rows);
  checkSeed(at('seed'), seed);
  const labels = stratify === undefined ? undefined : checkLabels(at('stratify'), stratify, rows);
  const order = new Random(seed, Purpose.split, 1).permutation(rows);
  const groups = new Map<string | number, number[]>();
  for (const row of order) {
    const label = labels?.[row] ?? '';
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [row]);
    else group.push(row);
  }
  // One deal of all rows, class after class, keeps both the folds and each class's share of them within one row.
  const foldOf = new Int32Array(rows);
  let dealt = 0;
  for (const [label, group] of groups) {
    if (labels !== undefined && group.length < folds) {
      const got = `${group.length} of the class ${String(label)}`;
      throw wrongValue(at('folds'), `at least ${folds} rows of every class`, got, 'take fewer folds');
    }
    for (const row of group) foldOf[row] = dealt++ % folds;
  }
  return Array.from({ length: folds }, (_, fold) => {
    const members = (isTest: boolean) => Int32Array.from(order.keys()).filter(row => (foldOf[row] === fold) === isTest);
    return { train: members(false), test: members(true) };
  });
}

/** How windows lie over a series. */
export interface WindowOptions {
  /** Steps of the series that are predicted from. */
  readonly length: number;
  /** Steps after them that are predicted; 1 by default. */
  readonly horizon?: number;
  /** From one window's beginning to the next; 1 by default. */
  readonly step?: number;
  /** Numbers of a step where the series is a list of numbers, such as `table.numbers(names)` gives; 1 by default. */
  readonly columns?: number;
}

/**
 * Windows over a series in its order: `x` has `length` steps in each row, `y` the `horizon` steps behind them. The
 * series is a list of numbers, `columns` of them a step, or of rows of several; all of a step's numbers stand beside
 * each other, in `x` and in `y`.
 *
 * @throws where the series is shorter than one window, or a number is not finite
 */
export function windows(
  series: ArrayLike<number> | readonly ArrayLike<number>[],
  options: WindowOptions,
): { x: Float32Array; y: Float32Array } {
  checkOptions('windows', options, ['length', 'horizon', 'step', 'columns']);
  const { length, horizon = 1, step = 1, columns } = options;
  checkInteger('windows: length', length, 1);
  checkInteger('windows: horizon', horizon, 1);
  checkInteger('windows: step', step, 1);
  if (!isColumn(series)) throw wrongType('windows: series', 'a list of numbers, or of rows of them', series);
  const first: unknown = series[0];
  const isRows = isColumn(first);
  if (columns !== undefined) checkInteger('windows: columns', columns, 1);
  if (columns !== undefined && (isRows ? columns !== first.length : series.length % columns !== 0)) {
    const got = isRows ? `rows of ${first.length}` : `${series.length} in all`;
    throw wrongValue('windows: series', `${columns} numbers a step, as columns says`, got);
  }
  const width = isRows ? first.length : (columns ?? 1);
  const steps = isRows ? series.length : series.length / width;
  if (steps < length + horizon || width === 0) {
    throw wrongValue('windows: series', `at least ${length + horizon} steps, a window's`, steps);
  }
  const values = roomFor(steps * width);
  for (let at = 0; at < steps; at++) {
    const entry: unknown = series[at];
    const cells = isColumn(entry) ? entry : Array.from({ length: width }, (_, i) => series[at * width + i]);
    if (cells.length !== width)
      throw wrongValue('windows: series', `${width} numbers a step`, `${cells.length} in step ${at}`);
    for (let column = 0; column < width; column++) {
      values[at * width + column] = checkNumber(`windows: series: step ${at}`, cells[column]);
    }
  }
  const rows = Math.floor((steps - length - horizon) / step) + 1;
  const x = roomFor(rows * length * width);
  const y = roomFor(rows * horizon * width);
  for (let row = 0; row < rows; row++) {
    const start = row * step * width;
    const middle = start + length * width;
    x.set(values.subarray(start, middle), row * length * width);
    y.set(values.subarray(middle, middle + horizon * width), row * horizon * width);
  }
  return { x, y };
}
