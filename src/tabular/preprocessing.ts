/**
 * From a table's cells to the numbers a network takes, and from its outputs back to the target's own terms.
 *
 * A `Preprocessing` is plain data, so that it travels inside the model's file and is applied again at predict exactly
 * as it was fitted.
 */
import type { NumberGrammar } from '../data/numbers.js';
import type { Scaling } from '../data/scaling.js';
import { wrongValue } from '../errors.js';
import { parseStrictly } from '../files/strictJson.js';

export { PREPROCESSING } from './rawRows.js';

/** The key of a model file's metadata under which it says that it forecasts a series, as JSON. */
export const FORECAST = 'forecast';

/** The newest way to write it; version 0.1.0 wrote none, and scaled all numbers before the network. */
export const TABLE_FORMAT = 2;

/**
 * A column that becomes one input. The network standardises it, unless it is `outside` what float32 holds well: then
 * that is done before.
 */
export interface NumberColumn extends Scaling {
  name: string;
  kind: 'number';
  outside?: true;
  /** What stands for a missing one: the median; the mean where there is none. */
  fill?: number;
  /** Whether a second input says that a value was missing. */
  indicator?: true;
  /** What its cells are written with, such as `%` or `$`. */
  unit?: string;
}

/** A text column that becomes one input per value, 1 where it holds that value; `fill` is the most frequent. */
export interface CategoryColumn {
  name: string;
  kind: 'category';
  values: string[];
  fill: string;
  /** Whether rare texts share a place of their own, behind the others. */
  other?: true;
  /**
   * Where values are many, how many numbers the network learns for each: the column is then one input, the value's
   * place or that behind all of them, by which it looks them up.
   */
  embedding?: number;
  indicator?: true;
}

/**
 * Free text, as its words' places: 0 is none, 1 a word that training did not have, and `tokens` have those from 2 on.
 * The network looks a few numbers up for each, and takes their mean.
 */
export interface TextColumn {
  name: string;
  kind: 'text';
  tokens: string[];
  /** Inputs: words of a longer text end there. */
  length: number;
  /** How many numbers the network learns for each word. */
  embedding: number;
  indicator?: true;
}

/** Two texts that mean no and yes, as one input: 0 or 1. */
export interface BooleanColumn {
  name: string;
  kind: 'boolean';
  values: string[];
  fill: string;
  indicator?: true;
}

/** Words of a text, at most. */
export const MOST_WORDS = 256;

export const DATE_PARTS = ['year', 'month', 'weekday', 'hour', 'days'] as const;
export type DatePart = (typeof DATE_PARTS)[number];
export type DateOrder = 'iso' | 'dmy' | 'mdy';

/** Dates and times as some of their parts, each a number that the network standardises. */
export interface DateColumn {
  name: string;
  kind: 'date';
  order: DateOrder;
  parts: (Scaling & { part: DatePart })[];
  /** Milliseconds since 1970. */
  fill: number;
  indicator?: true;
}

/** A column that always held one number: an input that the network leaves alone, so that rows keep their places. */
export interface ConstantColumn {
  name: string;
  kind: 'constant';
  mean: number;
}

/** A target of class names, in the order of the network's outputs. */
export interface ClassTarget {
  name: string;
  kind: 'classes';
  values: string[];
}

export interface NumberTarget extends Scaling {
  name: string;
  kind: 'number';
  outside?: true;
  /** What its cells are written with, such as `%` or `$`. */
  unit?: string;
}

export type InputColumn = NumberColumn | CategoryColumn | TextColumn | BooleanColumn | DateColumn | ConstantColumn;
export type TargetColumn = ClassTarget | NumberTarget;

/** A column that is not predicted from, and why. */
export interface DroppedColumn {
  readonly name: string;
  readonly kind: 'identifier' | 'text' | 'constant' | 'empty' | 'drop';
  readonly reason: string;
}

/** How the training file was read, so that others are read alike. */
export interface StoredReading extends NumberGrammar {
  readonly missing: readonly string[];
  readonly header: boolean;
  /** How many columns the file had, which places tell apart where there is no header. */
  readonly columns: number;
}

/** How a table's columns become inputs, in their order, and what the outputs mean. */
export interface Preprocessing {
  /** {@link TABLE_FORMAT}; not in files of version 0.1.0. */
  format?: number;
  columns: InputColumn[];
  target: TargetColumn;
  dropped?: DroppedColumn[];
  /** Whether missing values are filled in. */
  impute?: boolean;
  /** The least probability of the second of two classes that makes it the prediction; of the largest by default. */
  threshold?: number;
  /** Of a regression: how far predictions were off on rows held out, at 1 %, 2 % … 99 % of them, without signs. */
  errors?: number[];
  /** Of a model of anomalies: the score from which on a row is one, and the share of rows that is below it. */
  anomaly?: { threshold: number; quantile: number };
  /** Not in files of version 0.1.0, nor where no file was read. */
  reading?: StoredReading;
}

export type Task = 'classification' | 'regression';

/** A column whose values are looked up: a category's, or a text's words. */
export type LookedUpColumn = (CategoryColumn & { embedding: number }) | TextColumn;

export function isLookedUp(column: InputColumn): column is LookedUpColumn {
  return 'embedding' in column && column.embedding !== undefined;
}

/** The place of what training did not have, and those of what it had: from the first up to, not with, the last. */
export function placesOf(column: LookedUpColumn): { unseen: number; first: number; end: number } {
  const { length } = column.kind === 'text' ? column.tokens : column.values;
  return column.kind === 'text' ? { unseen: 1, first: 2, end: length + 2 } : { unseen: length, first: 0, end: length };
}

