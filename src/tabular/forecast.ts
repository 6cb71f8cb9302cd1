/** The next steps of a series from those before them: parts in the order of time, and what simple rules reach. */
import type { Architecture } from '../architecture.js';
import { windows } from '../data/parts.js';
import { fitScaling } from '../data/scaling.js';
import { checkInteger, quote, wrongValue } from '../errors.js';
import { parseStrictly } from '../files/strictJson.js';
import { add, type GraphNode, graph, slice, subtract } from '../graph.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { normalization } from '../layers/normalization.js';
import type { Model } from '../model.js';
import { markEncoded } from './encoded.js';
import type { HiddenLayers } from './network.js';
import { FORECAST, TABLE_FORMAT } from './preprocessing.js';

/** What a forecasting model's file says of it. */
export interface Forecast {
  /** The column. */
  readonly target: string;
  /** Steps that it is given, and steps that it predicts. */
  readonly length: number;
  readonly horizon: number;
  /** Steps until the series is alike again; undefined where nothing repeats. */
  readonly season?: number;
}

/** Rows of windows: `length` steps, and the `horizon` steps behind them. */
export interface Windows {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Windows by when what they predict lies: to train on, to choose by, and to judge by. */
export interface ForecastParts {
  readonly training: Windows;
  readonly validation: Windows;
  readonly heldOut: Windows;
  readonly all: Windows;
}

interface Errors {
  readonly meanAbsoluteError: number;
  readonly rootMeanSquaredError: number;
}

export interface ForecastFigures extends Errors {
  /** Windows that were judged, each of which has `horizon` steps. */
  readonly windows: number;
  /** The mean absolute error of each step ahead. */
  readonly byStep: readonly number[];
  /** Rules: that nothing changes, and that it is as a season before. */
  readonly baselines: { readonly lastValue: Errors; readonly seasonBefore?: Errors };
}

/** Lags with less correlation than this are no season. */
const LEAST_CORRELATION = 0.3;
const LONGEST_SEASON = 400;

/**
 * The lag at which the changes of a series are most like themselves, up to a third of its steps; of lags that are about
 * as good, such as multiples, the first.
 */
export function findSeason(values: ArrayLike<number>): number | undefined {
  const changes = Float64Array.from({ length: values.length - 1 }, (_, i) => (values[i + 1] ?? 0) - (values[i] ?? 0));
  const mean = changes.reduce((sum, value) => sum + value / changes.length, 0);
  const power = changes.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (power === 0) return undefined;
  const most = Math.min(LONGEST_SEASON, Math.floor(values.length / 3));
  const correlations = Array.from({ length: Math.max(0, most - 1) }, (_, i) => {
    let sum = 0;
    for (let at = i + 2; at < changes.length; at++)
      sum += ((changes[at] ?? 0) - mean) * ((changes[at - i - 2] ?? 0) - mean);
    return (sum / power) * (changes.length / (changes.length - i - 2));
  });
  const best = Math.max(...correlations);
  if (!(best >= LEAST_CORRELATION)) return undefined;
  return correlations.findIndex(own => own >= 0.9 * best) + 2;
}

/**
 * Steps that a model is given by default: two seasons, but two horizons at least, and a quarter of the series at most.
 */
export function defaultLength(rows: number, horizon: number, season = 1): number {
  return Math.max(1, Math.min(Math.max(2 * season, 2 * horizon), Math.floor(rows / 4)));
}

/**
 * Takes a series apart in the order of time: the last share of its steps judges, and of those before the last share
 * chooses the epoch. What is predicted lies in one part alone; what is given may reach back.
 *
 * @throws where the series is too short for a window in each part
 */
export function forecastParts(
  values: ArrayLike<number>,
  { length, horizon }: Pick<Forecast, 'length' | 'horizon'>,
  share: number,
): ForecastParts {
  const steps = values.length;
  const judged = Math.floor(steps * (1 - share));
  const chosen = Math.floor(judged * (1 - share));
  const bounds = share === 0 ? [0, steps] : [0, chosen, judged, steps];
  const part = (index: number): Windows => {
    const [from = steps, to = steps] = [bounds[index], bounds[index + 1]];
    const start = Math.max(0, from - length);
    if (to - start < length + horizon) {
      if (from === steps) return { x: new Float32Array(0), y: new Float32Array(0) };
      const expected = `enough steps for windows of ${length} + ${horizon} in each part`;
      throw wrongValue('the series', expected, `${steps} steps`, 'give more rows, or a shorter length or horizon');
    }
    return windows(
      Array.from({ length: to - start }, (_, i) => values[start + i] ?? 0),
      { length, horizon },
    );
  };
  return { training: part(0), validation: part(1), heldOut: part(2), all: windows(values, { length, horizon }) };
}

/**
 * A network that sees a window relative to its last step, in the series' own scale, and adds to that step: it goes
 * on where the level is another than in training.
 */
export function forecastNetwork(
  { length, horizon }: Pick<Forecast, 'length' | 'horizon'>,
  { hidden, activation, dropout: rate }: HiddenLayers,
): Architecture {
  return graph(length, input => {
    const scaled = input.to(normalization());
    const last = slice(scaled, { start: length - 1, end: length });
    const level = (steps: number) =>
      last.to(dense(steps, { useBias: false, trainable: false, weightInitializer: 'ones' }));
    let node: GraphNode = subtract(scaled, level(length));
    for (const units of hidden) {
      node = node.to(dense(units, { activation }));
      if (rate > 0) node = node.to(dropout(rate));
    }
    return add(node.to(dense(horizon)), level(horizon)).to(normalization({ invert: true }));
  });
}

/**
 * Gives the network the mean and the variance of a series' steps, and says in its metadata what it forecasts, and in
 * which unit its costs are, here and in later fits: the one that it learns in, where the steps' deviation is 1.
 *
 * @throws where the steps do not vary
 */
export function setSeries(
  model: Pick<Model, 'parameters' | 'setParameters' | 'metadata'>,
  values: ArrayLike<number>,
  forecast: Forecast,
): void {
  const { target: name, length } = forecast;
  const { mean, scale } = fitScaling(Array.from(values));
  if (scale === 0) throw wrongValue(`target ${quote(name)}`, 'numbers that vary', `${mean} in every row`);
  model.metadata[FORECAST] = JSON.stringify(forecast);
  const columns = Array.from({ length }, () => ({ name, kind: 'number' as const, mean, scale }));
  markEncoded(model, { format: TABLE_FORMAT, columns, target: { name, kind: 'number', mean, scale } });
  const state = model.parameters.filter(({ name }) => /normalization\.(?:mean|variance)$/.test(name));
  model.setParameters(
    Object.fromEntries(
      state.map(({ name, data }) => [name, data.map(() => (name.endsWith('mean') ? mean : scale ** 2))]),
    ),
  );
}

/** How far predictions of windows are off, beside what rules reach. */
export function forecastFigures(
  predicted: Float32Array,
  { x, y }: Windows,
  { length, horizon, season }: Pick<Forecast, 'length' | 'horizon' | 'season'>,
): ForecastFigures {
  const count = y.length / horizon;
  const rule = (value: (window: number, step: number) => number) => errorsOf(y, (i, step) => value(i, step), horizon);
  const given = (window: number, back: number) => x[window * length + length - back] ?? Number.NaN;
  const byStep = Array.from({ length: horizon }, (_, step) => {
    let sum = 0;
    for (let i = step; i < y.length; i += horizon) sum += Math.abs((predicted[i] ?? 0) - (y[i] ?? 0));
    return sum / count;
  });
  const before = (window: number, step: number) => given(window, (season ?? 1) - (step % (season ?? 1)));
  return {
    windows: count,
    ...rule((window, step) => predicted[window * horizon + step] ?? 0),
    byStep,
    baselines: {
      lastValue: rule(window => given(window, 1)),
      ...(season !== undefined && season <= length && { seasonBefore: rule(before) }),
    },
  };
}

function errorsOf(y: Float32Array, value: (window: number, step: number) => number, horizon: number): Errors {
  let [absolute, squared] = [0, 0];
  for (const [i, truth] of y.entries()) {
    const error = value(Math.floor(i / horizon), i % horizon) - truth;
    absolute += Math.abs(error);
    squared += error * error;
  }
  return { meanAbsoluteError: absolute / y.length, rootMeanSquaredError: Math.sqrt(squared / y.length) };
}

/** What a file says of the forecasts that its model makes; undefined where it says nothing. */
export function readForecast(metadata: Readonly<Record<string, string>>): Forecast | undefined {
  const text = metadata[FORECAST];
  if (text === undefined) return undefined;
  const where = 'model file: forecast';
  const { target, length, horizon, season } = parseStrictly(where, text) as Partial<Record<string, unknown>>;
  if (typeof target !== 'string') throw wrongValue(where, "a column's name", 'none', 'train the model again');
  return {
    target,
    length: checkInteger(`${where}: length`, length, 1),
    horizon: checkInteger(`${where}: horizon`, horizon, 1),
    ...(season !== undefined && { season: checkInteger(`${where}: season`, season, 1) }),
  };
}
