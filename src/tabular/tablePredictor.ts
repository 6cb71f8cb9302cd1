/** A model of a table that predicts: it takes rows by their columns' names, and answers in the target's own terms. */
import { checkNumber, checkOptions, quote, wrongKind, wrongValue } from '../errors.js';
import { hasKey, isList } from '../kinds.js';
import { type Cells, cellsOf, isTable } from './cells.js';
import { inOwnUnit, markEncoded, outputsFor } from './encoded.js';
import { encodeInputs } from './inputs.js';
import {
  columnWidth,
  type DroppedColumn,
  FORECAST,
  type InputColumn,
  inputWidth,
  outputWidth,
  PREPROCESSING,
  type Preprocessing,
  parsePreprocessing,
} from './preprocessing.js';

/** What a model says of a row. */
export interface Prediction {
  /** The name of a class, or a number in the target's own unit; of a model of anomalies `'anomaly'` or `'normal'`. */
  readonly prediction: string | number;
  /** Of a classifier: how likely each class is, by its name. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Of a model of anomalies: the mean squared error of the row's inputs, in units of their deviations. */
  readonly score?: number;
  /** Of a regression, where asked for: the least and the largest that it expects. */
  readonly interval?: readonly [number, number];
}

export interface PredictOptions {
  /** Whether missing values are filled in; as the model was trained by default. */
  readonly impute?: boolean;
  /**
   * Of a regression: the share of rows that is to lie within an interval around the prediction. It is as wide as the
   * errors on rows held out say (split conformal prediction).
   */
  readonly interval?: number;
}

/** What became of a column. */
export interface ColumnSummary {
  readonly name: string;
  readonly kind: InputColumn['kind'] | DroppedColumn['kind'];
  /** How many of the network's inputs it is; 0 where it was left out. */
  readonly inputs: number;
  /** What training saw in it, or why it was left out, in words. */
  readonly about: string;
}

/** What carries a table's network out. */
export interface Network {
  readonly metadata: Record<string, string>;
  predict(x: Float32Array): Float32Array;
}

/** @internal What a table's model is made of. */
export interface TableParts<M extends Network> {
  readonly model: M;
  readonly preprocessing: Preprocessing;
}

export class TablePredictor<Row extends object = Record<string, unknown>, M extends Network = Network> {
  /** The network inside: it takes what the columns become, and knows nothing of their names. */
  readonly model: M;
  /** @internal */
  readonly preprocessing: Preprocessing;

  /** @internal Use {@link fromBytes}. */
  constructor(parts: TableParts<M>) {
    if (!hasKey(parts, 'preprocessing')) {
      const expected = 'fitTable(rows, options), TableModel.load(path) or TableModel.fromBytes(bytes)';
      throw wrongKind('TableModel', expected, 'new TableModel(…)', 'each gives a promise: await it');
    }
    const { model, preprocessing } = parts;
    this.model = model;
    this.preprocessing = preprocessing;
    markEncoded(model, preprocessing);
  }

  /** What is predicted: its column's name, and of a classifier its classes. */
  get target(): { readonly name: string; readonly classes?: readonly string[] } {
    const { target } = this.preprocessing;
    const { name } = target;
    return target.kind === 'classes' ? { name, classes: target.values } : { name };
  }

  /**
   * The least probability of the second of two classes that makes it the prediction; undefined where the larger one
   * does.
   */
  get threshold(): number | undefined {
    return this.preprocessing.threshold;
  }

  /** What became of each column. */
  get columns(): ColumnSummary[] {
    return summariesOf(this.preprocessing);
  }

  /**
   * What the model says of a row, or of each of some rows: objects by column name. The target and columns that were
   * left out may be among them.
   *
   * @throws RangeError naming columns that are unknown, missing or misspelt, and cells that are missing (unless the
   *   model imputes) or do not fit
   */
  predict(row: Row, options?: PredictOptions): Prediction;
  predict(rows: readonly Row[] | Iterable<Row>, options?: PredictOptions): Prediction[];
  predict(given: Row | readonly Row[] | Iterable<Row>, options: PredictOptions = {}): Prediction | Prediction[] {
    const where = 'predict';
    checkOptions(where, options, ['impute', 'interval']);
    const { interval } = options;
    const reach = interval === undefined ? undefined : reachOf(`${where}: interval`, this.preprocessing, interval);
    const isOne = !isList(given) && !isTable(given);
    const rows = isOne ? [given] : given;
    const predictions = this.predictCells(this.cells(where, rows), options.impute, reach);
    if (!isOne) return predictions;
    const [only] = predictions;
    if (only === undefined) throw wrongValue(where, 'a row', 'none');
    return only;
  }

  /** @internal Rows with all columns that are needed. */
  cells(where: string, rows: unknown, ...others: string[]): Cells {
    const { columns, dropped = [], target, reading } = this.preprocessing;
    const needed = columns.flatMap(({ name, kind }) => (kind === 'constant' ? [] : [name]));
    const known = [...columns, ...dropped, target].map(({ name }) => name);
    return cellsOf(where, rows, { needed: [...needed, ...others], known, ...(reading && { reading }) });
  }

  /** @internal The network's outputs for cells. */
  outputs(cells: Cells, impute = this.preprocessing.impute): Float32Array {
    return outputsFor(this.model, this.encode(cells, impute), this.preprocessing);
  }

