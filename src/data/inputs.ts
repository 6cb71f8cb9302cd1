/** The columns that are predicted from: what training rows say of them, and how they become the network's inputs. */
import { listed, quote, shorten, wrongValue } from '../errors.js';
import {
  type CategoryColumn,
  type InputColumn,
  inputWidth,
  type NumberColumn,
  type Preprocessing,
  type Task,
} from './preprocessing.js';
import { Problems } from './problems.js';
import { fitScaling, type Scaling, standardise } from './scaling.js';
import { column, columnIndex, missingColumn, type Table } from './table.js';
import { fitTarget, shown } from './target.js';

/** More distinct texts than this in one column are refused: names and free text are no categories. */
export const MAX_CATEGORIES = 100;

/**
 * Learns the preprocessing from the training rows, and from nothing else: the mean and scale of every numeric column,
 * the values of every text column, the classes or the scale of the target. Missing inputs are passed over.
 *
 * A column is numeric when at least half of its values are numbers; a text among them is refused when it is encoded.
 * Refused here, all together, are columns without a name, with one that another has, without values or with too many
 * texts, unless they are ignored.
 */
export function fitPreprocessing(
  training: Table,
  options: { target: string; task: Task; ignore?: readonly string[] },
): Preprocessing {
  const { target, task, ignore = [] } = options;
  for (const name of ignore) if (training.find(name).length === 0) throw missingColumn(training, name, [target]);
  const skipped = new Set([target, ...ignore]);
  const problems = new Problems();
  const columns: InputColumn[] = [];
  for (const [index, name] of training.header.entries()) {
    if (skipped.has(name)) continue;
    try {
      if (name === '') {
        const mend = "name it in the header line, or leave it out with --ignore ''";
        throw wrongValue(`column ${index + 1}`, 'a name', 'an empty header cell', mend);
      }
      columns.push(fitInput(training, columnIndex(training, name), name));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.add(error);
      // Of columns of one name the first speaks for all.
      skipped.add(name);
    }
  }
  problems.throwAny();
  if (columns.length === 0) {
    throw wrongValue('the table', `at least one input column besides ${quote(target)}`, 'none');
  }
  return { columns, target: fitTarget(training, target, task, values => checkedScaling(values, target)) };
}

function fitInput(table: Table, index: number, name: string): InputColumn {
  const numbers = new Float64Array(table.rows);
  const texts = new Map<string, number>();
  let numberCount = 0;
  let textCount = 0;
  for (let row = 0; row < table.rows; row++) {
    const number = table.number(row, index);
    if (!Number.isNaN(number)) {
      numbers[numberCount++] = number;
      continue;
    }
    if (table.isMissing(row, index)) continue;
    textCount++;
    // As many as show that there are too many.
    if (texts.size > 10 * MAX_CATEGORIES) continue;
    const cell = table.cell(row, index);
    texts.set(cell, (texts.get(cell) ?? 0) + 1);
  }
  if (numberCount + textCount === 0) {
    throw wrongValue(column(name), 'a value in at least one training row', 'none', leaveOut(name));
  }
  if (numberCount >= textCount) {
    return { name, kind: 'number', ...checkedScaling(numbers.subarray(0, numberCount), name) };
  }
  for (let row = 0; numberCount > 0 && row < table.rows; row++) {
    if (Number.isNaN(table.number(row, index))) continue;
    const cell = table.cell(row, index);
    if (texts.size <= 10 * MAX_CATEGORIES) texts.set(cell, (texts.get(cell) ?? 0) + 1);
  }
  return { name, kind: 'category', ...fitCategories(texts, name) };
}

function checkedScaling(values: Float64Array, name: string): Scaling {
  const scaling = fitScaling(values);
  if (!Number.isFinite(scaling.mean) || !Number.isFinite(scaling.scale)) {
    throw wrongValue(column(name), 'numbers whose sum and range are finite', 'larger ones', 'rescale the column');
  }
  return scaling;
}

function fitCategories(counts: ReadonlyMap<string, number>, name: string): { values: string[]; fill: string } {
  if (counts.size > MAX_CATEGORIES) {
    const expected = `numbers, or at most ${MAX_CATEGORIES} different texts`;
    const count = counts.size > 10 * MAX_CATEGORIES ? `over ${10 * MAX_CATEGORIES}` : counts.size;
    const [example = ''] = counts.keys();
    throw wrongValue(column(name), expected, `${count} texts, such as ${quote(example)}`, leaveOut(name));
  }
  const values = [...counts.keys()].sort();
  let fill = '';
  let most = 0;
  for (const value of values) {
    const count = counts.get(value) ?? 0;
    if (count > most) {
      most = count;
      fill = value;
    }
  }
  return { values, fill };
}

/** How a column is left out, to be pasted into a shell as it stands. */
export function leaveOut(name: string): string {
  return `leave it out with --ignore${pasted(name)}`;
}

