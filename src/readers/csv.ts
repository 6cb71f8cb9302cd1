import { beginCsv, checkHeader, firstTable, openTable, readAsShown } from '../data/csv.js';
import { Shown, type Wishes } from '../data/evidence.js';
import type { NumberGrammar } from '../data/numbers.js';
import { Problems } from '../data/problems.js';
import { findRecords } from '../data/records.js';
import { type Reading, type Records, Table } from '../data/table.js';
import { refuseOtherBytes, textKind, utf8Converter } from '../data/text.js';
import { checkBoolean, checkChoice, checkOptions, placed, quote, shorten, wrongType, wrongValue } from '../errors.js';
import type { Bytes } from '../kinds.js';
import type { DataSource } from '../platform.js';
import { type ColumnData, DataTable } from './dataTable.js';
import { checkChunkBytes, checkTexts, type StreamOptions } from './options.js';
import { inBlocks, joined, type Opened, openSource, wholeOf } from './source.js';

/** How a CSV file is read, where it does not show it. */
export interface CsvOptions {
  /** What stands between cells; found among commas, semicolons, tabs and bars by default. */
  readonly delimiter?: string;
  /** What stands before fractions; found in the cells by default. */
  readonly decimal?: '.' | ',';
  /** What stands between groups of three digits; found in the cells by default. */
  readonly thousands?: ',' | '.' | ' ' | "'" | 'none';
  /** What counts as missing beside empty cells; NA, N/A, n/a, NaN, nan, null and NULL by default. */
  readonly missing?: readonly string[];
  /** Whether the first line holds the columns' names, which are column1, column2 … otherwise; looked at by default. */
  readonly header?: boolean;
}

/**
 * Reads a CSV file as the command line does, also packed with gzip: numbers by one grammar for the whole file, found in
 * its cells; whole numbers beyond 2^53 or with leading zeros as texts. A column is of numbers where all its cells are,
 * and of texts otherwise.
 *
 * @throws where rows have too many or too few cells, a cell may be two numbers, a header is missing, or it is no text
 */
export async function readCsv(source: DataSource, options: CsvOptions = {}): Promise<DataTable> {
  const wishes = checkCsvOptions('readCsv', options, []);
  const opened = openSource('readCsv', source);
  const file = openTable(opened.name, await wholeOf(opened), wishes, true);
  checkHeader(file, wishes);
  return dataTable(opened.name, readAsShown(file, wishes), new Map());
}

/**
 * The same in chunks of rows, one at a time, for files larger than memory. How numbers are written is what the first
 * chunk shows that has numbers which show it. A column in which a chunk has texts is of texts from there on.
 *
 * @throws what readCsv throws, and where a later chunk writes its numbers otherwise
 */
export async function* streamCsv(
  source: DataSource,
  options: CsvOptions & StreamOptions = {},
): AsyncGenerator<DataTable> {
  const wishes = checkCsvOptions('streamCsv', options, ['chunkBytes']);
  const opened = openSource('streamCsv', source);
  const { name } = opened;
  const chunkBytes = checkChunkBytes('streamCsv', options);
  const kinds: ColumnKinds = new Map();
  let begun: Begun | undefined;
  let line = 1;
  let rest: Bytes = new Uint8Array(0);
  for await (const { block, isLast } of utf8Blocks(opened, chunkBytes)) {
    const bytes = joined([rest, block]);
    let piece = { start: 0, line };
    let delimiter = begun?.delimiter;
    if (delimiter === undefined) ({ delimiter, piece } = beginCsv(name, bytes, 0, wishes));
    const { columns = 0, rows: rowsBefore = 0 } = begun ?? {};
    const records = findRecords(name, bytes, delimiter, { ...piece, columns, rowsBefore, isLast });
    const isEnough = records.count >= (begun === undefined && wishes.header !== false ? 2 : 1);
    // A record that is longer than a chunk, or a header alone: it comes with the next block.
    rest = bytes;
    if (!isEnough && (!isLast || begun !== undefined)) continue;
    refuseOtherBytes(name, bytes.subarray(piece.start, records.end), piece.line);
    begun ??= new Begun(name, delimiter, firstRows(), wishes);
    const table = begun.read(records);
    begun.rows += table.rows;
    line = records.endLine;
    rest = bytes.subarray(records.end);
    yield dataTable(name, table, kinds);

    function firstRows(): Table {
      const file = { path: name, delimiter: delimiter ?? ',', table: firstTable(name, records, wishes) };
      checkHeader(file, wishes);
      return file.table;
    }
  }
}

/** What the chunks before say of the next. */
class Begun {
  readonly columns: number;
  rows = 0;
  readonly #wishes: Wishes;
  readonly #identifiers = new Set<number>();
  /** How all rows but those of the first chunk are read: no header stands above them. */
  #further: Reading;
  /** What was shown: how fractions are written, and what groups digits. */
  #shown: Wishes;

  constructor(
    private readonly name: string,
    readonly delimiter: string,
    private readonly first: Table,
    wishes: Wishes,
  ) {
    this.columns = first.header.length;
    this.#wishes = wishes;
    this.#shown = wishes;
    this.#further = { ...first.reading, header: false, names: first.header };
  }