  /** @internal What the network is given for cells. */
  encode(cells: Cells, impute = this.preprocessing.impute): Float32Array {
    return encodeInputs(cells, this.preprocessing, { missing: impute ? 'fill' : 'refuse' }).x;
  }

  /** @internal */
  predictCells(cells: Cells, impute?: boolean, reach?: number): Prediction[] {
    const { preprocessing } = this;
    const { target, threshold, anomaly } = preprocessing;
    const outputs = this.outputs(cells, impute);
    if (anomaly) {
      return Array.from(outputs, score => ({ prediction: score >= anomaly.threshold ? 'anomaly' : 'normal', score }));
    }
    if (target.kind === 'number') {
      return Array.from(inOwnUnit(outputs, preprocessing), prediction => {
        return reach === undefined
          ? { prediction }
          : { prediction, interval: [prediction - reach, prediction + reach] as const };
      });
    }
    const classes = target.values;
    return Array.from(decided(outputs, classes.length, threshold), (index, row) => {
      const probabilities = Object.fromEntries(
        classes.map((name, c) => [name, outputs[row * classes.length + c] ?? 0]),
      );
      return { prediction: classes[index] ?? '', probabilities };
    });
  }
}

/** @internal How far from a prediction the rows of that share lie; `where` is the option that asks for it. */
export function reachOf(where: string, { errors }: Preprocessing, share: number): number {
  checkNumber(where, share, { above: 0, below: 1 });
  const reach = errors?.[Math.min(Math.ceil(share * 100), errors.length) - 1];
  if (reach !== undefined) return reach;
  const expected = 'a regression with rows held out, whose errors say how wide it is';
  throw wrongKind(where, expected, 'none', 'train it with validation rows');
}

/** What became of each column. */
export function summariesOf({ columns, dropped = [] }: Preprocessing): ColumnSummary[] {
  const used = columns.map(column => {
    const { name, kind } = column;
    return { name, kind, inputs: columnWidth(column), about: aboutColumn(column) };
  });
  return [...used, ...dropped.map(({ name, kind, reason }) => ({ name, kind, inputs: 0, about: reason }))];
}

/** The class that each row's probabilities decide for. */
export function decided(outputs: ArrayLike<number>, classes: number, threshold?: number): Int32Array {
  return Int32Array.from({ length: outputs.length / classes }, (_, row) => {
    if (threshold !== undefined) return (outputs[row * classes + 1] ?? 0) >= threshold ? 1 : 0;
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((outputs[row * classes + c] ?? 0) > (outputs[row * classes + best] ?? 0)) best = c;
    }
    return best;
  });
}

/** @internal The columns of a loaded network, which then knows them no more. */
export function takePreprocessing(model: Network, widths: { inputs: number; outputs: number }): Preprocessing {
  const where = 'TableModel';
  const text = model.metadata[PREPROCESSING];
  const forecasts = FORECAST in model.metadata;
  if (text === undefined || forecasts) {
    const mend = 'load it with Model';
    const got = forecasts ? 'one that forecasts a series' : 'one without columns';
    throw wrongKind(where, 'a model of a table, as myelin train or fitTable make', got, mend);
  }
  delete model.metadata[PREPROCESSING];
  const preprocessing = parsePreprocessing(text);
  checkWidths('model file', widths, preprocessing);
  return preprocessing;
}

/** Refuses a preprocessing that is another network's. */
export function checkWidths(
  path: string,
  { inputs, outputs }: { inputs: number; outputs: number },
  preprocessing: Preprocessing,
): void {
  if (inputWidth(preprocessing) !== inputs) {
    throw wrongValue(path, `${inputs} inputs`, `columns that make ${inputWidth(preprocessing)}`);
  }
  if (outputWidth(preprocessing) !== outputs) {
    throw wrongValue(path, `${outputs} outputs`, `a target of ${outputWidth(preprocessing)}`);
  }
}

/** Texts that are shown of a column. */
const MOST_SHOWN = 8;

/** What training saw in a column, in words that fit a line. */
export function aboutColumn(column: InputColumn): string {
  const missing = 'indicator' in column && column.indicator ? ', and whether it is missing' : '';
  switch (column.kind) {
    case 'number':
      return `mean ${short(column.mean)}, standard deviation ${short(column.scale)}${unitOf(column.unit)}${missing}`;
    case 'constant':
      return `always ${column.mean} in training: ignored`;
    case 'date':
      return `${column.parts.map(({ part }) => part).join(', ')}${missing}`;
    case 'boolean':
      return `${column.values.map(quote).join(' or ')}${missing}`;
    case 'text': {
      const { tokens, length, embedding } = column;
      return `at most ${length} words, each as ${embedding} numbers: ${some(tokens)}${missing}`;
    }
    case 'category': {
      const { values, other, embedding } = column;
      const rare = other ? ', rare ones together' : '';
      const learned = embedding === undefined ? '' : ` as ${embedding} numbers`;
      return `one of ${values.length}${learned}: ${some(values)}${rare}${missing}`;
    }
  }
}

/** The first of some texts, and how many more there are. */
function some(texts: readonly string[]): string {
  const shown = texts.slice(0, MOST_SHOWN).map(text => (text.length > 20 ? `${text.slice(0, 19)}…` : text));
  return `${shown.join(', ')}${texts.length > shown.length ? ` and ${texts.length - shown.length} more` : ''}`;
}

function unitOf(unit: string | undefined): string {
  return unit === undefined ? '' : `, in ${unit}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
