/** `fitTable` as entries of the package export it. */
import { missingIn } from './cells.js';
import { checkTableOptions, fitCells, type InputRow, type TableOptions, type TableRows } from './fitTable.js';
import { searchCells } from './folds.js';
import { type RowSchema, rowsBySchema } from './schema.js';
import { cellsShown } from './shownCells.js';
import type { BaseTableModel, TableClass } from './tableModel.js';

/**
 * Trains a model of a table: rows are objects by column name, or an object of columns. With `schema`, any Standard
 * Schema, it checks the rows first and says what they are.
 *
 * @throws before any work where options do not fit the table, and with all of the table's problems together
 */
export interface FitTable {
  <Row extends object, Target extends keyof Row & string>(
    rows: readonly unknown[] | Iterable<unknown>,
    options: TableOptions<Target> & { readonly schema: RowSchema<Row> },
  ): Promise<BaseTableModel<InputRow<Row, Target>>>;
  <Row extends object, Target extends keyof Row & string>(
    rows: TableRows<Row>,
    options: TableOptions<Target> & { readonly schema?: undefined },
  ): Promise<BaseTableModel<InputRow<Row, Target>>>;
}

/** The function of an entry; `tableClass` makes its models. */
export function fitTableBy(tableClass: TableClass<BaseTableModel<never>>): FitTable {
  return ((rows: unknown, options: TableOptions) => fitTable(tableClass, rows, options)) as FitTable;
}

async function fitTable(
  tableClass: TableClass<BaseTableModel<never>>,
  given: unknown,
  options: TableOptions,
): Promise<BaseTableModel<never>> {
  const where = 'fitTable';
  const { schema, search, ...checked } = checkTableOptions(where, options);
  const rows = schema === undefined ? given : await rowsBySchema(where, schema, given);
  const { target, missing = missingIn(rows) } = checked;
  const cells = cellsShown(where, rows, [target], missing);
  if (search === undefined) return fitCells(tableClass, cells, checked);
  const { model, figures, trials } = await searchCells(tableClass, cells, checked, {
    ...search,
    given: Object.keys(options),
  });
  if (model.training) model.training = { ...model.training, scoredOn: 'held-out', figures, trials };
  return model;
}
