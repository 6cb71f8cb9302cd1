/** The functions of `myelin/data` and their options that take a value: each is given one where it takes it, while all else is right. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as data from '../../src/entries/data.js';
import type { Place } from './places.js';

const { kFold, pick, split, windows } = data;

const rows = [1, 2, 3, 4];
const x = new Float32Array(4);
const y = [0, 1, 0, 1];
const csv = new TextEncoder().encode('a,b\n1,2\n3,4\n');
const jsonLines = new TextEncoder().encode('{"a":1}\n');
/** Two numbers of one byte. */
const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 2);

const parquet = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'a', data: [1, 2], type: 'DOUBLE' }] }));

/** Goes through whatever chunks there are. */
async function all(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of chunks) void chunk;
}

const { readCsv, readIdx, readJsonLines, readNpy, readNpz, readParquet } = data;

export const readerPlaces: Readonly<Record<string, Place>> = {
  ...{ readCsv, readIdx, readJsonLines, readNpy, readNpz, readParquet },
  streamCsv: v => all(data.streamCsv(v)),
  streamIdx: v => all(data.streamIdx(v)),
  streamJsonLines: v => all(data.streamJsonLines(v)),
  streamNpy: v => all(data.streamNpy(v)),
  streamParquet: v => all(data.streamParquet(v)),
  'readCsv: options': v => readCsv(csv, v),
  'readCsv: delimiter': v => readCsv(csv, { delimiter: v }),
  'readCsv: decimal': v => readCsv(csv, { decimal: v }),
  'readCsv: thousands': v => readCsv(csv, { thousands: v }),
  'readCsv: missing': v => readCsv(csv, { missing: v }),
  'readCsv: a text that is missing': v => readCsv(csv, { missing: [v] }),
  'readCsv: header': v => readCsv(csv, { header: v }),
  'streamCsv: options': v => all(data.streamCsv(csv, v)),
  'streamCsv: chunkBytes': v => all(data.streamCsv(csv, { chunkBytes: v })),
  'streamIdx: options': v => all(data.streamIdx(idx, v)),
  'streamIdx: rows': v => all(data.streamIdx(idx, { rows: v })),
  'readJsonLines: options': v => readJsonLines(jsonLines, v),
  'readJsonLines: columns': v => readJsonLines(jsonLines, { columns: v }),
  'readJsonLines: a column': v => readJsonLines(jsonLines, { columns: [v] }),
  'streamJsonLines: chunkBytes': v => all(data.streamJsonLines(jsonLines, { chunkBytes: v })),
  'readParquet: options': v => readParquet(parquet, v),
  'readParquet: columns': v => readParquet(parquet, { columns: v }),
  'readParquet: a column': v => readParquet(parquet, { columns: [v] }),
  'readParquet: compressors': v => readParquet(parquet, { compressors: v }),
};

export const partPlaces: Readonly<Record<string, Place>> = {
  split,
  'split: x': v => split({ x: v, y }),
  'split: y': v => split({ x, y: v }),
  'split: options': v => split(rows, v),
  'split: test': v => split(rows, { test: v }),
  'split: seed': v => split(rows, { seed: v }),
  'split: stratify': v => split(rows, { stratify: v }),
  'split: stratify by y': v => split({ x, y }, { stratify: v }),
  'split: a class': v => split(rows, { stratify: [v, v, 0, 0] as never }),
  kFold,
  'kFold: options': v => kFold(4, v),
  'kFold: folds': v => kFold(4, { folds: v }),
  'kFold: seed': v => kFold(4, { folds: 2, seed: v }),
  'kFold: stratify': v => kFold(4, { folds: 2, stratify: v }),
  'kFold: a class': v => kFold(4, { folds: 2, stratify: [v, v, 0, 0] as never }),
  'pick: data': v => pick(v, [0]),
  'pick: x': v => pick({ x: v, y }, [0]),
  'pick: y': v => pick({ x, y: v }, [0]),
  'pick: rows': v => pick(rows, v),
  'pick: a row': v => pick(rows, [v]),
  windows: v => windows(v, { length: 2 }),
  'windows: a number': v => windows([v, 1, 2, 3], { length: 2 }),
  'windows: a row': v => windows([[1], v, [2], [3]] as never, { length: 2 }),
  'windows: options': v => windows(rows, v),
  'windows: length': v => windows(rows, { length: v }),
  'windows: horizon': v => windows(rows, { length: 1, horizon: v }),
  'windows: step': v => windows(rows, { length: 1, step: v }),
};
