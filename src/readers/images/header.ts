/** What a picture's file says before it is decoded: its format, its size, and how a camera was held. */
import { quote, wrongKind, wrongValue } from '../../errors.js';
import type { Bytes } from '../../kinds.js';
import { pngHeader } from './png.js';

export interface PictureHeader {
  readonly format: 'png' | 'jpeg';
  /** As it is to be seen, turned as the file says. */
  readonly height: number;
  readonly width: number;
  /** As EXIF numbers them: 1 is as stored; from 5 on rows are columns. */
  readonly orientation: number;
  /** Where a PNG says so, from its first byte to behind its last. */
  readonly exif?: readonly [start: number, end: number];
}

/** Cameras have 50, and a JPEG of 200 takes up to 4 GB while it is decoded. */
export const MOST_MEGAPIXELS = 200;

const OTHERS = [
  ['a GIF', 'GIF8'],
  ['a BMP', 'BM'],
  ['a TIFF', 'II*\0'],
  ['a TIFF', 'MM\0*'],
  ['a WebP', 'RIFF'],
  ['a page, an SVG or XML', '<'],
] as const;

/** Reads a picture's header; `name` is what messages call it. */
export function readHeader(name: string, bytes: Bytes): PictureHeader {
  const beginning = String.fromCharCode(...bytes.subarray(0, 8));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (beginning === '\x89PNG\r\n\x1a\n') {
      return checked(name, turnedPng(name, view));
    }
    if (beginning.startsWith('\xff\xd8\xff')) return checked(name, jpegHeader(view));
  } catch (cause) {
    if (!(cause instanceof RangeError) || cause.message.startsWith(name)) throw cause;
    throw Object.assign(wrongValue(name, 'a whole picture', 'a part of one', 'fetch it again'), { cause });
  }
  const [other] = OTHERS.find(([, magic]) => beginning.startsWith(magic)) ?? [];
  const got = bytes.length === 0 ? 'an empty file' : (other ?? `other bytes, ${quote(beginning)}`);
  throw wrongKind(name, 'a PNG or JPEG picture', got, 'convert it to PNG, or leave it out');
}

function checked(name: string, header: PictureHeader): PictureHeader {
  const { height, width } = header;
  if (height * width > MOST_MEGAPIXELS * 1e6) {
    const expected = `a picture of at most ${MOST_MEGAPIXELS} megapixels`;
    throw wrongValue(name, expected, `one of ${height} × ${width}`, 'make it smaller first');
  }
  if (height > 0 && width > 0) return header;
  throw wrongValue(name, 'a picture with pixels', `one of ${height} × ${width}`, 'leave it out');
}

/** A PNG's header, turned as its EXIF says. */
function turnedPng(name: string, view: DataView): PictureHeader {
  const { width, height, exif } = pngHeader(name, view);
  const [start, end] = exif ?? [0, 0];
  const orientation = tiffOrientation(view, start + 8, end - start - 12) ?? 1;
  const size = orientation > 4 ? { height: width, width: height } : { height, width };
  return { format: 'png', ...size, orientation, ...(exif && { exif }) };
}

/** Goes from marker to marker (ITU T.81, annex B) up to the frame's. Reading beyond the end throws a RangeError. */
function jpegHeader(view: DataView): PictureHeader {
  let orientation = 1;
  for (let at = 2; ; ) {
    while (view.getUint8(at) !== 0xff) at++;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (marker === 0xe1) orientation = exifOrientation(view, at + 4, length - 2) ?? orientation;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      requireEnd(view, at);
      const size = orientation > 4 ? { height: width, width: height } : { height, width };
      return { format: 'jpeg', ...size, orientation };
    }
    at += 2 + length;
  }
}

/** Whether the picture's end is there, which decoders fill in where it is not; what is behind it is nobody's. */
function requireEnd(view: DataView, start: number): void {
  for (let at = view.byteLength - 2; at > start; at--) if (view.getUint16(at) === 0xffd9) return;
  throw new RangeError('no end of image');
}

const ORIENTATION = 0x0112;

/** The orientation that a segment of EXIF tells: a TIFF file behind a name of six bytes. */
function exifOrientation(view: DataView, start: number, length: number): number | undefined {
  if (length < 6 || view.getUint32(start) !== 0x45786966) return undefined;
  return tiffOrientation(view, start + 6, length - 6);
}

/** The orientation that a TIFF file within tells in its first directory. */
function tiffOrientation(view: DataView, start: number, length: number): number | undefined {
  if (length < 8) return undefined;
  const isLittle = view.getUint16(start) === 0x4949;
  const directory = start + view.getUint32(start + 4, isLittle);
  if (directory + 2 > start + length) return undefined;
  const entries = view.getUint16(directory, isLittle);
  for (let i = 0; i < entries && directory + 14 + 12 * i <= start + length; i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, isLittle) !== ORIENTATION) continue;
    const value = view.getUint16(entry + 8, isLittle);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
