/** Where data comes from, as bytes: paths, addresses, bytes, streams; gzip is unpacked on the way. */

import { ownBytes, plainBytes } from '../conversions.js';
import { describe, messageOf, placed, quote, shorten, wrongKind, wrongType, wrongValue } from '../errors.js';
import { piecesOfFile } from '../files/readFile.js';
import { arrayKind, type Bytes, hasKey, isHollow, isLost, isRevoked, kindOf } from '../kinds.js';
import type { DataSource } from '../platform.js';

/** A source that is known: what messages call it, and its bytes piece by piece. */
export interface Opened {
  readonly name: string;
  readonly pieces: AsyncIterable<Bytes>;
}

/**
 * Opens a source; it is looked at when its first piece is asked for. `where` is the reader's name.
 *
 * @throws TypeError where it is none of the kinds that {@link DataSource} names
 */
export function openSource(where: string, source: DataSource): Opened {
  const given: unknown = source;
  const name = typeof given === 'string' ? shorten(given) : kindOf(given) === 'URL' ? shorten(String(given)) : where;
  return { name, pieces: unpacked(name, piecesOf(where, given)) };
}

const SOURCES = 'a path, a URL, a Uint8Array, a Response, a Blob, or a stream of bytes';

/** The pieces of any source. */
function piecesOf(where: string, source: unknown): AsyncIterable<Bytes> {
  if (typeof source === 'string') return piecesOfFile(source);
  if (isRevoked(source) || isHollow(source)) throw wrongType(where, SOURCES, source);
  const kind = kindOf(source);
  if (kind === 'URL') {
    const url = source as URL;
    return url.protocol === 'file:' ? piecesOfFile(url) : responseOf(where, () => fetched(where, url));
  }
  if (arrayKind(source) === 'Uint8Array' || arrayKind(source) === 'Uint8ClampedArray') {
    return onePiece(ownBytes(where, source as Uint8Array));
  }
  if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') return onePiece(bytesOf(where, source as ArrayBuffer));
  if (kind === 'Response') return responseOf(where, () => Promise.resolve(source as Response));
  if (kind === 'Blob' || kind === 'File' || isBlobLike(source)) return streamOf(where, (source as Blob).stream());
  if (kind === 'ReadableStream') return streamOf(where, source as ReadableStream<unknown>);
  const iterable = source as AsyncIterable<unknown> | null;
  if (typeof iterable?.[Symbol.asyncIterator] === 'function') return checked(where, iterable);
  throw wrongType(where, SOURCES, source, typeof source === 'object' ? undefined : 'give the path of the file');
}

/** A Blob without its tag, as happy-dom's are. */
function isBlobLike(source: unknown): boolean {
  return hasKey(source, 'stream') && typeof source.stream === 'function' && hasKey(source, 'arrayBuffer');
}

function bytesOf(where: string, buffer: ArrayBuffer): Uint8Array {
  if (isLost(buffer))
    throw wrongType(where, 'an ArrayBuffer with its memory', buffer, 'copy it before it is transferred');
  return new Uint8Array(buffer);
}

function fetched(where: string, url: URL): Promise<Response> {
  return fetch(url).catch(cause => {
    const expected = `an answer from ${quote(String(url))}`;
    throw Object.assign(wrongValue(where, expected, shorten(messageOf(cause), 60), 'check the address'), { cause });
  });
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Bytes> {
  yield plainBytes(bytes);
}

async function* responseOf(where: string, respond: () => Promise<Response>): AsyncGenerator<Bytes> {
  const response = await respond();
  if (!response.ok) throw wrongValue(where, 'a response with data', `status ${response.status}`, 'check the address');
  if (response.body !== null) yield* streamOf(where, response.body);
}

async function* streamOf(where: string, stream: ReadableStream<unknown>): AsyncGenerator<Bytes> {
  if (stream.locked) throw wrongKind(where, 'a stream that nobody else reads', 'one that is locked', 'open it anew');
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield piece(where, value);
    }
  } finally {
    // Where the reading ends early, so does what feeds the stream.
    await reader.cancel().catch(() => undefined);
  }
}

async function* checked(where: string, iterable: AsyncIterable<unknown>): AsyncGenerator<Bytes> {
  for await (const value of iterable) yield piece(where, value);
}

/** What a stream gives, where it is bytes. */
function piece(where: string, value: unknown): Bytes {
  if (arrayKind(value) === 'Uint8Array') return plainBytes(value as Uint8Array);
  const mend = typeof value === 'string' ? 'read it without an encoding' : undefined;
  throw wrongKind(where, 'a stream of bytes', `${describe(value)} in it`, mend);
}

/** The same bytes, unpacked where they begin as gzip does. */
async function* unpacked(name: string, pieces: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await beginning(iterator, 2);
  const all = (async function* () {
    try {
      yield first;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
  if (first[0] !== 0x1f || first[1] !== 0x8b) yield* all;
  else yield* inflated(name, all, 'gzip');
}

/** The first pieces as one, at least so many bytes of them where there are. */
async function beginning(iterator: AsyncIterator<Bytes>, least: number): Promise<Bytes> {
  let bytes: Bytes = new Uint8Array(0);
  while (bytes.length < least) {
    const { done, value } = await iterator.next();
    if (done) return bytes;
    bytes = joined([bytes, value]);
  }
  return bytes;
}

/** Compressed bytes, unpacked by the platform. */
export async function* inflated(
  name: string,
  pieces: AsyncIterable<Bytes>,
  format: 'gzip' | 'deflate' | 'deflate-raw',
): AsyncGenerator<Bytes> {
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  let failed: { cause: unknown } | undefined;
  const writing = (async () => {
    try {
      for await (const piece of pieces) await writer.write(piece);
      await writer.close();
    } catch (cause) {
      failed ??= { cause };
      await writer.abort(cause).catch(() => undefined);
    }
  })();
  try {
    yield* streamOf(name, stream.readable);
    await writing;
  } catch (cause) {
    failed ??= { cause };
  }
  if (failed !== undefined) {
    // What fails in the source itself says so already.
    if (failed.cause instanceof RangeError) throw failed.cause;
    throw placed(name, wrongValue(format, 'a whole file', shorten(messageOf(failed.cause)), 'fetch it again'));
  }
}

/** Pieces as one. */
export function joined(pieces: readonly Uint8Array[]): Bytes {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only as Bytes;
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}

/** All bytes of a source. */
export async function wholeOf(opened: Opened): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of opened.pieces) pieces.push(piece);
  return joined(pieces);
}

/** The same bytes in blocks of at least so many, the last one apart, which is told, and may be empty. */
export async function* inBlocks(
  pieces: AsyncIterable<Bytes>,
  least: number,
): AsyncGenerator<{ block: Bytes; isLast: boolean }> {
  let held: Bytes[] = [];
  let length = 0;
  for await (const piece of pieces) {
    if (length >= least) {
      yield { block: joined(held), isLast: false };
      held = [];
      length = 0;
    }
    held.push(piece);
    length += piece.length;
  }
  yield { block: joined(held), isLast: true };
}
