import { nearest, wrongValue } from '../errors.js';

/** One row of a table: its cells as text, and where it stands in its file (both counted from 1, the header not a row). */
export interface Row {
  readonly cells: readonly string[];
  readonly number: number;
  readonly line: number;
}

/** Text cells under named columns; every row has one cell per column. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly Row[];
}

/** The table with only the rows of these indices; each keeps its number and line. */
export function pickRows(table: Table, indices: ArrayLike<number>): Table {
  const rows: Row[] = [];
  for (let i = 0; i < indices.length; i++) {
    const row = table.rows[indices[i] ?? -1];
    if (row === undefined) throw wrongValue('pickRows', `row indices below ${table.rows.length}`, String(indices[i]));
    rows.push(row);
  }
  return { header: table.header, rows };
}

/** Where a column stands, by its name; refused with the nearest name when the table has none such. */
export function columnIndex(table: Table, name: string): number {
  const index = table.header.indexOf(name);
  if (index >= 0) return index;
  const close = nearest(name, table.header);
  const shown = table.header.slice(0, 12).map(column => `'${column}'`);
  const rest = table.header.length - shown.length;
  const got = `columns ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  throw wrongValue(
    `column '${name}'`,
    'a column of that name',
    got,
    close === undefined ? undefined : `did you mean '${close}'?`,
  );
}

/** A cell's place as every message writes it: `row 3 (line 4), column 'age'`. */
export function place(row: Row, column: string): string {
  return `row ${row.number} (line ${row.line}), column '${column}'`;
}

/** What stands for «no value» in a cell, whatever its case. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', '?']);

/** Whether a cell holds no value: empty, NA, N/A, NaN, null or ? in any case. */
export function isMissing(cell: string): boolean {
  return cell.length <= 4 && MISSING.has(cell.toLowerCase());
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The finite number a cell writes in decimal, or undefined. */
export function parseNumber(cell: string): number | undefined {
  if (!DECIMAL.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}
