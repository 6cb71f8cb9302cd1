import { Problems } from '../data/problems.js';
import { checkOptions, messageOf, shorten, wrongKind, wrongType, wrongValue } from '../errors.js';
import { StrictJson } from '../files/strictJson.js';
import type { Bytes } from '../kinds.js';
import type { DataSource } from '../platform.js';
import { type ColumnData, columnOf, DataTable } from './dataTable.js';
import { CHUNK_BYTES, checkChunkBytes, checkTexts, type StreamOptions } from './options.js';
import { inBlocks, joined, type Opened, openSource } from './source.js';

/** How JSON lines are read. */
export interface JsonLinesOptions {
  /** The columns to read; all by default, in the order in which they come up. */
  readonly columns?: readonly string[];
}

/**
 * Reads JSON lines, an object a line, also packed with gzip: numbers, and texts, true and false as texts. What a line
 * has not, or null, is missing.
 *
 * @throws where a line is no JSON object, or a column holds lists, objects, or numbers and texts
 */
export async function readJsonLines(source: DataSource, options: JsonLinesOptions = {}): Promise<DataTable> {
  checkOptions('readJsonLines', options, ['columns']);
  checkColumns('readJsonLines', options);
  const opened = openSource('readJsonLines', source);
  const lines: Line[] = [];
  const problems = new Problems();
  for await (const chunk of lineChunks(opened, CHUNK_BYTES, problems)) for (const line of chunk) lines.push(line);
  return tableOf(lines, options.columns, problems);
}

/**
 * The same in chunks, one at a time, for files larger than memory. A chunk has the columns that its own lines have,
 * unless `columns` names them.
 */
export async function* streamJsonLines(
  source: DataSource,
  options: JsonLinesOptions & StreamOptions = {},
): AsyncGenerator<DataTable> {
  checkOptions('streamJsonLines', options, ['columns', 'chunkBytes']);
  checkColumns('streamJsonLines', options);
  const opened = openSource('streamJsonLines', source);
  const problems = new Problems();
  for await (const lines of lineChunks(opened, checkChunkBytes('streamJsonLines', options), problems)) {
    const table = tableOf(lines, options.columns, problems);
    if (table.rows > 0) yield table;
  }
}

function checkColumns(where: string, { columns }: JsonLinesOptions): void {
  if (columns !== undefined) checkTexts(`${where}: columns`, columns, "['age', 'income']");
}

const LF = 0x0a;

/** An object, and the line on which it stands. */
interface Line {
  readonly line: number;
  readonly object: Record<string, unknown>;
}

/** Chunks of a file's lines; those that are none go to `problems`. */
async function* lineChunks({ name, pieces }: Opened, chunkBytes: number, problems: Problems): AsyncGenerator<Line[]> {
  let line = 0;
  let rest: Bytes = new Uint8Array(0);
  for await (const { block, isLast } of inBlocks(pieces, chunkBytes)) {
    const bytes = joined([rest, block]);
    const end = isLast ? bytes.length : bytes.lastIndexOf(LF) + 1;
    rest = bytes.subarray(end);
    const lines: Line[] = [];
    const texts = decode(name, bytes.subarray(0, end)).split('\n');
    // Behind the last line end nothing begins yet.
    if (!isLast) texts.pop();
    for (const text of texts) {
      line++;
      const object = text.trim() === '' ? undefined : problems.attempt(() => parseLine(name, line, text));
      if (object) lines.push({ line, object });
    }
    yield lines;
  }
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wrongKind(name, 'text in UTF-8', 'other bytes', 'save the file as UTF-8');
  }
}

function parseLine(name: string, line: number, text: string): Record<string, unknown> {
  const where = `${name}, line ${line}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrongValue(where, 'JSON', shorten(messageOf(cause), 60), 'an object stands on each line');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(where, 'an object with columns', value, 'write an object on each line');
  }
  const isCertain = text.split(KEY_END).length - 1 === Object.keys(value).length && !LARGE.test(text);
  return isCertain ? (value as Record<string, unknown>) : parseExactly(where, text);
}

/** As many of these as there are keys: then none of them came twice, and no text or inner object has more. */
const KEY_END = /"\s*:/;
/** Numbers that float64 may round to others, or not hold. */
const LARGE = /\d{16}|[eE]\+?\d{3}/;

/** An object as it is written: the engine's own parser keeps the last of two equal keys, and rounds large numbers. */
function parseExactly(where: string, text: string): Record<string, unknown> {
  const json = new ExactJson(where, text.trim(), 'correct the line');
  const object = json.value(MOST_DEPTH);
  json.end();
  return object as Record<string, unknown>;
}

/** Cells are no objects at all: those are refused with their places, if they are not too deep to read. */
const MOST_DEPTH = 32;

class ExactJson extends StrictJson {
  readonly #line: string;

  constructor(where: string, text: string, mend: string) {
    super(where, text, mend);
    this.#line = where;
  }

  /** Whole numbers that float64 would round are BigInts. */
  protected override literal(token: string): unknown {
    const value = JSON.parse(token);
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    if (!Number.isFinite(value)) throw wrongValue(this.#line, 'numbers that float64 holds', shorten(token));
    return /^-?\d+$/.test(token) ? BigInt(token) : value;
  }
}

/** Lines as a table, or all that is wrong with them and their columns. */
function tableOf(rows: readonly Line[], wanted: readonly string[] | undefined, problems: Problems): DataTable {
  const names = new Set(wanted ?? rows.flatMap(({ object }) => Object.keys(object)));
  const place = (row: number) => `line ${rows[row]?.line}`;
  const columns: [string, ColumnData][] = [];
  for (const column of names) {
    const values = rows.map(({ object }) => (Object.hasOwn(object, column) ? object[column] : undefined));
    const own = problems.attempt(() => columnOf(values, row => `${place(row)}, column '${shorten(column)}'`));
    if (own) columns.push([column, own]);
  }
  problems.throwAny();
  return new DataTable(rows.length, new Map(columns), place);
}
