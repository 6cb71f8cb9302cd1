/**
 * Anomalies of a table: rows that an autoencoder, a network with a narrow middle that gives its inputs again, cannot
 * give again as well as the others.
 *
 * Source: Hawkins, He, Williams and Baxter, «Outlier detection using replicator neural networks», DaWaK 2002.
 */
import type { Architecture } from '../architecture.js';
import { Problems } from '../data/problems.js';
import { splitRows } from '../data/split.js';
import { checkChoice, checkInteger, checkNumber, checkOptions, wrongType, wrongValue } from '../errors.js';
import { type GraphNode, graph, multiply, subtract } from '../graph.js';
import { constant } from '../initializers/constant.js';
import { isList } from '../kinds.js';
import { type ActivationName, activationNames } from '../layers/activations.js';
import { dense } from '../layers/dense.js';
import { normalization } from '../layers/normalization.js';
import type { Model } from '../model.js';
import { adam } from '../optimizers/kinds.js';
import type { Signal } from '../platform.js';
import { checkSeed } from '../random.js';
import type { EpochEvent } from '../trainingOptions.js';
import type { Cells } from './cells.js';
import { type ColumnKind, fitColumns } from './columns.js';
import { defaultEpochs, fitWithEnd, type Run } from './fitting.js';
import { setScaling } from './network.js';
import { encodeAll, readingOf, surveyColumns } from './prepare.js';
import { inputWidth, type Preprocessing } from './preprocessing.js';
import { cellsShown } from './shownCells.js';
import type { BaseTableModel, TableClass } from './tableModel.js';

export interface AnomalyOptions {
  /** What columns are, where their cells are not to say: `{ plan: 'category', fraud: 'drop' }`. */
  readonly columns?: Readonly<Record<string, ColumnKind>>;
  /** Whether missing values are filled in, here and in every later prediction; false by default. */
  readonly impute?: boolean;
  /**
   * The share of rows that are normal: the threshold is that quantile of the validation rows' scores; 0.99 by default.
   */
  readonly quantile?: number;
  /**
   * The share of the rows held out for the figures, and of the others that choose epoch and threshold; 0.2 by default.
   */
  readonly validation?: number;
  /**
   * Units of the layers down to the narrowest, from which the same lead up; as wide as the inputs, then a third, by
   * default.
   */
  readonly hidden?: readonly number[];
  /** `'tanh'` by default. */
  readonly activation?: ActivationName;
  /** At most; about 2000 steps by default, but 20 to 300. */
  readonly epochs?: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** Adam's; 0.001 by default. */
  readonly learningRate?: number;
  /** Epochs without a lower validation loss that end the training; a tenth, and 10 at least, by default. */
  readonly patience?: number;
  /** Whether the model is trained again on all rows for as many epochs, which it is by default. */
  readonly refit?: boolean;
  /** 0 by default. */
  readonly seed?: number;
  readonly deterministic?: boolean;
  readonly turbo?: boolean;
  readonly signal?: Signal;
  readonly onEpoch?: (event: EpochEvent) => void;
}

const optionNames = [
  ...['columns', 'impute', 'quantile', 'validation', 'hidden', 'activation', 'epochs', 'batchSize', 'learningRate'],
  ...['patience', 'refit', 'seed', 'deterministic', 'turbo', 'signal', 'onEpoch'],
];

/** What the rows held out say of a model of anomalies. */
export interface AnomalyReport extends Run {
  readonly rows: number;
  readonly heldOut: number;
  /** The mean squared error from which on a row is an anomaly, and the share of the held-out rows that reach it. */
  readonly threshold: number;
  readonly anomalous: number;
  /** Scores of the held-out rows at some shares of them. */
  readonly quantiles: Readonly<Record<string, number>>;
}

/** @internal The rows held out, with the model that says of them what the report has, and how that was trained. */
export interface JudgedRows {
  readonly options: ReturnType<typeof checkAnomalyOptions>;
  readonly model: Model;
  readonly preprocessing: Preprocessing;
  readonly cells: Cells;
  readonly x: Float32Array;
}

function checkAnomalyOptions(options: AnomalyOptions, at: (name: string) => string) {
  const { hidden, epochs, patience, columns = {}, signal, onEpoch } = options;
  if (hidden !== undefined && !isList(hidden))
    throw wrongType(at('hidden'), 'a list of units, such as [16, 4]', hidden);
  return {
    columns,
    impute: options.impute ?? false,
    quantile: checkNumber(at('quantile'), options.quantile ?? 0.99, { above: 0, below: 1 }),
    validation: checkNumber(at('validation'), options.validation ?? 0.2, { above: 0, below: 1 }),
    hidden: hidden && Array.from(hidden, units => checkInteger(at('hidden'), units, 1, 65536)),
    activation: checkChoice(at('activation'), options.activation ?? 'tanh', activationNames),
    ...(epochs !== undefined && { epochs: checkInteger(at('epochs'), epochs, 1) }),
    batchSize: checkInteger(at('batchSize'), options.batchSize ?? 32, 1, 2 ** 20),
    learningRate: checkNumber(at('learningRate'), options.learningRate ?? 0.001, { above: 0 }),
    ...(patience !== undefined && { patience: checkInteger(at('patience'), patience, 1) }),
    refit: options.refit ?? true,
    seed: checkSeed(at('seed'), options.seed ?? 0),
    deterministic: options.deterministic ?? false,
    turbo: options.turbo ?? false,
    signal,
    onEpoch,
  };
}

/**
 * @internal The network, whose one output is a row's score: the mean over its inputs, in their own scale, of the
 * squared error of what the middle makes of them.
 */
