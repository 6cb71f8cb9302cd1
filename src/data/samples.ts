/** What users give for x and y, checked and made ready to be copied into linear memory. */
import { conversion, numberMend, ownBytes, ownFloats, refuseLost, roomFor } from '../conversions.js';
import { checkOptions, describe, unwrapping, wrongKind, wrongType, wrongValue } from '../errors.js';
import { arrayKind, hasKey, isFloat32Array, isList, isNumberArray, kindOf, type NumberArray } from '../kinds.js';
import type { TargetSpec } from '../losses/loss.js';

/** Samples as users give them: row-major numbers, bytes with a scale, or rows of numbers. */
export type Samples =
  | Float32Array
  | Float64Array
  | Indices
  | ScaledBytes
  | SequencesWithLengths
  | readonly ArrayLike<number>[];

/** Whole numbers, for networks that begin with `embedding` or `embeddingBag`. */
export type Indices = Int32Array | Uint16Array | Uint8Array;

/** Samples of 8 bits; each is multiplied by `scale` as it is read. */
export interface ScaledBytes {
  readonly x: Uint8Array | Uint8ClampedArray;
  /** 1 by default. */
  readonly scale?: number;
  readonly lengths?: SequenceLengths;
}

/** How many steps each row has, from 1 up; what follows in x is padding. */
export type SequenceLengths = Int32Array | readonly number[];

/** Sequences that end early, as {@link ScaledBytes} where they are bytes. */
export interface SequencesWithLengths {
  readonly x: Float32Array | Float64Array | Indices | readonly ArrayLike<number>[];
  readonly lengths: SequenceLengths;
}

/** Targets as users give them: class indices, numbers, or rows (row-major, one-hot, soft, or several numbers). */
export type Targets = NumberArray | readonly number[] | readonly ArrayLike<number>[];

// Looked up once, for a look at a global takes a microsecond in a vm context, such as jest's.
const { fround } = Math;
const { isFinite: finite } = Number;

/**
 * Samples with their shape checked; whether they are finite is seen to by the machine, or here where they came as rows.
 */
export interface ReadySamples {
  readonly rows: number;
  readonly values: Float32Array | Uint8Array;
  /** What bytes are multiplied by. */
  readonly scale: number;
  /** How many steps count of each row, for each input; all of them where there are none. */
  readonly lengths?: Int32Array | undefined;
}

/**
 * Checks the samples' kind and shape. `network` is what the shape is for, as messages name it: `dense(128)`.
 */
export function readSamples(where: string, x: unknown, inputs: number, network: string, scale?: unknown): ReadySamples {
  if (isFloat32Array(x) && scale === undefined) {
    const values = ownFloats(`${where}: x`, x);
    return { rows: countRows(where, values.length, inputs, network), values, scale: 1 };
  }
  const kind = arrayKind(x);
  if (kind === 'Uint8Array' || kind === 'Uint8ClampedArray') {
    const values = ownBytes(`${where}: x`, x as Uint8Array);
    const factor = scale === undefined ? 1 : scale;
    if (typeof factor !== 'number') throw wrongType(`${where}: scale`, 'a finite number', factor);
    if (!Number.isFinite(Math.fround(factor))) throw wrongValue(`${where}: scale`, 'a finite float32 number', factor);
    return { rows: countRows(where, values.length, inputs, network), values, scale: factor };
  }
  const isFloats = kind === 'Float32Array' || kind === 'Float64Array' || kind === 'Float16Array';
  if (!isFloats && !isList(x)) {
    throw wrongType(`${where}: x`, 'a Float32Array, { x: Uint8Array, scale }, or an array of rows', x, conversion(x));
  }
  if (scale !== undefined) {
    const given = isFloats ? `a ${kind}` : 'rows of numbers';
    throw wrongType(`${where}: scale`, `none with ${given}`, scale, 'scale goes with Uint8Array');
  }
  if (!isFloats) {
    const rows = x as readonly unknown[];
    countRows(where, rows.length, 1, network);
    return { rows: rows.length, values: flattenRows(`${where}: x`, rows, inputs, network), scale: 1 };
  }
  const values = narrow(where, x, inputs);
  return { rows: countRows(where, values.length, inputs, network), values, scale: 1 };
}

/** Float64 or float16 numbers as float32; those that would become infinite are refused as they were. */
function narrow(where: string, x: unknown, inputs: number): Float32Array {
  const numbers = x as Float64Array;
  refuseLost(`${where}: x`, numbers);
  const values = new Float32Array(numbers);
  const bad = findNotFinite(values);
  if (bad >= 0) throw notFiniteAt(`${where}: x`, numbers, bad, inputs);
  return values;
}

/** How many rows so many numbers are; `network` is what the shape is for. */
export function countRows(where: string, length: number, inputs: number, network: string): number {
  if (length === 0) throw wrongValue(`${where}: x`, 'at least one row', 'none');
  if (length % inputs !== 0) {
    const got = `${length} numbers, which is ${Math.floor(length / inputs)} rows and ${length % inputs} more`;
    throw wrongValue(`${where}: x: ${network}`, `input [rows, ${inputs}]`, got);
  }
  return length / inputs;
}

