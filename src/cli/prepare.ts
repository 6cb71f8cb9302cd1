import { encodeInputs, fitPreprocessing } from '../data/inputs.js';
import type { Preprocessing, Task } from '../data/preprocessing.js';
import { Problems } from '../data/problems.js';
import { splitRows, stratifiedSplit } from '../data/split.js';
import { printable, type Table } from '../data/table.js';
import { encodeTarget, targetLabels } from '../data/target.js';
import { shorten } from '../errors.js';
import { counted } from './output.js';
import { decideTask } from './task.js';

export interface PrepareOptions {
  target: string;
  task?: Task;
  ignore?: readonly string[];
  impute?: boolean;
  validation: number;
  seed: number;
}

/** Rows as text and as the network takes them. */
export interface Samples {
  table: Table;
  x: Float32Array;
  y: Int32Array | Float32Array;
}

/** All that training needs to know of a table. */
export interface Prepared {
  task: Task;
  /** Why it is that task, in words. */
  reason: string;
  preprocessing: Preprocessing;
  training: Samples;
  heldOut: Samples;
  /** How many missing values were filled in. */
  filled: number;
  /** How many held-out texts no training row has, so that the most frequent one stood in for them. */
  unknown: number;
}

/** Decides the task, holds rows out (of every class its share), fits the preprocessing on the others, and encodes both. */
export function prepare(table: Table, options: PrepareOptions): Prepared {
  const { target, validation, seed } = options;
  const { task, reason } =
    options.task === undefined ? decideTask(table, target) : { task: options.task, reason: 'as --task says' };
  const split =
    task === 'classification'
      ? stratifiedSplit(targetLabels(table, target).codes, validation, seed)
      : splitRows(table.rows, validation, seed);
  const training = table.pick(split.training);
  const heldOut = table.pick(split.validation);
  const { decimal, thousands, missing, header } = table.reading;
  const reading = { decimal, thousands, missing, header, columns: table.header.length };
  const preprocessing = { ...fitPreprocessing(training, { ...options, task }), reading };
  const filling = options.impute ? 'fill' : 'refuse';
  const problems = new Problems();
  const known = encodeInputs(training, preprocessing, { missing: filling, problems });
  // Only training rows say which texts are known: others are filled in, as predict does with --impute.
  const unseen = encodeInputs(heldOut, preprocessing, { missing: filling, unknown: 'fill', problems });
  problems.throwAny();
  return {
    task,
    reason,
    preprocessing,
    training: { table: training, x: known.x, y: encodeTarget(training, preprocessing.target) },
    heldOut: { table: heldOut, x: unseen.x, y: encodeTarget(heldOut, preprocessing.target) },
    filled: known.filled + unseen.filled,
    unknown: unseen.unknown,
  };
}

/** What a reader may not expect of the inputs: columns taken as texts, and cells that something else stands for. */
export function remarks({ preprocessing, filled, unknown }: Prepared): string[] {
  const texts = preprocessing.columns.flatMap(column => (column.kind === 'category' ? [column] : []));
  const shown = texts
    .slice(0, 8)
    .map(({ name, values }) => `${shorten(printable(name))} (${counted(values.length, 'text')})`);
  const rest = texts.length > shown.length ? ` and ${counted(texts.length - shown.length, 'more column')}` : '';
  const said: string[] = [];
  if (texts.length > 0) said.push(`one-hot: ${shown.join(', ')}${rest}`);
  if (filled > 0) said.push(`${counted(filled, 'missing value')} filled in`);
  if (unknown > 0) {
    said.push(`${counted(unknown, 'held-out text')} that no training row has: read as the most frequent one`);
  }
  return said;
}
