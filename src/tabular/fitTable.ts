/** From a table to its model: columns, network, training with an end, figures of rows that chose nothing, all rows. */

import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkNumber,
  checkOptions,
  quote,
  wrongKind,
  wrongType,
  wrongValue,
} from '../errors.js';
import { isList, kindOf } from '../kinds.js';
import { type ActivationName, activationNames } from '../layers/activations.js';
import type { Model } from '../model.js';
import { adam, adamW } from '../optimizers/kinds.js';
import type { Signal } from '../platform.js';
import { checkSeed } from '../random.js';
import { checkTexts } from '../readers/options.js';
import { methods, type SearchMethod } from '../search/search.js';
import { checkFunction, checkSignal, type EpochEvent } from '../trainingOptions.js';
import { applyTemperature, fitTemperature } from './calibrate.js';
import type { Cells } from './cells.js';
import { checkTableWeights, type TableClassWeights, weightsOf } from './classWeights.js';
import { type ColumnKind, columnKinds } from './columns.js';
import { inOwnUnit, markEncoded, outputsFor } from './encoded.js';
import { errorQuantiles } from './figures.js';
import { defaultEpochs, fitModel, type Run } from './fitting.js';
import { setScaling, tableNetwork } from './network.js';
import { type Prepared, prepare, type Samples } from './prepare.js';
import { outputWidth, type Preprocessing, type Task } from './preprocessing.js';
import { checkSchema, type RowSchema } from './schema.js';
import { type BaseTableModel, figuresOf, type TableClass, type TrainingReport } from './tableModel.js';
import { checkThreshold, chooseThreshold, type ThresholdWish } from './threshold.js';

export interface TableOptions<Target extends string = string> {
  /** The column to predict. */
  readonly target: Target;
  /** Decided from the target by default: texts are classes, as are few whole numbers that repeat. */
  readonly task?: Task;
  /** What columns are, where their cells are not to say: `{ plan: 'category', signup: 'date', id: 'drop' }`. */
  readonly columns?: Readonly<Record<string, ColumnKind>>;
  /**
   * Texts that stand for «no value», here and in every later prediction, and '' besides: by default those of the file
   * that a DataTable was read from, and otherwise NA, N/A, n/a, NaN, nan, null and NULL.
   */
  readonly missing?: readonly string[];
  /** Whether missing values are filled in, here and in every later prediction; false by default. */
  readonly impute?: boolean;
  /** The share of the rows held out for the figures, and of the others that choose the epoch; 0.2 by default. */
  readonly validation?: number;
  /** Units of the hidden layers; `[64]` by default. */
  readonly hidden?: readonly number[];
  /** `'relu'` by default. */
  readonly activation?: ActivationName;
  /** The fraction of hidden units dropped in training; 0 by default. */
  readonly dropout?: number;
  /** At most; about 2000 steps by default, but 20 to 300. */
  readonly epochs?: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** Adam's; 0.001 by default. */
  readonly learningRate?: number;
  /** AdamW's; 0 by default. */
  readonly weightDecay?: number;
  /** Whether the epoch with the lowest validation loss is kept, which it is by default, or the last one. */
  readonly keep?: 'best' | 'last';
  /** Epochs without a lower validation loss that end the training; a tenth, and 10 at least, by default. */
  readonly patience?: number;
  /** Whether the model is trained again on all rows for as many epochs, which it is by default. */
  readonly refit?: boolean;
  /**
   * How much each class counts while it is learned and where the epoch is chosen: all as much by default. Figures count
   * every row as one.
   */
  readonly classWeights?: TableClassWeights;
  /** Whether probabilities are to say how often they are right, by the validation rows; false by default. */
  readonly calibrate?: boolean;
  /** From which probability on a row is the second of two classes, chosen on the validation rows; 0.5 by default. */
  readonly threshold?: ThresholdWish;
  /**
   * Whether hidden layers, rates and dropout are searched for, as far as they are not told: `trials` of them, 20 by
   * default, by `method`, at random by default. The figures are of rows that chose nothing.
   */
  readonly search?: { readonly trials?: number; readonly method?: SearchMethod };
  /** What checks the rows first, and says what they are: any Standard Schema. */
  readonly schema?: RowSchema | undefined;
  /** 0 by default. */
  readonly seed?: number;
  readonly deterministic?: boolean;
  readonly turbo?: boolean;
  /** Ends the training early, with what there is. */
  readonly signal?: Signal;
  readonly onEpoch?: (event: EpochEvent) => void;
}