/** Whether a row of numbers can be this: an array, or a typed one. BigInts are told when they are met. */
function isRow(row: unknown): row is ArrayLike<unknown> {
  return isList(row) || arrayKind(row) !== undefined;
}

/** Rows of numbers as one row-major array; every number finite. */
function flattenRows(where: string, rows: readonly unknown[], columns: number, network: string): Float32Array {
  const values = roomFor(rows.length * columns);
  // Not forEach, which passes over holes.
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r];
    if (!isRow(row)) {
      const mend = typeof row === 'number' ? 'for one row give [[…]]' : rowMend(row);
      throw wrongKind(where, `rows of ${columns} numbers`, `${describe(row)} as row ${r}`, mend);
    }
    const cells: ArrayLike<unknown> = row;
    refuseLost(`${where}, row ${r}`, cells);
    if (isRow(cells[0])) {
      throw wrongKind(
        where,
        `rows of ${columns} numbers`,
        `arrays in row ${r}`,
        'give each row flat: row.flat(Infinity)',
      );
    }
    if (cells.length !== columns) {
      throw wrongValue(`${where}: ${network}`, `input [rows, ${columns}]`, `${cells.length} numbers in row ${r}`);
    }
    for (let column = 0; column < columns; column++) {
      const value = cells[column];
      if (typeof value !== 'number') {
        throw wrongKind(where, 'numbers', `${describe(value)} in row ${r}, column ${column}`, numberMend(value));
      }
      const rounded = fround(value);
      if (!finite(rounded)) throw notFinite(where, value, r, column);
      values[r * columns + column] = rounded;
    }
  }
  return values;
}

function rowMend(row: unknown): string | undefined {
  const mend = unwrapping(row) ?? conversion(row, 'row');
  return mend ?? (kindOf(row) === 'Object' ? 'of a record give Object.values(row)' : undefined);
}

/** The error for NaN and infinities. */
export function notFinite(where: string, value: number, row: number, column: number): RangeError {
  const expected = 'finite float32 numbers';
  return wrongValue(where, expected, `${value} in row ${row}, column ${column}`, 'fill in or leave out such rows');
}

/** Refuses samples of which one is not a finite number. */
export function refuseNotFinite(where: string, { values }: ReadySamples, columns: number): void {
  if (values instanceof Uint8Array) return;
  const index = findNotFinite(values);
  if (index >= 0) throw notFiniteAt(where, values, index, columns);
}

/**
 * Where the first NaN or infinity is, or −1. A loop of its own: with a callback for each number it takes eight times as
 * long.
 */
export function findNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    // A finite number less itself is 0; NaN and the infinities give NaN.
    if (value - value !== 0) return i;
  }
  return -1;
}

/** The error for the number at `index` of row-major samples. */
export function notFiniteAt(where: string, values: ArrayLike<number>, index: number, columns: number): RangeError {
  return notFinite(where, values[index] ?? Number.NaN, Math.floor(index / columns), index % columns);
}

/** `{ x, scale, lengths }` taken apart; anything else as it is. */
export function unwrap(where: string, x: unknown): { x: unknown; scale?: unknown; lengths?: unknown } {
  if (kindOf(x) !== 'Object' || !hasKey(x, 'x')) return { x };
  checkOptions(`${where}: x`, x, ['x', 'scale', 'lengths']);
  return x as { x: unknown; scale?: unknown; lengths?: unknown };
}

/**
 * Refuses bytes without their scale where x is given by itself, lest they are taken for something else than the network
 * learned from.
 */
export function refuseBareBytes(where: string, x: unknown): void {
  const kind = arrayKind(x);
  if (kind === 'Uint8Array' || kind === 'Uint8ClampedArray') {
    throw wrongKind(`${where}: x`, '{ x: Uint8Array, scale }', `a bare ${kind}`, 'give { x, scale: 1 / 255 }');
  }
}

/** What a loss expects for targets, for each position of a sample. */
interface Expected {
  readonly target: TargetSpec;
  readonly positions: number;
}

/** Checks targets against what the loss expects, and gives them as the machine reads them. */
export function readTargets(where: string, y: unknown, rows: number, expected: Expected): Int32Array | Float32Array {
  const { target, positions } = expected;
  if (target.kind === 'labels') return readLabels(where, y, rows, positions, target.classes);
  return readValues(where, y, rows, positions, target);
}

