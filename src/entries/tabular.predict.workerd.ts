/** Predicting rows of tables alone in Cloudflare Workers. */
import type { LoadOptions, PredictorClass } from '../predictor.js';
import { TablePredictor, tableFromBytes } from '../tabular/tablePredictor.js';
import { Model } from './predict.workerd.js';

export type { ColumnSummary, Prediction, PredictOptions } from '../tabular/tablePredictor.js';
export { init, type WasmSource } from './predict.workerd.js';

/** A model of a table that predicts: takes rows by their columns' names, and answers in the target's own terms. */
export class TableModel<Row extends object = Record<string, unknown>> extends TablePredictor<Row> {
  /** @internal */
  static override get modelClass(): PredictorClass<Model> {
    return Model;
  }

  /**
   * The model in the bytes of a file that `myelin train` or `TableModel.save` wrote.
   *
   * @throws where it is no such file
   */
  static fromBytes<Row extends object = Record<string, unknown>>(
    bytes: Uint8Array,
    options: LoadOptions = {},
  ): Promise<TableModel<Row>> {
    return tableFromBytes<TableModel<Row>>(TableModel, bytes, options);
  }
}
