/** Tables, where `node:fs` is: Node, Bun and Deno. */
import type { PredictorClass } from '../predictor.js';
import { fitAnomaliesBy } from '../tabular/anomaly.js';
import { fitTableBy } from '../tabular/entry.js';
import { BaseTableModel } from '../tabular/tableModel.js';
import { Model } from './node.js';

export * from '../tabular/index.js';

/** A model of a table: takes rows by their columns' names, and answers in the target's own terms. */
export class TableModel<Row extends object = Record<string, unknown>> extends BaseTableModel<Row> {
  /** @internal */
  static override get modelClass(): PredictorClass<Model> {
    return Model;
  }
}

/** Trains a model of a table: rows are objects by column name, or an object of columns. */
export const fitTable = fitTableBy(TableModel);

/** Learns what rows of a table are like, to tell those that are not. */
export const fitAnomalies = fitAnomaliesBy(TableModel);
