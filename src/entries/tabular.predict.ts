/** Predicting rows of tables alone: it needs no WebAssembly and is the same everywhere. */
import { TableNetwork } from '../tabular/forward.js';
import { TablePredictor, takePreprocessing } from '../tabular/tablePredictor.js';

export type { ColumnSummary, Prediction, PredictOptions } from '../tabular/tablePredictor.js';

/** A model of a table that predicts: takes rows by their columns' names, and answers in the target's own terms. */
export class TableModel<Row extends object = Record<string, unknown>> extends TablePredictor<Row, TableNetwork> {
  /**
   * The model in the bytes of a file that `myelin train` or `TableModel.save` wrote.
   *
   * @throws where it is no such file
   */
  static async fromBytes<Row extends object = Record<string, unknown>>(bytes: Uint8Array): Promise<TableModel<Row>> {
    const model = new TableNetwork(bytes);
    return new TableModel<Row>({ model, preprocessing: takePreprocessing(model, model) });
  }
}