const optionNames = [
  ...[
    'target',
    'task',
    'columns',
    'missing',
    'impute',
    'validation',
    'hidden',
    'activation',
    'dropout',
    'epochs',
    'batchSize',
  ],
  ...['learningRate', 'weightDecay', 'keep', 'patience', 'refit', 'calibrate', 'threshold', 'seed', 'deterministic'],
  ...['turbo', 'signal', 'onEpoch', 'search', 'schema', 'classWeights'],
];

/** @internal Options with all of their defaults. */
export type CheckedOptions = ReturnType<typeof checkTableOptions>;

/** @internal */
export function checkTableOptions(where: string, options: TableOptions) {
  checkOptions(where, options, optionNames);
  const { target, task, columns, missing, epochs, patience, threshold, search, schema, signal, onEpoch } = options;
  const { classWeights } = options;
  const at = (name: string) => `${where}: ${name}`;
  if (typeof target !== 'string') throw wrongType(at('target'), "a column's name", target);
  if (columns !== undefined && kindOf(columns) !== 'Object') {
    throw wrongType(at('columns'), "an object such as { plan: 'category' }", columns);
  }
  for (const [name, kind] of Object.entries(columns ?? {}))
    checkChoice(at(`columns: ${quote(name)}`), kind, columnKinds);
  if (missing !== undefined) checkTexts(at('missing'), missing, "['NA', '?']");
  const { hidden = [64] } = options;
  if (!isList(hidden)) throw wrongType(at('hidden'), 'a list of units, such as [64, 32]', hidden);
  checkFunction(at('onEpoch'), onEpoch);
  checkSignal(at('signal'), signal);
  return {
    target,
    ...(task !== undefined && { task: checkChoice(at('task'), task, ['classification', 'regression']) }),
    ...(columns !== undefined && { columns }),
    ...(missing !== undefined && { missing: Array.from(missing) }),
    impute: checkBoolean(at('impute'), options.impute ?? false),
    validation: checkNumber(at('validation'), options.validation ?? 0.2, { min: 0, below: 1 }),
    hidden: Array.from(hidden, units => checkInteger(at('hidden'), units, 1, 65536)) as readonly number[],
    activation: checkChoice(at('activation'), options.activation ?? 'relu', activationNames),
    dropout: checkNumber(at('dropout'), options.dropout ?? 0, { min: 0, below: 1 }),
    ...(epochs !== undefined && { epochs: checkInteger(at('epochs'), epochs, 1) }),
    batchSize: checkInteger(at('batchSize'), options.batchSize ?? 32, 1, 2 ** 20),
    learningRate: checkNumber(at('learningRate'), options.learningRate ?? 0.001, { above: 0 }),
    weightDecay: checkNumber(at('weightDecay'), options.weightDecay ?? 0, { min: 0 }),
    keep: checkChoice(at('keep'), options.keep ?? 'best', ['best', 'last']),
    ...(patience !== undefined && { patience: checkInteger(at('patience'), patience, 1) }),
    refit: checkBoolean(at('refit'), options.refit ?? true),
    ...(classWeights !== undefined && { classWeights: checkTableWeights(at('classWeights'), classWeights) }),
    calibrate: checkBoolean(at('calibrate'), options.calibrate ?? false),
    ...(threshold !== undefined && { threshold: checkThreshold(at('threshold'), threshold) }),
    ...(search !== undefined && { search: checkSearch(at('search'), search) }),
    ...(schema !== undefined && { schema: checkSchema(at('schema'), schema) }),
    seed: checkSeed(at('seed'), options.seed ?? 0),
    deterministic: checkBoolean(at('deterministic'), options.deterministic ?? false),
    turbo: checkBoolean(at('turbo'), options.turbo ?? false),
    ...(signal !== undefined && { signal }),
    ...(onEpoch !== undefined && { onEpoch }),
  };
}

