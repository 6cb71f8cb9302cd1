import { listed, nearest, quote, wrongValue } from '../errors.js';

export { printable, quote as quoted } from '../errors.js';

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

/**
 * Where a column stands, by its name; refused when the table has two such, and with the nearest name when it has none
 * (but for the names `inUse`, which mean other columns).
 */
export function columnIndex(table: Table, name: string, inUse: readonly string[] = []): number {
  const { header } = table;
  const index = header.indexOf(name);
  if (index < 0) throw missingColumn(table, name, inUse);
  if (header.includes(name, index + 1)) {
    const count = header.filter(other => other === name).length;
    throw wrongValue(column(name), 'one column of that name', count, 'rename the others in the header line');
  }
  return index;
}

/** The error for a column that the table has not. */
export function missingColumn({ header }: Table, name: string, inUse: readonly string[] = []): RangeError {
  const got = `${header.length === 1 ? 'only' : 'columns'} ${listed(header, quote)}`;
  const unused = header.filter(other => other !== '' && !inUse.includes(other));
  const close = nearest(name, unused);
  const hint = close === undefined ? undefined : `did you mean ${quote(close)}?`;
  const isUnsplit = header.length === 1 && /[|:]/.test(header[0] ?? '');
  const mend = isUnsplit ? 'separate the columns with commas, semicolons or tabs' : hint;
  return wrongValue(column(name), 'a column of that name', got, mend);
}

/** A column as every message writes it: `column 'age'`. */
export function column(name: string): string {
  return `column ${quote(name)}`;
}

/** A cell's place as every message writes it: `row 3 (line 4), column 'age'`. */
export function place(row: Row, name: string): string {
  return `row ${row.number} (line ${row.line}), ${column(name)}`;
}

/** What stands for «no value» in a cell, whatever its case. */
const MISSING = new Set(['', 'na', 'n/a', '#na', '#n/a', 'nan', 'null', 'none', '?']);

/** Whether a cell holds no value: empty, NA, N/A, #NA, #N/A, NaN, null, None or ?, in any case. */
export function isMissing(cell: string): boolean {
  return cell.length <= 4 && MISSING.has(cell.toLowerCase());
}

/** 1,5 and 1.234,5 and 1,234: numbers to people, but which ones depends on where they live. */
const LOCAL_NUMBER = /^[+-]?(\d+,\d+|\d{1,3}([.,'’ \u00a0\u202f])\d{3}(\2\d{3})*([.,]\d+)?)$/;

/** Whether a cell writes a number with a decimal comma or with separators of thousands. */
export function isLocalNumber(cell: string): boolean {
  return LOCAL_NUMBER.test(cell);
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The finite number a cell writes in decimal, or undefined. */
export function parseNumber(cell: string): number | undefined {
  if (!DECIMAL.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}
