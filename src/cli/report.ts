/** `--report`: a page of what was trained or judged. */
import { resolve } from 'node:path';
import type { Model } from '../entries/node.js';
import { saveAtomically } from '../files/save.js';
import type { TableRowsJudged } from '../report/judged.js';
import type { AnomalyReport, JudgedRows } from '../tabular/anomaly.js';
import type { CheckedOptions } from '../tabular/fitTable.js';
import { defaultPatience, type Run } from '../tabular/fitting.js';
import type { Windows } from '../tabular/forecast.js';
import type { Prepared } from '../tabular/prepare.js';
import type { Preprocessing } from '../tabular/preprocessing.js';
import type { TrainingReport } from '../tabular/tableModel.js';
import type { ThresholdWish } from '../tabular/threshold.js';
import { counted, grouped } from '../tabular/words.js';
import { checkDestination, refuseSameFile, UsageError } from './usage.js';
import { commandLine } from './words.js';

/** Refuses a page that cannot be written, or would replace what is read or written besides, before any work. */
export async function checkReport(path: string | undefined, inputs: readonly string[], out?: string): Promise<void> {
  if (path === undefined) return;
  await refuseSameFile('--report', path, inputs);
  if (out !== undefined && resolve(out) === resolve(path)) {
    throw new UsageError(`--report: expected another file than the model's, got '${path}'`);
  }
  await checkDestination('--report', path);
}

/** What the training of a table's model was begun with. */
export interface Started {
  readonly prepared: Prepared;
  readonly model: Model;
  readonly options: CheckedOptions & { readonly epochs: number };
}

/** Writes the page of a training. */
export async function reportTraining(
  path: string,
  file: string,
  { prepared, model, options }: Started,
  report: TrainingReport,
): Promise<void> {
  const { training, validation, heldOut, filled, unknown, whole } = prepared;
  const { figures, scoredOn, history, keptEpoch, doneEpochs, temperature } = report;
  const threshold = 'threshold' in figures ? { threshold: figures.threshold } : {};
  const preprocessing: Preprocessing = { ...prepared.preprocessing, ...threshold };
  const isHeldOut = scoredOn === 'held-out';
  const chosen = validation.y.length > 0;
  const judged = isHeldOut ? heldOut : training;
  const remarks = new Map<string, string>();
  for (const [name, count] of filled) remarks.set(name, `${counted(count, 'missing value')} filled in`);
  for (const [name, count] of unknown) remarks.set(name, `${counted(count, 'text')} that no training row has`);
  const { tableReport } = await import('../report/tableReport.js');
  const { hidden, activation, dropout, batchSize, learningRate, weightDecay, keep, seed, epochs, impute } = options;
  const { patience = defaultPatience(epochs), calibrate, refit, deterministic, threshold: wish } = options;
  const page = tableReport({
    model,
    preprocessing,
    cells: judged.cells,
    x: judged.x,
    seed,
    remarks,
    history,
    keptEpoch,
    otherRows: chosen ? 'validation' : 'held-out',
    rows: isHeldOut
      ? `Judged on ${counted(heldOut.cells.rows, 'row')} that neither trained it nor chose the epoch.`
      : 'Judged on the rows that trained it: no others were held out.',
    command: commandLine(),
    settings: {
      file,
      rows: rowsOf(prepared),
      saved:
        whole === undefined ? 'the model that was judged' : `trained again on all ${grouped(whole.cells.rows)} rows`,
      task: `${prepared.task}: ${prepared.reason}`,
      target: preprocessing.target.name,
      hidden: hidden.join(', ') || 'none',
      activation,
      dropout,
      epochs: `${doneEpochs} of ${epochs} done, ${keptEpoch} kept`,
      'batch size': batchSize,
      'learning rate': learningRate,
      'weight decay': weightDecay,
      keep,
      patience,
      seed,
      impute,
      calibrate: temperature === undefined ? calibrate : `logits divided by ${temperature}`,
      ...(wish !== undefined && { threshold: thresholdWords(wish) }),
      refit,
      deterministic,
    },
  });
  await saveAtomically(path, Buffer.from(page));
}

/** Writes the page of a training without a target. */
export async function reportAnomalies(
  path: string,
  file: string,
  { options, ...judged }: JudgedRows,
  { history, keptEpoch, doneEpochs, rows, heldOut }: AnomalyReport,
): Promise<void> {
  const { tableReport } = await import('../report/tableReport.js');
  const { quantile, validation, hidden, activation, epochs, batchSize, learningRate, seed, impute, refit } = options;
  const { patience = defaultPatience(epochs ?? doneEpochs) } = options;
  const page = tableReport({
    ...{ ...judged, history, keptEpoch, command: commandLine() },
    settings: {
      file,
      rows: `${grouped(rows)}: ${validation} of them held out, as much of the others chose epoch and threshold`,
      saved: refit ? `trained again on all ${grouped(rows)} rows` : 'the model that was judged',
      task: 'anomaly',
      quantile,
      hidden: hidden?.join(', ') ?? 'as wide as the inputs, a third of them',
      activation,
      epochs: `${doneEpochs} of ${epochs} done, ${keptEpoch} kept`,
      'batch size': batchSize,
      'learning rate': learningRate,
      patience,
      seed,
      impute,
      refit,
    },
    rows: `Judged on ${counted(heldOut, 'row')} that neither trained it nor chose epoch and threshold.`,
  });
  await saveAtomically(path, Buffer.from(page));
}

/** Writes the page of a forecast's training: `rows` are windows, each number of which is judged by itself. */
export async function reportForecast(
  path: string,
  { model, run, rows, which, settings }: ForecastReported,
): Promise<void> {
  const { report } = await import('../report/index.js');
  const { keptEpoch, history } = run;
  const title = `Forecast of ${settings.target}`;
  const page = report(model, history, rows, {
    ...{ title, keptEpoch, settings, command: commandLine() },
    rows: `Judged on windows ${which}: output 0 is the next step.`,
  });
  await saveAtomically(path, Buffer.from(page));
}

interface ForecastReported {
  readonly model: Model;
  readonly run: Run;
  readonly rows: Windows;
  /** Which windows those are. */
  readonly which: string;
  readonly settings: Readonly<Record<string, unknown>> & { readonly target: string };
}

/** A threshold's wish as it is typed. */
function thresholdWords(wish: ThresholdWish): string | number {
  if (typeof wish !== 'object') return wish;
  return 'cost' in wish ? `cost ${wish.cost.join(':')}` : `recall ${wish.recall}`;
}

function rowsOf({ training, validation, heldOut }: Prepared): string {
  const [trained, chose, judge] = [training, validation, heldOut].map(({ cells }) => grouped(cells.rows));
  return `${trained} trained it, ${chose} chose the epoch, ${judge} judge it`;
}

/** Writes the page of rows that a model is judged by. */
export async function reportEvaluation(
  path: string,
  rows: TableRowsJudged,
  { modelPath, file }: { readonly modelPath: string; readonly file: string },
): Promise<void> {
  const { tableReport } = await import('../report/tableReport.js');
  const { target, anomaly } = rows.preprocessing;
  const page = tableReport({
    ...rows,
    rows: `${modelPath}, judged on ${counted(rows.cells.rows, 'row')} of ${file}.`,
    command: commandLine(),
    settings: { model: modelPath, file, ...(anomaly ? {} : { target: target.name }) },
  });
  await saveAtomically(path, Buffer.from(page));
}
