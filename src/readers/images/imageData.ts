/** Pictures as the rows that a network takes. */
import {
  allProblems,
  checkChoice,
  checkInteger,
  checkOptions,
  messageOf,
  wrongType,
  wrongValue,
} from '../../errors.js';
import { isReadAgain } from '../../files/readFile.js';
import { type Bytes, isList } from '../../kinds.js';
import type { DataSource } from '../../platform.js';
import { openSource, wholeOf } from '../source.js';
import { openDecoder } from './decode.js';
import { type PictureHeader, readHeader } from './header.js';
import { middle, resized, writePixels } from './resize.js';

export interface ImageOptions {
  /** Rows and columns of pixels, or both alike; as the pictures are by default, which must then be of one size. */
  readonly size?: number | readonly [height: number, width: number];
  /**
   * What becomes of other proportions: `'crop'`, the default, takes the largest part in the middle that has those of
   * `size`, `'stretch'` all.
   */
  readonly fit?: 'crop' | 'stretch';
  /** 1 for grey, 3 for red, green and blue, which is the default, 4 with how opaque a pixel is. */
  readonly channels?: 1 | 3 | 4;
}

/** Pictures as samples: `x` and `scale` are what `fit` and `predict` take. */
export interface ImageRows {
  /** Row-major pictures × height × width × channels. */
  readonly x: Uint8Array;
  /** What the bytes are multiplied by where a batch is read: 1/255. */
  readonly scale: number;
  /** Of each picture: `[height, width, channels]`. */
  readonly shape: readonly [height: number, width: number, channels: number];
}

export const imageOptionNames = ['size', 'fit', 'channels'] as const;
const MOST_PIXELS = 2 ** 14;

/**
 * Reads PNG and JPEG pictures, of paths, addresses, bytes and whatever else readers take, as bytes in one array: `{ x,
 * scale, shape }`. Photographs are turned as the camera noted (EXIF), and brought to `size` by a linear filter that
 * averages where it shrinks. Browsers decode by themselves; elsewhere the packages fast-png and jpeg-js do, which have
 * to be installed beside this one. Two decoders of JPEG may differ by a few of 255 steps.
 *
 * @throws naming all files that are none, are not whole, or are of other sizes where no `size` is given
 */
export async function imageData(images: readonly DataSource[], options: ImageOptions = {}): Promise<ImageRows> {
  const where = 'imageData';
  checkOptions(where, options, imageOptionNames);
  if (!isList(images)) throw wrongType(where, 'a list of pictures', images, 'give [picture] for one');
  return readImages(where, images, options, i => `${where}: images[${i}]`);
}

/** {@link imageData}, where messages call sources without a name as `nameOf` says. */
export async function readImages(
  where: string,
  images: readonly DataSource[],
  options: ImageOptions,
  nameOf: (i: number) => string,
): Promise<ImageRows> {
  const { fit = 'crop', channels = 3 } = options;
  const asked = checkSize(where, options.size);
  checkChoice(`${where}: fit`, fit, ['crop', 'stretch']);
  if (checkInteger(`${where}: channels`, channels, 1, 4) === 2)
    throw wrongValue(`${where}: channels`, '1, 3 or 4', channels);
  if (images.length === 0) throw wrongValue(where, 'at least one picture', 'none');
  const found: Found[] = [];
  const problems: string[] = [];
  for (const [i, image] of images.entries()) {
    const { name, pieces } = openSource(nameOf(i), image);
    try {
      const bytes = await wholeOf({ name, pieces });
      const isFile = typeof image === 'string' && (await isReadAgain(image));
      const again = isFile ? () => wholeOf(openSource(where, image)) : () => bytes;
      found.push({ name, header: readHeader(name, bytes), again });
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  const [first] = found;
  for (const { name, header } of asked ? [] : found) {
    if (sizeOf(header) === sizeOf(first?.header)) continue;
    problems.push(wrongValue(name, `${sizeOf(first?.header)} pixels`, sizeOf(header), 'give { size }').message);
  }
  if (problems.length > 0) throw allProblems(problems);
  const [height, width] = asked ?? [first?.header.height ?? 0, first?.header.width ?? 0];
  const length = height * width * channels;
  const x = roomOf(where, found.length, [height, width, channels]);
  const decode = await openDecoder(where, new Set(found.map(({ header }) => header.format)));
  for (const [row, { name, again, header }] of found.entries()) {
    try {
      const picture = await decode(name, await again(), header);
      const whole = { top: 0, left: 0, height: picture.height, width: picture.width };
      const part = fit === 'crop' ? middle(picture, height, width) : whole;
      writePixels(resized(picture, part, height, width), channels, x.subarray(row * length, (row + 1) * length));
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) throw allProblems(problems);
  return { x, scale: 1 / 255, shape: [height, width, channels] };
}

/** A picture whose header is right. */
interface Found {
  readonly name: string;
  readonly header: PictureHeader;
  /** Its bytes: of a file read once more, so that not all files are in memory together. */
  readonly again: () => Bytes | Promise<Bytes>;
}

function roomOf(where: string, count: number, shape: readonly number[]): Uint8Array {
  const bytes = shape.reduce((product, side) => product * side, count);
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    const got = `${count} of ${shape.join(' × ')} bytes`;
    throw Object.assign(wrongValue(where, 'pictures that memory has room for', got, 'give a smaller size'), { cause });
  }
}

function checkSize(where: string, size: unknown): readonly [number, number] | undefined {
  if (size === undefined) return undefined;
  const at = `${where}: size`;
  if (!isList(size)) {
    const side = checkInteger(at, size, 1, MOST_PIXELS);
    return [side, side];
  }
  if (size.length !== 2) throw wrongValue(at, '[height, width]', `a list of ${size.length}`);
  return [checkInteger(`${at}[0]`, size[0], 1, MOST_PIXELS), checkInteger(`${at}[1]`, size[1], 1, MOST_PIXELS)];
}

function sizeOf(header: PictureHeader | undefined): string {
  return `${header?.height} × ${header?.width}`;
}
