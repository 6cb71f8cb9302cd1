/** CSV as a table. */
import { placed, shorten, wrongValue } from '../errors.js';
import { delimiterName, readByEvidence, refuseCounts, refuseMissingHeader, Shown, type Wishes } from './evidence.js';
import { Problems } from './problems.js';
import { findRecords, type Piece, sniffDelimiters } from './records.js';
import { PLAIN_READING, type Records, Table } from './table.js';
import { readText } from './text.js';

/** A table that was read from a file, its numbers in plain decimals yet, and the delimiter that was found. */
export interface CsvFile {
  readonly path: string;
  readonly table: Table;
  readonly delimiter: string;
  /** How its numbers are written, where that is no question: what JSON and Parquet hold are numbers already. */
  readonly written?: Pick<Wishes, 'decimal' | 'thousands'>;
}

/** Bytes that show the delimiter, and rows that show whether there is a header. */
const SHOWN_BYTES = 1 << 20;
const SHOWN_ROWS = 1000;

/**
 * CSV as a table, its numbers in plain decimals yet. Between the cells are commas, semicolons, tabs or bars, whichever
 * the first lines have, or what Excel's first line `sep=;` or the user says. With `gathers` the table keeps what is
 * wrong with the file, for whoever takes it to tell with the rest; without, it is thrown.
 */
export function openTable(path: string, file: Uint8Array, wishes: Wishes = {}, gathers = false): CsvFile {
  const where = shorten(path);
  const { bytes, start } = readText(where, file);
  const { delimiter, piece } = beginCsv(where, bytes, start, wishes);
  const table = firstTable(where, findRecords(where, bytes, delimiter, { ...piece, gathers }), wishes);
  return { path, delimiter, table };
}

/** What stands between the cells of a file, and where its records begin, as its first bytes or the user say. */
export function beginCsv(
  where: string,
  bytes: Uint8Array,
  start: number,
  wishes: Wishes,
): { delimiter: string; piece: Piece & { start: number; line: number } } {
  const beginning = new TextDecoder().decode(bytes.subarray(start, start + SHOWN_BYTES));
  const excel = /^"?sep=([^"\r\n])"?(?:\r\n|\r|\n)/i.exec(beginning);
  const delimiter = wishes.delimiter ?? excel?.[1] ?? foundDelimiter(where, beginning);
  const skipped = new TextEncoder().encode(excel?.[0] ?? '').length;
  return { delimiter, piece: { start: start + skipped, line: excel === null ? 1 : 2 } };
}

/** The table of a file's first records, its numbers in plain decimals yet. */
export function firstTable(where: string, records: Records, wishes: Wishes): Table {
  const { header = true, missing = PLAIN_READING.missing } = wishes;
  if (records.columns === 0) throw wrongValue(where, 'a header line and rows', 'an empty file');
  if (records.count < (header ? 2 : 1)) new Problems(records.faults).throwAny();
  if (records.count < (header ? 2 : 1)) throw wrongValue(where, 'at least one row below the header', 'none');
  return new Table(records, { ...PLAIN_READING, header, missing });
}

/** The delimiter that the first lines show. */
function foundDelimiter(where: string, beginning: string): string {
  const [delimiter = ',', other] = sniffDelimiters(beginning);
  if (other === undefined) return delimiter;
  const got = `as many ${delimiterName(delimiter)} as ${delimiterName(other)} in every line`;
  throw wrongValue(where, 'one sign between the cells', got, `say which it is with --delimiter`);
}

/** Refuses a file whose first row is no header, unless the user says which it is. */
export function checkHeader({ path, table, delimiter }: CsvFile, wishes: Wishes): void {
  if (wishes.header !== undefined) return;
  const shown = table.pick(Int32Array.from({ length: Math.min(table.rows, SHOWN_ROWS) }, (_, row) => row));
  let read = shown;
  try {
    read = readByEvidence(shown, delimiter, wishes);
  } catch {
    // Numbers that read two ways are another error, if their column is used.
  }
  refuseMissingHeader(path, read);
  refuseCounts(path, table);
}

/** The file's table, read as its cells show, but for those of the columns that `isUsed` leaves out. */
export function readAsShown(
  { path, table, delimiter, written }: CsvFile,
  wishes: Wishes = {},
  isUsed: (name: string) => boolean = () => true,
): Table {
  const shown = new Shown(table, delimiter, isUsed);
  try {
    return shown.read({ ...wishes, ...written });
  } catch (error) {
    const problem = placed(shorten(path), error);
    if (table.faults === undefined) throw problem;
    return shown.readUnclear(problem.message);
  }
}

/** CSV text as a table, read as its cells show. */
export function parseTable(text: string, path: string, wishes: Wishes = {}): Table {
  return readAsShown(openTable(path, new TextEncoder().encode(text), wishes), wishes);
}
