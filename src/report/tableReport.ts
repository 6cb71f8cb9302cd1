/** The page of a table's model. */
import type { Model } from '../model.js';
import { summariesOf } from '../tabular/tablePredictor.js';
import { VERSION } from '../version.js';
import { type Contents, judgementOf } from './contents.js';
import { judgeTable, type TableRowsJudged, tableImportance } from './judged.js';
import { pageOf } from './page.js';

export interface TableReport extends TableRowsJudged, Omit<Partial<Contents>, 'columns'> {
  readonly seed?: number;
  /** What else became of columns, by their names. */
  readonly remarks?: ReadonlyMap<string, string>;
}

export function tableReport(given: TableReport): string {
  const { model, preprocessing, cells, x, seed = 0, remarks, settings, ...contents } = given;
  const rows = { model, preprocessing, cells, x };
  const columns = summariesOf(preprocessing).map(column => {
    const remark = remarks?.get(column.name);
    return remark === undefined ? column : { ...column, about: `${column.about}; ${remark}` };
  });
  const importance = tableImportance(rows, seed);
  return pageOf({
    title: preprocessing.anomaly ? 'Anomalies' : `Predicting ${preprocessing.target.name}`,
    rows: '',
    otherRows: 'validation',
    ...contents,
    ...judgementOf(judgeTable(rows, importance)),
    importance,
    columns,
    settings: { ...settings, ...about(model) },
  });
}

/** What a page says of every model. */
export function about(model: Model): Contents['settings'] {
  const { binary, turbo } = model.backend;
  return { network: model.summary(), WebAssembly: `${binary}${turbo ? ', turbo' : ''}`, myelin: VERSION };
}
