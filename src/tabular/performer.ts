/** What carries runs of a table out on a worker. */
import { Table } from '../data/table.js';
import { ValueCells } from './cells.js';
import type { BaseTableModel, TableClass } from './tableModel.js';
import { type PlainCommon, type TableRun, tableRun } from './tableRuns.js';

/** The function of a job; `common` is what {@link PlainCommon} has become underway. */
export function tablePerformer(
  tableClass: TableClass<BaseTableModel<never>>,
  common: unknown,
): (job: unknown) => ReturnType<typeof tableRun> {
  const { cells: plain, options } = common as PlainCommon;
  const cells = plain.kind === 'table' ? Table.from(plain) : ValueCells.from(plain);
  return job => tableRun(tableClass, cells, options, job as TableRun);
}
