/** A table as users give it to be learned from: how its texts write numbers, they show themselves. */
import { groupingShown } from '../data/evidence.js';
import { shapeOf } from '../data/numbers.js';
import { PLAIN_READING, type Reading } from '../data/table.js';
import { isList } from '../kinds.js';
import { cellsOf, ValueCells } from './cells.js';

/** @throws as {@link cellsOf} does */
export function cellsShown(where: string, given: unknown, needed: readonly string[] = [], missing?: readonly string[]) {
  const isPlain = missing === undefined || missing.join('\n') === PLAIN_READING.missing.join('\n');
  const reading: Reading = isPlain ? PLAIN_READING : { ...PLAIN_READING, missing };
  const cells = cellsOf(where, given, { needed, reading });
  const { plain } = cells;
  const texts = [...plain.columns].filter(([, values]) => isList(values) && values.some(isText));
  const columns = texts.map(([, values]) => values);
  const thousands = groupingShown({
    header: texts.map(([name]) => name),
    rows: cells.rows,
    shape: (row, column) => {
      const value = columns[column]?.[row];
      if (!isText(value)) return value === null || value === undefined ? undefined : 'plain';
      return value === '' || reading.missing.includes(value) ? undefined : shapeOf(value);
    },
    cell: (row, column) => String(columns[column]?.[row]),
    place: (row, name) => cells.place(row, name),
  });
  return thousands === '' ? cells : ValueCells.from({ ...plain, reading: { ...reading, thousands } });
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
