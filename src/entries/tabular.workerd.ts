/** Tables in Cloudflare Workers. */
import type { LoadOptions, PredictorClass } from '../predictor.js';
import { type InputRow, type TableOptions, type TableRows, fitTable as trainTable } from '../tabular/fitTable.js';
import { BaseTableModel, tableFromBytes, tableFromFile } from '../tabular/tableModel.js';
import { Model } from './workerd.js';

export * from '../tabular/index.js';

/** A model of a table: takes rows by their columns' names, and answers in the target's own terms. */
export class TableModel<Row extends object = Record<string, unknown>> extends BaseTableModel<Row> {
  /** @internal */
  static override get modelClass(): PredictorClass<Model> {
    return Model;
  }

  /**
   * The model in the bytes of a file that `myelin train` or {@link save} wrote.
   *
   * @throws where it is no such file
   */
  static fromBytes<Row extends object = Record<string, unknown>>(
    bytes: Uint8Array,
    options: LoadOptions = {},
  ): Promise<TableModel<Row>> {
    return tableFromBytes<TableModel<Row>>(TableModel, bytes, options);
  }

  /** The model in such a file, on platforms with files. */
  static load<Row extends object = Record<string, unknown>>(
    path: string,
    options: LoadOptions = {},
  ): Promise<TableModel<Row>> {
    return tableFromFile<TableModel<Row>>(TableModel, path, options);
  }
}

/**
 * Trains a model of a table: rows are objects by column name, or an object of columns.
 *
 * @throws before any work where options do not fit the table, and with all of the table's problems together
 */
export function fitTable<Row extends object, Target extends keyof Row & string>(
  rows: TableRows<Row>,
  options: TableOptions<Target>,
): Promise<TableModel<InputRow<Row, Target>>> {
  return trainTable<TableModel<InputRow<Row, Target>>>(TableModel, rows, options);
}
