/** `myelin train --task forecast`, and predicting and judging with what it saves. */
import { statSync } from 'node:fs';
import { type CsvFile, checkHeader, readAsShown } from '../data/csv.js';
import type { Wishes } from '../data/evidence.js';
import { Problems } from '../data/problems.js';
import { column, missingColumn, type Table } from '../data/table.js';
import { Model } from '../entries/node.js';
import { quote, shorten, wrongValue } from '../errors.js';
import { adam, adamW } from '../optimizers/kinds.js';
import { dateOrders, readDate } from '../tabular/dates.js';
import { defaultEpochs, fitWithEnd, type Run } from '../tabular/fitting.js';
import {
  defaultLength,
  type Forecast,
  type ForecastFigures,
  findSeason,
  forecastFigures,
  forecastNetwork,
  forecastParts,
  setSeries,
  type Windows,
} from '../tabular/forecast.js';
import { targetNumbers } from '../tabular/target.js';
import { counted } from '../tabular/words.js';
import { readCsv, withFaults } from './csv.js';
import { parameterCount } from './modelFile.js';
import { columnMeant } from './names.js';
import { bold, createOutput, fileSize } from './output.js';
import { createProgress } from './progress.js';
import { checkReport, reportForecast } from './report.js';
import { interruptible, type TrainOptions } from './train.js';
import { checkDestination, refuseSameFile, UsageError } from './usage.js';
import { float32Text } from './writing.js';

export interface ForecastOptions extends TrainOptions {
  readonly horizon: number;
  readonly length?: number;
  readonly season?: number;
}

/** Options that say nothing of a series. */
const FOREIGN = ['columns', 'ignore', 'impute', 'keep', 'calibrate', 'threshold', 'classWeights'];

