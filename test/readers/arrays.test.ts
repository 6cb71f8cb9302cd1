/**
 * Files that NumPy wrote: test/fixtures/numpy, of numpy.arange(24).reshape(2, 3, 4) − 7.5 in every type, and IDX files
 * made byte by byte.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ArrayData, readIdx, readNpy, readNpz, streamIdx, streamNpy } from '../../src/entries/data.js';

const path = (name: string) => join('test/fixtures/numpy', name);
const bytesOf = (name: string) => new Uint8Array(readFileSync(path(name)));
const exact = Array.from({ length: 24 }, (_, i) => i - 7.5);

/** Bytes in pieces of `length`, as a web stream. */
function streamed(bytes: Uint8Array, length: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
  });
}

describe('readNpy', () => {
  it.each([
    ['lf4', 'Float32Array', exact],
    ['bf4', 'Float32Array', exact],
    ['lf8', 'Float64Array', exact],
    ['bf8', 'Float64Array', exact],
    ['lf2', 'Float32Array', exact],
    ['bf2', 'Float32Array', exact],
    ['u1', 'Uint8Array', exact.map(Math.abs).map(Math.trunc)],
    ['lu2', 'Uint16Array', exact.map(Math.abs).map(Math.trunc)],
    ['bu2', 'Uint16Array', exact.map(Math.abs).map(Math.trunc)],
    ['lu4', 'Uint32Array', exact.map(Math.abs).map(Math.trunc)],
    ['lu8', 'Int32Array', exact.map(Math.abs).map(Math.trunc)],
    ['i1', 'Int8Array', exact.map(Math.trunc)],
    ['li2', 'Int16Array', exact.map(Math.trunc)],
    ['li4', 'Int32Array', exact.map(Math.trunc)],
    ['bi4', 'Int32Array', exact.map(Math.trunc)],
    ['li8', 'Int32Array', exact.map(Math.trunc)],
    ['bi8', 'Int32Array', exact.map(Math.trunc)],
    ['bool', 'Uint8Array', exact.map(value => (value > 0 ? 1 : 0))],
    ['fortran', 'Float32Array', exact],
  ])('reads what np.save wrote: %s', async (name, kind, numbers) => {
    const { shape, data } = await readNpy(path(`${name}.npy`));
    expect(shape).toEqual([2, 3, 4]);
    expect(data.constructor.name).toBe(kind);
    expect([...data]).toEqual(numbers.map(number => number + 0));
  });

  it('reads scalars, nothing, and whole numbers beyond 32 bits', async () => {
    expect(await readNpy(path('scalar.npy'))).toEqual({ shape: [], data: Float32Array.of(3.5) });
    expect(await readNpy(path('empty.npy'))).toEqual({ shape: [0, 3], data: new Float32Array(0) });
    expect((await readNpy(path('wide.npy'))).data).toEqual(Float64Array.of(2 ** 40, -5));
    await expect(readNpy(path('beyond.npy'))).rejects.toThrow(
      /beyond\.npy: whole numbers of 64 bits: expected numbers up to 2\^53/,
    );
  });

  it('takes bytes, streams, blobs, responses, addresses and gzip', async () => {
    const bytes = bytesOf('lf4.npy');
    const packed = new Uint8Array(gzipSync(bytes));
    const sources = [bytes, bytes.buffer, streamed(bytes, 7), new Blob([bytes]), new Response(bytes), packed];
    const url = new URL(`file://${process.cwd()}/${path('lf4.npy')}`);
    for (const source of [...sources, streamed(packed, 5), url]) {
      expect([...(await readNpy(source)).data]).toEqual(exact);
    }
  });

  it.each([
    ['<constructor', '(2,)', "expected real numbers, got the dtype '<constructor'"],
    ['<f4', '(1.5,)', "expected a shape of whole numbers, got '(1.5,)'"],
    ['<f4', '(-1, 3)', "expected a shape of whole numbers, got '(-1, 3)'"],
    ['<f4', '(x,)', "expected a shape of whole numbers, got '(x,)'"],
  ])('refuses the dtype %s and the shape %s together', async (descr, shape, message) => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;
    const bytes = [
      0x93,
      ...new TextEncoder().encode('NUMPY'),
      1,
      0,
      header.length,
      0,
      ...new TextEncoder().encode(header),
    ];
    await expect(readNpy(Uint8Array.from([...bytes, 0, 0, 0, 0, 0, 0, 0, 0]))).rejects.toThrow(message);
  });

  it('takes a Blob without its tag, as happy-dom has it', async () => {
    const bytes = Uint8Array.from(readFileSync('test/readers/arrays.test.ts'));
    const blob = { stream: () => new Blob([bytes]).stream(), arrayBuffer: () => Promise.resolve(bytes.buffer) };
    await expect(readNpy(blob as never)).rejects.toThrow('expected a NumPy file');
  });

  it('refuses what is no array of numbers, and files that are cut off', async () => {
    await expect(readNpy(path('text.npy'))).rejects.toThrow("expected real numbers, got the dtype '<U1'");
    await expect(readNpy(path('complex.npy'))).rejects.toThrow("got the dtype '<c16'");
    await expect(readNpy(new TextEncoder().encode('x,y\n1,2\n3,4\n'))).rejects.toThrow('expected a NumPy file');
    const bytes = bytesOf('lf4.npy');
    for (const end of [5, 11, 60, 128, bytes.length - 1]) {
      await expect(readNpy(bytes.slice(0, end))).rejects.toThrow(/cut off/);
    }
    await expect(readNpy(gzipSync(bytes).subarray(0, 60))).rejects.toThrow('gzip');
    await expect(readNpy('missing.npy')).rejects.toThrow("file 'missing.npy': expected a file that can be read");
    await expect(readNpy(5 as unknown as string)).rejects.toThrow('readNpy: expected a path, a URL');
  });

  it('comes in chunks of rows', async () => {
    for (const piece of [3, 50, 1000]) {
      const chunks: ArrayData[] = [];
      for await (const chunk of streamNpy(streamed(bytesOf('lf4.npy'), piece), { rows: 1 })) chunks.push(chunk);
      expect(chunks.map(({ shape }) => shape)).toEqual([
        [1, 3, 4],
        [1, 3, 4],
      ]);
      expect(chunks.flatMap(({ data }) => [...data])).toEqual(exact);
    }
    const cut = streamNpy(streamed(bytesOf('lf4.npy').slice(0, -1), 50));
    await expect(cut.next()).rejects.toThrow('expected 2 further rows, whole');
    await expect(streamNpy(path('fortran.npy')).next()).rejects.toThrow('np.ascontiguousarray(a)');
    expect(() => streamNpy(path('lf4.npy'), { row: 1 } as object)).toThrow("'row'; did you mean 'rows'?");
  });
});

