/** What a table's columns are, and what training rows say of them. */
import { Problems } from '../data/problems.js';
import { fitScaling, type Scaling } from '../data/scaling.js';
import { column, columnIndex, missingColumn } from '../data/table.js';
import { checkChoice, listed, quote, wrongValue } from '../errors.js';
import { fitCategories, mostFrequent, rareBelow } from './categories.js';
import type { Cells } from './cells.js';
import { dateOrders, datePart, readDate } from './dates.js';
import {
  DATE_PARTS,
  type DateOrder,
  type DroppedColumn,
  type InputColumn,
  type Preprocessing,
  TABLE_FORMAT,
  type TargetColumn,
  type Task,
} from './preprocessing.js';
import { fitTarget } from './target.js';
import { fitTexts } from './texts.js';
import { withUnit } from './units.js';
import { counted } from './words.js';

/** What users may say that a column is: dates with the day or the month first where nothing shows it. */
export const columnKinds = ['number', 'category', 'text', 'boolean', 'date', 'dmy', 'mdy', 'drop'] as const;
export type ColumnKind = (typeof columnKinds)[number];

/** @internal What a column was found to be. */
export type Found =
  | { readonly kind: 'number' | 'category' | 'text' | 'boolean' }
  | { readonly kind: 'date'; readonly order: DateOrder }
  | DroppedColumn;

/** Of more a network would have more weights than rows say of them. */
const MOST_COLUMNS = 100_000;
/** Texts that are counted one by one; of more it is known that they are many. */
const MOST_COUNTED = 20_000;
/** Texts of which more than half differ are names, from so many on. */
const SURELY_CATEGORIES = 20;
const BOOLEANS = ['false true', 'no yes', 'n y', 'f t', 'off on', 'nein ja', 'non oui'].map(pair => pair.split(' '));
/** Names that whole numbers are called by which are no quantities. */
const IDENTIFIER = /^(?:id|index|row|nr|no|number|key|uuid|guid)$|[_ -](?:id|uuid|guid|key)$|[a-z](?:Id|ID)$/;
/** Those of them that are none either where they come again. */
const NAMED_ID = /^(?:id|key|uuid|guid)$|[_ -](?:id|uuid|guid|key)$|[a-z](?:Id|ID)$/;
const CODE =
  /(?:^|[_ -])(?:code|type|kind|category|group|region|zip|zipcode|postcode)$|[a-z](?:Code|Type|Kind|Group|Region|Zip)$/i;

/** What a column's cells show. */
interface Profile {
  readonly numbers: Float64Array;
  readonly texts: ReadonlyMap<string, number>;
  readonly textCount: number;
  /** Rows with a value, as far as different texts were counted. */
  readonly countedRows: number;
  readonly missing: number;
  readonly units: ReadonlyMap<string, number>;
}

function profileOf(cells: Cells, index: number): Profile {
  const numbers = new Float64Array(cells.rows);
  const texts = new Map<string, number>();
  const units = new Map<string, number>();
  let [numberCount, textCount, missing, countedRows] = [0, 0, 0, 0];
  const count = (text: string) => {
    if (texts.size <= MOST_COUNTED || texts.has(text)) texts.set(text, (texts.get(text) ?? 0) + 1);
  };
  for (let row = 0; row < cells.rows; row++) {
    const isCounting = texts.size <= MOST_COUNTED;
    const number = cells.number(row, index);
    if (!Number.isNaN(number)) {
      numbers[numberCount++] = number;
      const unit = cells.unit(row, index);
      units.set(unit, (units.get(unit) ?? 0) + 1);
    } else if (cells.isMissing(row, index)) missing++;
    else {
      textCount++;
      count(cells.cell(row, index));
    }
    if (isCounting) countedRows = numberCount + textCount;
  }
  return { numbers: numbers.subarray(0, numberCount), texts, textCount, countedRows, missing, units };
}

/** Why a column is left out whose problem is told. */
const PROBLEM = 'a problem';

/**
 * @internal What each column but the target is, as its cells show or as the user says.
 *
 * @param gathered where problems go: columns without a name, or with one that another has, or of several units; without
 *   it they are thrown, all together
 */