/** How many of a column's inputs are places to look up at: the first ones. */
export function lookedUpWidth(column: InputColumn): number {
  if (!isLookedUp(column)) return 0;
  return column.kind === 'text' ? column.length : 1;
}

/** How many inputs a column's values become, whether they are missing aside. */
export function valueWidth(column: InputColumn): number {
  if (column.kind === 'category' && !isLookedUp(column)) return column.values.length + (column.other ? 1 : 0);
  return column.kind === 'date' ? column.parts.length : Math.max(1, lookedUpWidth(column));
}

/** How many inputs a column becomes; the last one says whether it is missing, where there is an indicator. */
export function columnWidth(column: InputColumn): number {
  return valueWidth(column) + ('indicator' in column && column.indicator ? 1 : 0);
}

/** How many inputs the network takes. */
export function inputWidth({ columns }: Pick<Preprocessing, 'columns'>): number {
  return columns.reduce((width, column) => width + columnWidth(column), 0);
}

/** How many outputs the network gives: one per class, or one number. */
export function outputWidth({ target }: Pick<Preprocessing, 'target'>): number {
  return target.kind === 'classes' ? target.values.length : 1;
}

/** Whether numbers of this column or target are scaled before the network, as all are in files of version 0.1.0. */
export function isOutside(column: { outside?: true }, { format }: Pick<Preprocessing, 'format'>): boolean {
  return format === undefined || column.outside === true;
}

/** The preprocessing that a model's file holds, checked: a file may come from anywhere. */
export function parsePreprocessing(text: string): Preprocessing {
  let value: unknown;
  try {
    value = parseStrictly('preprocessing', text);
  } catch {
    throw broken('JSON, and each key once');
  }
  if (!isRecord(value) || !Array.isArray(value.columns) || value.columns.length === 0) throw broken('columns');
  const { format } = value;
  if (format !== undefined && format !== TABLE_FORMAT) {
    const got = `format ${String(format).slice(0, 10)}`;
    throw wrongValue("the model's preprocessing", `format ${TABLE_FORMAT}`, got, 'update myelin');
  }
  if (!value.columns.every(isInputColumn)) throw broken('columns of numbers or of categories');
  if (!isTargetColumn(value.target)) throw broken('a target of classes or of numbers');
  if (value.reading !== undefined && !isReading(value.reading)) throw broken('how the file was read');
  const { dropped = [], impute, threshold, errors, anomaly } = value;
  if (!isListOf(dropped, one => isNamed(one) && typeof one.reason === 'string')) throw broken('columns left out');
  const isThreshold = threshold === undefined || (isFiniteNumber(threshold) && threshold > 0 && threshold < 1);
  const areErrors = errors === undefined || isListOf(errors, isFiniteNumber);
  const isAnomaly = anomaly === undefined || (isRecord(anomaly) && isFiniteNumber(anomaly.threshold));
  if (!isThreshold || !areErrors || !isAnomaly || (impute !== undefined && typeof impute !== 'boolean'))
    throw broken('its settings');
  return value as unknown as Preprocessing;
}

function broken(expected: string): RangeError {
  return wrongValue("the model's preprocessing", expected, 'something else', 'train the model again');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNamed(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value.name === 'string' && typeof value.kind === 'string';
}

function isListOf(value: unknown, is: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isScaling(value: unknown): boolean {
  return isRecord(value) && isFiniteNumber(value.scale) && value.scale >= 0 && isFiniteNumber(value.mean);
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function areTexts(value: unknown): value is string[] {
  const distinct = Array.isArray(value) && value.length > 0 && new Set(value).size === value.length;
  return distinct && value.every(text => typeof text === 'string');
}

function isInputColumn(value: unknown): value is InputColumn {
  if (!isNamed(value)) return false;
  const { kind, values, fill, parts, embedding } = value;
  switch (kind) {
    case 'number':
      return isScaling(value) && (fill === undefined || isFiniteNumber(fill)) && isUnit(value.unit);
    case 'constant':
      return isFiniteNumber(value.mean);
    case 'boolean':
    case 'category': {
      const isWhole = embedding === undefined || (Number.isInteger(embedding) && Number(embedding) > 0);
      return (
        areTexts(values) && isWhole && values.includes(fill as string) && (kind !== 'boolean' || values.length === 2)
      );
    }
    case 'text': {
      const isCount = (one: unknown) => Number.isInteger(one) && Number(one) > 0 && Number(one) <= MOST_WORDS;
      return areTexts(value.tokens) && isCount(value.length) && isCount(embedding);
    }
    case 'date': {
      const isPart = (one: unknown) => isScaling(one) && DATE_PARTS.includes((one as { part: DatePart }).part);
      const isOrder = ['iso', 'dmy', 'mdy'].includes(value.order as string);
      return isFiniteNumber(fill) && isListOf(parts, isPart) && isOrder;
    }
    default:
      return false;
  }
}

function isUnit(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.length === 1);
}

function isTargetColumn(value: unknown): value is TargetColumn {
  if (!isNamed(value)) return false;
  if (value.kind === 'number') return isScaling(value) && isUnit(value.unit);
  return value.kind === 'classes' && areTexts(value.values);
}

function isReading(value: unknown): value is StoredReading {
  if (!isRecord(value) || !Array.isArray(value.missing) || typeof value.header !== 'boolean') return false;
  const { decimal, thousands, missing, columns } = value;
  const isGrammar = (decimal === '.' || decimal === ',') && decimal !== thousands;
  const isKnown = typeof thousands === 'string' && ['', ',', '.', ' ', "'"].includes(thousands);
  return isGrammar && isKnown && Number.isInteger(columns) && missing.every(word => typeof word === 'string');
}
