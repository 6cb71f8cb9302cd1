/** The run that folds and trials of a table are made of: a model of some rows, and what it is worth. */
import type { PlainTable } from '../data/table.js';
import type { Signal } from '../platform.js';
import { type Diverged, unlessDiverged } from '../search/judged.js';
import { type Runs, runsHere, type Workers } from '../search/runs.js';
import type { Cells, PlainValues } from './cells.js';
import type { Figures } from './figures.js';
import { type CheckedOptions, fitCells } from './fitTable.js';
import type { BaseTableModel, TableClass } from './tableModel.js';

/** Options that can be sent to a worker. */
type PlainOptions = Omit<CheckedOptions, 'signal' | 'onEpoch' | 'schema'>;

export interface TableRun {
  /** What is other than in the options of all runs. */
  readonly options: Partial<PlainOptions> & { readonly threads?: number };
  /** The rows that the model is made of. */
  readonly rows: Int32Array;
  /** Those that judge it; by default those of `rows` that it holds out itself. */
  readonly test?: Int32Array;
}

/** A model's figures, unless its training diverged. */
export async function tableRun(
  tableClass: TableClass<BaseTableModel<never>>,
  cells: Cells,
  common: PlainOptions,
  { options, rows, test }: TableRun,
  signal?: Signal,
): Promise<Figures | Diverged> {
  const asked = { ...common, ...options, ...(signal && { signal }) };
  return unlessDiverged(async () => {
    const model = await fitCells(tableClass, cells.pick(rows), asked);
    return test === undefined ? (model.training?.figures as Figures) : model.evaluateCells(cells.pick(test));
  });
}

/** What all runs have in common, as it travels. */
export interface PlainCommon {
  readonly cells: PlainValues | PlainTable;
  readonly options: PlainOptions;
}

/** Such runs, on the workers of a class's host. */
export function tableRuns(
  tableClass: TableClass<BaseTableModel<never>>,
  cells: Cells,
  { signal, onEpoch: _, schema: __, ...options }: CheckedOptions,
  workers: Workers | undefined,
): Runs<TableRun, Figures | Diverged> {
  const common: PlainCommon = { cells: cells.plain, options };
  return (tableClass.modelClass.host.runs ?? runsHere)({
    kind: 'table',
    common,
    workers,
    signal,
    forWorker: (job: TableRun, threads) => ({ ...job, options: { ...job.options, threads } }),
    here: (job, ending) => tableRun(tableClass, cells, options, job, ending),
  });
}