export function findColumns(
  cells: Cells,
  target: string | undefined,
  asked: Readonly<Record<string, ColumnKind>> = {},
  gathered?: Problems,
): ReadonlyMap<string, Found> {
  for (const [name, kind] of Object.entries(asked)) {
    if (cells.find(name).length === 0) throw missingColumn(cells, name, target === undefined ? [] : [target]);
    checkChoice(`column ${quote(name)}`, kind, columnKinds);
    if (name !== target) continue;
    throw wrongValue(`column ${quote(name)}`, 'another column than the target', `the target as ${kind}`);
  }
  const used = cells.header.length - Object.values(asked).filter(kind => kind === 'drop').length;
  if (used > MOST_COLUMNS + 1)
    throw wrongValue('the table', `at most ${MOST_COLUMNS} columns`, used, 'leave some out of it');
  const problems = gathered ?? new Problems();
  const found = new Map<string, Found>();
  const own = new Map(Object.entries(asked));
  for (const [index, name] of cells.header.entries()) {
    if (name === target || found.has(name)) continue;
    try {
      const kind = own.get(name);
      if (kind === 'drop') found.set(name, { name, kind, reason: 'as asked for' });
      else if (cells.faults?.unclear?.has(index)) found.set(name, { name, kind: 'drop', reason: PROBLEM });
      else if (name === '') {
        const mend = `name it in the header line, or leave it out with ${cells.ways.leaveOut('')}`;
        throw wrongValue(`column ${index + 1}`, 'a name', 'an empty header cell', mend);
      } else found.set(name, findColumn(cells, columnIndex(cells, name), name, kind));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.add(error);
      // Of columns of one name the first speaks for all.
      found.set(name, { name, kind: 'drop', reason: PROBLEM });
    }
  }
  if (gathered === undefined) problems.throwAny();
  return found;
}

function findColumn(cells: Cells, index: number, name: string, asked: ColumnKind | undefined): Found {
  const profile = profileOf(cells, index);
  const { numbers, texts, textCount, countedRows } = profile;
  if (asked === 'date' || asked === 'dmy' || asked === 'mdy') {
    const order = askedOrder(profile, name, asked, cells);
    refuseNone(cells, index, name, 'dates', row => !Number.isNaN(readDate(cells.cell(row, index), order)));
    return { kind: 'date', order };
  }
  if (asked === 'number') refuseNone(cells, index, name, 'numbers', row => !Number.isNaN(cells.number(row, index)));
  if (asked !== undefined && asked !== 'drop') return { kind: asked };
  if (numbers.length + textCount === 0) return { name, kind: 'empty', reason: 'no value in any row' };
  if (numbers.length >= textCount && numbers.length > 0) return findNumbers(cells, name, profile);
  const [first = ''] = texts.keys();
  if (texts.size === 1 && numbers.length === 0) return { name, kind: 'constant', reason: `always ${quote(first)}` };
  const order = numbers.length === 0 ? orderOf(texts, name, cells) : undefined;
  if (order !== undefined) return { kind: 'date', order };
  if (numbers.length === 0 && noAndYes(texts) !== undefined) return { kind: 'boolean' };
  if (texts.size <= SURELY_CATEGORIES) return { kind: 'category' };
  const many = texts.size > MOST_COUNTED ? `over ${MOST_COUNTED}` : texts.size;
  if (texts.size * 2 > countedRows) {
    const words = [...texts.keys()].slice(0, 100).map(text => text.split(/\s+/).length);
    const isText = words.reduce((sum, count) => sum + count, 0) > 3.5 * words.length;
    const reason = `${many} different texts in ${countedRows} rows, such as ${quote(first)}`;
    return { name, kind: isText ? 'text' : 'identifier', reason };
  }
  let most = 0;
  for (const count of texts.values()) most = Math.max(most, count);
  if (most >= rareBelow(cells.rows)) return { kind: 'category' };
  return { name, kind: 'identifier', reason: `${many} different texts, none of more than ${counted(most, 'row')}` };
}

/** Refuses a column that is said to be what none of its cells is. */
function refuseNone(cells: Cells, index: number, name: string, kind: string, is: (row: number) => boolean): void {
  let first: string | undefined;
  for (let row = 0; row < cells.rows; row++) {
    if (cells.isMissing(row, index)) continue;
    if (is(row)) return;
    first ??= cells.cell(row, index);
  }
  if (first === undefined) return;
  const mend = `take it for something else, such as ${cells.ways.kind(name, 'category')}`;
  throw wrongValue(column(name), kind, `${quote(first)} and none at all`, mend);
}

/** The unit of all numbers of a column. */
function oneUnit(cells: Cells, name: string, units: ReadonlyMap<string, number>): string {
  const [unit = '', other] = [...units].sort((a, b) => b[1] - a[1]).map(([unit]) => unit);
  if (other === undefined) return unit;
  const mend = `leave it out with ${cells.ways.leaveOut(name)}`;
  throw wrongValue(column(name), 'one unit', `${withUnit(unit)} and ${withUnit(other)}`, mend);
}

