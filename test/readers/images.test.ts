/**
 * Pictures that Pillow wrote, beside the pixels that Pillow reads of them, and sizes beside PyTorch's interpolate with
 * antialias: test/fixtures/images.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { imageData, readImageFolder } from '../../src/entries/data.js';
import { resized } from '../../src/readers/images/resize.js';

const folder = 'test/fixtures/images';
const path = (name: string) => join(folder, name);
const read = (name: string) => new Uint8Array(readFileSync(path(name)));
const pixels: Record<string, { size: number[]; rgba: number[] }> = JSON.parse(
  readFileSync(path('pixels.json'), 'utf8'),
);
const own = mkdtempSync(join(tmpdir(), 'myelin-images-'));
afterAll(() => rmSync(own, { recursive: true }));

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))).reduce(
    (most, by) => Math.max(most, by),
    0,
  );
};

interface Made {
  width?: number;
  height?: number;
  depth?: number;
  colour?: number;
  compression?: number;
  filter?: number;
  interlace?: number;
  palette?: number[];
  /** Rows, each behind the number of its filter. */
  lines?: number[][];
}

/** A PNG of 2 × 3 grey bytes, where not told otherwise, with checksums that are right. */
function madePng(given: Made): Uint8Array {
  const { width = 3, height = 2, depth = 8, colour = 0, compression = 0, filter = 0, interlace = 0 } = given;
  const {
    palette = [0, 0, 0, 255, 255, 255],
    lines = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  } = given;
  const chunk = (kind: string, contents: Iterable<number>) => {
    const body = Buffer.from([...Buffer.from(kind), ...contents]);
    const sizes = Buffer.alloc(8);
    sizes.writeUInt32BE(body.length - 4);
    sizes.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([sizes.subarray(0, 4), body, sizes.subarray(4)]);
  };
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width);
  size.writeUInt32BE(height, 4);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', [...size, depth, colour, compression, filter, interlace]),
      ...(colour === 3 ? [chunk('PLTE', palette)] : []),
      chunk('IDAT', deflateSync(Buffer.from(lines.flat()))),
      chunk('IEND', []),
    ]),
  );
}

