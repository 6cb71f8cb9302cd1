/** Options that several readers take. */
import { checkInteger, wrongType } from '../errors.js';
import { isList } from '../kinds.js';

/** How a table is gone through in chunks. */
export interface StreamOptions {
  /** About how many bytes of the file a chunk has; 4 MiB by default. */
  readonly chunkBytes?: number;
}

export const CHUNK_BYTES = 2 ** 22;

/** How large chunks are to be. */
export function checkChunkBytes(where: string, { chunkBytes = CHUNK_BYTES }: StreamOptions): number {
  return checkInteger(`${where}: chunkBytes`, chunkBytes, 1, 2 ** 30);
}

/** Refuses all but a list of texts, holes among them, which `every` would pass over. */
export function checkTexts(where: string, texts: unknown, example: string): asserts texts is readonly string[] {
  const expected = `a list of texts, such as ${example}`;
  if (!isList(texts)) throw wrongType(where, expected, texts);
  for (let i = 0; i < texts.length; i++) {
    if (typeof texts[i] !== 'string') throw wrongType(`${where}[${i}]`, 'a text', texts[i]);
  }
}