function findNumbers(cells: Cells, name: string, { numbers, units, textCount }: Profile): Found {
  oneUnit(cells, name, units);
  const isWhole = numbers.every(Number.isInteger);
  if (!isWhole || textCount > 0) return { kind: 'number' };
  const distinct = new Set(numbers).size;
  if (IDENTIFIER.test(name) && distinct === numbers.length && distinct > SURELY_CATEGORIES) {
    return { name, kind: 'identifier', reason: `${distinct} different whole numbers in ${numbers.length} rows` };
  }
  if (NAMED_ID.test(name) && distinct > 2) {
    if (distinct <= SURELY_CATEGORIES || distinct * 2 <= numbers.length) return { kind: 'category' };
    return { name, kind: 'identifier', reason: `${distinct} different whole numbers in ${numbers.length} rows` };
  }
  if (CODE.test(name) && distinct > 2 && distinct * 5 <= numbers.length) return { kind: 'category' };
  return { kind: 'number' };
}

/** Texts of which a larger share is no date are none; of a smaller one each is refused with its place. */
const MOST_OTHERS = 0.1;

/** The one order in which most texts are dates; undefined where they are none. */
function orderOf(texts: ReadonlyMap<string, number>, name: string, cells: Cells): DateOrder | undefined {
  const counts = new Map<DateOrder, number>();
  let [example, others] = ['', 0];
  for (const text of texts.keys()) {
    const own = dateOrders(text);
    for (const order of own) counts.set(order, (counts.get(order) ?? 0) + 1);
    if (own.length > 0) example = text;
    else if (++others > MOST_OTHERS * texts.size) return undefined;
  }
  const most = Math.max(...counts.values());
  if (most < (1 - MOST_OTHERS) * texts.size) return undefined;
  const orders = [...counts].filter(([, count]) => count === most).map(([order]) => order);
  if (orders.length === 1) return orders[0];
  const mend = `say ${cells.ways.kind(name, 'dmy')} or ${cells.ways.kind(name, 'mdy')}`;
  throw wrongValue(column(name), 'dates that show whether the day or the month is first', quote(example), mend);
}

function askedOrder({ texts }: Profile, name: string, asked: 'date' | 'dmy' | 'mdy', cells: Cells): DateOrder {
  if (asked !== 'date') return asked;
  const dates = new Map([...texts].filter(([text]) => dateOrders(text).length > 0));
  return (dates.size > 0 && orderOf(dates, name, cells)) || 'iso';
}

/** The text that means no and the one that means yes, where there are no others. */
function noAndYes(texts: ReadonlyMap<string, number>): string[] | undefined {
  if (texts.size !== 2) return undefined;
  const own = new Map([...texts.keys()].map(text => [text.toLowerCase(), text]));
  const pair = BOOLEANS.find(words => words.every(word => own.has(word)));
  return pair?.map(word => own.get(word) ?? '');
}

/** @internal Which columns a table is learned from, and how. */
export interface ColumnSettings {
  readonly target: string;
  readonly task: Task;
  readonly found: ReadonlyMap<string, Found>;
  readonly impute?: boolean;
  /** Whether categories of many values are looked up, which they are by default. */
  readonly looksUp?: boolean;
}

/**
 * @internal Learns the preprocessing from the training rows, and from nothing else: the mean and scale of every number,
 * the values of every text column, the classes or the scale of the target. Missing inputs are passed over.
 */
export function fitPreprocessing(training: Cells, settings: ColumnSettings): Preprocessing {
  return { ...fitColumns(training, settings), target: fitTargetColumn(training, settings) };
}

/** @internal {@link fitPreprocessing}, but for the target; `gathered` as {@link findColumns} takes it. */
export function fitColumns(
  training: Cells,
  settings: Omit<ColumnSettings, 'task' | 'target'> & { readonly target?: string | undefined },
  gathered?: Problems,
): Omit<Preprocessing, 'target'> {
  const { target, found, impute = false, looksUp = true } = settings;
  const problems = gathered ?? new Problems();
  const columns: InputColumn[] = [];
  const dropped: DroppedColumn[] = [];
  for (const [name, kind] of found) {
    if ('reason' in kind) dropped.push(kind);
    else {
      try {
        const fitted = fitColumn(training, name, kind, impute, looksUp);
        if ('reason' in fitted) dropped.push(fitted);
        else columns.push(fitted);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        problems.add(error);
        dropped.push({ name, kind: 'drop', reason: PROBLEM });
      }
    }
  }
  if (gathered === undefined) problems.throwAny();
  if (columns.length === 0 && !dropped.some(({ reason }) => reason === PROBLEM)) {
    const names = dropped.map(({ name, kind }) => `${quote(name)} (${kind})`);
    const got = dropped.length === 0 ? 'none' : `none but ${listed(names)}, left out`;
    throw wrongValue(
      'the table',
      target === undefined ? 'at least one column' : `at least one input column besides ${quote(target)}`,
      got,
    );
  }
  return { format: TABLE_FORMAT, columns, ...(dropped.length > 0 && { dropped }), ...(impute && { impute }) };
}