describe('imageData', () => {
  it.each(Object.keys(pixels))('reads %s as Pillow does', async name => {
    const { size, rgba } = pixels[name] ?? { size: [], rgba: [] };
    const { x, scale, shape } = await imageData([path(name)], { channels: 4 });
    expect(shape).toEqual([...size, 4]);
    expect(scale).toBe(1 / 255);
    // Decoders of JPEG round, and draw the colours of fewer pixels out, each in its own way.
    expect(furthest(x, rgba)).toBeLessThanOrEqual(name.endsWith('.png') ? 0 : name === 'plain.jpg' ? 12 : 3);
  });

  it.skipIf(process.platform === 'win32')('reads what comes through a pipe, which gives it once', async () => {
    const pipe = join(own, 'pipe.png');
    execFileSync('mkfifo', [pipe]);
    const writing = writeFile(pipe, read('rgb.png'));
    expect(await imageData([pipe])).toEqual(await imageData([path('rgb.png')]));
    await writing;
  });

  it('refuses what its decoder would take apart wrongly', async () => {
    const interlaced = read('grey.png');
    interlaced.set([2], 24);
    interlaced.set([1], 28);
    await expect(imageData([interlaced])).rejects.toThrow(
      /expected a PNG picture without interlacing, .*got one of 2 bits that is interlaced; save it without interlacing/,
    );
  });

  it('names a PNG whose pixels are spoilt', async () => {
    const bytes = read('rgb.png');
    writeFileSync(
      join(own, 'spoilt.png'),
      bytes.map((byte, i) => (i > 60 && i < bytes.length - 20 ? byte ^ 255 : byte)),
    );
    await expect(imageData([join(own, 'spoilt.png')])).rejects.toThrow(
      'spoilt.png: expected a whole PNG picture, got pixels that cannot be unpacked; fetch it again, or leave it out',
    );
  });

  it('names a PNG without the palette that it refers to', async () => {
    const bytes = read('palette.png');
    const at = bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 4)) === 'PLTE') - 4;
    const length = 12 + new DataView(bytes.buffer).getUint32(at);
    writeFileSync(
      join(own, 'bare.png'),
      bytes.filter((_, i) => i < at || i >= at + length),
    );
    await expect(imageData([join(own, 'bare.png')])).rejects.toThrow(
      /bare\.png: expected a PNG picture with the palette that it refers to, got one without; save it anew/,
    );
  });

  it('takes bytes beside paths, several at once, in grey and in colours on white paper', async () => {
    const { x, shape } = await imageData([read('rgb.png'), path('grey.png'), path('rgba.png')], { channels: 1 });
    expect(shape).toEqual([9, 13, 1]);
    // Pillow's convert('L').
    const luma = ([r = 0, g = 0, b = 0]: number[]) => (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
    const { rgba = [] } = pixels['rgb.png'] ?? {};
    expect(x[5 * 13 + 7]).toBe(luma(rgba.slice((5 * 13 + 7) * 4)));
    expect([...x.subarray(9 * 13, 2 * 9 * 13)]).toEqual((pixels['grey.png']?.rgba ?? []).filter((_, i) => i % 4 === 0));
    const coloured = await imageData([path('rgba.png')]);
    const [red = 0, , , alpha = 0] = (pixels['rgba.png']?.rgba ?? []).slice(12 * 4);
    expect(coloured.x[12 * 3]).toBe(Math.round((red * alpha) / 255 + 255 - alpha));
  });

  it('decodes by its packages where canvases have nothing to draw with, as in Deno', async () => {
    vi.stubGlobal('createImageBitmap', () => undefined);
    vi.stubGlobal(
      'OffscreenCanvas',
      class {
        getContext = () => null;
      },
    );
    const { x } = await imageData([path('rgb.png')], { channels: 4 }).finally(() => vi.unstubAllGlobals());
    expect([...x]).toEqual(pixels['rgb.png']?.rgba);
  });

  it('brings pictures of any size to one', async () => {
    const names = ['rgb.png', 'plain.jpg', 'turned6.jpg'];
    const { x, shape } = await imageData(names.map(path), { size: [6, 8] });
    expect(shape).toEqual([6, 8, 3]);
    expect(x).toHaveLength(3 * 6 * 8 * 3);
    // Of 24 × 40 the middle 24 × 32 is taken: red grows by 6 a column, 4 columns a pixel, from column 4 on.
    const reds = Array.from({ length: 8 }, (_, column) => x[(6 * 8 + 3 * 8 + column) * 3] ?? 0);
    expect(furthest(reds, [33, 57, 81, 105, 129, 153, 177, 201])).toBeLessThanOrEqual(5);
    const stretched = await imageData([path('plain.jpg')], { size: [6, 8], fit: 'stretch' });
    const all = Array.from({ length: 8 }, (_, column) => stretched.x[(3 * 8 + column) * 3] ?? 0);
    expect(furthest(all, [12, 42, 72, 102, 132, 162, 192, 222])).toBeLessThanOrEqual(5);
  });

  it('names pictures that are larger than can be decoded, and how large they may be, before any work', async () => {
    const bytes = read('plain.jpg');
    const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
    new DataView(bytes.buffer).setUint32(frame + 5, (20_000 << 16) | 20_000);
    writeFileSync(join(own, 'huge.jpg'), bytes);
    await expect(imageData([join(own, 'huge.jpg')], { size: 4 })).rejects.toThrow(
      /huge\.jpg: expected a picture of at most 200 megapixels, got one of 20000 × 20000; make it smaller first/,
    );
    const wide = read('rgb.png');
    new DataView(wide.buffer).setUint32(16, 2 ** 31);
    await expect(imageData([wide], { size: 4 })).rejects.toThrow(/images\[0\]: expected .* got one of 9 × 2147483648/);
  });

  it('keeps what is transparent from colouring what is beside it', () => {
    const whole = { top: 0, left: 0, height: 1, width: 2 };
    const data = Uint8Array.of(200, 100, 0, 255, 0, 0, 0, 0);
    expect([...resized({ height: 1, width: 2, data }, whole, 1, 1).data]).toEqual([200, 100, 0, 128]);
    const clear = Uint8Array.of(9, 9, 9, 0, 9, 9, 9, 0);
    expect([...resized({ height: 1, width: 2, data: clear }, whole, 1, 1).data]).toEqual([0, 0, 0, 0]);
  });

  it('reads no PNG of which a byte has changed', async () => {
    const bytes = read('rgb.png');
    const right = (await imageData([bytes], { channels: 4 })).x;
    for (let at = 8; at < bytes.length; at += 3) {
      const spoilt = bytes.with(at, (bytes[at] ?? 0) ^ 16);
      const read = await imageData([spoilt], { channels: 4 }).then(
        ({ x }) => x,
        () => right,
      );
      expect(furthest(read, right), `byte ${at}`).toBe(0);
    }
  });

  it.each([
    ['a kind of colour that there is not', { colour: 5 }, 'of colour type 0, 2, 3, 4, 6, got 5; save it anew'],
    ['truecolour of 4 bits', { colour: 2, depth: 4 }, 'whose truecolour has 8 or 16 bits, got 4; save it anew'],
    ['a palette of 16 bits', { colour: 3, depth: 16 }, 'whose palette has 1 or 2 or 4 or 8 bits, got 16'],
    ['grey of 3 bits', { colour: 0, depth: 3 }, 'whose grey has 1 or 2 or 4 or 8 or 16 bits, got 3'],
    ['another compression', { compression: 1 }, 'of compression method 0, got 1'],
    ['another way of filtering', { filter: 64 }, 'of filter method 0, got 64'],
    ['another way of interlacing', { interlace: 2 }, 'of interlace method 0 or 1, got 2'],
    ['no rows', { height: 0 }, 'a picture with pixels, got one of 0 × 3'],
    ['no columns', { width: 0 }, 'a picture with pixels, got one of 2 × 0'],
    ['no pixels', { lines: [] }, 'a whole PNG picture, 8 bytes of pixels, got 0; fetch it again, or leave it out'],
    [
      'a last row too short',
      {
        lines: [
          [0, 1, 2, 3],
          [0, 4, 5],
        ],
      },
      'a whole PNG picture, 8 bytes of pixels, got 7',
    ],
    [
      'a last pass too short',
      {
        interlace: 1,
        lines: [
          [0, 1],
          [0, 2],
          [0, 3],
          [0, 4, 5],
        ],
      },
      '10 bytes of pixels, got 9',
    ],
    [
      'a last row too short of bits',
      {
        depth: 1,
        width: 9,
        lines: [
          [0, 1, 2],
          [0, 4],
        ],
      },
      '6 bytes of pixels, got 5',
    ],
    [
      'a colour beyond its palette',
      {
        colour: 3,
        lines: [
          [0, 1, 1, 1],
          [2, 1, 0, 0],
        ],
      },
      'of the 2 colours of its palette, got number 2, counted from 0; save it anew',
    ],
    [
      'such a colour of 2 bits',
      {
        colour: 3,
        depth: 2,
        lines: [
          [0, 0b00010100],
          [0, 0b00110000],
        ],
      },
      'got number 3,',
    ],
  ])('refuses a PNG with %s by its name, though all its sums are right', async (_, given, says) => {
    writeFileSync(join(own, 'made.png'), madePng(given));
    const failing = imageData([path('grey.png'), join(own, 'made.png')], { size: 4 });
    await expect(failing).rejects.toThrow(`made.png: expected ${says.startsWith('a ') ? says : ''}`);
    await expect(failing).rejects.toThrow(says);
  });

  it('reads PNGs of every filter, of palettes that are not full too, and with more than pixels in them', async () => {
    const greys = [1, 3, 6, 10, 15, 21];
    for (const lines of [
      [
        [0, 1, 3, 6],
        [0, 10, 15, 21],
      ],
      [
        [1, 1, 2, 3],
        [1, 10, 5, 6],
      ],
      [
        [0, 1, 3, 6],
        [2, 9, 12, 15],
      ],
      // Half of above; half of left and above.
      [
        [0, 1, 3, 6],
        [3, 10, 9, 11],
      ],
      [
        [0, 1, 3, 6],
        [4, 9, 5, 6],
      ],
      [
        [0, 1, 3, 6],
        [0, 10, 15, 21, 0, 0, 0],
      ],
    ]) {
      const grey = await imageData([madePng({ lines })], { channels: 1 });
      expect([...grey.x]).toEqual(greys);
      const palette = Array.from({ length: 22 }, (_, i) => [i, i, i]).flat();
      const coloured = await imageData([madePng({ lines, colour: 3, palette })], { channels: 1 });
      expect([...coloured.x]).toEqual(greys);
      await expect(imageData([madePng({ lines, colour: 3, palette: palette.slice(3) })])).rejects.toThrow(
        /of the 21 colours of its palette, got number 21/,
      );
    }
  });

  it('names every file that is of another size, is not whole, or is no picture', async () => {
    const named = (...names: string[]) => imageData(names.map(path));
    await expect(named('rgb.png', 'plain.jpg', 'turned6.jpg')).rejects.toThrow(
      /2 problems: .*plain\.jpg: expected 9 × 13 pixels.*turned6\.jpg: expected 9 × 13 pixels/,
    );
    await expect(named('rgb.png', 'plain.jpg')).rejects.toThrow(/got 24 × 40; give \{ size \}/);
    await expect(imageData([path('pixels.json')])).rejects.toThrow(/pixels\.json: expected a PNG or JPEG picture/);
    await expect(imageData([new Uint8Array(0)])).rejects.toThrow(/imageData: images\[0\]: expected .* an empty file/);
    await expect(imageData([path('none.png')])).rejects.toThrow(/none\.png'?: expected a file that can be read/);
    const jpeg = read('plain.jpg');
    for (const [name, bytes] of [
      ['cut.jpg', jpeg.subarray(0, jpeg.length - 300)],
      ['header.jpg', jpeg.subarray(0, 40)],
      ['cut.png', read('rgb.png').subarray(0, 60)],
    ] as const) {
      writeFileSync(join(own, name), bytes);
      await expect(imageData([join(own, name)])).rejects.toThrow(
        new RegExp(`${name}: expected a whole .*fetch it again`),
      );
    }
  });

  it('refuses options that it does not have, and sizes that none has', async () => {
    const given = (options: object) => imageData([path('rgb.png')], options);
    await expect(given({ size: 0 })).rejects.toThrow(/imageData: size: expected a whole number from 1/);
    await expect(given({ size: [3] })).rejects.toThrow(/size: expected \[height, width\], got a list of 1/);
    await expect(given({ fit: 'croop' })).rejects.toThrow(/did you mean 'crop'/);
    await expect(given({ channels: 2 })).rejects.toThrow(/channels: expected 1, 3 or 4, got 2/);
    await expect(given({ sise: 8 })).rejects.toThrow(/did you mean 'size'/);
    await expect(imageData(path('rgb.png') as never)).rejects.toThrow(/expected a list of pictures.*give \[picture\]/);
    await expect(imageData([])).rejects.toThrow(/expected at least one picture, got none/);
  });
});

