import type { Compressors } from 'hyparquet';
import { checkOptions, messageOf, quote, shorten, wrongState, wrongType, wrongValue } from '../errors.js';
import { partsOfFile } from '../files/readFile.js';
import { isObject, isRevoked } from '../kinds.js';
import type { DataSource } from '../platform.js';
import { type ColumnData, columnOf, copyNumbers, DataTable } from './dataTable.js';
import { checkTexts } from './options.js';
import { readNumbers, type Unpackers, unpackersOf } from './parquetNumbers.js';
import { openSource, wholeOf } from './source.js';

/** How a Parquet file is read. */
export interface ParquetOptions {
  /** The columns to read; all by default. Others are not even unpacked. */
  readonly columns?: readonly string[];
  /** For files packed otherwise than with Snappy: `compressors` of hyparquet-compressors. */
  readonly compressors?: object;
}

/**
 * Reads a Parquet file by the package hyparquet, which has to be installed beside this one: numbers; texts, truth
 * values and dates as texts; null is missing. Of a path or a URL of a file only what is asked for is read.
 *
 * @throws where hyparquet is not installed, it is no Parquet file, or a column holds lists or bytes
 */
export async function readParquet(source: DataSource, options: ParquetOptions = {}): Promise<DataTable> {
  const file = await open('readParquet', source, options);
  try {
    return await file.read(0, file.groups.length);
  } finally {
    await file.close();
  }
}

/** The same in chunks, one row group at a time, for files larger than memory. */
export async function* streamParquet(source: DataSource, options: ParquetOptions = {}): AsyncGenerator<DataTable> {
  const file = await open('streamParquet', source, options);
  try {
    for (const [index, rows] of file.groups.entries()) if (rows > 0) yield await file.read(index, index + 1);
  } finally {
    await file.close();
  }
}

async function open(where: string, source: DataSource, options: ParquetOptions) {
  checkOptions(where, options, ['columns', 'compressors']);
  const { columns: asked, compressors } = options;
  if (asked !== undefined) checkTexts(`${where}: columns`, asked, "['age', 'income']");
  if (compressors !== undefined && (!isObject(compressors) || isRevoked(compressors))) {
    throw wrongType(`${where}: compressors`, 'the compressors of hyparquet-compressors', compressors);
  }
  const { parquetMetadataAsync, parquetRead, parquetSchema, snappyUncompress } = await hyparquet(where);
  const { name, file, close } = await partsOf(where, source);
  try {
    const metadata = await parquetMetadataAsync(file).catch(cause => {
      throw wrongly(name, 'a whole Parquet file', cause, 'fetch or write it again');
    });
    const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
    const known = new Set(metadata.row_groups[0]?.columns.map(({ meta_data }) => meta_data?.path_in_schema[0] ?? ''));
    const wanted = asked ?? [...known];
    for (const column of wanted) {
      if (!known.has(column))
        throw wrongValue(name, 'columns that the file has', quote(column), `it has ${shorten([...known].join(), 80)}`);
    }
    const isWanted = new Set(wanted);
    const columnsWanted = parquetSchema(metadata).children.filter(({ element }) => isWanted.has(element.name));
    const unpackers: Unpackers = { ...unpackersOf(snappyUncompress), ...(compressors as Compressors) };
    const read = async (firstGroup: number, lastGroup: number): Promise<DataTable> => {
      const rowStart = sum(groups.slice(0, firstGroup));
      const rows = sum(groups.slice(firstGroup, lastGroup));
      const place = (row: number) => `row ${rowStart + row + 1}`;
      const some = { ...metadata, row_groups: metadata.row_groups.slice(firstGroup, lastGroup) };
      const columns: Map<string, ColumnData> = await readNumbers(file, some, columnsWanted, unpackers);
      const chunks = new Map(wanted.filter(column => !columns.has(column)).map(column => [column, [] as Chunk[]]));
      if (chunks.size > 0) {
        const rowEnd = rowStart + rows;
        await parquetRead({
          ...{ file, metadata, rowStart, rowEnd, columns: [...chunks.keys()] },
          ...(compressors && { compressors: compressors as Compressors }),
          onChunk: chunk => {
            const { columnData, rowStart: first } = chunk;
            const [from, to] = [Math.max(0, rowStart - first), rowEnd - first];
            const cells = from === 0 && columnData.length <= to ? columnData : columnData.slice(from, to);
            chunks.get(chunk.columnName)?.push({ row: first + from - rowStart, cells });
          },
        }).catch(cause => {
          throw wrongly(name, 'pages that can be unpacked', cause, packing(cause));
        });
      }
      for (const [column, parts] of chunks)
        columns.set(
          column,
          joinedColumn(parts, rows, row => `${place(row)}, column ${quote(column)}`),
        );
      return new DataTable(rows, new Map(wanted.map(column => [column, columns.get(column) ?? []])), place);
    };
    return { groups, read, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function sum(rows: readonly number[]): number {
  return rows.reduce((all, some) => all + some, 0);
}

/** Some cells of a column, from a row of the table on. */
interface Chunk {
  readonly row: number;
  readonly cells: ArrayLike<unknown>;
}

function joinedColumn(chunks: readonly Chunk[], rows: number, place: (row: number) => string): ColumnData {
  const numbers = new Float64Array(rows).fill(Number.NaN);
  if (chunks.every(({ row, cells }) => copyNumbers(cells, numbers, row))) return numbers;
  const values = new Array<unknown>(rows);
  for (const { row, cells } of chunks) for (let i = 0; i < cells.length; i++) values[row + i] = cells[i];
  return columnOf(values, place);
}

async function hyparquet(where: string) {
  // Where it is imported within try, webpack builds without it too.
  try {
    return await import('hyparquet');
  } catch (cause) {
    throw Object.assign(wrongState(where, 'the package hyparquet', 'none', 'npm install hyparquet'), { cause });
  }
}

/** What hyparquet found, in our voice. */
function wrongly(name: string, expected: string, cause: unknown, mend: string | undefined): RangeError {
  return Object.assign(wrongValue(name, expected, shorten(messageOf(cause), 60), mend), { cause });
}

/** How to mend what hyparquet cannot unpack by itself. */
function packing(cause: unknown): string | undefined {
  return /compression|codec/i.test(messageOf(cause)) ? 'give { compressors } of hyparquet-compressors' : undefined;
}

/** A file of which parts can be read: of a path those alone that are asked for. */
async function partsOf(where: string, source: DataSource) {
  if (typeof source === 'string') {
    const file = await partsOfFile(source);
    return { name: shorten(source), file, close: file.close };
  }
  const opened = openSource(where, source);
  const bytes = await wholeOf(opened);
  const slice = (start: number, end?: number) => bytes.slice(start, end).buffer as ArrayBuffer;
  return { name: opened.name, file: { byteLength: bytes.length, slice }, close: async () => undefined };
}
