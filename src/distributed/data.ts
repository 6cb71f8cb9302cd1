/** A run's rows, in parts: what a shard, a fold or a trial is given. */
import { createHash } from 'node:crypto';
import { pick, type SplittableData } from '../data/parts.js';
import { placed, wrongType } from '../errors.js';
import { isNumberArray, kindOf } from '../kinds.js';
import type { TrainingData } from '../trainingOptions.js';
import type { Part, Reader } from './cluster.js';

/** What a part is called in messages. */
export function partName({ part, parts }: Part): string {
  return `part ${part} of ${parts}`;
}

/** Parts that were read lately, by what read them: each is asked for once a round. */
const lately = new WeakMap<object, Map<string, Promise<TrainingData>>>();
const MOST_PARTS = 32;

/** The rows of a part; of rows in memory, those that follow one another. */
export function readPart(where: string, data: TrainingData | Reader, which: Part): Promise<TrainingData> {
  const parts = lately.get(data) ?? new Map<string, Promise<TrainingData>>();
  lately.set(data, parts);
  const key = partName(which);
  const found = parts.get(key) ?? (typeof data === 'function' ? ask(where, data, which) : cut(data, which));
  parts.delete(key);
  parts.set(key, found);
  found.catch(() => parts.delete(key));
  for (const old of [...parts.keys()].slice(0, -MOST_PARTS)) parts.delete(old);
  return found;
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

async function cut(data: TrainingData, { part, parts }: Part): Promise<TrainingData> {
  if (parts === 1) return data;
  const { length } = data.y as ArrayLike<unknown>;
  const [first, end] = [part, part + 1].map(count => Math.floor((length * count) / parts));
  const rows = Int32Array.from({ length: (end ?? 0) - (first ?? 0) }, (_, row) => (first ?? 0) + row);
  return pick(data as SplittableData, rows) as unknown as TrainingData;
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
