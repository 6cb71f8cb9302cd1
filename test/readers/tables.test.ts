import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DataTable,
  readCsv,
  readJsonLines,
  readParquet,
  streamCsv,
  streamJsonLines,
  streamParquet,
} from '../../src/entries/data.js';

const folder = mkdtempSync(join(tmpdir(), 'myelin-readers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const utf8 = (text: string) => new TextEncoder().encode(text);
const rowsOf = (tables: readonly DataTable[]) => tables.flatMap(table => [...table]);

/** All chunks, and the bytes in pieces of an odd length. */
async function chunks(stream: AsyncIterable<DataTable>): Promise<DataTable[]> {
  const all: DataTable[] = [];
  for await (const chunk of stream) all.push(chunk);
  return all;
}

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

describe('readCsv', () => {
  it('gives numbers, texts, and what is missing', async () => {
    const table = await readCsv(utf8('x;k;id\n1,5;a;007\n;NA;12\n-2;"b ""c""";3\n'));
    expect([table.rows, table.names]).toEqual([3, ['x', 'k', 'id']]);
    expect(table.column('x')).toEqual(Float64Array.of(1.5, Number.NaN, -2));
    expect(table.column('id')).toEqual(['007', '12', '3']);
    expect([...table]).toEqual([
      { x: 1.5, k: 'a', id: '007' },
      { x: null, k: null, id: '12' },
      { x: -2, k: 'b "c"', id: '3' },
    ]);
  });

  it('reads iris as csv-parse does, packed or not', async () => {
    const bytes = readFileSync('data/iris.csv');
    const expected: Record<string, string>[] = parse(bytes, { columns: true });
    const packed = join(folder, 'iris.csv.gz');
    writeFileSync(packed, gzipSync(bytes));
    for (const source of ['data/iris.csv', packed]) {
      const table = await readCsv(source);
      expect([...table].map(row => Object.values(row).map(String))).toEqual(expected.map(row => Object.values(row)));
      const names = table.names.slice(0, 4);
      const x = table.numbers(names);
      expect(x).toEqual(Float32Array.from(expected.flatMap(row => names.map(name => Number(row[name])))));
      const { y, classes } = table.labels('species');
      expect(classes).toEqual(['setosa', 'versicolor', 'virginica']);
      expect([...y]).toEqual(expected.map(({ species }) => classes.indexOf(species ?? '')));
    }
  });

  it('refuses cells with their places', async () => {
    const table = await readCsv(utf8('x,k\n1,a\n,b\nNA,NA\n'));
    expect(() => table.numbers(['x'])).toThrow(/^2 problems: .*row 2 \(line 3\), column 'x'/);
    expect(() => table.numbers()).toThrow(/^5 problems/);
    expect(() => table.labels('k')).toThrow(
      "row 3 (line 4), column 'k': expected one of the classes a, b, got a missing",
    );
    expect(() => table.labels('k', ['b'])).toThrow('2 problems');
    expect(() => table.column('K')).toThrow("columns 'x', 'k'; did you mean 'k'?");
    await expect(readCsv(utf8('x,x\n1,2\n'))).rejects.toThrow("column 'x': expected a different name for each column");
    await expect(readCsv(utf8('x\tk\n1,000\ta\n'))).rejects.toThrow('one way to read them');
    await expect(readCsv(utf8('1.5,2\n2.5,3\n'))).rejects.toThrow('the names of the columns');
    expect((await readCsv(utf8('1.5,2\n2.5,3\n'), { header: false })).names).toEqual(['column1', 'column2']);
    await expect(readCsv(utf8('x\n1\n'), { decimals: ',' } as object)).rejects.toThrow(
      "'decimals'; did you mean 'decimal'?",
    );
    await expect(readCsv(utf8('x\n1\n'), { delimiter: ';;' })).rejects.toThrow('readCsv: delimiter: expected one sign');
  });

  it('tells together of rows, numbers and names, and counts rows that it leaves out', async () => {
    const text = 'a\tb\tb\n1\t1,000\tx\n2\t2\n3\t3,000\ty\n4\n5\t5,000\tz\n';
    const error = await readCsv(utf8(text)).catch(thrown => thrown);
    expect(error.message).toMatch(/^4 problems: .* · .* · .* · and 1 more$/);
    expect(error.problems).toEqual([
      expect.stringContaining("numbers: expected one way to read them, got '1,000' in row 1 (line 2), column 'b'"),
      expect.stringContaining("column 'b': expected a different name for each column"),
      expect.stringContaining('row 2 (line 3): expected 3 cells, as in the header, got 2'),
      expect.stringContaining('row 4 (line 5): expected 3 cells, as in the header, got 1'),
    ]);
    const open = await readCsv(utf8('a,b\n1\n2,3\n"4,5\n')).catch(thrown => thrown);
    expect(open.problems).toEqual([
      expect.stringContaining('row 1 (line 2): expected 2 cells'),
      expect.stringContaining('line 4: expected a closing quote'),
    ]);
  });

  it('comes in the same rows, however it is cut', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `${i}.5,"é ""${i % 3}""\r\n",${i % 7 === 0 ? '' : 'k'},x${i}`);
    for (const end of ['\n', '\r\n', '\r']) {
      const text = `a,b,c,d${end}${lines.join(end)}${end}`;
      const whole = [...(await readCsv(utf8(text)))];
      expect(whole).toHaveLength(300);
      for (const [encoding, bytes] of [
        ['utf-8', utf8(text)],
        ['utf-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
      ] as const) {
        const found = await chunks(streamCsv(pieces(bytes, 997), { chunkBytes: 1000 }));
        expect(found.length, encoding).toBeGreaterThan(1);
        expect(rowsOf(found)).toEqual(whole);
      }
    }
  });

  it('reads numbers by what any chunk shows, as readCsv does, and refuses those that show another', async () => {
    const wholes = Array.from({ length: 1500 }, (_, i) => `${i % 7};${i % 9}`).join('\n');
    const read = (text: string) => chunks(streamCsv(pieces(utf8(text), 1500), { chunkBytes: 4096 }));
    const late = `a;b\n${wholes}\n1.234;2,5\n`;
    expect(rowsOf(await read(late)).at(-1)).toEqual({ a: 1234, b: 2.5 });
    expect((await readCsv(utf8(late))).column('a').at(-1)).toBe(1234);
    await expect(read(`a;b\n1,5;2\n${wholes}\n1.5;2\n`)).rejects.toThrow(
      "streamCsv: numbers: expected one way to read them, got '1.5' in row 1502 (line 1503), column 'a', and numbers with ','",
    );
    await expect(read(`a;b\n${wholes}\n1.234;2\n`)).rejects.toThrow('whose point may stand for decimals or thousands');
  });

  it('keeps its reading from chunk to chunk, and counts on', async () => {
    const body = Array.from({ length: 2000 }, (_, i) => `${i},5;${i < 1000 ? 'a' : i};${i % 10}`).join('\n');
    const found = await chunks(streamCsv(pieces(utf8(`x;k;n\n${body}\n`), 1500), { chunkBytes: 5000 }));
    expect(found.length).toBeGreaterThan(2);
    expect(found.every(table => Array.isArray(table.column('k')))).toBe(true);
    expect(found.flatMap(table => [...table.column('x')])).toEqual(Array.from({ length: 2000 }, (_, i) => i + 0.5));
    expect(() => found.at(-1)?.numbers(['k'])).toThrow(/problems: .*row 1\d\d\d/);
    const ragged = streamCsv(pieces(utf8(`x;k;n\n${body}\n1;2\n`), 1500), { chunkBytes: 5000 });
    await expect(chunks(ragged)).rejects.toThrow('row 2001 (line 2002): expected 3 cells, as in the header, got 2');
    const open = streamCsv(pieces(utf8(`x;k;n\n${body}\n"1;2;3\n`), 1500), { chunkBytes: 5000 });
    await expect(chunks(open)).rejects.toThrow('line 2002: expected a closing quote');
  });
});

describe('readJsonLines', () => {
  it('tells together of lines that are none and of columns of several kinds', async () => {
    const text = '{"a":1,"b":2,"c":[1]}\n{"a":2\n7\n{"a":"x","b":"y"}\n';
    const error = await readJsonLines(utf8(text)).catch(thrown => thrown);
    expect(error.problems).toEqual([
      expect.stringContaining('line 2: expected JSON'),
      expect.stringContaining('line 3: expected an object with columns, got 7'),
      expect.stringContaining("line 4, column 'a': expected numbers alone, or texts alone"),
      expect.stringContaining("line 4, column 'b': expected numbers alone"),
      expect.stringContaining("line 1, column 'c': expected a number, a text"),
    ]);
  });

  const lines = '{"x": 1, "k": "a", "b": true}\n\n{"x": -2.5, "b": false}\r\n{"k": null, "__proto__": 7}\n';

  it('gives numbers, texts and what is missing', async () => {
    const table = await readJsonLines(utf8(lines));
    expect(table.names).toEqual(['x', 'k', 'b', '__proto__']);
    expect(table.column('x')).toEqual(Float64Array.of(1, -2.5, Number.NaN));
    expect(table.column('k')).toEqual(['a', null, null]);
    expect(table.column('b')).toEqual(['true', 'false', null]);
    expect(table.column('__proto__')).toEqual(Float64Array.of(Number.NaN, Number.NaN, 7));
    expect(() => table.numbers(['x'])).toThrow("line 4, column 'x': expected a number, got a missing value");
    expect((await readJsonLines(gzipSync(lines), { columns: ['k'] })).names).toEqual(['k']);
  });

  it('keeps whole numbers beyond 2^53 apart, as texts; with them all of their column', async () => {
    const ids = ['9007199254740993', '9007199254740992', '-12345678901234567890', '7'];
    const table = await readJsonLines(utf8(ids.map((id, row) => `{"id": ${id}, "x": ${row}e3, "n": null}\n`).join('')));
    expect(table.column('id')).toEqual(ids);
    expect(table.column('x')).toEqual(Float64Array.of(0, 1000, 2000, 3000));
    expect((await readJsonLines(utf8('{"x": 1234567890123456.5}\n{"x": 1e-400}'))).column('x')).toEqual(
      Float64Array.of(1234567890123456.5, 0),
    );
  });

  it('comes in chunks', async () => {
    const text = Array.from({ length: 500 }, (_, i) => JSON.stringify({ i, t: `é${i}` })).join('\n');
    const found = await chunks(streamJsonLines(pieces(utf8(text), 701), { chunkBytes: 4100 }));
    expect(found.length).toBeGreaterThan(1);
    expect(rowsOf(found)).toEqual(Array.from({ length: 500 }, (_, i) => ({ i, t: `é${i}` })));
  });

  it.each([
    ['{"x": 1}\n{"x": }\n', 'line 2: expected JSON'],
    ['[1]\n', 'line 1: expected an object with columns, got an array of 1'],
    ['{"x": 1}\n{"x": "a"}\n', "line 2, column 'x': expected numbers alone, or texts alone"],
    ['{"x": [1]}\n', 'expected a number, a text, true, false, a date or null, got an array of 1'],
    ['{"x": 1, "x": 2}\n', 'line 1: expected every key once, got "x" twice in one object'],
    ['{"x": 1e400}\n', 'line 1: expected numbers that float64 holds, got 1e400'],
  ])('refuses %j', async (text, message) => {
    await expect(readJsonLines(utf8(text))).rejects.toThrow(message);
  });
});

describe('readParquet', () => {
  const rows = Array.from({ length: 250 }, (_, i) => i);
  const file = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'x', data: rows.map(i => (i % 10 === 3 ? null : i / 4)), type: 'DOUBLE', nullable: true },
        { name: 'i', data: rows.map(BigInt), type: 'INT64' },
        { name: 'k', data: rows.map(i => `t${i % 3}`), type: 'STRING' },
        { name: 'b', data: rows.map(i => i % 2 === 0), type: 'BOOLEAN' },
      ],
      rowGroupSize: 100,
    }),
  );
  const expected = rows.map(i => ({ x: i % 10 === 3 ? null : i / 4, i, k: `t${i % 3}`, b: String(i % 2 === 0) }));
  const path = join(folder, 'a.parquet');
  writeFileSync(path, file);

  it('reads what hyparquet-writer wrote, whole and by its row groups', async () => {
    for (const source of [path, file]) {
      expect([...(await readParquet(source))]).toEqual(expected);
      const found = await chunks(streamParquet(source));
      expect(found.map(({ rows }) => rows)).toEqual([100, 100, 50]);
      expect(rowsOf(found)).toEqual(expected);
      expect(() => found[2]?.numbers(['x'])).toThrow(/row 204, column 'x'/);
    }
    expect((await readParquet(path, { columns: ['k', 'i'] })).names).toEqual(['k', 'i']);
  });

  it('refuses other files and columns', async () => {
    await expect(readParquet(path, { columns: ['z'] })).rejects.toThrow("columns that the file has, got 'z'");
    await expect(readParquet('data/iris.csv')).rejects.toThrow(
      /data\/iris\.csv: expected a whole Parquet file, got .*PAR1/,
    );
    await expect(readParquet(file.slice(0, 300))).rejects.toThrow('expected a whole Parquet file');
    await expect(readParquet('missing.parquet')).rejects.toThrow("file 'missing.parquet': expected a file that can be");
  });
});
