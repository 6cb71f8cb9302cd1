/** `myelin/report`: what became of a training, as a page that people look at. On Node, Bun and Deno. */
import type { SequenceLengths } from '../data/samples.js';
import { checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import type { Model } from '../model.js';
import { BaseTableModel } from '../tabular/tableModel.js';
import type { History } from '../trainingOptions.js';
import { judgementOf } from './contents.js';
import { judgePlain, type PlainRows } from './judged.js';
import { pageOf } from './page.js';
import { about, tableReport } from './tableReport.js';

/** Rows that the report judges: those of a fit, or of a table's model objects by column name with their target. */
export type ReportData =
  | { readonly x: unknown; readonly y: unknown; readonly scale?: number; readonly lengths?: SequenceLengths }
  | readonly object[]
  | Iterable<object>;

export interface ReportOptions {
  /** The heading; of a table's model what it predicts by default. */
  readonly title?: string;
  /** Which rows the data are, in a sentence. */
  readonly rows?: string;
  /** The names of the classes, in the order of the outputs; 0, 1, 2 … by default. A table's model knows its own. */
  readonly classes?: readonly string[];
  /** Height and width, and of colours channels, where rows are pictures; the input's shape by default. */
  readonly picture?: readonly number[];
  /** Counted from 1: the epoch whose parameters the model has, which is marked. */
  readonly keptEpoch?: number;
  /** What else is to be known of the run. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The command that repeats the run. */
  readonly command?: string;
  /** Of the importance of columns; 0 by default. */
  readonly seed?: number;
}

const optionNames = ['title', 'rows', 'classes', 'picture', 'keptEpoch', 'settings', 'command', 'seed'];

/**
 * One page of HTML that needs nothing else: learning curves with the kept epoch marked, and of the data the figures,
 * the confusion matrix, ROC, precision and recall, calibration or residuals, the worst mistakes (as pictures where rows
 * are such), and of a table's model the importance of its columns and what became of them.
 *
 * @param model a model with one input and one output, or a table's
 * @param history what `fit` gave, or undefined; of a table's model its own by default
 * @param data rows with their targets, which had better not be those it was trained on
 * @throws before any work where options or data do not fit
 */
export function report(
  model: Model | BaseTableModel<never>,
  history: History | undefined,
  data: ReportData,
  options: ReportOptions = {},
): string {
  const where = 'report';
  checkOptions(where, options, optionNames);
  const { title, rows = '', keptEpoch, settings = {}, command, seed = 0 } = options;
  const shared = { rows, otherRows: 'validation', ...(command !== undefined && { command }) };
  if (model instanceof BaseTableModel) {
    const { preprocessing, training } = model;
    const cells = model.cells(where, data, ...(preprocessing.anomaly ? [] : [preprocessing.target.name]));
    const known = history ?? training?.history;
    const kept = keptEpoch ?? training?.keptEpoch;
    return tableReport({
      ...shared,
      ...{ model: model.model, preprocessing, cells, x: model.encode(cells), seed, settings },
      ...(title !== undefined && { title }),
      ...(known && { history: known }),
      ...(kept !== undefined && { keptEpoch: kept }),
    });
  }
  if (!hasKey(data, 'x') || !hasKey(data, 'y')) {
    throw wrongType(`${where}: data`, "{ x, y }, or rows of objects for a table's model", data);
  }
  const judged = judgePlain(where, model, data as PlainRows, options);
  return pageOf({
    ...shared,
    title: title ?? 'Report',
    ...(history && { history }),
    ...(keptEpoch !== undefined && { keptEpoch }),
    ...judgementOf(judged),
    importance: [],
    columns: [],
    settings: { ...settings, ...about(model) },
  });
}