describe('readNpz', () => {
  it.each(['stored.npz', 'packed.npz'])('reads %s', async name => {
    const { x, y, ...others } = await readNpz(path(name));
    expect(x?.shape).toEqual([2, 3, 4]);
    expect([...(x?.data ?? [])]).toEqual(exact);
    expect(y).toEqual({ shape: [3], data: Int32Array.of(1, 0, 2) });
    expect(others).toEqual({});
  });

  it('refuses damaged files', async () => {
    const bytes = bytesOf('stored.npz');
    await expect(readNpz(bytes.slice(0, -30))).rejects.toThrow('expected a whole zip file');
    const spoiled = bytes.slice();
    spoiled[200] = (spoiled[200] ?? 0) ^ 1;
    await expect(readNpz(spoiled)).rejects.toThrow('the bytes of its checksum');
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = bytes.slice();
      changed[at] = 0xff;
      // Whatever is damaged, an error says so or the arrays are the same.
      await readNpz(changed).then(
        ({ y }) => y === undefined || expect(y.data).toEqual(Int32Array.of(1, 0, 2)),
        error => expect(error.message).toMatch(/expected .*, got /),
      );
    }
  });
});

describe('readIdx', () => {
  /** Two pictures of 2 × 3 in the bytes of «the IDX file format». */
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

  it('reads bytes and wider numbers, also packed', async () => {
    const expected = { shape: [2, 2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) };
    expect(await readIdx(images)).toEqual(expected);
    expect(await readIdx(gzipSync(images))).toEqual(expected);
    const short = Uint8Array.of(0, 0, 11, 1, 0, 0, 0, 2, 1, 0, 255, 254);
    expect(await readIdx(short)).toEqual({ shape: [2], data: Int16Array.of(256, -2) });
    const float = Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 1, 0xbf, 0x80, 0, 0);
    expect(await readIdx(float)).toEqual({ shape: [1], data: Float32Array.of(-1) });
  });

  it('comes in chunks', async () => {
    const chunks: ArrayData[] = [];
    for await (const chunk of streamIdx(streamed(images, 5), { rows: 1 })) chunks.push(chunk);
    expect(chunks).toEqual([
      { shape: [1, 2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      { shape: [1, 2, 3], data: Uint8Array.of(7, 8, 9, 10, 11, 12) },
    ]);
  });

  it('refuses other files, and those that are cut off or too long', async () => {
    await expect(readIdx(Uint8Array.of(1, 2, 3, 4, 5))).rejects.toThrow('expected an IDX file');
    await expect(readIdx(images.slice(0, 20))).rejects.toThrow('expected 12 bytes for the shape [2,2,3], got 4');
    await expect(readIdx(Uint8Array.from([...images, 0]))).rejects.toThrow('got 13');
  });
});
