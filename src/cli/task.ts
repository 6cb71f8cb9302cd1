import { classNames, type Task, targetCells } from '../data/preprocessing.js';
import { parseNumber, type Table } from '../data/table.js';

/** More different whole numbers than this are quantities, not classes. */
const MAX_NUMERIC_CLASSES = 20;

/** Classes have at least this many rows each, on average; numbers that repeat less often are quantities. */
const ROWS_PER_CLASS = 5;

/**
 * Whether the target names classes or measures something, and why, in words:
 * texts are classes; two different numbers are; so are at most 20 different whole numbers with on average at least five
 * rows each; all other numbers are quantities. A target with more numbers than texts counts as numbers.
 */
export function decideTask(table: Table, target: string): { task: Task; reason: string } {
  const cells = targetCells(table, target);
  const numbers = cells.map(parseNumber).filter(number => number !== undefined);
  const texts = cells.length - numbers.length;
  if (texts > numbers.length) return { task: 'classification', reason: `'${target}' holds texts` };
  const distinct = classNames(cells).length;
  if (distinct <= 2) {
    return {
      task: 'classification',
      reason: `'${target}' holds ${distinct} different ${texts ? 'values' : 'numbers'}`,
    };
  }
  if (texts > 0) return { task: 'regression', reason: `'${target}' holds numbers` };
  const whole = numbers.every(Number.isInteger);
  if (whole && distinct <= MAX_NUMERIC_CLASSES && distinct * ROWS_PER_CLASS <= cells.length) {
    return { task: 'classification', reason: `'${target}' holds whole numbers, only ${distinct} different ones` };
  }
  const kind = whole ? 'whole numbers' : 'numbers';
  return { task: 'regression', reason: `'${target}' holds ${distinct} different ${kind} in ${cells.length} rows` };
}
