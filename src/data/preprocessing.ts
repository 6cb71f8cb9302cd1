/**
 * From a table of text to the numbers a network takes, and from its outputs back to the target's own terms.
 *
 * A `Preprocessing` is plain data, so that it travels inside the model's file and is applied again at predict exactly
 * as it was fitted.
 */
import { wrongValue } from '../errors.js';
import { parseStrictly } from '../files/strictJson.js';
import type { NumberGrammar } from './numbers.js';
import type { Scaling } from './scaling.js';

/** The key of a model file's metadata under which the preprocessing travels, as JSON. */
export const PREPROCESSING = 'preprocessing';

/** A column that becomes one input, standardised. */
export interface NumberColumn extends Scaling {
  name: string;
  kind: 'number';
}

/** A text column that becomes one input per value, 1 where it holds that value; `fill` is the most frequent. */
export interface CategoryColumn {
  name: string;
  kind: 'category';
  values: string[];
  fill: string;
}

/** A target of class names, in the order of the network's outputs. */
export interface ClassTarget {
  name: string;
  kind: 'classes';
  values: string[];
}

export type InputColumn = NumberColumn | CategoryColumn;
export type TargetColumn = ClassTarget | NumberColumn;

/** How the training file was read, so that others are read alike. */
export interface StoredReading extends NumberGrammar {
  readonly missing: readonly string[];
  readonly header: boolean;
  /** How many columns the file had, which places tell apart where there is no header. */
  readonly columns: number;
}

/** How a table's columns become inputs, in their order, and what the outputs mean. */
export interface Preprocessing {
  columns: InputColumn[];
  target: TargetColumn;
  /** Not in files of version 0.1.0. */
  reading?: StoredReading;
}

export type Task = 'classification' | 'regression';

/** How many inputs the network takes. */
export function inputWidth(preprocessing: Preprocessing): number {
  let width = 0;
  for (const column of preprocessing.columns) width += column.kind === 'number' ? 1 : column.values.length;
  return width;
}

/** How many outputs the network gives: one per class, or one number. */
export function outputWidth({ target }: Preprocessing): number {
  return target.kind === 'classes' ? target.values.length : 1;
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
  const { columns, target, reading } = value;
  if (!columns.every(isInputColumn)) throw broken('columns of numbers or of categories');
  if (!isTargetColumn(target)) throw broken('a target of classes or of numbers');
  if (reading === undefined) return { columns, target };
  if (!isReading(reading)) throw broken('how the file was read');
  return { columns, target, reading };
}

function broken(expected: string): RangeError {
  return wrongValue("the model's preprocessing", expected, 'something else', 'train the model again');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNumberColumn(value: unknown): value is NumberColumn {
  if (!isRecord(value) || typeof value.name !== 'string' || value.kind !== 'number') return false;
  return isFiniteNumber(value.scale) && value.scale >= 0 && isFiniteNumber(value.mean);
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function areTexts(value: unknown): value is string[] {
  const distinct = Array.isArray(value) && value.length > 0 && new Set(value).size === value.length;
  return distinct && value.every(text => typeof text === 'string');
}

function isInputColumn(value: unknown): value is InputColumn {
  if (isNumberColumn(value)) return true;
  if (!isRecord(value) || typeof value.name !== 'string' || value.kind !== 'category') return false;
  return areTexts(value.values) && typeof value.fill === 'string' && value.values.includes(value.fill);
}

function isTargetColumn(value: unknown): value is TargetColumn {
  if (isNumberColumn(value)) return true;
  return isRecord(value) && typeof value.name === 'string' && value.kind === 'classes' && areTexts(value.values);
}

function isReading(value: unknown): value is StoredReading {
  if (!isRecord(value) || !Array.isArray(value.missing) || typeof value.header !== 'boolean') return false;
  const { decimal, thousands, missing, columns } = value;
  const isGrammar = (decimal === '.' || decimal === ',') && decimal !== thousands;
  const isKnown = typeof thousands === 'string' && ['', ',', '.', ' ', "'"].includes(thousands);
  return isGrammar && isKnown && Number.isInteger(columns) && missing.every(word => typeof word === 'string');
}