/** A name as a shell takes it, where it is short enough to be shown whole. */
function pasted(name: string): string {
  const text = shorten(name);
  return text.includes('…') && !name.includes('…') ? '' : ` '${text.replaceAll("'", "'\\''")}'`;
}

/** What to do with missing cells and with texts no training row had: refuse them, or fill them in. */
export interface EncodeOptions {
  missing?: 'refuse' | 'fill';
  unknown?: 'refuse' | 'fill';
  /** Where problems are gathered; without it they are thrown, all together. */
  problems?: Problems;
}

/**
 * The table's inputs, row-major rows × `inputWidth`, columns found by their names; and how many missing cells and how
 * many unknown texts were filled in (numbers with the training mean, texts with the most frequent one).
 */
export function encodeInputs(
  table: Table,
  preprocessing: Preprocessing,
  options: EncodeOptions = {},
): { x: Float32Array; filled: number; unknown: number } {
  const { columns, target } = preprocessing;
  const named = [...columns, target].map(({ name }) => name);
  const problems = options.problems ?? new Problems();
  const width = inputWidth(preprocessing);
  const x = new Float32Array(table.rows * width);
  const done = { filled: 0, unknown: 0 };
  let offset = 0;
  for (const input of columns) {
    const encoder = new InputEncoder(table, columnIndex(table, input.name, named), options, problems, done);
    if (input.kind === 'number') encoder.numbers(input, x, offset, width);
    else encoder.categories(input, x, offset, width);
    offset += input.kind === 'number' ? 1 : input.values.length;
  }
  if (options.problems === undefined) problems.throwAny();
  return { x, ...done };
}

/** Encodes one column. */
class InputEncoder {
  constructor(
    private readonly table: Table,
    private readonly index: number,
    private readonly options: EncodeOptions,
    private readonly problems: Problems,
    private readonly done: { filled: number; unknown: number },
  ) {}

  numbers(column: NumberColumn, x: Float32Array, offset: number, width: number): void {
    const { table, index, problems } = this;
    for (let row = 0, at = offset; row < table.rows; row++, at += width) {
      const number = table.number(row, index);
      if (Number.isNaN(number)) {
        if (!this.#passMissing(row, column.name))
          problems.addCell(table, row, () => this.#notANumber(row, column.name));
        continue;
      }
      const value = Math.fround(standardise(number, column));
      if (Number.isFinite(value)) x[at] = value;
      else {
        const expected = 'a number near those of the training rows';
        problems.addCell(table, row, () => wrongValue(table.place(row, column.name), expected, number));
      }
    }
  }

  categories(column: CategoryColumn, x: Float32Array, offset: number, width: number): void {
    const { table, index, problems, done } = this;
    const ranks = new Map(column.values.map((value, rank) => [value, rank]));
    const fill = ranks.get(column.fill) ?? 0;
    for (let row = 0, at = offset; row < table.rows; row++, at += width) {
      const cell = table.cell(row, index);
      let rank = ranks.get(cell);
      if (rank === undefined) {
        rank = fill;
        if (!this.#passMissing(row, column.name)) {
          if (this.options.unknown === 'fill') done.unknown++;
          else problems.addCell(table, row, () => this.#unknownText(row, cell, column));
        }
      }
      x[at + rank] = 1;
    }
  }

  /** Whether a cell is missing: it is then filled in, or a problem. */
  #passMissing(row: number, name: string): boolean {
    const { table, index, problems, done } = this;
    if (!table.isMissing(row, index)) return false;
    if (this.options.missing === 'fill') done.filled++;
    else {
      const mend = 'fill it in, or impute with --impute';
      problems.addCell(table, row, () =>
        wrongValue(table.place(row, name), 'a value', shown(table.cell(row, index)), mend),
      );
    }
    return true;
  }

  #notANumber(row: number, name: string): RangeError {
    const { table, index } = this;
    const cell = table.cell(row, index);
    const { decimal, thousands } = table.reading;
    const isWritten = /^[+\-−]?\d[\d.,'’ \u00a0\u2009\u202f]*\d$/.test(cell);
    const expected = isWritten
      ? `a number with '${decimal}' for decimals and ${thousands === '' ? 'nothing' : `'${thousands}'`} for thousands`
      : 'a number, as in the rest of the column';
    const mend = isWritten
      ? 'correct it, or say how the file writes numbers with --decimal and --thousands'
      : `correct it, count it as missing with --missing, or ${leaveOut(name)}`;
    return wrongValue(table.place(row, name), expected, quote(cell), mend);
  }

  #unknownText(row: number, cell: string, column: CategoryColumn): RangeError {
    const mend = 'correct it, or put the most frequent one in its place with --impute';
    return wrongValue(this.table.place(row, column.name), `one of ${listed(column.values, quote)}`, quote(cell), mend);
  }
}
