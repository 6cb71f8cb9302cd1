import { type CsvFile, openTable, readAsShown } from '../data/csv.js';
import { groupingShown, type Wishes } from '../data/evidence.js';
import type { NumberGrammar } from '../data/numbers.js';
import type { Table } from '../data/table.js';
import type { DataTable } from '../entries/data.js';
import { allProblems, shorten, wrongValue } from '../errors.js';
import { joined, openSource } from '../readers/source.js';
import type { Preprocessing } from '../tabular/preprocessing.js';
import { counted } from '../tabular/words.js';
import { UsageError } from './usage.js';

/** Places of cells are kept in 32 bits. */
const MOST_BYTES = 2 ** 32 - 2;

/**
 * Reads a CSV file as the user says, and otherwise by `wishes`: see {@link openTable}. `-` is standard input. JSON
 * lines and Parquet, which their names tell, become such a table first. The table keeps what is wrong with the file, to
 * be told with the rest.
 */
export async function readCsv(path: string, asked: Wishes = {}, wishes: Wishes = asked): Promise<CsvFile> {
  const [, ending] = /\.(jsonl|ndjson|parquet)(?:\.gz)?$/i.exec(path) ?? [];
  if (ending === undefined) return openTable(path, await readAll(path), wishes, true);
  for (const flag of ['delimiter', 'decimal', 'thousands', 'header'] as const) {
    if (asked[flag] === undefined) continue;
    const name = asked[flag] === false ? `no-${flag}` : flag;
    throw new UsageError(`--${name}: expected a file of text, such as CSV, got one of ${ending}`);
  }
  const data = await import('../entries/data.js');
  const table = await (ending.toLowerCase() === 'parquet' ? data.readParquet(path) : data.readJsonLines(path));
  const file = openTable(path, await bytesOf(path, asCsv(table)), { ...wishes, delimiter: ',', header: true }, true);
  return { ...file, written: { decimal: '.', thousands: groupingShown(file.table) || 'none' } };
}

/** Rows that become CSV at a time: a string has half a gigabyte at most. */
const ROWS_AT_ONCE = 4096;

/** The rows of a table as CSV, every text in quotes. */
function* asCsv(table: DataTable): Generator<Uint8Array> {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const cell = (value: number | string | null) => (typeof value === 'string' ? quoted(value) : String(value ?? ''));
  const encoder = new TextEncoder();
  const columns = table.names.map(name => table.column(name));
  yield encoder.encode(`${table.names.map(quoted).join(',')}\n`);
  for (let first = 0; first < table.rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, table.rows - first);
    const lines = Array.from({ length: count }, (_, i) => columns.map(cells => cell(cells[first + i] ?? null)).join());
    yield encoder.encode(`${lines.join('\n')}\n`);
  }
}

/** All bytes of a file or a pipe, as the engine's own way ends at 2 GiB; gzip is unpacked. */
function readAll(path: string): Promise<Uint8Array> {
  return bytesOf(path, openSource('standard input', path === '-' ? process.stdin : path).pieces);
}

/** Pieces together. */
async function bytesOf(path: string, given: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of given) {
    pieces.push(piece);
    length += piece.length;
    if (length > MOST_BYTES) {
      throw wrongValue(shorten(path), 'at most 4 GiB', 'more', 'split the file, or train on a sample of its rows');
    }
  }
  return joined(pieces);
}

/** An error with what else is wrong with the file. */
export function withFaults({ table }: CsvFile, error: RangeError): RangeError {
  const others = (table.faults?.problems ?? []).map(({ problem }) => problem);
  return others.length === 0 ? error : allProblems([error.message, ...others]);
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
  const names = file.table.reading.header ? undefined : namesByPlace(file, reading.columns, preprocessing);
  const grammar = grammarFor({ ...wishes, ...file.written }, reading);
  return file.table.readBy({ ...file.table.reading, ...grammar, ...(names && { names }) });
}

/** How a file to predict from writes its numbers: as the training file did, unless the user says otherwise. */
function grammarFor(wishes: Wishes, reading: NumberGrammar): NumberGrammar {
  const decimal = wishes.decimal ?? reading.decimal;
  const known = reading.thousands === decimal ? '' : reading.thousands;
  return { decimal, thousands: wishes.thousands === 'none' ? '' : (wishes.thousands ?? known) };
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
