/** What a PNG's chunks say, and whether the pixels that they speak of are there (PNG, third edition). */
import { wrongValue } from '../../errors.js';
import type { Bytes } from '../../kinds.js';
import { inflated, joined } from '../source.js';

export interface PngHeader {
  readonly height: number;
  readonly width: number;
  readonly isInterlaced: boolean;
  /** Bits of a sample, and samples of a pixel. */
  readonly depth: number;
  readonly channels: number;
  /** How many colours the palette has whose places its pixels are; palettes of other kinds only advise. */
  readonly colours?: number;
  /** Where its EXIF lies, from its chunk's first byte to behind its last. */
  readonly exif?: readonly [start: number, end: number];
}

/** A chunk, and where its contents lie. */
interface Chunk {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** What pixels are made of (section 11.2.1): the samples of one, and the bits that each may have. */
const KINDS: Readonly<Record<number, readonly [name: string, channels: number, depths: readonly number[]]>> = {
  0: ['grey', 1, [1, 2, 4, 8, 16]],
  2: ['truecolour', 3, [8, 16]],
  3: ['palette', 1, [1, 2, 4, 8]],
  4: ['grey with alpha', 2, [8, 16]],
  6: ['truecolour with alpha', 4, [8, 16]],
};
const COLOUR_TYPE = 25;
const PALETTE = 3;

/** Whether a PNG's pixels are places of its palette; pictures of other kinds may have one that only advises. */
export const hasPalette = (bytes: Bytes) => bytes[COLOUR_TYPE] === PALETTE;

/** The first column and row of each pass of an interlaced picture, and how far it is to the next (section 8.1). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Goes from chunk to chunk, to the last. Reading beyond the end throws a RangeError. */
function* chunksOf(view: DataView): Generator<Chunk> {
  for (let at = 8, kind = ''; kind !== 'IEND'; ) {
    const start = at + 8;
    kind = String.fromCharCode(...[4, 5, 6, 7].map(i => view.getUint8(at + i)));
    at = start + view.getUint32(at) + 4;
    yield { kind, start, end: at - 4 };
  }
}

/** Reads what a PNG begins with and looks at the rest's order; `name` is what messages call it. */
export function pngHeader(name: string, view: DataView): PngHeader {
  const refuse = (expected: string, got: string) => wrongValue(name, `a PNG picture ${expected}`, got, 'save it anew');
  const [first, ...chunks] = chunksOf(view);
  if (first?.kind !== 'IHDR' || first.end - first.start !== 13) throw refuse('that begins with its header', 'another');
  const [depth, colour] = [view.getUint8(24), view.getUint8(COLOUR_TYPE)];
  const [kind, channels = 1, depths = []] = KINDS[colour] ?? [];
  if (!kind) throw refuse(`of colour type ${Object.keys(KINDS).join(', ')}`, String(colour));
  if (!depths.includes(depth)) throw refuse(`whose ${kind} has ${depths.join(' or ')} bits`, String(depth));
  for (const [i, what] of ['compression method 0', 'filter method 0', 'interlace method 0 or 1'].entries()) {
    const method = view.getUint8(26 + i);
    if (method > (i === 2 ? 1 : 0)) throw refuse(`of ${what}`, String(method));
  }
  const at = (kind: string) => chunks.find(chunk => chunk.kind === kind);
  const palette = at('PLTE');
  if (colour === PALETTE && !palette) throw refuse('with the palette that it refers to', 'one without');
  const exif = at('eXIf');
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    ...{ depth, channels, isInterlaced: view.getUint8(28) === 1 },
    ...(colour === PALETTE && palette && { colours: Math.floor((palette.end - palette.start) / 3) }),
    ...(exif && { exif: [exif.start - 8, exif.end + 4] }),
  };
}

/** Rows of pixels that are stored one after another: all, or those of a pass. */
interface Lines {
  readonly rows: number;
  readonly columns: number;
  /** Bytes of a row, behind the one that says how it is filtered. */
  readonly bytes: number;
}

