import { columnIndex, quoted } from '../data/table.js';
import { wrongValue } from '../errors.js';
import type { Cells } from './cells.js';
import type { Task } from './preprocessing.js';
import { type Labels, targetLabels } from './target.js';
import { counted, grouped } from './words.js';

/** More different whole numbers than this are quantities, not classes; more texts may be names. */
const MAX_SURE_CLASSES = 20;

/** Classes have at least this many rows each, on average; numbers that repeat less often are quantities. */
const ROWS_PER_CLASS = 5;

/** So many different numbers are counted, and no more. */
const MOST_COUNTED = 100_000;

/**
 * Whether the target names classes or measures something, and why, in words:
 * texts are classes; two different numbers are; so are at most 20 different whole numbers with on average at least five
 * rows each; all other numbers are quantities. Numbers and texts together are refused, and so are texts that look like
 * names or identifiers.
 */
export function decideTask(table: Cells, target: string): { task: Task; reason: string } {
  const index = columnIndex(table, target);
  const name = quoted(target);
  const numbers = new Set<number>();
  let count = 0;
  let whole = true;
  let text: number | undefined;
  for (let row = 0; row < table.rows; row++) {
    const number = table.number(row, index);
    if (!Number.isNaN(number)) {
      count++;
      whole &&= Number.isInteger(number);
      if (numbers.size <= MOST_COUNTED) numbers.add(number);
    } else if (!table.isMissing(row, index)) text ??= row;
  }
  if (text !== undefined && count > 0) {
    const got = `${counted(count, 'number')} among texts, such as ${quoted(table.cell(text, index))} in ${table.place(text, target)}`;
    const { task } = table.ways;
    const mend = `correct the cells, or say ${task('classification')} or ${task('regression')}`;
    throw wrongValue(`target ${name}`, 'only numbers, or only texts', got, mend);
  }
  if (text !== undefined) {
    refuseIdentifiers(table, targetLabels(table, target), target);
    const kind = table.identifiers.has(index) ? 'identifiers, which stay texts' : 'texts';
    return { task: 'classification', reason: `${name} holds ${kind}` };
  }
  if (numbers.size === 0) targetLabels(table, target);
  const distinct = numbers.size;
  if (distinct <= 2) {
    return { task: 'classification', reason: `${name} holds ${counted(distinct, 'different number')}` };
  }
  if (whole && distinct <= MAX_SURE_CLASSES && distinct * ROWS_PER_CLASS <= table.rows) {
    return { task: 'classification', reason: `${name} holds whole numbers, only ${distinct} different ones` };
  }
  const kind = whole ? 'whole numbers' : 'numbers';
  const many = distinct > MOST_COUNTED ? `more than ${grouped(MOST_COUNTED)}` : String(distinct);
  return { task: 'regression', reason: `${name} holds ${many} different ${kind} in ${table.rows} rows` };
}

function refuseIdentifiers({ ways }: Cells, { codes, values }: Labels, target: string): void {
  if (values.length <= MAX_SURE_CLASSES) return;
  const counts = new Int32Array(values.length);
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  const single = counts.filter(count => count === 1).length;
  if (single * 2 <= codes.length) return;
  const got = `${single} texts that occur only once in ${codes.length} rows, as names and identifiers do`;
  const mend = `name another ${ways.target}, or insist with ${ways.task('classification')}`;
  throw wrongValue(`target ${quoted(target)}`, 'classes that repeat', got, mend);
}