/** @internal What the training rows say of the target. */
export function fitTargetColumn(
  training: Cells,
  { target, task }: Pick<ColumnSettings, 'target' | 'task'>,
): TargetColumn {
  return fitTarget(training, target, task, values => {
    const scaling = checkedScaling(values, target);
    return { ...scaling, ...outside(values, scaling) };
  });
}

function fitColumn(
  cells: Cells,
  name: string,
  found: Exclude<Found, DroppedColumn>,
  impute: boolean,
  looksUp: boolean,
): InputColumn | DroppedColumn {
  const index = columnIndex(cells, name);
  const profile = profileOf(cells, index);
  const { numbers, texts, textCount, missing, units } = profile;
  const indicator = impute && missing > 0 ? ({ indicator: true } as const) : {};
  if (numbers.length + textCount === 0) return { name, kind: 'empty', reason: 'no value in any training row' };
  if (found.kind === 'number') {
    const scaling = checkedScaling(numbers, name);
    const unit = oneUnit(cells, name, units);
    if (scaling.scale === 0 && textCount === 0 && missing === 0) return { name, kind: 'constant', mean: scaling.mean };
    const fill = medianOf(numbers, scaling.mean);
    return {
      name,
      kind: 'number',
      ...scaling,
      ...outside(numbers, scaling),
      fill,
      ...(unit && { unit }),
      ...indicator,
    };
  }
  if (found.kind === 'text') return { ...fitTexts(cells, index, name, looksUp), ...indicator };
  if (found.kind === 'date') return fitDates(cells, index, name, found.order, indicator);
  const counts = new Map(texts);
  for (let row = 0; numbers.length > 0 && row < cells.rows; row++) {
    if (Number.isNaN(cells.number(row, index))) continue;
    const cell = cells.cell(row, index);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  if (found.kind === 'boolean') {
    const values = noAndYes(counts) ?? [...counts.keys()].sort();
    if (values.length === 1) return { name, kind: 'constant', reason: `always ${quote(values[0] ?? '')}` };
    if (values.length === 2) return { name, kind: 'boolean', values, fill: mostFrequent(counts), ...indicator };
    throw wrongValue(column(name), 'two different values', values.length, `say ${cells.ways.kind(name, 'category')}`);
  }
  return { name, kind: 'category', ...fitCategories(counts, cells.rows, looksUp), ...indicator };
}

/** Numbers that float32 does not hold as well as the network needs are scaled before it. */
function outside(numbers: ArrayLike<number>, { mean, scale }: Scaling): { outside?: true } {
  let largest = 0;
  for (let i = 0; i < numbers.length; i++) largest = Math.max(largest, Math.abs(numbers[i] ?? 0));
  const fits = scale === 0 || (Math.abs(mean) < 4096 * scale && scale > 1e-15 && scale < 1e15 && largest < 1e18);
  return fits ? {} : { outside: true };
}

function medianOf(numbers: Float64Array, mean: number): number {
  const sorted = numbers.slice().sort();
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? mean) + (sorted[Math.ceil(middle)] ?? mean)) / 2;
  return Number.isFinite(median) ? median : mean;
}

function fitDates(
  cells: Cells,
  index: number,
  name: string,
  order: DateOrder,
  indicator: { indicator?: true },
): InputColumn | DroppedColumn {
  const times: number[] = [];
  for (let row = 0; row < cells.rows; row++) {
    const time = readDate(cells.cell(row, index), order);
    // What is no date is told when it is encoded.
    if (!Number.isNaN(time)) times.push(time);
  }
  const parts = DATE_PARTS.map(part => ({ part, ...fitScaling(times.map(time => datePart(time, part))) }));
  const varying = parts.filter(({ scale }) => scale > 0);
  if (varying.length === 0 && times.length > 0) return { name, kind: 'constant', reason: 'always the same date' };
  const fill = medianOf(Float64Array.from(times), 0);
  return { name, kind: 'date', order, parts: varying, fill, ...indicator };
}

/** The scale of numbers, whose sum and range are finite. */
function checkedScaling(values: Float64Array, name: string): Scaling {
  const scaling = fitScaling(values);
  if (!Number.isFinite(scaling.mean) || !Number.isFinite(scaling.scale)) {
    throw wrongValue(column(name), 'numbers whose sum and range are finite', 'larger ones', 'rescale the column');
  }
  return scaling;
}
