/** A model of a table with all that it needs: predicts, judges itself, says what matters, is saved. */
import { inputNumbers, outputShape } from '../architecture.js';
import { Problems } from '../data/problems.js';
import { checkInteger, checkOptions, wrongKind } from '../errors.js';
import { checkPath } from '../files/access.js';
import type { Bytes } from '../kinds.js';
import { Model } from '../model.js';
import { type LoadOptions, loadModel, type Predictor, type PredictorClass } from '../predictor.js';
import { checkSeed } from '../random.js';
import { size } from '../shape.js';
import type { History } from '../trainingOptions.js';
import type { Cells } from './cells.js';
import { inOwnUnit, markEncoded, outputsFor } from './encoded.js';
import { classFigures, type Figures, numberFigures } from './figures.js';
import type { TableTrial } from './folds.js';
import { type Importance, permutationImportance } from './importance.js';
import { type EncodeOptions, encodeInputs } from './inputs.js';
import { columnWidth, PREPROCESSING, type Preprocessing } from './preprocessing.js';
import { type TableParts, TablePredictor, takePreprocessing } from './tablePredictor.js';
import { classIndices, encodeTarget, knownNumbers } from './target.js';

export interface ImportanceOptions {
  /** How often each column is dealt out; 5 by default. */
  readonly repeats?: number;
  /** 0 by default. */
  readonly seed?: number;
}

/** What became of the training. */
export interface TrainingReport {
  /** Which rows the figures are of. */
  readonly scoredOn: 'held-out' | 'training';
  readonly figures: Figures;
  readonly keptEpoch: number;
  readonly doneEpochs: number;
  readonly stopped: boolean;
  readonly settled: boolean;
  /** Of the model that was judged, epoch by epoch. */
  readonly history: History;
  /** What the logits were divided by, where probabilities were calibrated. */
  readonly temperature?: number;
  /** What a search tried, the best first. */
  readonly trials?: readonly TableTrial[];
}

export type { Importance } from './importance.js';

export class BaseTableModel<Row extends object = Record<string, unknown>> extends TablePredictor<Row, Model> {
  /** @internal */
  static get modelClass(): PredictorClass<Model> {
    return Model;
  }

  /**
   * The model in the bytes of a file that `myelin train` or {@link save} wrote.
   *
   * @throws where it is no such file
   */
  static async fromBytes<Row extends object = Record<string, unknown>>(
    bytes: Uint8Array,
    options: LoadOptions = {},
  ): Promise<BaseTableModel<Row>> {
    return tableOf<BaseTableModel<Row>>(this, await loadModel(this.modelClass, 'TableModel.fromBytes', bytes, options));
  }

  /** The model in such a file, on platforms with files. */
  static async load<Row extends object = Record<string, unknown>>(
    path: string,
    options: LoadOptions = {},
  ): Promise<BaseTableModel<Row>> {
    const { load } = this.modelClass as unknown as typeof Model;
    return tableOf<BaseTableModel<Row>>(this, await load.call(this.modelClass, path, options));
  }

  /** How the training went, of a model that fitTable made. */
  training: TrainingReport | undefined;

  /**
   * How well the model does on rows with their target: for classes accuracy beside that of the most frequent one, log
   * loss, ROC AUC, average precision, calibration error, each class's precision, recall and F1, and the confusion
   * matrix; for numbers R² and errors beside those of their mean.
   */
  evaluate(rows: readonly Row[] | Iterable<Row>, options: { readonly impute?: boolean } = {}): Figures {
    checkOptions('evaluate', options, ['impute']);
    this.#refuseWithoutTarget('evaluate');
    return this.evaluateCells(this.cells('evaluate', rows, this.target.name), options.impute);
  }

