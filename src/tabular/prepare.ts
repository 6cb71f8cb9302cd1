/** A table in three parts, encoded: rows to train on, rows to choose by, and rows that choose nothing. */
import { Problems } from '../data/problems.js';
import { type Split, splitRows, stratifiedSplit } from '../data/split.js';
import { columnIndex, PLAIN_READING } from '../data/table.js';
import { listed, quote, wrongValue } from '../errors.js';
import type { Cells } from './cells.js';
import {
  type ColumnKind,
  type ColumnSettings,
  findColumns,
  fitColumns,
  fitPreprocessing,
  fitTargetColumn,
} from './columns.js';
import { type Encoded, encodeInputs } from './inputs.js';
import type { Preprocessing, StoredReading, TargetColumn, Task } from './preprocessing.js';
import { encodeTarget, targetLabels } from './target.js';
import { decideTask } from './task.js';

export interface PrepareOptions {
  readonly target: string;
  readonly task?: Task;
  /** What columns are, where their cells are not to say. */
  readonly columns?: Readonly<Record<string, ColumnKind>>;
  readonly impute?: boolean;
  readonly validation: number;
  readonly seed: number;
  /** Whether some of the training rows choose the epoch. */
  readonly keep: 'best' | 'last';
  /** Whether the model that is kept is trained on all rows. */
  readonly refit: boolean;
}

/** Rows as cells and as the network takes them. */
export interface Samples {
  readonly cells: Cells;
  readonly x: Float32Array;
  /** Class indices, or numbers in their own unit. */
  readonly y: Int32Array | Float64Array;
}

/** All that training needs to know of a table. */
export interface Prepared {
  readonly task: Task;
  /** Why it is that task, in words. */
  readonly reason: string;
  readonly preprocessing: Preprocessing;
  readonly training: Samples;
  /** Rows that choose the epoch; none where the last one is kept. */
  readonly validation: Samples;
  /** Rows that choose nothing, for the figures. */
  readonly heldOut: Samples;
  /**
   * All rows, and what they say of the columns, for the model that is kept; undefined where that is the one that was
   * judged.
   */
  readonly whole: (Samples & { readonly preprocessing: Preprocessing }) | undefined;
  /** How many missing values were filled in, by column. */
  readonly filled: ReadonlyMap<string, number>;
  /** How many texts of rows held out no training row has, by column. */
  readonly unknown: ReadonlyMap<string, number>;
}

/**
 * Decides the task and what the columns are, holds rows out (of every class its share), and of the others as large a
 * share to choose the epoch where the best is kept; learns of the columns from the rest, and encodes all three.
 *
 * @throws before all that with all of the table's problems together
 */
export function prepare(cells: Cells, options: PrepareOptions): Prepared {
  const { validation, seed } = options;
  const surveyed = survey(cells, options);
  const { task, reason, settings } = surveyed;
  const labels = task === 'classification' ? targetLabels(cells, options.target).codes : undefined;
  const all = Array.from({ length: cells.rows }, (_, row) => row);
  const outer = partsOf(all, labels, validation, seed);
  const isChosen = options.keep === 'best' && outer.validation.length > 0;
  const inner = partsOf(outer.training, labels, isChosen ? validation : 0, seed);
  const training = cells.pick(inner.training);
  const preprocessing = learn(training, settings);
  const problems = new Problems();
  const [filled, unknown] = [new Map<string, number>(), new Map<string, number>()];
  const samplesOf = (part: Cells): Samples => {
    const encoded = encodeAll(part, preprocessing, problems);
    addCounts(encoded.filled, filled);
    addCounts(encoded.unknown, unknown);
    return { cells: part, x: encoded.x, y: encodeTarget(part, preprocessing.target) };
  };
  const parts = {
    training: samplesOf(training),
    validation: samplesOf(cells.pick(inner.validation)),
    heldOut: samplesOf(cells.pick(outer.validation)),
  };
  problems.throwAny();
  const whole = options.refit && inner.validation.length > 0 ? surveyed.whole : undefined;
  return { task, reason, preprocessing, ...parts, whole, filled, unknown };
}

