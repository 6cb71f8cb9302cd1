/**
 * Training on more data than a process may hold: writes 2 GB as NumPy files into a temporary folder, trains on them in
 * a process of its own, and prints its peak of memory and its rate beside that of rows in memory; the same of a part as
 * Parquet and CSV.
 *
 *     npm run build && npx tsx bench/streaming.ts [gigabytes] [units of the hidden layer] [threads]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { adam, dense, type EpochEvent, Model, sequential, type TrainingData } from 'myelin';
import { readNpy, streamCsv, streamNpy, streamParquet } from 'myelin/data';

const [COLUMNS, CLASSES] = [100, 10];
const NAMES = Array.from({ length: COLUMNS }, (_, column) => `c${column}`);
/** Rows that are made, written and read at a time. */
const CHUNK = 4096;
/** Of rows in memory, in Parquet and in CSV. */
const FEWER = 2 ** 16;

/** Any rows: speed does not hang on what they say. */
function chunkOf(first: number, rows: number): { x: Float32Array; y: Int32Array } {
  const x = new Float32Array(rows * COLUMNS);
  let state = first + 1;
  for (let i = 0; i < x.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    x[i] = (state >> 8) / 2 ** 23;
  }
  return {
    x,
    y: Int32Array.from({ length: rows }, (_, row) => Math.floor(5 * ((x[row * COLUMNS] ?? 0) + 1)) % CLASSES),
  };
}

function header(type: string, shape: string): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = 118;
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, length, 0]),
    Buffer.from(`${text.padEnd(length - 1)}\n`),
  ]);
}

function writeArrays(folder: string, rows: number, name: string): void {
  const [x, y] = [openSync(join(folder, `${name}x.npy`), 'w'), openSync(join(folder, `${name}y.npy`), 'w')];
  writeSync(x, header('<f4', `${rows}, ${COLUMNS}`));
  writeSync(y, header('<i4', `${rows},`));
  for (let first = 0; first < rows; first += CHUNK) {
    const chunk = chunkOf(first, Math.min(CHUNK, rows - first));
    writeSync(x, new Uint8Array(chunk.x.buffer));
    writeSync(y, new Uint8Array(chunk.y.buffer));
  }
  closeSync(x);
  closeSync(y);
}

function writeTables(folder: string): void {
  const { x, y } = chunkOf(0, FEWER);
  for (const [name, nullable] of [
    ['rows', true],
    ['required', false],
  ] as const) {
    const columnData = NAMES.map((name, column) => {
      const data = Float32Array.from(y, (_, row) => x[row * COLUMNS + column] ?? 0);
      return { name, data, type: 'FLOAT' as const, nullable };
    });
    const labels = { name: 'y', data: y, type: 'INT32' as const, nullable };
    const bytes = parquetWriteBuffer({ columnData: [...columnData, labels], rowGroupSize: 2 ** 14 });
    writeFileSync(join(folder, `${name}.parquet`), new Uint8Array(bytes));
  }
  const csv = openSync(join(folder, 'rows.csv'), 'w');
  writeSync(csv, `${[...NAMES, 'y'].join()}\n`);
  for (let first = 0; first < FEWER; first += CHUNK) {
    const lines = Array.from({ length: CHUNK }, (_, i) => {
      return `${x.subarray((first + i) * COLUMNS, (first + i + 1) * COLUMNS).join()},${y[first + i]}\n`;
    });
    writeSync(csv, lines.join(''));
  }
  closeSync(csv);
}

const WHAT = {
  memory: 'memory',
  all: 'npy, all of it',
  npy: 'npy',
  required: 'Parquet, columns without nulls',
  rows: 'Parquet, columns that may have nulls',
  csv: 'CSV',
};
type Source = keyof typeof WHAT;
/** So many that what is read before the first step, which nothing can be read beside, does not count. */
const EPOCHS: Readonly<Record<Source, number>> = { memory: 16, all: 1, npy: 16, required: 16, rows: 16, csv: 2 };
/** Runs of each source by turns with rows in memory; the best of each counts. */
const ROUNDS = 2;

/** The rows of a source, in memory or in chunks. */
async function dataOf(folder: string, source: Source) {
  const path = (name: string) => join(folder, name);
  if (source === 'memory') {
    return {
      x: (await readNpy(path('x.npy'))).data as Float32Array,
      y: (await readNpy(path('y.npy'))).data as Int32Array,
    };
  }
  async function* arrays(name: string): AsyncGenerator<TrainingData> {
    const labels = streamNpy(path(`${name}y.npy`), { rows: CHUNK });
    for await (const { data } of streamNpy(path(`${name}x.npy`), { rows: CHUNK })) {
      const { value } = await labels.next();
      yield { x: data as Float32Array, y: value.data };
    }
  }
  async function* tables(): AsyncGenerator<TrainingData> {
    const stream = source === 'csv' ? streamCsv(path('rows.csv')) : streamParquet(path(`${source}.parquet`));
    for await (const table of stream)
      yield { x: table.numbers(NAMES), y: Int32Array.from(table.column('y') as Float64Array) };
  }
  if (source === 'npy' || source === 'all') return { chunks: () => arrays(source === 'all' ? 'all-' : '') };
  return { chunks: tables };
}

/** Trains for some epochs: rows a second of all the time that takes, and the most memory that the process ever had. */
async function train(folder: string, source: Source, units: number, threads: number): Promise<void> {
  const model = await Model.create(
    sequential(COLUMNS, [dense(units, { activation: 'relu' }), dense(CLASSES, { activation: 'softmax' })]),
  );
  const data = await dataOf(folder, source);
  const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam(), batchSize: 128, threads } as const;
  const epochs = EPOCHS[source];
  let rows = 0;
  const onEpoch = ({ seconds, samplesPerSecond }: EpochEvent) => {
    rows += seconds * samplesPerSecond;
  };
  if (source !== 'all') await model.fit(data, options);
  const started = performance.now();
  await model.fit(data, { ...options, epochs, onEpoch });
  const rate = (1000 * rows) / (performance.now() - started);
  await model.dispose();
  console.log(JSON.stringify({ rate, megabytes: process.resourceUsage().maxRSS / 1024 }));
}

function main(gigabytes: number, units: number, threads: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'streaming-'));
  const rows = Math.round((gigabytes * 1e9) / (4 * COLUMNS + 4));
  const run = (source: Source): { rate: number; megabytes: number } => {
    const args = ['--import', 'tsx', import.meta.filename, 'train', folder, source, String(units), String(threads)];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  };
  try {
    writeArrays(folder, rows, 'all-');
    writeArrays(folder, FEWER, '');
    writeTables(folder);
    for (const [source, what] of Object.entries(WHAT)) {
      if (source === 'memory') continue;
      let [rate, inMemory, most] = [0, 0, 0];
      for (let round = 0; round < (source === 'all' ? 1 : ROUNDS); round++) {
        inMemory = Math.max(inMemory, run('memory').rate);
        const got = run(source as Source);
        rate = Math.max(rate, got.rate);
        most = Math.max(most, got.megabytes);
      }
      const share = ((100 * rate) / inMemory).toFixed(0);
      const rates = `${Math.round(rate)} rows/s, ${share} % of memory's ${Math.round(inMemory)}`;
      console.log(`${what}: ${rates}; at most ${Math.round(most)} MB`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [, , command = '2', ...rest] = process.argv;
if (command === 'train') await train(rest[0] ?? '', rest[1] as Source, Number(rest[2]), Number(rest[3]));
else main(Number(command), Number(rest[0] ?? 256), Number(rest[1] ?? Math.max(1, availableParallelism() - 1)));
