/** Pixels of PNG and JPEG files: by the browser where it decodes them, elsewhere by small packages in JavaScript. */
import type { DecodedPng } from 'fast-png';
import { messageOf, shorten, wrongState, wrongValue } from '../../errors.js';
import type { Bytes } from '../../kinds.js';
import { MOST_MEGAPIXELS, type PictureHeader } from './header.js';
import { checkPixels, hasPalette } from './png.js';

/** Four bytes a pixel: red, green, blue and how opaque it is; row by row. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Decodes files, each given with its header; a picture is turned as its file says. */
export type Decoder = (name: string, bytes: Bytes, header: PictureHeader) => Promise<Picture>;

const LIMITS = { maxResolutionInMP: MOST_MEGAPIXELS, maxMemoryUsageInMB: 4096 };

/** What decodes these formats here. */
export async function openDecoder(where: string, formats: ReadonlySet<PictureHeader['format']>): Promise<Decoder> {
  const decode = canDraw() ? byBrowser : await byPackages(where, formats);
  return async (name, bytes, header) => {
    if (header.format === 'png') await checkPixels(name, bytes);
    return decode(name, bytes, header);
  };
}

async function byPackages(where: string, formats: ReadonlySet<PictureHeader['format']>) {
  const png = formats.has('png') ? await fastPng(where) : undefined;
  const jpeg = formats.has('jpeg') ? await jpegJs(where) : undefined;
  return (name: string, bytes: Bytes, header: PictureHeader) => {
    if (header.format === 'png') refuseInterlaced(name, bytes);
    try {
      if (header.format === 'png' && png) {
        return turned(fromPng(png.decode(bytes, { checkCrc: true }), hasPalette(bytes)), header.orientation);
      }
      const decode = jpeg?.decode ?? jpeg?.default.decode;
      const decoded = decode?.(bytes, { useTArray: true, tolerantDecoding: false, ...LIMITS });
      return turned(decoded ?? { height: 0, width: 0, data: new Uint8Array() }, header.orientation);
    } catch (cause) {
      throw undecodable(name, header, cause);
    }
  };
}

/** Refuses a PNG that is interlaced with several pixels in a byte: fast-png takes those apart wrongly. */
function refuseInterlaced(name: string, bytes: Bytes): void {
  const [depth = 8, isInterlaced] = [bytes[24], bytes[28] === 1];
  if (!isInterlaced || depth >= 8) return;
  const expected = 'a PNG picture without interlacing, or of 8 or 16 bits';
  throw wrongValue(name, expected, `one of ${depth} bits that is interlaced`, 'save it without interlacing');
}

/** Whether the platform decodes by itself, and gives the pixels: Deno has canvases that nothing is drawn on. */
function canDraw(): boolean {
  try {
    return typeof createImageBitmap === 'function' && new OffscreenCanvas(1, 1).getContext('2d') !== null;
  } catch {
    return false;
  }
}

function undecodable(name: string, { format }: PictureHeader, cause: unknown): RangeError {
  const isLarge = /limit exceeded/.test(messageOf(cause));
  const mend = isLarge ? 'make it smaller first' : 'fetch it again, or leave it out';
  const expected = `a whole ${format.toUpperCase()} picture`;
  return Object.assign(wrongValue(name, expected, shorten(messageOf(cause), 60), mend), { cause });
}

async function byBrowser(name: string, bytes: Bytes, header: PictureHeader): Promise<Picture> {
  try {
    const settings = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
    // Browsers turn JPEGs, and PNGs some of them.
    const { exif: [start, end] = [0, 0], orientation } = header;
    const parts = [bytes.subarray(0, start), bytes.subarray(end)];
    const bitmap = await createImageBitmap(new Blob(parts, { type: `image/${header.format}` }), settings);
    const { height, width } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    bitmap.close();
    if (!context) throw new Error('no canvas');
    const { data } = context.getImageData(0, 0, width, height);
    return turned({ height, width, data }, header.format === 'png' ? orientation : 1);
  } catch (cause) {
    throw undecodable(name, header, cause);
  }
}

async function fastPng(where: string) {
  // Where it is imported within try, webpack builds without it too.
  try {
    return await import('fast-png');
  } catch (cause) {
    throw Object.assign(wrongState(where, 'the package fast-png', 'none', 'npm install fast-png'), { cause });
  }
}

async function jpegJs(where: string) {
  try {
    return (await import('jpeg-js')) as typeof import('jpeg-js') & { default: typeof import('jpeg-js') };
  } catch (cause) {
    throw Object.assign(wrongState(where, 'the package jpeg-js', 'none', 'npm install jpeg-js'), { cause });
  }
}

/** Samples of 1 to 16 bits, grey, coloured or of a palette, as bytes (PNG, third edition, sections 7.2 and 13.12). */
function fromPng(decoded: DecodedPng, isOfPalette: boolean): Picture {
  const { width, height, data, depth, channels, transparency } = decoded;
  const palette = isOfPalette ? decoded.palette : undefined;
  const pixels = new Uint8Array(width * height * 4);
  const perRow = width * channels;
  const rowLength = data.length / height;
  const most = 2 ** depth - 1;
  const sample = (row: number, i: number) => {
    if (depth >= 8) return data[row * perRow + i] ?? 0;
    const bit = i * depth;
    return ((data[row * rowLength + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & most;
  };
  const byte = (value: number) => Math.round((value * 255) / most);
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 4) {
      const at = column * channels;
      if (palette) {
        const [red = 0, green = 0, blue = 0, alpha = 255] = palette[sample(row, at)] ?? [];
        pixels.set([red, green, blue, alpha], to);
        continue;
      }
      const colours = channels < 3 ? 1 : 3;
      let isTransparent = transparency !== undefined && transparency.length > 0;
      for (let i = 0; i < 3; i++) {
        const value = sample(row, at + (i % colours));
        pixels[to + i] = byte(value);
        if (transparency?.[i % colours] !== value) isTransparent = false;
      }
      pixels[to + 3] = channels > colours ? byte(sample(row, at + colours)) : isTransparent ? 0 : 255;
    }
  }
  return { width, height, data: pixels };
}

/** Turns and mirrors as EXIF's orientation says. */
function turned(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { data } = picture;
  const swaps = orientation > 4;
  const [height, width] = swaps ? [picture.width, picture.height] : [picture.height, picture.width];
  const pixels = new Uint8Array(data.length);
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 4) {
      // From which end of the stored rows and columns it comes.
      const [y, x] = swaps ? [column, row] : [row, column];
      const fromBottom = [3, 4, 6, 7].includes(orientation);
      const fromRight = [2, 3, 7, 8].includes(orientation);
      const storedRow = fromBottom ? picture.height - 1 - y : y;
      const storedColumn = fromRight ? picture.width - 1 - x : x;
      const from = (storedRow * picture.width + storedColumn) * 4;
      pixels.set(data.subarray(from, from + 4), to);
    }
  }
  return { height, width, data: pixels };
}