interface Resized {
  from: [number, number];
  to: [number, number];
  pixels: number[];
  expected: number[];
}

it.each(JSON.parse(readFileSync(path('resized.json'), 'utf8')) as Resized[])(
  'resizes $from to $to as PyTorch does',
  given => {
    const [height, width] = given.from;
    // PyTorch's four channels are alike; here the last one would weigh the others, so it stands for a colour as well.
    const opaque = (all: number[], last: number) =>
      all.map((value, i) => (i % 4 === 3 ? 255 : i % 4 === 2 ? (all[i + last] ?? 0) : value));
    for (const last of [0, 1]) {
      const picture = { height, width, data: Uint8Array.from(opaque(given.pixels, last)) };
      const { data } = resized(picture, { top: 0, left: 0, height, width }, ...given.to);
      // A half and what float64 leaves of it.
      expect(furthest(data, opaque(given.expected, last))).toBeLessThanOrEqual(0.501);
    }
  },
);

describe('readImageFolder', () => {
  const folderOf = (name: string, files: Record<string, string[]>) => {
    for (const [kind, names] of Object.entries(files)) {
      mkdirSync(join(own, name, kind), { recursive: true });
      for (const file of names) copyFileSync(path(file), join(own, name, kind, file));
    }
    return join(own, name);
  };

  it('has a class for each folder, in the order of their names', async () => {
    const root = folderOf('two', { warm: ['rgb.png', 'palette.png'], cold: ['grey.png'] });
    writeFileSync(join(root, 'cold', 'notes.txt'), 'no picture');
    writeFileSync(join(root, '.hidden'), '');
    const read = await readImageFolder(root, { channels: 1 });
    expect(read.classes).toEqual(['cold', 'warm']);
    expect([...read.y]).toEqual([0, 1, 1]);
    expect(read.files.map(file => file.slice(root.length))).toEqual([
      '/cold/grey.png',
      '/warm/palette.png',
      '/warm/rgb.png',
    ]);
    expect(read.x).toEqual((await imageData(read.files, { channels: 1 })).x);
    const others = await readImageFolder(folderOf('test', { warm: ['rgb.png'] }), { classes: read.classes });
    expect([...others.y]).toEqual([1]);
  });

  it('reads folders within a class, and knows folders by any name', async () => {
    const names = { __proto__of: ['rgb.png'], 'ünïcode 貓': ['grey.png'], constructor: ['la.png'] };
    const root = folderOf('deep', names);
    mkdirSync(join(root, '__proto__', 'more', 'still'), { recursive: true });
    copyFileSync(path('palette.png'), join(root, '__proto__', 'more', 'still', 'a b.PNG'));
    copyFileSync(path('bits.png'), join(root, '__proto__', 'z.png'));
    const read = await readImageFolder(`${root}//`);
    expect(read.classes).toEqual(['__proto__', '__proto__of', 'constructor', 'ünïcode 貓']);
    expect([...read.y]).toEqual([0, 0, 1, 2, 3]);
    expect(read.files.slice(0, 2)).toEqual([`${root}/__proto__/more/still/a b.PNG`, `${root}/__proto__/z.png`]);
    symlinkSync('..', join(root, 'constructor', 'back'));
    await expect(readImageFolder(root)).rejects.toThrow(/at most 16 folders within each other, got more; remove links/);
  });

  it('refuses a folder of one class, classes without pictures, and those that training did not have', async () => {
    await expect(readImageFolder(folderOf('one', { only: ['rgb.png'] }))).rejects.toThrow(
      /one: expected a folder for each of two classes or more, got 'only' alone/,
    );
    await expect(readImageFolder(folderOf('bare', { a: ['rgb.png'], b: [] }))).rejects.toThrow(
      /bare\/b: expected PNG or JPEG pictures, got none/,
    );
    const root = folderOf('new', { a: ['rgb.png'], z: ['rgb.png'] });
    await expect(readImageFolder(root, { classes: ['a', 'b'] })).rejects.toThrow(/classes 'a', 'b' alone, got 'z'/);
    await expect(readImageFolder(root, { classes: [] })).rejects.toThrow(
      /^readImageFolder: classes: expected two classes or more, got none/,
    );
    await expect(readImageFolder(root, { classes: ['a', 'z', 'a'] })).rejects.toThrow(/each class once, got 'a' twice/);
    symlinkSync(join(own, 'nowhere.png'), join(root, 'a', 'lost.png'));
    await expect(readImageFolder(root)).rejects.toThrow(
      /a\/lost\.png': expected a link that leads to a file, got no such/,
    );
    await expect(readImageFolder(join(own, 'nowhere'))).rejects.toThrow(/expected a folder that can be read/);
    await expect(readImageFolder(folderOf('mixed', { a: ['rgb.png'], b: ['plain.jpg'] }))).rejects.toThrow(
      /mixed\/b\/plain\.jpg: expected 9 × 13 pixels/,
    );
  });
});