function linesOf({ width, height, isInterlaced, depth, channels }: PngHeader): Lines[] {
  return PASSES.slice(0, isInterlaced ? 7 : 1).flatMap(([x, y, across, down]) => {
    const columns = isInterlaced ? Math.ceil((width - x) / across) : width;
    const rows = isInterlaced ? Math.ceil((height - y) / down) : height;
    return columns > 0 && rows > 0 ? { rows, columns, bytes: Math.ceil((columns * channels * depth) / 8) } : [];
  });
}

/**
 * Unpacks a PNG to see whether all pixels are there, and all of its palette's colours: decoders make some up, in
 * silence.
 *
 * @throws RangeError by the picture's name
 */
export async function checkPixels(name: string, bytes: Bytes): Promise<void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = pngHeader(name, view);
  const lines = linesOf(header);
  const needed = lines.reduce((sum, { rows, bytes }) => sum + rows * (1 + bytes), 0);
  const isKept = header.colours !== undefined && header.colours < 2 ** header.depth;
  const kept: Bytes[] = [];
  let length = 0;
  const mend = 'fetch it again, or leave it out';
  try {
    for await (const piece of inflated(name, dataOf(view), 'deflate')) {
      length += piece.length;
      if (isKept) kept.push(piece);
      // What some programs leave behind the pixels is nobody's.
      if (length >= needed) break;
    }
  } catch (cause) {
    const got = 'pixels that cannot be unpacked';
    throw Object.assign(wrongValue(name, 'a whole PNG picture', got, mend), { cause });
  }
  if (length < needed) throw wrongValue(name, `a whole PNG picture, ${needed} bytes of pixels`, length, mend);
  if (!isKept) return;
  const highest = highestPlace(joined(kept), lines, header.depth);
  if (highest < (header.colours ?? 0)) return;
  const expected = `a PNG picture of the ${header.colours} colours of its palette`;
  throw wrongValue(name, expected, `number ${highest}, counted from 0`, 'save it anew');
}

/** The contents of the chunks that hold pixels. */
async function* dataOf(view: DataView): AsyncGenerator<Bytes> {
  const { buffer, byteOffset } = view;
  for (const { kind, start, end } of chunksOf(view)) {
    if (kind === 'IDAT') yield new Uint8Array(buffer as ArrayBuffer, byteOffset + start, end - start);
  }
}

/** The highest place in the palette that a pixel has; `data` is what was unpacked, and is changed. */
function highestPlace(data: Bytes, lines: readonly Lines[], depth: number): number {
  let highest = 0;
  let at = 0;
  for (const { rows, columns, bytes } of lines) {
    let above = new Uint8Array(bytes);
    for (let row = 0; row < rows; row++, at += 1 + bytes) {
      const line = data.subarray(at + 1, at + 1 + bytes);
      unfilter(data[at] ?? 0, line, above);
      for (let i = 0; i < columns; i++) {
        const bit = i * depth;
        const place = ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
        if (place > highest) highest = place;
      }
      above = line;
    }
  }
  return highest;
}

/** Undoes what a row of single bytes is filtered by (section 9). */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array): void {
  for (let i = 0; filter > 0 && i < line.length; i++) {
    const left = line[i - 1] ?? 0;
    const up = above[i] ?? 0;
    let by = filter === 1 ? left : filter === 2 ? up : 0;
    if (filter === 3) by = (left + up) >> 1;
    if (filter === 4) by = paeth(left, up, above[i - 1] ?? 0);
    line[i] = (line[i] ?? 0) + by;
  }
}

/** The one of the three that is next to left + up − corner (section 9.4). */
function paeth(left: number, up: number, corner: number): number {
  const [byLeft, byUp] = [Math.abs(up - corner), Math.abs(left - corner)];
  const byCorner = Math.abs(left + up - 2 * corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
