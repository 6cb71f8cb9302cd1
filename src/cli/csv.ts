import { open } from 'node:fs/promises';
import { delimiterName, readByEvidence, refuseMissingHeader, type Wishes } from '../data/evidence.js';
import type { Preprocessing } from '../data/preprocessing.js';
import { findRecords, sniffDelimiters } from '../data/records.js';
import { PLAIN_READING, Table } from '../data/table.js';
import { readText } from '../data/text.js';
import { placed, shorten, wrongValue } from '../errors.js';
import { failure } from '../files/save.js';
import { counted } from './output.js';
import { UsageError } from './usage.js';

/** A table that was read from a file, its numbers in plain decimals yet, and the delimiter that was found. */
export interface CsvFile {
  readonly path: string;
  readonly table: Table;
  readonly delimiter: string;
}

/** Places of cells are kept in 32 bits. */
const MOST_BYTES = 2 ** 32 - 2;
/** Bytes that show the delimiter, and rows that show whether there is a header. */
const SHOWN_BYTES = 1 << 20;
const SHOWN_ROWS = 1000;

/** Reads a CSV file: see {@link openTable}. `-` is standard input. */
export async function readCsv(path: string, wishes: Wishes = {}): Promise<CsvFile> {
  return openTable(path, await readAll(path), wishes);
}

/** All bytes of a file or a pipe, piece by piece: the engine's own way ends at 2 GiB. */
async function readAll(path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = path === '-' ? process.stdin : (await open(path)).createReadStream({ highWaterMark: 1 << 20 });
    for await (const piece of stream) {
      pieces.push(piece);
      length += piece.length;
      if (length > MOST_BYTES) break;
    }
  } catch (cause) {
    throw failure(path, 'a file that can be read', cause, 'check the path');
  }
  if (length > MOST_BYTES) {
    throw wrongValue(shorten(path), 'at most 4 GiB', 'more', 'split the file, or train on a sample of its rows');
  }
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes;
}

/**
 * CSV as a table, its numbers in plain decimals yet. Between the cells are commas, semicolons, tabs or bars, whichever
 * the first lines have, or what Excel's first line `sep=;` or the user says.
 */
export function openTable(path: string, file: Uint8Array, wishes: Wishes = {}): CsvFile {
  const where = shorten(path);
  const { bytes, start } = readText(where, file);
  const beginning = new TextDecoder().decode(bytes.subarray(start, start + SHOWN_BYTES));
  const excel = /^"?sep=([^"\r\n])"?(?:\r\n|\r|\n)/i.exec(beginning);
  const delimiter = wishes.delimiter ?? excel?.[1] ?? foundDelimiter(where, beginning);
  const skipped = new TextEncoder().encode(excel?.[0] ?? '').length;
  const records = findRecords(where, bytes, delimiter, start + skipped, excel === null ? 1 : 2);
  const { header = true, missing = PLAIN_READING.missing } = wishes;
  if (records.columns === 0) throw wrongValue(where, 'a header line and rows', 'an empty file');
  if (records.count < (header ? 2 : 1)) throw wrongValue(where, 'at least one row below the header', 'none');
  return { path, delimiter, table: new Table(records, { ...PLAIN_READING, header, missing }) };
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
}

/** The file's table, read as its cells show, but for those of the columns that `isUsed` leaves out. */
export function readAsShown(
  { path, table, delimiter }: CsvFile,
  wishes: Wishes = {},
  isUsed: (name: string) => boolean = () => true,
): Table {
  try {
    return readByEvidence(table, delimiter, wishes, isUsed);
  } catch (error) {
    throw placed(shorten(path), error);
  }
}

/** CSV text as a table, read as its cells show. */
export function parseTable(text: string, path: string, wishes: Wishes = {}): Table {
  return readAsShown(openTable(path, new TextEncoder().encode(text), wishes), wishes);
}

/** How a file to predict from is opened: as the model's training file was, unless the user says otherwise. */
export function wishesFor<W extends Wishes>(wishes: W, { reading }: Preprocessing): W {
  if (reading?.header && wishes.header === false) {
    throw new UsageError('--no-header: expected a file with the header that the model was trained with, got none');
  }
  return { ...reading, thousands: undefined, ...wishes };
}

/** The table of such a file. Without a header its columns go by their places. */
export function readAsTrained(file: CsvFile, wishes: Wishes, preprocessing: Preprocessing): Table {
  const { columns, target, reading } = preprocessing;
  if (reading === undefined) {
    const used = new Set([...columns, target].map(({ name }) => name));
    const table = readAsShown(file, wishes, name => used.has(name));
    // Which columns hold numbers the model knows.
    return table.readBy(table.reading);
  }
  const decimal = wishes.decimal ?? reading.decimal;
  const known = reading.thousands === decimal ? '' : reading.thousands;
  const thousands = wishes.thousands === 'none' ? '' : (wishes.thousands ?? known);
  const names = file.table.reading.header ? undefined : namesByPlace(file, reading.columns, preprocessing);
  return file.table.readBy({ ...file.table.reading, decimal, thousands, ...(names && { names }) });
}

/** The columns' names by their places in the training file, of which this one may lack the target. */
function namesByPlace({ path, table }: CsvFile, columns: number, { target }: Preprocessing): readonly string[] {
  if (table.header.length === columns) return table.header;
  const names = Array.from({ length: columns }, (_, index) => `column${index + 1}`).filter(
    name => name !== target.name,
  );
  if (table.header.length === names.length) return names;
  const expected = `${counted(columns, 'column')} as in training, or all but the target`;
  throw wrongValue(
    shorten(path),
    expected,
    table.header.length,
    'add a header line with the names that the model knows',
  );
}
