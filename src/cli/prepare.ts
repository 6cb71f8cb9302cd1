import { encodeInputs, fitPreprocessing } from '../data/inputs.js';
import type { Preprocessing, Task } from '../data/preprocessing.js';
import { Problems } from '../data/problems.js';
import { type Split, splitRows, stratifiedSplit } from '../data/split.js';
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
  /** Whether some of the training rows choose the epoch. */
  keep: 'best' | 'last';
  /** Whether the model that is saved is trained on all rows. */
  refit: boolean;
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
  /** Rows that choose the epoch; none where the last one is kept. */
  validation: Samples;
  /** Rows that choose nothing, for the figures. */
  heldOut: Samples;
  /**
   * All rows, and what they say of the columns, for the model that is saved; undefined where that is the one that was
   * judged.
   */
  whole:
    | { readonly table: Table; readonly preprocessing: Preprocessing; readonly filling: 'fill' | 'refuse' }
    | undefined;
  /** How many missing values were filled in. */
  filled: number;
  /** How many held-out texts no training row has, so that the most frequent one stood in for them. */
  unknown: number;
}

/**
 * Decides the task, holds rows out (of every class its share), and of the others as large a share to choose the epoch
 * where the best is kept; fits the preprocessing on the rest, and encodes all three.
 */
export function prepare(table: Table, options: PrepareOptions): Prepared {
  const { target, validation, seed } = options;
  const { task, reason } =
    options.task === undefined ? decideTask(table, target) : { task: options.task, reason: 'as --task says' };
  const labels = task === 'classification' ? targetLabels(table, target).codes : undefined;
  const outer = partsOf(
    Array.from({ length: table.rows }, (_, row) => row),
    labels,
    validation,
    seed,
  );
  const isChosen = options.keep === 'best' && outer.validation.length > 0;
  const inner = partsOf(outer.training, labels, isChosen ? validation : 0, seed);
  const training = table.pick(inner.training);
  const choosing = table.pick(inner.validation);
  const heldOut = table.pick(outer.validation);
  const { decimal, thousands, missing, header } = table.reading;
  const reading = { decimal, thousands, missing, header, columns: table.header.length };
  const preprocessing = { ...fitPreprocessing(training, { ...options, task }), reading };
  const filling = options.impute ? 'fill' : 'refuse';
  const problems = new Problems();
  const known = encodeInputs(training, preprocessing, { missing: filling, problems });
  // Only training rows say which texts are known: others are filled in, as predict does with --impute.
  const chosen = encodeInputs(choosing, preprocessing, { missing: filling, unknown: 'fill', problems });
  const unseen = encodeInputs(heldOut, preprocessing, { missing: filling, unknown: 'fill', problems });
  problems.throwAny();
  const isWhole = options.refit && inner.validation.length > 0;
  return {
    task,
    reason,
    preprocessing,
    training: { table: training, x: known.x, y: encodeTarget(training, preprocessing.target) },
    validation: { table: choosing, x: chosen.x, y: encodeTarget(choosing, preprocessing.target) },
    heldOut: { table: heldOut, x: unseen.x, y: encodeTarget(heldOut, preprocessing.target) },
    // Looked at before anything is trained, as what is wrong with it is to be told first.
    whole: isWhole
      ? { table, preprocessing: { ...fitPreprocessing(table, { ...options, task }), reading }, filling }
      : undefined,
    filled: known.filled + chosen.filled + unseen.filled,
    unknown: chosen.unknown + unseen.unknown,
  };
}

/** Rows in two parts, of every label its share where there are labels. */
function partsOf(rows: readonly number[], labels: Int32Array | undefined, share: number, seed: number): Split {
  const { training, validation } =
    labels === undefined
      ? splitRows(rows.length, share, seed)
      : stratifiedSplit(
          rows.map(row => labels[row] ?? 0),
          share,
          seed,
        );
  const own = (indices: readonly number[]) => indices.map(index => rows[index] ?? 0);
  return { training: own(training), validation: own(validation) };
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