function readLabels(where: string, y: unknown, rows: number, positions: number, classes: number): Int32Array {
  const each = positions === 1 ? 'one for each row' : `${positions} for each row`;
  const expected = `${rows * positions} class indices from 0 to ${classes - 1}, ${each}`;
  const oneHot = `for one-hot rows take 'categoricalCrossEntropy'`;
  const isRows = isList(y) && isListOfRows(y);
  if (isRows && positions === 1) throw wrongKind(where, expected, 'rows of numbers', oneHot);
  const flat = isRows ? flattenTargets(where, y, positions) : y;
  if (!isNumbers(flat)) throw wrongType(where, expected, y, conversion(y, 'y'));
  refuseLost(where, flat);
  if (flat.length !== rows * positions) {
    const mend = flat.length === rows * positions * classes ? oneHot : 'x and y need the same rows';
    throw wrongValue(where, expected, `${flat.length} numbers`, mend);
  }
  const place = (i: number) =>
    positions === 1 ? `in row ${i}` : `in row ${Math.floor(i / positions)}, position ${i % positions}`;
  const labels = new Int32Array(flat.length);
  for (let i = 0; i < flat.length; i++) {
    const label = flat[i];
    if (typeof label !== 'number') {
      throw wrongKind(where, expected, `label ${describe(label)} ${place(i)}`, labelMend(label));
    }
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw wrongValue(where, expected, `label ${label} ${place(i)}`);
    }
    labels[i] = label;
  }
  return labels;
}

/** What to do about a label that is no number. */
function labelMend(label: unknown): string {
  return typeof label === 'string' ? 'give the number of its class: classes.indexOf(label)' : numberMend(label, 'y');
}

type ValueSpec = Extract<TargetSpec, { kind: 'values' }>;

function readValues(where: string, y: unknown, rows: number, positions: number, spec: ValueSpec): Float32Array {
  const { range } = spec;
  const columns = positions * spec.columns;
  const flat = isList(y) && isListOfRows(y) ? flattenTargets(where, y, columns) : y;
  const expected = `targets [${rows}, ${columns}]`;
  if (!isNumbers(flat)) throw wrongType(where, expected, y, conversion(y, 'y'));
  refuseLost(where, flat);
  if (flat.length !== rows * columns) {
    const indices = columns > 1 && flat.length === rows;
    const mend = indices ? `for class indices take 'sparseCategoricalCrossEntropy'` : 'x and y need the same rows';
    throw wrongValue(where, expected, `${flat.length} numbers`, mend);
  }
  const asIs = arrayKind(flat) === 'Float32Array' && range !== 'sign';
  const values = asIs ? ownFloats(where, flat as Float32Array) : new Float32Array(flat.length);
  for (let i = 0; i < flat.length; i++) {
    const value: unknown = flat[i];
    const row = Math.floor(i / columns);
    if (typeof value !== 'number')
      throw wrongKind(where, 'numbers', `${describe(value)} in row ${row}`, numberMend(value, 'y'));
    const rounded = fround(value);
    if (!finite(rounded)) throw notFinite(where, value, row, i % columns);
    if (range === 'probability' && !(rounded >= 0 && rounded <= 1)) {
      throw wrongValue(where, 'targets from 0 to 1', `label ${value} in row ${row}, column ${i % columns}`);
    }
    if (range === 'notNegative' && rounded < 0) {
      throw wrongValue(where, 'targets that are not negative', `${value} in row ${row}, column ${i % columns}`);
    }
    if (range === 'sign' && rounded !== -1 && rounded !== 0 && rounded !== 1) {
      throw wrongValue(where, 'targets −1 and 1', `label ${value} in row ${row}, column ${i % columns}`);
    }
    if (!asIs) values[i] = range === 'sign' && rounded === 0 ? -1 : rounded;
  }
  return values;
}

/** In place of targets: the cost's gradient for each output of each row, as numbers or rows of them. */
export type OutputGradient = NumberArray | readonly number[] | readonly ArrayLike<number>[];

/** Checks a gradient of the outputs: so many numbers, each finite. */
export function readGradient(place: string, gradient: unknown, rows: number, columns: number): Float32Array {
  const isRows = Array.isArray(gradient) && isListOfRows(gradient);
  const flat: unknown = isRows ? flattenTargets(place, gradient, columns) : gradient;
  const expected = `${rows * columns} numbers, one for each output of each row`;
  if (!isNumbers(flat)) throw wrongType(place, expected, gradient, conversion(gradient, 'gradient'));
  if (flat.length !== rows * columns) throw wrongValue(place, expected, `${flat.length} numbers`);
  return Float32Array.from({ length: flat.length }, (_, i) => {
    const value: unknown = flat[i];
    const [row, column] = [Math.floor(i / columns), i % columns];
    if (typeof value !== 'number') throw wrongKind(place, 'numbers', `${describe(value)} in row ${row}`);
    const rounded = fround(value);
    if (!finite(rounded)) throw wrongValue(place, 'finite numbers', `${value} in row ${row}, column ${column}`);
    return rounded;
  });
}

function flattenTargets(where: string, rows: readonly unknown[], columns: number): unknown[] {
  // Not rows.flatMap, which passes over holes.
  return Array.from(rows, (row, r) => {
    if (isRow(row)) refuseLost(`${where}, row ${r}`, row);
    const cells: unknown[] = isRow(row) ? Array.from(row) : [row];
    if (cells.length !== columns) throw wrongValue(where, `rows of ${columns} numbers`, `${cells.length} in row ${r}`);
    return cells;
  }).flat();
}

function isNumbers(y: unknown): y is ArrayLike<unknown> {
  return isList(y) ? !isListOfRows(y) : isNumberArray(y);
}

function isListOfRows(y: readonly unknown[]): boolean {
  return isRow(y[0]);
}