function checkSearch(where: string, search: unknown): { trials?: number; method?: SearchMethod } {
  checkOptions(where, search, ['trials', 'method']);
  const { trials, method } = search as { trials?: number; method?: SearchMethod };
  return {
    ...(trials !== undefined && { trials: checkInteger(`${where}: trials`, trials, 1, 100_000) }),
    ...(method !== undefined && { method: checkChoice(`${where}: method`, method, methods) }),
  };
}

/** @internal Whoever tells of the training as it goes. */
export interface Watcher {
  onStart?(prepared: Prepared, model: Model, options: CheckedOptions & { readonly epochs: number }): void;
  onJudged?(report: TrainingReport, run: Run, prepared: Prepared): void;
  onRefit?(rows: number, epochs: number): void;
  onRefitEpoch?(event: EpochEvent): void;
  /** The user ended that: the model that was judged is kept. */
  onUnfinished?(): void;
}

/** @internal Trains a model of cells, with checked options. */
export async function fitCells<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  cells: Cells,
  checked: CheckedOptions & { readonly threads?: number },
  watcher: Watcher = {},
): Promise<T> {
  const prepared = prepare(cells, checked);
  refuseChoices(prepared, checked);
  const { preprocessing, training, validation, heldOut } = prepared;
  const classWeights = weightsOf(checked.classWeights, preprocessing.target, training);
  const epochs = checked.epochs ?? defaultEpochs(training.cells.rows, checked.batchSize);
  const model = await createModel(tableClass, preprocessing, checked);
  watcher.onStart?.(prepared, model, { ...checked, epochs });
  const shown = [validation, heldOut].find(({ y }) => y.length > 0);
  const settings = { ...settingsOf(checked), epochs };
  const { threads, signal, onEpoch } = checked;
  const run = await fitModel(model, preprocessing, training, shown, {
    ...settings,
    classWeights,
    threads,
    signal,
    onEpoch,
  });
  const temperature = checked.calibrate ? calibrate(model, validation, preprocessing) : undefined;
  const chosen = checked.threshold && thresholdFor(checked.threshold, model, validation, preprocessing);
  const judged = { ...preprocessing, ...(chosen !== undefined && { threshold: chosen }) };
  const report = judge(model, judged, prepared, run, temperature);
  watcher.onJudged?.(report, run, prepared);
  const errors = report.scoredOn === 'held-out' ? errorsOf(model, heldOut, judged) : {};
  const { whole } = prepared;
  let kept = { model, preprocessing: { ...judged, ...errors } };
  if (whole !== undefined && !run.stopped) {
    watcher.onRefit?.(whole.cells.rows, run.keptEpoch);
    const again = await createModel(tableClass, whole.preprocessing, checked);
    const weights = weightsOf(checked.classWeights, whole.preprocessing.target, whole);
    const last = { ...settings, threads, classWeights: weights, epochs: run.keptEpoch, keep: 'last' as const };
    const told = (event: EpochEvent) => watcher.onRefitEpoch?.(event);
    const rerun = await fitModel(again, whole.preprocessing, whole, undefined, { ...last, signal, onEpoch: told });
    if (rerun.stopped) watcher.onUnfinished?.();
    else {
      if (temperature !== undefined) applyTemperature(again, temperature);
      const { threshold } = judged;
      const own = { ...whole.preprocessing, ...(threshold !== undefined && { threshold }), ...errors };
      kept = { model: again, preprocessing: own };
    }
  }
  const table = new tableClass(kept);
  table.training = report;
  return table;
}

