import { classNames, refuseLocalNumbers, type Task, targetCells } from '../data/preprocessing.js';
import { parseNumber, quoted, type Table } from '../data/table.js';
import { wrongValue } from '../errors.js';
import { counted } from './output.js';

/** More different whole numbers than this are quantities, not classes; more texts may be names. */
const MAX_SURE_CLASSES = 20;

/** Classes have at least this many rows each, on average; numbers that repeat less often are quantities. */
const ROWS_PER_CLASS = 5;

const INSIST = 'insist with --task classification';

/**
 * Whether the target names classes or measures something, and why, in words:
 * texts are classes; two different numbers are; so are at most 20 different whole numbers with on average at least five
 * rows each; all other numbers are quantities. A target with more numbers than texts counts as numbers. Texts that look
 * like numbers, names or identifiers are refused.
 */
export function decideTask(table: Table, target: string): { task: Task; reason: string } {
  const cells = targetCells(table, target);
  const numbers = cells.map(parseNumber).filter(number => number !== undefined);
  const texts = cells.length - numbers.length;
  const name = quoted(target);
  const distinct = classNames(cells).length;
  if (texts > numbers.length) {
    refuseLocalNumbers(cells, target, INSIST);
    refuseIdentifiers(cells, distinct, target);
    return { task: 'classification', reason: `${name} holds texts` };
  }
  if (distinct <= 2) {
    return {
      task: 'classification',
      reason: `${name} holds ${counted(distinct, `different ${texts ? 'value' : 'number'}`)}`,
    };
  }
  if (texts > 0) return { task: 'regression', reason: `${name} holds numbers` };
  const whole = numbers.every(Number.isInteger);
  if (whole && distinct <= MAX_SURE_CLASSES && distinct * ROWS_PER_CLASS <= cells.length) {
    return { task: 'classification', reason: `${name} holds whole numbers, only ${distinct} different ones` };
  }
  const kind = whole ? 'whole numbers' : 'numbers';
  return { task: 'regression', reason: `${name} holds ${distinct} different ${kind} in ${cells.length} rows` };
}

function refuseIdentifiers(cells: readonly string[], distinct: number, target: string): void {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const single = [...counts.values()].filter(count => count === 1).length;
  if (distinct <= MAX_SURE_CLASSES || single * 2 <= cells.length) return;
  const got = `${single} texts that occur only once in ${cells.length} rows, as names and identifiers do`;
  const mend = `name another --target, or ${INSIST}`;
  throw wrongValue(`target ${quoted(target)}`, 'classes that repeat', got, mend);
}