  #refuseWithoutTarget(where: string): void {
    if (!this.preprocessing.anomaly) return;
    throw wrongKind(where, 'a model with a target', 'one of anomalies', 'predict says which rows are some');
  }

  /** @internal */
  evaluateCells(cells: Cells, impute?: boolean, by: Preprocessing = this.preprocessing): Figures {
    const filling = (impute ?? this.preprocessing.impute) ? 'fill' : 'refuse';
    const x = encodeJudged(cells, this.preprocessing, { missing: filling });
    return figuresOf(outputsFor(this.model, x, this.preprocessing), cells, by);
  }

  /**
   * How much each column matters, the most important one first: how much the log loss grows, or of numbers the mean
   * squared error as a share of their variance, where the column's values are dealt to other rows.
   *
   * Source: Fisher, Rudin and Dominici, «All models are wrong, but many are useful», JMLR 2019.
   */
  importance(rows: readonly Row[] | Iterable<Row>, options: ImportanceOptions = {}): Importance[] {
    const where = 'importance';
    checkOptions(where, options, ['repeats', 'seed']);
    this.#refuseWithoutTarget(where);
    const repeats = checkInteger(`${where}: repeats`, options.repeats ?? 5, 1, 1000);
    const seed = checkSeed(`${where}: seed`, options.seed ?? 0);
    const cells = this.cells(where, rows, this.target.name);
    const { preprocessing, model } = this;
    const groups = preprocessing.columns.map(column => ({ name: column.name, width: columnWidth(column) }));
    return permutationImportance(this.encode(cells), groups, { repeats, seed }, inputs => {
      return lossOf(figuresOf(outputsFor(model, inputs, preprocessing), cells, preprocessing));
    });
  }

  /** The model as the bytes of a .safetensors file, which the command line takes too. */
  toBytes(): Bytes {
    return this.#whole(model => model.toBytes());
  }

  /** Writes the model to a .safetensors file, on platforms with files; a crash leaves the old file whole. */
  async save(path: string): Promise<void> {
    checkPath('TableModel.save', path);
    const bytes = this.#whole(model => model.toBytes());
    const { files } = (this.model.constructor as PredictorClass<Model>).host;
    if (!files) throw wrongKind('TableModel.save', 'a platform with files', 'one without', 'keep what toBytes() gives');
    await files.write(path, bytes);
  }

  /** What the inner model is while its file is written: one whose columns are known. */
  #whole<R>(use: (model: Model) => R): R {
    const { metadata } = this.model;
    metadata[PREPROCESSING] = JSON.stringify(this.preprocessing);
    try {
      return use(this.model);
    } finally {
      delete metadata[PREPROCESSING];
      markEncoded(this.model, this.preprocessing);
    }
  }
}

/** @internal A class of tables' models, and what their networks are loaded as. */
export interface TableClass<T extends BaseTableModel<never>> {
  readonly prototype: T;
  new (parts: TableParts<Model>): T;
  readonly modelClass: PredictorClass<Model>;
}

/** @internal A loaded network as a table's model. */
export function tableOf<T extends BaseTableModel<never>>(tableClass: TableClass<T>, model: Model): T {
  return new tableClass({ model, preprocessing: takePreprocessing(model, widthsOf(model)) });
}

/** @internal How many numbers a network takes and gives. */
export function widthsOf({ architecture }: Predictor): { inputs: number; outputs: number } {
  return { inputs: inputNumbers(architecture), outputs: size(outputShape(architecture)) };
}

/** @internal Rows with their target as inputs: whatever is wrong with either is told together. */
export function encodeJudged(cells: Cells, preprocessing: Preprocessing, options: EncodeOptions): Float32Array {
  const problems = new Problems(cells.faults);
  const { x } = encodeInputs(cells, preprocessing, { ...options, problems });
  problems.attempt(() => encodeTarget(cells, preprocessing.target));
  problems.throwAny();
  return x;
}

/** @internal The figures of a network's outputs for rows whose target is known. */
export function figuresOf(outputs: Float32Array, cells: Cells, preprocessing: Preprocessing): Figures {
  const { target, threshold } = preprocessing;
  return target.kind === 'classes'
    ? classFigures(outputs, classIndices(cells, target), target.values, threshold)
    : numberFigures(inOwnUnit(outputs, preprocessing), knownNumbers(cells, target), target.scale);
}

/** @internal What is lower where a model is better: the log loss, or of numbers 1 − R². */
export function lossOf(figures: Figures): number {
  return 'logLoss' in figures ? figures.logLoss : 1 - figures.r2;
}
