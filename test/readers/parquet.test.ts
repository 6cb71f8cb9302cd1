/** Numbers that are read straight from the pages of Parquet files, beside what hyparquet makes of the same bytes. */
import { readFileSync } from 'node:fs';
import { type FileMetaData, parquetMetadata, parquetReadObjects, parquetSchema, snappyUncompress } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readParquet } from '../../src/entries/data.js';
import { Purpose, Random } from '../../src/random.js';
import { readNumbers, unpackersOf } from '../../src/readers/parquetNumbers.js';

const ROWS = 1100;
const rows = Array.from({ length: ROWS }, (_, row) => row);
const random = new Random(5, Purpose.shuffle);
const nulls = rows.map(() => random.below(9) === 0);

const values: Readonly<Record<string, (row: number) => number | bigint>> = {
  FLOAT: row => Math.fround(Math.sin(row) * 1e5),
  DOUBLE: row => Math.cos(row) / 3,
  INT32: row => (row * 7919) % 100_003,
  INT64: row => BigInt(row * row) - 4_000_000n,
};

/** Columns of each type, in all ways that a writer may take. */
const columnData = Object.entries(values).flatMap(([type, value]) =>
  [false, true].flatMap(nullable =>
    (['PLAIN', 'few', 'one', 'nulls', 'all'] as const)
      .filter(kind => nullable || !['nulls', 'all'].includes(kind))
      .map((kind): ColumnSource => {
        const own = (row: number) => value({ few: row % 300, one: 5 }[kind as string] ?? row);
        const isNull = (row: number) => kind === 'all' || (kind === 'nulls' && nulls[row]);
        const data = rows.map(row => (isNull(row) ? null : own(row)));
        const name = `${type}-${nullable ? 'nullable' : 'required'}-${kind}`;
        return {
          ...({ name, data, type, nullable } as ColumnSource),
          ...(kind === 'PLAIN' && { encoding: 'PLAIN' as const }),
        };
      }),
  ),
);

const others: ColumnSource[] = [
  { name: 'delta', data: Int32Array.from(rows), type: 'INT32', encoding: 'DELTA_BINARY_PACKED' },
  { name: 'split', data: Float32Array.from(rows), type: 'FLOAT', encoding: 'BYTE_STREAM_SPLIT' },
  { name: 'beyond', data: rows.map(row => 2n ** 60n + BigInt(row)), type: 'INT64' },
  { name: 'time', data: rows.map(row => new Date(row * 1e9)), type: 'TIMESTAMP' },
];

function numbersIn(bytes: Uint8Array, metadata: FileMetaData = parquetMetadata(bytes.slice().buffer)) {
  const file = { byteLength: bytes.length, slice: (start: number, end?: number) => bytes.slice(start, end).buffer };
  return readNumbers(file, metadata, parquetSchema(metadata).children, unpackersOf(snappyUncompress));
}

async function hyparquets(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: bytes.slice().buffer });
}

describe('numbers of Parquet files', () => {
  it.each([
    ['SNAPPY', 1 << 20],
    ['UNCOMPRESSED', 900],
  ] as const)('are what hyparquet reads: %s, pages of %i bytes', async (codec, pageSize) => {
    const options = { columnData: [...columnData, ...others], codec, pageSize, rowGroupSize: 500 };
    const bytes = new Uint8Array(parquetWriteBuffer(options));
    const found = await numbersIn(bytes);
    expect([...found.keys()]).toEqual(columnData.map(({ name }) => name));
    const expected = await hyparquets(bytes);
    for (const [name, numbers] of found) {
      expect(Array.from(numbers, number => (Number.isNaN(number) ? null : number))).toEqual(
        expected.map(row => (row[name] === null ? null : Number(row[name]))),
      );
    }
    const table = await readParquet(bytes);
    expect(table.names).toEqual([...columnData, ...others].map(({ name }) => name));
    expect(table.column('beyond')[1]).toBe(String(2n ** 60n + 1n));
    expect(table.column('time')[1]).toBe('1970-01-12T13:46:40.000Z');
    expect(table.column('delta')).toEqual(Float64Array.from(rows));
  });

  it('come from damaged files as hyparquet reads them, or not at all', async () => {
    const some = columnData.filter(({ name }) => /nulls|few/.test(name));
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData: some, pageSize: 5000 }));
    const metadata = parquetMetadata(bytes.slice().buffer);
    const whole = await numbersIn(bytes, metadata);
    for (let round = 0; round < 80; round++) {
      const damaged = bytes.slice();
      for (let i = 0; i < 3; i++) damaged[random.below(bytes.length >> 1)] = random.below(256);
      const found = await numbersIn(damaged, metadata);
      for (const [name, numbers] of found) expect(numbers.length).toBe(whole.get(name)?.length);
    }
  });

  it('come from pages of the first version, as Arrow writes them', async () => {
    const bytes = new Uint8Array(readFileSync('test/fixtures/arrow.parquet'));
    const found = await numbersIn(bytes);
    const expected = await hyparquets(bytes);
    expect([...found.keys()]).toEqual(['f', 'd', 'few', 'one', 'i32', 'i8', 'i64', 'none']);
    for (const [name, numbers] of found) {
      expect(Array.from(numbers, number => (Number.isNaN(number) ? null : number))).toEqual(
        expected.map(row => (row[name] === null ? null : Number(row[name]))),
      );
    }
  });
});