/** What {@link surveyColumns} is told of a table. */
interface SurveyedColumns {
  readonly target?: string;
  readonly columns?: Readonly<Record<string, ColumnKind>> | undefined;
  readonly impute?: boolean;
  readonly looksUp?: boolean;
}

/** What columns are, what all rows say of them, and all rows encoded by that; undefined where `problems` say why. */
export function surveyColumns(cells: Cells, options: SurveyedColumns, problems: Problems) {
  const { target, columns: asked, impute, looksUp } = options;
  const found = problems.attempt(() => findColumns(cells, target, asked, problems));
  const settings = { target, ...(impute !== undefined && { impute }), ...(looksUp !== undefined && { looksUp }) };
  const columns = found && problems.attempt(() => fitColumns(cells, { ...settings, found }, problems));
  const x = columns && encodeAll(cells, { ...columns, target: nameless(target) }, problems).x;
  return { found, columns, x };
}

/** A target of which nothing but its name is known. */
function nameless(name = ''): TargetColumn {
  return { name, kind: 'classes', values: [] };
}

/** A table's task and columns, and all rows encoded by what they say themselves: whatever is wrong with any is told. */
export function survey(
  cells: Cells,
  options: Pick<PrepareOptions, 'target' | 'task' | 'columns' | 'impute' | 'validation'>,
) {
  const { target, impute = false } = options;
  const problems = new Problems(cells.faults);
  const isClear = !cells.faults?.unclear?.has(columnIndex(cells, target));
  const { task, reason } = (isClear &&
    problems.attempt(() =>
      options.task === undefined ? decideTask(cells, target) : { task: options.task, reason: cells.ways.askedTask },
    )) || { task: undefined, reason: '' };
  const { found, columns, x } = surveyColumns(cells, options, problems);
  const own = task && problems.attempt(() => fitTargetColumn(cells, { target, task }));
  const y = own && problems.attempt(() => encodeTarget(cells, own));
  // Who says that these are classes, insists.
  if (own && y && options.validation > 0 && options.task === undefined)
    problems.attempt(() => refuseSingles(cells, y, own));
  problems.throwAny();
  if (!task || !found || !columns || !own || !x || !y) throw new Error('expected a table without problems');
  const reading = readingOf(cells);
  const preprocessing: Preprocessing = { ...columns, target: own, ...(reading && { reading }) };
  const settings: ColumnSettings = { target, task, found, impute };
  return { task, reason, settings, whole: { cells, x, y, preprocessing } };
}

/** Refuses classes of one row, which are learned or judged and not both. */
function refuseSingles(cells: Cells, y: Iterable<number>, target: TargetColumn): void {
  if (target.kind !== 'classes') return;
  const counts = new Int32Array(target.values.length);
  for (const index of y) counts[index] = (counts[index] ?? 0) + 1;
  const single = target.values.filter((_, index) => counts[index] === 1);
  if (single.length === 0) return;
  const mend = `give more, leave such rows out, or insist with ${cells.ways.task('classification')}`;
  throw wrongValue(`target ${quote(target.name)}`, 'two rows of every class', `one of ${listed(single, quote)}`, mend);
}

/** What training rows say, and how their file was read. */
export function learn(training: Cells, settings: ColumnSettings): Preprocessing {
  const reading = readingOf(training);
  return { ...fitPreprocessing(training, settings), ...(reading && { reading }) };
}

/** Rows as inputs; only training rows say which texts are known, so that others are read as none of these. */
export function encodeAll(part: Cells, preprocessing: Preprocessing, problems?: Problems): Encoded {
  const missing = preprocessing.impute ? 'fill' : 'refuse';
  return encodeInputs(part, preprocessing, { missing, unknown: 'fill', trains: true, ...(problems && { problems }) });
}

function addCounts(from: ReadonlyMap<string, number>, to: Map<string, number>): void {
  for (const [name, count] of from) to.set(name, (to.get(name) ?? 0) + count);
}

/** How a file was read, and values where it was said how. */
export function readingOf({ reading, ways, header }: Cells): StoredReading | undefined {
  if (ways.impute !== '--impute' && reading === PLAIN_READING) return undefined;
  const { decimal, thousands, missing, header: hasHeader } = reading;
  return { decimal, thousands, missing, header: hasHeader, columns: header.length };
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