  /** A chunk's table; its identifiers are added to those of the chunks before. */
  read(records: Records): Table {
    const table = this.rows === 0 ? this.first : new Table(records, this.#further);
    try {
      const cells = new Shown(table, this.delimiter);
      const grammar = this.#learn(cells);
      const read = cells.read({ ...this.#shown, decimal: grammar.decimal });
      for (const column of read.identifiers) this.#identifiers.add(column);
      return table.readBy({ ...table.reading, ...grammar }, this.#identifiers);
    } catch (error) {
      throw placed(shorten(this.name), error);
    }
  }

  /** The grammar of a chunk, by what those before have shown; what it shows goes for those behind it. */
  #learn(cells: Shown): NumberGrammar {
    const known = this.#shown.decimal;
    const other = known === '.' ? ',' : '.';
    if (known !== undefined && this.#wishes.decimal === undefined && cells.needs(other)) {
      const got = `${cells.sample(other)}, and numbers with '${known}' for decimals in the rows before`;
      throw wrongValue('numbers', 'one way to read them', got, 'say which it is with decimal');
    }
    const grammar = cells.grammar(this.#shown);
    const { decimal, thousands } = grammar;
    if (cells.showsDecimal) this.#shown = { ...this.#shown, decimal };
    if (thousands !== '') this.#shown = { ...this.#shown, thousands };
    return grammar;
  }
}

/** Text in blocks of UTF-8 of at least so many bytes, the last one apart; its encoding is found in the first. */
async function* utf8Blocks(opened: Opened, least: number): AsyncGenerator<{ block: Bytes; isLast: boolean }> {
  const { name } = opened;
  let convert: ((piece: Uint8Array | undefined) => Uint8Array) | undefined;
  let mark: number | undefined;
  for await (const { block, isLast } of inBlocks(opened.pieces, Math.max(least, 4096))) {
    let text: Uint8Array = block;
    if (mark === undefined) {
      const kind = textKind(name, block);
      mark = kind.mark;
      text = block.subarray(mark);
      if (kind.encoding !== 'utf-8') convert = utf8Converter(name, kind.encoding);
    }
    if (convert === undefined) yield { block: text as Bytes, isLast };
    else yield { block: joined([convert(text), ...(isLast ? [convert(undefined)] : [])]), isLast };
  }
}

/** What columns are: texts, or numbers of a unit, '' where they are written with none. */
type ColumnKinds = Map<string, 'texts' | { readonly unit: string }>;

/**
 * The columns of a table, each of numbers where all its cells are, of one unit. What `kinds` says of the chunks before
 * goes for this one too, and more is added.
 */
function dataTable(name: string, table: Table, kinds: ColumnKinds): DataTable {
  const columns = new Map<string, ColumnData>();
  const problems = new Problems(table.faults);
  for (const [index, column] of table.header.entries()) {
    if (columns.has(column)) {
      const [expected, mend] = ['a different name for each column', 'rename one in the header line'];
      problems.add(wrongValue(`${name}: column ${quote(column)}`, expected, 'two of them', mend));
      continue;
    }
    const known = kinds.get(column);
    const found = known === 'texts' ? undefined : numbersOf(table, index, known?.unit);
    kinds.set(column, found?.kind ?? 'texts');
    columns.set(column, found?.numbers ?? textsOf(table, index));
  }
  problems.throwAny();
  const place = (row: number) => `row ${table.rowNumber(row)} (line ${table.line(row)})`;
  return new DataTable(table.rows, columns, place, table.reading.missing);
}

/** A column's numbers and their unit, `known` from the chunks before; undefined where it is of texts. */
function numbersOf(table: Table, column: number, known: string | undefined) {
  const numbers = new Float64Array(table.rows);
  let unit = known;
  for (let row = 0; row < table.rows; row++) {
    const number = table.number(row, column);
    numbers[row] = number;
    if (Number.isNaN(number)) {
      if (!table.isMissing(row, column)) return undefined;
      continue;
    }
    const own = table.unit(row, column);
    unit ??= own;
    if (own !== unit) return undefined;
  }
  return { numbers, ...(unit !== undefined && { kind: { unit } }) };
}

function textsOf(table: Table, column: number): (string | null)[] {
  return Array.from({ length: table.rows }, (_, row) => {
    return table.isMissing(row, column) ? null : table.cell(row, column);
  });
}

function checkCsvOptions(where: string, options: CsvOptions, others: readonly string[]): Wishes {
  checkOptions(where, options, ['delimiter', 'decimal', 'thousands', 'missing', 'header', ...others]);
  const { delimiter, decimal, thousands, missing, header } = options;
  if (delimiter !== undefined && (typeof delimiter !== 'string' || !/^[ -~\t]$/.test(delimiter) || delimiter === '"')) {
    throw wrongType(`${where}: delimiter`, 'one sign, such as , or ;', delimiter);
  }
  if (decimal !== undefined) checkChoice(`${where}: decimal`, decimal, ['.', ','] as const);
  if (thousands !== undefined) checkChoice(`${where}: thousands`, thousands, [',', '.', ' ', "'", 'none'] as const);
  if (missing !== undefined) checkTexts(`${where}: missing`, missing, "['NA', '?']");
  if (header !== undefined) checkBoolean(`${where}: header`, header);
  return Object.fromEntries(
    Object.entries({ delimiter, decimal, thousands, missing, header }).filter(([, value]) => value !== undefined),
  );
}
