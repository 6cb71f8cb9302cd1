/** The column that is predicted: its classes, or its numbers. */
import { isIdentifier, numberReader } from '../data/numbers.js';
import { Problems } from '../data/problems.js';
import { columnIndex, type Reading } from '../data/table.js';
import { listed, quote, wrongValue } from '../errors.js';
import type { Cells } from './cells.js';
import { shown } from './inputs.js';
import type { ClassTarget, NumberTarget, TargetColumn, Task } from './preprocessing.js';
import { isOfUnit, targetUnit, withUnit } from './units.js';

/** The texts of a column: each row's is `values[codes[row]]`, in the order in which they first come. */
export interface Labels {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

/** A network has an output for each class, so that more are no classes. */
const MOST_CLASSES = 2 ** 16;

/** The target's texts; missing ones are refused with their places, for a target is never made up. */
export function targetLabels(table: Cells, name: string): Labels {
  const index = columnIndex(table, name);
  refuseMissing(table, name, index);
  const codes = new Int32Array(table.rows);
  const known = new Map<string, number>();
  for (let row = 0; row < table.rows; row++) {
    const cell = table.cell(row, index);
    let code = known.get(cell);
    if (code === undefined) {
      code = known.size;
      known.set(cell, code);
      if (code === MOST_CLASSES) {
        const mend = `name another ${table.ways.target}, or take it for numbers with ${table.ways.task('regression')}`;
        throw wrongValue(`target ${quote(name)}`, `at most ${MOST_CLASSES} different classes`, 'more', mend);
      }
    }
    codes[row] = code;
  }
  return { codes, values: [...known.keys()] };
}

function refuseMissing(table: Cells, name: string, index: number): void {
  const problems = new Problems();
  for (let row = 0; row < table.rows; row++) {
    if (!Number.isNaN(table.number(row, index)) || !table.isMissing(row, index)) continue;
    problems.addCell(table, row, () => {
      const missing = table.ways.missing(false);
      const other = missing === undefined ? '' : `; or say what counts as missing with ${missing}`;
      const mend = `remove the row, for a missing target cannot be imputed${other}`;
      return wrongValue(table.place(row, name), 'a target', shown(table.cell(row, index)), mend);
    });
  }
  problems.throwAny();
}

/**
 * The target's numbers in its own unit; cells that are none are refused with their places. Where `task` may be another,
 * errors say so.
 */
export function targetNumbers(table: Cells, name: string, { otherTask = false } = {}): Float64Array {
  const index = columnIndex(table, name);
  refuseMissing(table, name, index);
  const numbers = new Float64Array(table.rows);
  const problems = new Problems();
  const mend = otherTask ? `predict classes with ${table.ways.task('classification')}` : undefined;
  for (let row = 0; row < table.rows; row++) numbers[row] = table.number(row, index);
  if (table.rows > 0 && numbers.every(Number.isNaN)) {
    const got = `${quote(table.cell(0, index))} and no number at all`;
    throw wrongValue(`target ${quote(name)}`, 'numbers', got, mend);
  }
  for (const [row, number] of numbers.entries()) {
    if (!Number.isNaN(number)) continue;
    problems.addCell(table, row, () => {
      const way = mend === undefined ? 'correct it' : `correct it, or ${mend}`;
      return wrongValue(table.place(row, name), 'a number', quote(table.cell(row, index)), way);
    });
  }
  problems.throwAny();
  return numbers;
}

/** What the training rows say of the target. */
export function fitTarget(
  training: Cells,
  name: string,
  task: Task,
  scaling: (values: Float64Array) => Omit<NumberTarget, 'name' | 'kind'>,
): TargetColumn {
  const unit = targetUnit(training, name);
  if (task === 'regression') {
    const numbers = targetNumbers(training, name, { otherTask: true });
    const target: NumberTarget = { name, kind: 'number', ...scaling(numbers), ...(unit && { unit }) };
    if (target.scale === 0) {
      throw wrongValue(`target ${quote(name)}`, 'numbers that vary', `${target.mean} in every training row`);
    }
    return target;
  }
  const values = classNames(targetLabels(training, name).values, training.reading);
  if (values.length < 2) {
    const got = `${quote(values.join())} in every training row`;
    throw wrongValue(`target ${quote(name)}`, 'a target that varies, with at least two classes', got);
  }
  return { name, kind: 'classes', values };
}

/**
 * The distinct class names: numbers in their order, texts in the order of their code units. Numbers written in two
 * ways, such as 1 and 1.0, are one class, spelled as it was first; identifiers, such as 007, are texts.
 */
export function classNames(cells: readonly string[], reading: Reading): string[] {
  const { isNumeric, keyOf, read } = classKeys(cells, reading);
  const names = new Map<string, string>();
  for (const cell of cells) if (!names.has(keyOf(cell))) names.set(keyOf(cell), cell);
  const values = [...names.values()];
  return isNumeric ? values.sort((a, b) => read(a) - read(b)) : values.sort();
}

/** What tells classes apart: their numbers, if all of `values` are, or else their texts. */
function classKeys(values: readonly string[], reading: Reading) {
  const read = numberReader(reading);
  const isNumber = (cell: string) => !isIdentifier(cell) && !Number.isNaN(read(cell));
  const isNumeric = values.every(isNumber);
  return { isNumeric, read, keyOf: (cell: string) => (isNumeric && isNumber(cell) ? String(read(cell)) : cell) };
}

/** What a network is to answer: class indices, or numbers in their own unit. */
export function encodeTarget(table: Cells, target: TargetColumn): Int32Array | Float64Array {
  return target.kind === 'classes' ? classIndices(table, target) : knownNumbers(table, target);
}

/** The target's numbers, of the unit that training knew. */
export function knownNumbers(table: Cells, target: NumberTarget): Float64Array {
  const numbers = targetNumbers(table, target.name);
  const [unit, known = ''] = [targetUnit(table, target.name), target.unit];
  if (isOfUnit(unit, known)) return numbers;
  throw wrongValue(`target ${quote(target.name)}`, `${withUnit(known)}, as in training`, withUnit(unit));
}

/** The index of every row's class; classes that the training rows did not have are refused with their places. */
export function classIndices(table: Cells, target: ClassTarget): Int32Array {
  const { codes, values } = targetLabels(table, target.name);
  const { keyOf } = classKeys(target.values, table.reading);
  const ranks = new Map(target.values.map((value, rank) => [keyOf(value), rank]));
  const rankOf = values.map(value => ranks.get(keyOf(value)) ?? -1);
  const problems = new Problems();
  const indices = codes.map(code => rankOf[code] ?? -1);
  for (const [row, rank] of rankOf.includes(-1) ? indices.entries() : []) {
    if (rank >= 0) continue;
    problems.addCell(table, row, () => {
      const expected = `one of the classes ${listed(target.values, quote)}`;
      return wrongValue(table.place(row, target.name), expected, quote(values[codes[row] ?? 0] ?? ''));
    });
  }
  problems.throwAny();
  return indices;
}
