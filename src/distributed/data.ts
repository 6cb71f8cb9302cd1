/** A run's rows, in parts: what a shard, a fold or a trial is given. */
import { createHash } from 'node:crypto';
import type { Architecture } from '../architecture.js';
import { pickParts } from '../data/parts.js';
import { placed, wrongType, wrongValue } from '../errors.js';
import { isList, isNumberArray, kindOf } from '../kinds.js';
import { rowsFor } from '../search/judged.js';
import type { TrainingData } from '../trainingOptions.js';
import type { Part, Reader } from './cluster.js';

/** What a part is called in messages. */
export function partName({ part, parts }: Part): string {
  return `part ${part} of ${parts}`;
}

/** Parts that were read lately, by what read them: each is asked for once a round. */
const lately = new WeakMap<object, Map<string, Promise<TrainingData>>>();
/** What all those of one reader may take: the data of a cluster are more than one machine has room for. */
const MOST_BYTES = 2 ** 28;

/** The rows of a part; of rows in memory, those that follow one another. */
export function readPart(
  where: string,
  data: TrainingData | Reader,
  which: Part,
  architecture: Architecture,
): Promise<TrainingData> {
  const parts = lately.get(data) ?? new Map<string, Promise<TrainingData>>();
  lately.set(data, parts);
  const key = partName(which);
  const read = () => (typeof data === 'function' ? ask(where, data, which) : cut(data, which, architecture));
  const found = parts.get(key) ?? read();
  parts.delete(key);
  parts.set(key, found);
  found.then(
    () => forgetOld(parts),
    () => parts.delete(key),
  );
  return found;
}

/** Keeps the last ones that there is room for, and one at least. */
async function forgetOld(parts: Map<string, Promise<TrainingData>>): Promise<void> {
  let bytes = 0;
  for (const [key, part] of [...parts].reverse()) {
    bytes += bytesOf(await part.catch(() => undefined));
    if (bytes > MOST_BYTES && part !== [...parts.values()].at(-1)) parts.delete(key);
  }
}

/** About what a value takes in memory. */
function bytesOf(value: unknown): number {
  if (isNumberArray(value)) return value.byteLength;
  if (isList(value)) return value.length * bytesOf(value[0]);
  if (kindOf(value) !== 'Object') return 8;
  return Object.values(value as object).reduce((sum, each) => sum + bytesOf(each), 0);
}

async function ask(where: string, reader: Reader, which: Part): Promise<TrainingData> {
  let given: unknown;
  try {
    given = await reader(which);
  } catch (cause) {
    throw placed(`${where}, ${partName(which)}`, cause);
  }
  const { x, y } = (kindOf(given) === 'Object' ? given : {}) as Partial<TrainingData>;
  if (x === undefined || y === undefined) throw wrongType(`${where}, ${partName(which)}`, '{ x, y, scale? }', given);
  return given as TrainingData;
}

async function cut(data: TrainingData, { part, parts }: Part, architecture: Architecture): Promise<TrainingData> {
  if (parts === 1) return data;
  const where = 'averageRounds';
  const rows = rowsFor(where, data, architecture);
  if (parts > rows) throw wrongValue(`${where}: shards`, `${rows} at most, one for each row`, parts);
  const [first = 0, end = 0] = [part, part + 1].map(count => Math.floor((rows * count) / parts));
  const own = Int32Array.from({ length: end - first }, (_, row) => first + row);
  return pickParts(`${where}: data`, data, own, rows) as TrainingData;
}

const known = new WeakMap<object, string>();

/** What tells rows from others; of the same object it is found once. */
export function digestOf(data: TrainingData): string {
  const found = known.get(data);
  if (found !== undefined) return found;
  const hash = createHash('sha256');
  const add = (value: unknown): void => {
    if (isNumberArray(value)) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    else if (kindOf(value) === 'Object') for (const each of Object.values(value as object)) add(each);
    else hash.update(JSON.stringify(value) ?? '');
  };
  add(data);
  const digest = hash.digest('hex').slice(0, 16);
  known.set(data, digest);
  return digest;
}