/** `given`: the options that were typed. */
export async function trainForecast(file: string, options: ForecastOptions, given: readonly string[]): Promise<void> {
  const foreign = given.find(name => FOREIGN.includes(name));
  if (foreign !== undefined) {
    const flag = foreign.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag}: expected none with --task forecast, which learns from one column in its order`);
  }
  await refuseSameFile('--out', options.out, [file]);
  await checkDestination('--out', options.out);
  await checkReport(options.report, [file], options.out);
  const output = createOutput(options.json);
  const { name, values } = seriesIn(await readCsv(file, options), options, options.target);
  const { horizon, validation, seed, batchSize = 32, learningRate = 0.001, weightDecay = 0 } = options;
  const season = options.season ?? findSeason(values);
  const length = options.length ?? defaultLength(values.length, horizon, season);
  const forecast: Forecast = { target: name, length, horizon, ...(season !== undefined && { season }) };
  const parts = forecastParts(values, forecast, validation ?? 0.2);
  const epochs = options.epochs ?? defaultEpochs(parts.training.y.length / horizon, batchSize);
  const windowsOf = ({ y }: Windows) => y.length / horizon;
  const network = {
    hidden: options.hidden ?? [64],
    activation: options.activation ?? ('relu' as const),
    dropout: options.dropout ?? 0,
  };
  const create = async () => {
    const { turbo = true } = options;
    const model = await Model.create(forecastNetwork(forecast, network), {
      ...(seed !== undefined && { seed }),
      turbo,
    });
    setSeries(model, values, forecast);
    return model;
  };
  let model = await create();
  const sizes = {
    training: windowsOf(parts.training),
    validation: windowsOf(parts.validation),
    heldOut: windowsOf(parts.heldOut),
  };
  const parameters = parameterCount(model);
  output.event('start', {
    file,
    rows: values.length,
    task: 'forecast',
    ...forecast,
    ...sizes,
    parameters,
    epochs,
    seed,
  });
  output.say(`${file}: ${counted(values.length, 'step')} of ${quote(name)}`);
  const repeats = season === undefined ? 'nothing that repeats' : `a season of ${counted(season, 'step')}`;
  output.say(`${bold(`forecast of ${counted(horizon, 'step')}`)} from the ${length} before; ${repeats}`);
  output.say(
    `windows in the order of time: ${sizes.training} to train on, then ${sizes.validation} to choose the epoch, then ${sizes.heldOut} held out`,
  );
  output.say("losses are in the unit that the network learns in: the steps' deviation is 1\n");
  const optimizer = weightDecay > 0 ? adamW({ learningRate, weightDecay }) : adam({ learningRate });
  const settings = { loss: 'meanSquaredError', batchSize, optimizer } as const;
  const { patience } = options;
  const { signal, release } = interruptible();
  const progress = createProgress(output, epochs, options.json, 'validation');
  let figures: ForecastFigures | undefined;
  let judged: Run | undefined;
  const first = model;
  try {
    const shown = sizes.validation > 0 ? parts.validation : undefined;
    const watched = { ...settings, epochs, signal, onEpoch: progress.epoch, keep: 'best' as const };
    const run = await fitWithEnd(model, parts.training, shown, {
      ...watched,
      ...(patience !== undefined && { patience }),
    });
    judged = run;
    progress.stop();
    if (sizes.heldOut > 0) {
      figures = forecastFigures(model.predict(parts.heldOut.x), parts.heldOut, forecast);
      output.say(
        `kept epoch ${run.keptEpoch} of ${run.doneEpochs}; the figures are of steps later than all of these\n`,
      );
      output.say(describeForecast(figures, 'held-out'));
    }
    if (options.refit !== false && shown && !run.stopped) {
      output.say(
        `training again on all ${counted(windowsOf(parts.all), 'window')} for ${counted(run.keptEpoch, 'epoch')}`,
      );
      const again = await create();
      const last = { ...settings, epochs: run.keptEpoch, keep: 'last' as const, signal };
      if (!(await fitWithEnd(again, parts.all, undefined, last)).stopped) model = again;
    }
  } finally {
    progress.stop();
    release();
  }
  await model.save(options.out);
  const bytes = statSync(options.out).size;
  output.event('end', { out: options.out, bytes, ...forecast, ...figures });
  if (options.report !== undefined && judged) {
    const [rows, which] = figures ? [parts.heldOut, 'held out, later than all others'] : [parts.training, 'trained on'];
    const { lastValue, seasonBefore } = figures?.baselines ?? {};
    const settings = {
      file,
      ...forecast,
      ...(lastValue && { 'always the last value': errorsOf(lastValue) }),
      ...(seasonBefore && { 'always the season before': errorsOf(seasonBefore) }),
      ...network,
      hidden: network.hidden.join(', ') || 'none',
      epochs: `${judged.doneEpochs} of ${epochs} done, ${judged.keptEpoch} kept`,
      'batch size': batchSize,
      'learning rate': learningRate,
      'weight decay': weightDecay,
      seed,
    };
    await reportForecast(options.report, { model: first, run: judged, rows, which, settings });
    output.say(`${options.report} written`);
  }
  output.say(`${options.out} saved (${fileSize(bytes)}): it predicts the ${horizon} steps behind the last ${length}`);
}

/** The numbers of a column in the order of the rows, which is to be that of time. */
function seriesIn(csv: CsvFile, wishes: Wishes, typed: string): { name: string; values: Float64Array } {
  checkHeader(csv, wishes);
  const name = columnMeant(csv.table, typed);
  if (name === undefined) throw withFaults(csv, missingColumn(csv.table, typed));
  const table = readAsShown(csv, wishes, other => other === name);
  const problems = new Problems(table.faults);
  problems.attempt(() => refuseDisorder(csv.path, table, name));
  const isClear = (table.faults?.unclear?.size ?? 0) === 0;
  const values = isClear ? problems.attempt(() => targetNumbers(table, name)) : undefined;
  problems.throwAny();
  return { name, values: values ?? new Float64Array(0) };
}

/** Refuses rows whose dates, where a column has some, do not go forward. */
function refuseDisorder(path: string, table: Table, target: string): void {
  for (const [index, name] of table.header.entries()) {
    if (name === target) continue;
    const cells = Array.from({ length: table.rows }, (_, row) => table.cell(row, index));
    const orders = dateOrders(cells[0] ?? '').filter(order => !cells.some(cell => Number.isNaN(readDate(cell, order))));
    const breaks = orders.map(order =>
      cells.findIndex((cell, row) => {
        return row > 0 && readDate(cell, order) <= readDate(cells[row - 1] ?? '', order);
      }),
    );
    const [row = -1] = breaks;
    if (row < 0 || breaks.includes(-1)) continue;
    const got = `${quote(cells[row] ?? '')} behind ${quote(cells[row - 1] ?? '')} in row ${table.rowNumber(row)}`;
    throw wrongValue(
      `${shorten(path)}, ${column(name)}`,
      'rows in the order of time, one a step',
      got,
      'sort the file',
    );
  }
}

/** The steps behind a file's last ones, one a line. */
export async function predictForecast(model: Model, forecast: Forecast, file: string, wishes: Wishes, json = false) {
  const { target, length } = forecast;
  const { values } = seriesIn(await readCsv(file, wishes), wishes, target);
  if (values.length < length)
    throw wrongValue(shorten(file), `at least ${length} rows, which the model is given`, values.length);
  const texts = Array.from(model.predict(Float32Array.from(values.subarray(-length))), float32Text);
  if (!json) return ['prediction', ...texts];
  return texts.map((text, i) => JSON.stringify({ event: 'prediction', step: i + 1, prediction: Number(text) }));
}

/** How far off forecasts of a file's windows are. */
export async function evaluateForecast(model: Model, forecast: Forecast, file: string, wishes: Wishes, typed?: string) {
  const { values } = seriesIn(await readCsv(file, wishes), wishes, typed ?? forecast.target);
  const { all } = forecastParts(values, forecast, 0);
  return forecastFigures(model.predict(all.x), all, forecast);
}

export function describeForecast(figures: ForecastFigures, rows: string): string {
  const { windows, byStep, baselines } = figures;
  const { lastValue, seasonBefore } = baselines;
  return [
    `${bold(`${rows} ${errorsOf(figures)}`)} (${counted(windows, 'window')})`,
    `always the last value: ${errorsOf(lastValue)}`,
    ...(seasonBefore ? [`always the season before: ${errorsOf(seasonBefore)}`] : []),
    `mean absolute error by step: ${byStep.slice(0, 12).map(short).join(', ')}${byStep.length > 12 ? ' …' : ''}\n`,
  ].join('\n');
}

function errorsOf(one: { readonly meanAbsoluteError: number; readonly rootMeanSquaredError: number }): string {
  return `mean absolute error ${short(one.meanAbsoluteError)}, root mean squared error ${short(one.rootMeanSquaredError)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
