/** Which columns of a Parquet file are numbers and no more, and where their chunks lie. */
import type { AsyncBuffer, FileMetaData, SchemaTree } from 'hyparquet';
import { yieldToOthers } from '../runtime/yield.js';
import { copyPages, isNumberType, type NumberChunk, type NumberType } from './parquetPages.js';

/** Chunks so near each other in the file are read at once, up to so many bytes. */
const MOST_BETWEEN = 1 << 13;
const MOST_AT_ONCE = 1 << 23;
/** Numbers that are read before others have their turn, some two milliseconds: threads that train wait for theirs. */
const NUMBERS_PER_TURN = 1 << 17;

interface PlacedChunk extends NumberChunk {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** What unpacks pages, by what packed them. */
export type Unpackers = Readonly<Partial<Record<string, NumberChunk['unpack']>>>;

/** What is unpacked without `compressors`: each page in the place of the one before, in which nobody reads any more. */
export function unpackersOf(snappyUncompress: (bytes: Uint8Array, out: Uint8Array) => void): Unpackers {
  let room = new Uint8Array();
  return {
    UNCOMPRESSED: bytes => bytes,
    SNAPPY: (bytes, length) => {
      if (room.length < length) room = new Uint8Array(length);
      const out = room.subarray(0, length);
      snappyUncompress(bytes, out);
      return out;
    },
  };
}

/**
 * The columns of some row groups, one after another, that are numbers and could be read as such: null and NaN are NaN.
 * Whatever is wrong with others, hyparquet tells.
 */
export async function readNumbers(
  file: AsyncBuffer,
  { row_groups }: FileMetaData,
  columns: readonly SchemaTree[],
  unpackers: Unpackers,
): Promise<Map<string, Float64Array>> {
  const rows = row_groups.map(({ num_rows }) => Number(num_rows));
  const total = rows.reduce((sum, count) => sum + count, 0);
  const kinds = new Map(columns.filter(isOfNumbers).map(({ element }) => [element.name, element]));
  const found = new Map([...kinds.keys()].map(name => [name, new Float64Array(total)]));
  let [first, sinceTurn] = [0, 0];
  for (const [index, group] of row_groups.entries()) {
    const chunks = group.columns.flatMap(({ file_path, meta_data }): PlacedChunk[] => {
      const [name = '', ...inner] = meta_data?.path_in_schema ?? [];
      const element = kinds.get(name);
      const unpack = unpackers[meta_data?.codec ?? ''];
      if (!meta_data || !element || !found.has(name)) return [];
      if (file_path !== undefined || inner.length > 0 || !unpack) {
        found.delete(name);
        return [];
      }
      const start = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
      const end = start + Number(meta_data.total_compressed_size);
      const isOptional = element.repetition_type === 'OPTIONAL';
      return [{ name, start, end, type: element.type as NumberType, isOptional, rows: rows[index] ?? 0, unpack }];
    });
    for (const span of spansOf(chunks)) {
      const bytes = new Uint8Array(await file.slice(span.start, span.end));
      for (const chunk of span.chunks) {
        const numbers = found.get(chunk.name);
        const own = bytes.subarray(chunk.start - span.start, chunk.end - span.start);
        if (numbers && !isCopied(own, chunk, numbers, first)) found.delete(chunk.name);
        sinceTurn += chunk.rows;
        if (sinceTurn < NUMBERS_PER_TURN) continue;
        sinceTurn = 0;
        await yieldToOthers();
      }
    }
    first += rows[index] ?? 0;
  }
  return found;
}

/** Whether a column is of plain numbers: no dates, decimals or whole ones without a sign. */
function isOfNumbers({ element, children }: SchemaTree): boolean {
  const { type, converted_type, logical_type, repetition_type } = element;
  const isPlain = converted_type === undefined || converted_type.startsWith('INT_');
  const isSigned = logical_type === undefined || (logical_type.type === 'INTEGER' && logical_type.isSigned);
  const isFlat = children.length === 0 && (repetition_type === 'REQUIRED' || repetition_type === 'OPTIONAL');
  return isNumberType(type) && isPlain && isSigned && isFlat;
}

function isCopied(bytes: Uint8Array, chunk: NumberChunk, numbers: Float64Array, first: number): boolean {
  try {
    return copyPages(bytes, chunk, numbers, first);
  } catch {
    // What cannot be unpacked here is told by hyparquet.
    return false;
  }
}

interface Span {
  readonly start: number;
  end: number;
  readonly chunks: PlacedChunk[];
}

/** Chunks that are read together, in the order of the file. */
function spansOf(chunks: readonly PlacedChunk[]): Span[] {
  const spans: Span[] = [];
  for (const chunk of [...chunks].sort((a, b) => a.start - b.start)) {
    const span = spans.at(-1);
    const isNear = span && chunk.start - span.end <= MOST_BETWEEN && chunk.end - span.start <= MOST_AT_ONCE;
    if (!isNear) spans.push({ start: chunk.start, end: chunk.end, chunks: [chunk] });
    else {
      span.chunks.push(chunk);
      span.end = Math.max(span.end, chunk.end);
    }
  }
  return spans;
}
