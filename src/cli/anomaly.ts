/** `myelin train --task anomaly`, and what its models say of other rows. */
import { statSync } from 'node:fs';
import { checkHeader, readAsShown } from '../data/csv.js';
import { columnIndex, type Table } from '../data/table.js';
import { TableModel } from '../entries/tabular.node.js';
import { wrongValue } from '../errors.js';
import { score } from '../metrics/score.js';
import { fitAnomalies, quantileOf } from '../tabular/anomaly.js';
import type { ColumnKind } from '../tabular/columns.js';
import { defaultEpochs } from '../tabular/fitting.js';
import type { Preprocessing } from '../tabular/preprocessing.js';
import { counted } from '../tabular/words.js';
import { readCsv } from './csv.js';
import { columnLines, MOST_SHOWN } from './inspect.js';
import { parameterCount } from './modelFile.js';
import { columnKindsMeant, columnsMeant } from './names.js';
import { bold, createOutput, fileSize, percent } from './output.js';
import { createProgress } from './progress.js';
import { checkReport, reportAnomalies } from './report.js';
import { interruptible, type TrainOptions } from './train.js';
import { asTyped, checkDestination, refuseSameFile, UsageError } from './usage.js';
import { csvCell, float32Text } from './writing.js';

export interface AnomalyFileOptions extends Omit<TrainOptions, 'target'> {
  /** A column that says which rows are anomalies: it is left out. */
  readonly target?: string;
  readonly quantile?: number;
}

/** Options that say nothing of rows without a target. */
const FOREIGN = ['dropout', 'weightDecay', 'keep', 'calibrate', 'threshold', 'classWeights'];

/** `given`: the options that were typed. */
export async function trainAnomaly(file: string, options: AnomalyFileOptions, given: readonly string[]): Promise<void> {
  const foreign = given.find(name => FOREIGN.includes(name));
  if (foreign !== undefined) {
    const flag = foreign.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag}: expected none with --task anomaly, which has no target`);
  }
  await refuseSameFile('--out', options.out, [file]);
  await checkDestination('--out', options.out);
  await checkReport(options.report, [file], options.out);
  const output = createOutput(options.json);
  const csv = await readCsv(file, options);
  checkHeader(csv, options);
  const left = [...(options.ignore ?? []), ...(options.target === undefined ? [] : [options.target])];
  const columns: Record<string, ColumnKind> = columnKindsMeant(csv.table, options.columns ?? [], '');
  for (const name of columnsMeant(csv.table, left, '')) columns[name] = 'drop';
  const table = readAsShown(csv, options, name => columns[name] !== 'drop');
  const { batchSize, learningRate, validation, quantile, epochs, patience, seed, impute, refit, turbo } = options;
  const { signal, release } = interruptible();
  const most = epochs ?? defaultEpochs(table.rows, batchSize ?? 32);
  output.event('start', { file, task: 'anomaly', rows: table.rows, epochs: most });
  output.say(
    `${file}: ${counted(table.rows, 'row')}; ${bold('anomalies')}: rows that a narrow network does not give again\n`,
  );
  const progress = createProgress(output, most, options.json, 'validation');
  const asked = {
    columns,
    batchSize,
    learningRate,
    validation,
    quantile,
    patience,
    seed,
    impute,
    refit,
    turbo,
    signal,
  };
  const typed = (name: 'hidden' | 'activation') => (given.includes(name) ? { [name]: options[name] } : {});
  try {
    const known = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
    const settings = { ...known, ...typed('hidden'), ...typed('activation'), epochs: most, onEpoch: progress.epoch };
    const { model, report, judged } = await asTyped(() => fitAnomalies(TableModel, table, settings));
    progress.stop();
    for (const line of columnLines(model.preprocessing, MOST_SHOWN)) output.say(line);
    output.say(`\nkept epoch ${report.keptEpoch} of ${report.doneEpochs}, whose validation loss was lowest`);
    output.say(describeScores(report.threshold, report.quantiles, report.anomalous, report.heldOut, 'held-out'));
    await model.save(options.out);
    const bytes = statSync(options.out).size;
    output.event('end', { out: options.out, bytes, parameters: parameterCount(model.model), ...report });
    output.say(
      `${options.out} saved (${fileSize(bytes)}); predict with it: npx myelin predict ${options.out} FILE.csv`,
    );
    if (options.report === undefined) return;
    await reportAnomalies(options.report, file, judged, report);
    output.event('report', { report: options.report });
    output.say(`${options.report} written: the report, for a browser`);
  } finally {
    progress.stop();
    release();
  }
}

function describeScores(
  threshold: number,
  quantiles: Readonly<Record<string, number>>,
  share: number,
  rows: number,
  name: string,
): string {
  const shown = Object.entries(quantiles)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([at, value]) => `${Number(at) * 100}% up to ${short(value)}`);
  return [
    `${bold(`${percent(share)} of ${counted(rows, `${name} row`)} are anomalies`)}: their score is at least ${short(threshold)}`,
    `scores: ${shown.join(', ')}`,
  ].join('\n');
}

/** What a model of anomalies says of rows, line by line. */
export function* anomalyLines(scores: Float32Array, threshold: number, json = false): Generator<string> {
  if (!json) yield 'prediction,score';
  for (const [row, value] of scores.entries()) {
    const prediction = value >= threshold ? 'anomaly' : 'normal';
    const text = float32Text(value);
    if (json) yield JSON.stringify({ event: 'prediction', row: row + 1, prediction, score: Number(text) });
    else yield `${csvCell(prediction)},${text}`;
  }
}

/** How many rows are anomalies, and where a column says which are, how well scores tell them apart. */
export function judgeAnomalies(
  scores: Float32Array,
  { anomaly }: Preprocessing,
  table: Table,
  label: string | undefined,
) {
  const { threshold = 0 } = anomaly ?? {};
  const quantiles = Object.fromEntries([0.5, 0.9, 0.99, 1].map(share => [share, quantileOf(scores, share)]));
  const anomalous = scores.filter(value => value >= threshold).length / scores.length;
  const figures = { rows: scores.length, threshold, anomalous, quantiles };
  if (label === undefined)
    return { figures, text: describeScores(threshold, quantiles, anomalous, scores.length, 'scored') };
  const index = columnIndex(table, label);
  const cells = Array.from({ length: table.rows }, (_, row) => table.cell(row, index));
  const [first = '', second, ...others] = [...new Set(cells)].sort();
  if (second === undefined || others.length > 0) {
    throw wrongValue(
      `column '${label}'`,
      'two different values, which say what is an anomaly',
      others.length + (second === undefined ? 1 : 2),
    );
  }
  // Anomalies are the rarer of the two.
  const rare = cells.filter(cell => cell === first).length * 2 < cells.length ? first : second;
  const y = Int32Array.from(cells, cell => Number(cell === rare));
  const { rocAuc, averagePrecision } = score(scores, y, ['rocAuc', 'averagePrecision']);
  const text = describeScores(threshold, quantiles, anomalous, scores.length, 'scored');
  const said = `'${rare}' by ${label}: ROC AUC ${Number(rocAuc).toFixed(4)}, average precision ${Number(averagePrecision).toFixed(4)}`;
  return { figures: { ...figures, rocAuc, averagePrecision }, text: `${text}\n${said}` };
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
