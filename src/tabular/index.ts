/** The names that every entry of `myelin/tabular` has besides its TableModel and fitTable. */
export type { AnomalyOptions, FitAnomalies } from '../tabular/anomaly.js';
export type { ColumnKind } from '../tabular/columns.js';
export type { FitTable } from '../tabular/entry.js';
export type { ClassFigures, Figures, NumberFigures } from '../tabular/figures.js';
export type { InputRow, TableOptions, TableRows } from '../tabular/fitTable.js';
export type { TableTrial } from '../tabular/folds.js';
export type { Task } from '../tabular/preprocessing.js';
export type { RowSchema } from '../tabular/schema.js';
export type { Importance, ImportanceOptions, TrainingReport } from '../tabular/tableModel.js';
export type { ColumnSummary, Prediction, PredictOptions } from '../tabular/tablePredictor.js';
export type { ThresholdWish } from '../tabular/threshold.js';
