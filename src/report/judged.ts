/** Rows whose target is known, with what a model says of them: of a table's model, and of any other. */
import { inputNumbers, outputActivation, outputShape } from '../architecture.js';
import { readSamples, type SequenceLengths, unwrap } from '../data/samples.js';
import { wrongKind, wrongType, wrongValue } from '../errors.js';
import { isList, isNumberArray } from '../kinds.js';
import type { Model } from '../model.js';
import { size } from '../shape.js';
import type { Cells } from '../tabular/cells.js';
import { inOwnUnit, outputsFor } from '../tabular/encoded.js';
import { type Importance, permutationImportance } from '../tabular/importance.js';
import { columnWidth, type Preprocessing } from '../tabular/preprocessing.js';
import { figuresOf, lossOf } from '../tabular/tableModel.js';
import { encodeTarget } from '../tabular/target.js';
import type { Judged } from './contents.js';
import { pictureShape, squareOf } from './picture.js';

/** Cells of a mistake that are shown: those that matter most. */
const MOST_CELLS = 5;
/** Multiply-adds, roughly, that the importance of columns may take: some seconds. */
const MOST_WORK = 2e10;
const REPEATS = 5;

/** Rows of a table, encoded as `x`. */
export interface TableRowsJudged {
  readonly model: Model;
  readonly preprocessing: Preprocessing;
  readonly cells: Cells;
  readonly x: Float32Array;
}

export function judgeTable(
  { model, preprocessing, cells, x }: TableRowsJudged,
  importance: readonly Importance[],
): Judged {
  const { target, threshold, columns, anomaly } = preprocessing;
  const outputs = outputsFor(model, x, preprocessing);
  const names = columns.map(({ name }) => name);
  const shown = importance.length > 0 ? importance.map(({ column }) => column) : names;
  const places = shown.slice(0, MOST_CELLS).map(name => [name, cells.find(name)[0] ?? -1] as const);
  const rows = {
    inputs: x,
    picture: columns.every(({ kind }) => kind === 'number' || kind === 'constant') ? squareOf(names) : undefined,
    rowName: (row: number) => `row ${cells.rowNumber(row)}`,
    cells: (row: number) =>
      places.flatMap(([name, column]) => (column < 0 ? [] : [[name, cells.cell(row, column)] as const])),
  };
  if (anomaly) return { kind: 'scores', scores: outputs, ...anomaly, ...rows };
  const truth = encodeTarget(cells, target);
  if (target.kind === 'number') {
    const predicted = inOwnUnit(outputs, preprocessing);
    return { kind: 'numbers', truth: Float64Array.from(truth), predicted, scale: target.scale, ...rows };
  }
  const classes = { classes: target.values, ...(threshold !== undefined && { threshold }) };
  return { kind: 'classes', truth: Int32Array.from(truth), probabilities: outputs, ...classes, ...rows };
}

/** Which columns matter, by as many rows as that takes some seconds; none where even a hundred rows take longer. */
export function tableImportance({ model, preprocessing, cells, x }: TableRowsJudged, seed: number): Importance[] {
  const { columns, anomaly } = preprocessing;
  // A score has no truth that it could be further from.
  if (anomaly) return [];
  const width = x.length / cells.rows;
  const parameters = model.parameters.reduce((sum, { shape }) => sum + size(shape), 0);
  const most = Math.floor(MOST_WORK / (columns.length * REPEATS * (parameters + 10 * width)));
  const rows = Math.min(cells.rows, most);
  if (rows < Math.min(100, cells.rows)) return [];
  const some = cells.pick(Array.from({ length: rows }, (_, row) => row));
  const groups = columns.map(column => ({ name: column.name, width: columnWidth(column) }));
  return permutationImportance(x.subarray(0, rows * width), groups, { repeats: REPEATS, seed }, inputs => {
    return lossOf(figuresOf(outputsFor(model, inputs, preprocessing), some, preprocessing));
  });
}

/** Rows for a model that is not a table's, as users give them. */
export interface PlainRows {
  readonly x: unknown;
  readonly y: unknown;
  readonly scale?: unknown;
  readonly lengths?: SequenceLengths;
}

