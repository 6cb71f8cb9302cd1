/**
 * The functions of `myelin/data` and their options that take a value: each is given one where it takes it, while all
 * else is right.
 */
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

const { readCsv, readIdx, readJsonLines, readNpy, readNpz, readParquet, readWav, wavData } = data;
/** A WAV file of silence, 400 samples of 8 bits at 8000 a second. */
const wav = Uint8Array.of(
  ...new TextEncoder().encode(
    'RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\x90\x01\0\0',
  ),
  ...new Array<number>(400).fill(127),
);
/** A PNG of one black pixel. */
const png = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=='),
  character => character.charCodeAt(0),
);
const { imageData } = data;

export const readerPlaces: Readonly<Record<string, Place>> = {
  ...{ readCsv, readIdx, readJsonLines, readNpy, readNpz, readParquet, readWav },
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
  imageData,
  'imageData: a picture': v => imageData([v]),
  'imageData: options': v => imageData([png], v),
  'imageData: size': v => imageData([png], { size: v }),
  'imageData: a side': v => imageData([png], { size: [v, 1] }),
  'imageData: fit': v => imageData([png], { fit: v }),
  'imageData: channels': v => imageData([png], { channels: v }),
  readImageFolder: data.readImageFolder,
  'readImageFolder: options': v => data.readImageFolder('test/fixtures', v),
  'readImageFolder: classes': v => data.readImageFolder('test/fixtures', { classes: v }),
  wavData,
  'wavData: a sound': v => wavData([v]),
  'wavData: options': v => wavData([wav], v),
  'wavData: sampleRate': v => wavData([wav], { sampleRate: v }),
  'wavData: seconds': v => wavData([wav], { seconds: v }),
  'wavData: bands': v => wavData([wav], { bands: v }),
  'wavData: windowSeconds': v => wavData([wav], { windowSeconds: v }),
  'wavData: hopSeconds': v => wavData([wav], { hopSeconds: v }),
  'wavData: minFrequency': v => wavData([wav], { minFrequency: v }),
  'wavData: maxFrequency': v => wavData([wav], { maxFrequency: v }),
  readWavFolder: data.readWavFolder,
  'readWavFolder: classes': v => data.readWavFolder('test/fixtures', { classes: v }),
};

const { logMel, mixup, textVectorizer } = data;
const sound = new Float32Array(400);
const fitted = textVectorizer({ vocabulary: 8, length: 2 }).fit(['a b']);

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
  'mixup: x': v => mixup({ x: v, y }),
  'mixup: y': v => mixup({ x, y: v }),
  'mixup: scale': v => mixup({ x: new Uint8Array(4), y, scale: v }),
  'mixup: options': v => mixup({ x, y }, v),
  'mixup: alpha': v => mixup({ x, y }, { alpha: v }),
  'mixup: seed': v => mixup({ x, y }, { seed: v }),
  'mixup: classes': v => mixup({ x, y }, { classes: v }),
  logMel: v => logMel(v, { sampleRate: 8000 }),
  'logMel: options': v => logMel(sound, v),
  'logMel: sampleRate': v => logMel(sound, { sampleRate: v }),
  textVectorizer,
  'textVectorizer: vocabulary': v => textVectorizer({ vocabulary: v, length: 2 }),
  'textVectorizer: length': v => textVectorizer({ vocabulary: 8, length: v }),
  'textVectorizer: mode': v => textVectorizer({ vocabulary: 8, length: 2, mode: v }),
  'TextVectorizer.fromJSON': v => data.TextVectorizer.fromJSON(v),
  'vectorizer.fit': v => textVectorizer({ vocabulary: 8, length: 2 }).fit(v),
  'vectorizer.vectorize': v => fitted.vectorize(v),
  'vectorizer.encode': v => fitted.encode(v),
  'vectorizer.decode': v => fitted.decode(v),
};