function settingsOf({ batchSize, learningRate, weightDecay, keep, patience }: CheckedOptions) {
  const optimizer = weightDecay > 0 ? adamW({ learningRate, weightDecay }) : adam({ learningRate });
  return { batchSize, optimizer, keep, ...(patience !== undefined && { patience }) };
}

async function createModel<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  preprocessing: Preprocessing,
  options: CheckedOptions,
): Promise<Model> {
  const { seed, deterministic, turbo } = options;
  const { create } = tableClass.modelClass as unknown as typeof Model;
  const architecture = tableNetwork(preprocessing, options);
  const model = await create.call(tableClass.modelClass, architecture, { seed, deterministic, turbo });
  setScaling(model, preprocessing);
  markEncoded(model, preprocessing);
  return model;
}

/** Refuses what needs classes, or rows to choose by, where there are none. */
function refuseChoices({ validation, preprocessing }: Prepared, { calibrate, threshold }: CheckedOptions): void {
  const { target } = preprocessing;
  const at = (name: string) => validation.cells.ways.option('fitTable', name);
  if (calibrate && target.kind === 'number') {
    throw wrongKind(at('calibrate'), 'classes', 'a target of numbers');
  }
  const isChosen = threshold !== undefined && typeof threshold !== 'number';
  if ((calibrate || isChosen) && validation.y.length === 0) {
    const mend = 'keep the best epoch and hold rows out';
    throw wrongKind(at(calibrate ? 'calibrate' : 'threshold'), 'validation rows', 'none', mend);
  }
  if (threshold === undefined) return;
  const classes = target.kind === 'classes' ? target.values.length : 0;
  if (classes !== 2) {
    const got = classes === 0 ? 'a target of numbers' : `${classes} classes`;
    throw wrongValue(at('threshold'), 'two classes', got);
  }
}

/** Calibrates the model that was trained, and gives the temperature. */
function calibrate(model: Model, { x, y }: Samples, preprocessing: Preprocessing): number {
  const temperature = fitTemperature(outputsFor(model, x, preprocessing), y, outputWidth(preprocessing));
  applyTemperature(model, temperature);
  return temperature;
}

function thresholdFor(wish: ThresholdWish, model: Model, { x, y }: Samples, preprocessing: Preprocessing): number {
  return typeof wish === 'number' ? wish : chooseThreshold(wish, outputsFor(model, x, preprocessing), y);
}

function judge(
  model: Model,
  preprocessing: Preprocessing,
  { heldOut, training }: Prepared,
  run: Run,
  temperature: number | undefined,
): TrainingReport {
  const isHeldOut = heldOut.y.length > 0;
  const { x, cells } = isHeldOut ? heldOut : training;
  return {
    scoredOn: isHeldOut ? 'held-out' : 'training',
    figures: figuresOf(outputsFor(model, x, preprocessing), cells, preprocessing),
    ...run,
    ...(temperature !== undefined && { temperature }),
  };
}

/** How far off a regression was on rows held out. */
function errorsOf(model: Model, { x, y }: Samples, preprocessing: Preprocessing): { errors?: number[] } {
  if (y instanceof Int32Array) return {};
  return { errors: errorQuantiles(inOwnUnit(outputsFor(model, x, preprocessing), preprocessing), y) };
}

/** A table as users give it: objects by column name, or an object of columns. */
export type TableRows<Row extends object> =
  | readonly Row[]
  | Iterable<Row>
  | { readonly [Name in keyof Row]: ArrayLike<Row[Name]> };

/** A row without what is to be predicted, which may be there all the same. */
export type InputRow<Row extends object, Target extends keyof Row> = Omit<Row, Target> & Partial<Pick<Row, Target>>;