/**
 * @throws TypeError where the model has several inputs or outputs
 * @throws RangeError where targets do not fit the outputs
 */
export function judgePlain(
  where: string,
  model: Model,
  { x, y, scale, lengths: steps }: PlainRows,
  { classes, picture }: { readonly classes?: readonly string[]; readonly picture?: readonly number[] },
): Judged {
  const { architecture } = model;
  if (!isList(architecture.inputShape) || typeof architecture.outputs === 'object') {
    throw wrongKind(where, 'a model with one input and one output, both without a name', 'one with names');
  }
  const inputs = inputNumbers(architecture);
  const { lengths: own, ...bytes } = scale === undefined ? unwrap(where, x) : { x, scale, lengths: undefined };
  const samples = readSamples(where, bytes.x, inputs, 'the model', bytes.scale);
  const given = samples.values instanceof Uint8Array ? { x: samples.values, scale: samples.scale } : samples.values;
  const lengths = steps ?? (own as SequenceLengths | undefined);
  const outputs = model.predict(given, lengths === undefined ? {} : { lengths });
  const width = size(outputShape(architecture));
  const { kind } = outputActivation(architecture);
  const targets = flat(where, y);
  const isClassifier = kind === 'softmax' || (kind === 'sigmoid' && width === 1);
  // Each number of a row is judged by itself.
  const each = isClassifier ? 1 : width;
  const rowOf = (place: number) => Math.floor(place / each);
  const rows = {
    inputs: samples.values,
    picture: each > 1 ? undefined : pictureShape(picture ?? architecture.inputShape),
    rowName: (place: number) => `row ${rowOf(place) + 1}${each > 1 ? `, output ${place % each}` : ''}`,
    cells: (place: number) => {
      const start = rowOf(place) * inputs;
      const shown = samples.values.subarray(start, start + Math.min(inputs, MOST_CELLS));
      // As many digits as float32 has.
      return Array.from(shown).map((value, i) => [`input ${i}`, String(Number(value.toPrecision(7)))] as const);
    },
  };
  if (!isClassifier) {
    checkCount(where, targets.length, outputs.length);
    const predicted = Float64Array.from(outputs);
    return { kind: 'numbers', truth: Float64Array.from(targets), predicted, scale: 1, ...rows };
  }
  const count = Math.max(width, 2);
  const names = classes ?? Array.from({ length: count }, (_, c) => String(c));
  if (names.length !== count) throw wrongValue(`${where}: classes`, `${count} names`, String(names.length));
  const probabilities = width > 1 ? outputs : Float32Array.from({ length: 2 * outputs.length }, pairOf(outputs));
  const truth = labelsOf(where, targets, samples.rows, width);
  return { kind: 'classes', truth, probabilities, classes: names, ...rows };
}

/** One probability as those of no and yes. */
function pairOf(outputs: Float32Array): (_: unknown, at: number) => number {
  return (_, at) => (at % 2 === 1 ? (outputs[at >> 1] ?? 0) : 1 - (outputs[at >> 1] ?? 0));
}

function flat(where: string, y: unknown): number[] {
  if (isNumberArray(y)) return Array.from(y, Number);
  if (!isList(y)) throw wrongType(`${where}: y`, 'the target of every row', y);
  return y.flatMap(row => (typeof row === 'number' ? [row] : flat(where, row)));
}

/** The class of each row: indices as they are, of rows the largest. */
function labelsOf(where: string, targets: readonly number[], rows: number, width: number): Int32Array {
  if (targets.length !== rows) checkCount(where, targets.length, rows * width);
  const isIndex = targets.length === rows;
  return Int32Array.from({ length: rows }, (_, row) => {
    if (isIndex) return targets[row] ?? 0;
    const own = targets.slice(row * width, (row + 1) * width);
    return own.indexOf(Math.max(...own));
  });
}

function checkCount(where: string, got: number, expected: number): void {
  if (got !== expected) throw wrongValue(`${where}: y`, `${expected} numbers, as the model gives`, String(got));
}