export function anomalyNetwork(width: number, hidden: readonly number[], activation: ActivationName): Architecture {
  const layers = [...hidden, ...hidden.slice(0, -1).reverse()];
  const mean = { useBias: false, trainable: false, weightInitializer: constant({ value: 1 / width }) } as const;
  return graph(width, input => {
    const x = input.to(normalization());
    const given = layers.reduce<GraphNode>((node, units) => node.to(dense(units, { activation })), x).to(dense(width));
    const error = subtract(given, x);
    return multiply(error, error).to(dense(1, mean));
  });
}

/** Makes models of a table's anomalies; `tableClass` is an entry's. */
export type FitAnomalies = <Row extends object>(
  rows: readonly Row[] | Iterable<Row>,
  options?: AnomalyOptions,
) => Promise<BaseTableModel<Row>>;

/** @internal */
export function fitAnomaliesBy(tableClass: TableClass<BaseTableModel<never>>): FitAnomalies {
  return (async (rows: unknown, options: AnomalyOptions = {}) => {
    const where = 'fitAnomalies';
    checkOptions(where, options, optionNames);
    return (await fitAnomalies(tableClass, cellsShown(where, rows), options)).model;
  }) as FitAnomalies;
}

/**
 * @internal Learns what rows are like, and from which score on they are anomalies.
 *
 * @throws with all of the table's problems together
 */
export async function fitAnomalies<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  cells: Cells,
  options: AnomalyOptions,
): Promise<{ model: T; report: AnomalyReport; judged: JudgedRows }> {
  const checked = checkAnomalyOptions(options, name => cells.ways.option('fitAnomalies', name));
  const { columns, impute, quantile, validation, seed, batchSize, learningRate, patience, signal, onEpoch } = checked;
  const outer = splitRows(cells.rows, validation, seed);
  const inner = splitRows(outer.training.length, validation, seed);
  const problems = new Problems(cells.faults);
  if (inner.validation.length === 0) problems.add(wrongValue('the table', 'at least 3 rows', cells.rows));
  // Categories have an input a value, however many: what is learned for each could be 0.
  const fitting = { impute, looksUp: false };
  const { found, columns: fitted, x: whole } = surveyColumns(cells, { columns, ...fitting }, problems);
  problems.throwAny();
  if (!found || !fitted || !whole) throw new Error('expected a table without problems');
  const all = withScore(cells, fitted);
  const pick = (rows: readonly number[]) => cells.pick(rows.map(row => outer.training[row] ?? 0));
  const training = pick(inner.training);
  const preprocessing = withScore(training, fitColumns(training, { found, ...fitting }));
  const [x, shown, heldOut] = [training, pick(inner.validation), cells.pick(outer.validation)].map(
    part => encodeAll(part, preprocessing, problems).x,
  ) as [Float32Array, Float32Array, Float32Array];
  problems.throwAny();
  const create = async (own: Preprocessing) => {
    const width = inputWidth(own);
    const hidden = checked.hidden ?? [Math.max(4, width), Math.max(1, Math.floor(width / 3))];
    const architecture = anomalyNetwork(width, hidden, checked.activation);
    const { create: make } = tableClass.modelClass as unknown as typeof Model;
    const { deterministic, turbo } = checked;
    const model = await make.call(tableClass.modelClass, architecture, { seed, deterministic, turbo });
    setScaling(model, own);
    return model;
  };
  const dataOf = (values: Float32Array, own: Preprocessing) => {
    return { x: values, y: new Float32Array(values.length / inputWidth(own)) };
  };
  // The score is above 0: its distance from 0 is itself.
  const loss = 'meanAbsoluteError';
  const settings = { loss, batchSize, optimizer: adam({ learningRate }), signal } as const;
  const epochs = checked.epochs ?? defaultEpochs(training.rows, batchSize);
  const model = await create(preprocessing);
  const watched = { ...settings, epochs, keep: 'best' as const, onEpoch, ...(patience !== undefined && { patience }) };
  const run = await fitWithEnd(model, dataOf(x, preprocessing), dataOf(shown, preprocessing), watched);
  const threshold = quantileOf(model.predict(shown), quantile);
  const scores = model.predict(heldOut);
  const report: AnomalyReport = {
    ...run,
    rows: cells.rows,
    heldOut: scores.length,
    threshold,
    anomalous: scores.filter(score => score >= threshold).length / scores.length,
    quantiles: Object.fromEntries([0.5, 0.9, 0.99, 1].map(share => [share, quantileOf(scores, share)])),
  };
  let kept = { model, preprocessing };
  if (checked.refit && !run.stopped) {
    const again = await create(all);
    const last = { ...settings, epochs: run.keptEpoch, keep: 'last' as const };
    const { stopped } = await fitWithEnd(again, dataOf(whole, all), undefined, last);
    if (!stopped) kept = { model: again, preprocessing: all };
  }
  const anomaly = { threshold, quantile };
  const withThreshold = (own: Preprocessing) => ({ ...own, anomaly });
  return {
    model: new tableClass({ ...kept, preprocessing: withThreshold(kept.preprocessing) }),
    report,
    judged: {
      options: { ...checked, epochs },
      model,
      preprocessing: withThreshold(preprocessing),
      cells: cells.pick(outer.validation),
      x: heldOut,
    },
  };
}

/** What rows say of their columns, with the score as the target. */
function withScore(rows: Cells, columns: Omit<Preprocessing, 'target'>): Preprocessing {
  const reading = readingOf(rows);
  const target = { name: 'anomaly', kind: 'number', mean: 0, scale: 1, outside: true } as const;
  return { ...columns, target, ...(reading && { reading }) };
}

/** @internal The score that so large a share of the rows does not pass. */
export function quantileOf(scores: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(scores).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
}
