/** The text of a table's file, as UTF-8 bytes, whatever Unicode it came in; other files are refused by their names. */
import { wrongValue } from '../errors.js';

/** A file's text, and where it begins behind the mark that names its encoding. */
export interface Utf8Text {
  readonly bytes: Uint8Array;
  readonly start: number;
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be';

const MARKS: readonly (readonly [Encoding, readonly number[]])[] = [
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
];

/** What files that are no text begin with. */
const OTHER_FILES: readonly (readonly [string, string | RegExp, string])[] = [
  ['a gzip file', '\x1f\x8b', 'unpack it with gunzip'],
  ['a zip file, as .xlsx and .ods are', 'PK\x03\x04', 'unpack it, or save the sheet as CSV'],
  ['an old Excel file (.xls)', '\xd0\xcf\x11\xe0', 'save the sheet as CSV'],
  ['a Parquet file', /^PAR1[^\s -~]/, 'write it as CSV'],
  ['an Arrow file', 'ARROW1\0', 'write it as CSV'],
  ['an Avro file', 'Obj\x01', 'write it as CSV'],
  ['a NumPy file', '\x93NUMPY', 'write it as CSV'],
  ['an HDF5 file', '\x89HDF', 'write it as CSV'],
  ['an SQLite file', 'SQLite format 3\0', 'export the table as CSV'],
  ['a bzip2 file', /^BZh[1-9]1AY/, 'unpack it with bunzip2'],
  ['an xz file', '\xfd7zXZ', 'unpack it with unxz'],
  ['a Zstandard file', '\x28\xb5\x2f\xfd', 'unpack it with unzstd'],
  ['a 7-Zip file', '7z\xbc\xaf', 'unpack it'],
  ['a PDF file', '%PDF-', 'export the table as CSV'],
  ['JSON', /^(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*(?:[[{"]|-?\d[\d.eE+-]*\s*[,\]]\s*-?\d))/, 'write it as CSV'],
  ['a pointer of Git LFS', 'version https://git-lfs', 'get the file itself with git lfs pull'],
  ['HTML or XML', /^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml)/i, 'export the table as CSV'],
];

/** What a file's beginning says of its text. */
export interface TextKind {
  readonly encoding: Encoding;
  /** Bytes of the mark before the text. */
  readonly mark: number;
}

/** Finds the encoding of a file by its beginning, and refuses what is no text. */
export function textKind(where: string, bytes: Uint8Array): TextKind {
  const beginning = String.fromCharCode(...bytes.subarray(0, 200));
  for (const [name, magic, mend] of OTHER_FILES) {
    if (typeof magic === 'string' ? beginning.startsWith(magic) : magic.test(beginning)) {
      throw wrongValue(where, 'a CSV file', name, mend);
    }
  }
  const mark = MARKS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte));
  return { encoding: mark?.[0] ?? guessEncoding(bytes), mark: mark?.[1].length ?? 0 };
}

/** A file's text as UTF-8: it may be UTF-16 or UTF-32, with its mark or without. */
export function readText(where: string, bytes: Uint8Array): Utf8Text {
  const { encoding, mark } = textKind(where, bytes);
  if (encoding === 'utf-8') {
    refuseOtherBytes(where, bytes);
    return { bytes, start: mark };
  }
  const convert = utf8Converter(where, encoding);
  const pieces: Uint8Array[] = [];
  for (let at = mark; at < bytes.length; at += PIECE) pieces.push(convert(bytes.subarray(at, at + PIECE)));
  pieces.push(convert(undefined));
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return { bytes: all, start: 0 };
}

/** A function that gives UTF-8 of text in wider units, some at a time; undefined tells it that it is at its end. */
export function utf8Converter(where: string, encoding: Encoding): (piece: Uint8Array | undefined) => Uint8Array {
  const encoder = new TextEncoder();
  const isWidest = encoding === 'utf-32le' || encoding === 'utf-32be';
  const decode = isWidest ? utf32Decoder(encoding === 'utf-32le') : utf16Decoder(encoding);
  return piece => {
    try {
      return encoder.encode(decode(piece));
    } catch {
      const name = encoding.toUpperCase().slice(0, 6);
      throw wrongValue(where, `text in ${name}, as it begins`, 'other bytes', 'save the file as UTF-8 CSV');
    }
  };
}

/**
 * Text in wider units has zero bytes in every unit of most alphabets' first letters; in UTF-16 all of them at even
 * places or at odd ones, those of delimiters and line ends at least.
 */
function guessEncoding(bytes: Uint8Array): Encoding {
  const shown = bytes.subarray(0, Math.min(bytes.length - (bytes.length % 4), 4000));
  const zeros = [0, 0, 0, 0];
  for (const [i, byte] of shown.entries()) if (byte === 0) zeros[i % 4] = (zeros[i % 4] ?? 0) + 1;
  const [a = 0, b = 0, c = 0, d = 0] = zeros;
  const units = shown.length / 4;
  const most = 0.9 * units;
  if (units > 0 && b >= most && c >= most && d >= most && a < most) return 'utf-32le';
  if (units > 0 && a >= most && b >= most && c >= most && d < most) return 'utf-32be';
  const few = Math.max(0.1 * units, 2);
  if (a + c === 0 && b + d >= few && hasLineEnd(shown, 0)) return 'utf-16le';
  return b + d === 0 && a + c >= few && hasLineEnd(shown, 1) ? 'utf-16be' : 'utf-8';
}

/** Whether some unit of two bytes is a line end, whose own byte is the first (0) or the second (1). */
function hasLineEnd(bytes: Uint8Array, own: 0 | 1): boolean {
  for (let at = 0; at < bytes.length; at += 2) {
    const byte = bytes[at + own];
    if ((byte === 0x0a || byte === 0x0d) && bytes[at + 1 - own] === 0) return true;
  }
  return false;
}

/** Bytes of text that are converted at once: strings have a limit, and so has memory. */
const PIECE = 1 << 22;

function utf16Decoder(encoding: Encoding): (piece: Uint8Array | undefined) => string {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return piece => decoder.decode(piece, { stream: piece !== undefined });
}

function utf32Decoder(isLittle: boolean): (piece: Uint8Array | undefined) => string {
  let rest = new Uint8Array(0);
  return piece => {
    const bytes = new Uint8Array(rest.length + (piece?.length ?? 0));
    bytes.set(rest);
    if (piece !== undefined) bytes.set(piece, rest.length);
    else if (rest.length > 0) throw new RangeError('cut off');
    const view = new DataView(bytes.buffer);
    const end = bytes.length - (bytes.length % 4);
    let text = '';
    for (let i = 0; i < end; i += 4) text += String.fromCodePoint(view.getUint32(i, isLittle));
    rest = bytes.slice(end);
    return text;
  };
}

/** Refuses bytes that are no UTF-8, and zeros, which no text has, with the line where they stand. */
export function refuseOtherBytes(where: string, bytes: Uint8Array, firstLine = 1): void {
  const offset = firstOther(bytes);
  if (offset < 0) return;
  let line = firstLine;
  for (let i = 0; i < offset; i++) if (bytes[i] === 0x0a || (bytes[i] === 0x0d && bytes[i + 1] !== 0x0a)) line++;
  const byte = bytes[offset] ?? 0;
  const got = byte === 0 ? 'a zero byte, as binary files have' : `the byte 0x${byte.toString(16)}, as in Latin-1`;
  const mend = byte === 0 ? 'give a CSV file' : 'save the file as UTF-8 CSV, or convert it: iconv -f latin1 -t utf-8';
  throw wrongValue(`${where}, line ${line}`, 'text in UTF-8', got, mend);
}

/** Where the first byte is that belongs to no letter of UTF-8, or −1: shortest forms only, no surrogates, no zeros. */
function firstOther(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) {
      if (byte === 0) return at;
      at++;
      continue;
    }
    const length = byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
    const second = bytes[at + 1] ?? 0;
    const least = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    const most = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    if (length === 0 || second < least || second > most) return at;
    for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return at;
    at += length;
  }
  return -1;
}
