import { checkInteger, checkOptions, wrongKind } from '../errors.js';
import type { DataSource } from '../platform.js';
import {
  type ArrayData,
  type ArrayHeader,
  CHUNK_ROWS,
  elements,
  type HeaderReader,
  readArray,
  streamArray,
} from './arrays.js';
import { openSource, wholeOf } from './source.js';

/** How a file is gone through in chunks. */
export interface ChunkOptions {
  /** How many rows a chunk has, the last one apart; 4096 by default. */
  readonly rows?: number;
}

/**
 * Reads an IDX file, as MNIST's images and labels come in, also packed with gzip: `{ shape: [60000, 28, 28], data:
 * Uint8Array }`.
 *
 * @throws where it is no IDX file, or not all of it
 */
export async function readIdx(source: DataSource): Promise<ArrayData> {
  const opened = openSource('readIdx', source);
  return readArray(opened.name, await wholeOf(opened), idxHeader);
}

/** The same in chunks of rows, one at a time, for files larger than memory. */
export function streamIdx(source: DataSource, options: ChunkOptions = {}): AsyncGenerator<ArrayData> {
  return streamArray(openSource('streamIdx', source), idxHeader, chunkRows('streamIdx', options));
}

/** How many rows a chunk is to have. */
export function chunkRows(where: string, options: ChunkOptions): number {
  checkOptions(where, options, ['rows']);
  return options.rows === undefined ? CHUNK_ROWS : checkInteger(`${where}: rows`, options.rows, 1);
}

/** The codes of http://yann.lecun.com/exdb/mnist/, «the IDX file format». */
const IDX_ELEMENTS: Readonly<Record<number, string>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' };

const idxHeader: HeaderReader = (name, bytes): ArrayHeader | undefined => {
  const [zero, another, code = 0, axes = 0] = bytes;
  if (bytes.length < 4) return undefined;
  const element = elements[IDX_ELEMENTS[code] ?? ''];
  if (zero !== 0 || another !== 0 || element === undefined || axes === 0) {
    throw wrongKind(
      name,
      'an IDX file, which begins with two zeros, its type and its axes',
      'other bytes',
      'check the file',
    );
  }
  const offset = 4 + 4 * axes;
  if (bytes.length < offset) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, offset);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, element: { ...element, isBig: true }, offset };
};
