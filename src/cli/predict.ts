import type { Wishes } from '../data/evidence.js';
import { restore, standardise } from '../data/scaling.js';
import { quote } from '../errors.js';
import { saveAtomically } from '../files/save.js';
import { outputsFor } from '../tabular/encoded.js';
import { readForecast } from '../tabular/forecast.js';
import { encodeInputs } from '../tabular/inputs.js';
import { isOutside, type Preprocessing } from '../tabular/preprocessing.js';
import { decided, reachOf } from '../tabular/tablePredictor.js';
import { counted } from '../tabular/words.js';
import { loadModel, readFor } from './modelFile.js';
import { refuseSameFile, UsageError } from './usage.js';
import { csvCell, float32Text, shortText } from './writing.js';

export interface PredictOptions extends Wishes {
  out?: string;
  impute?: boolean;
  interval?: number;
  json?: boolean;
}

/** `myelin predict`: one line of CSV, or one JSON object, for every row of the table, in order. */
export async function predict(modelPath: string, file: string, options: PredictOptions): Promise<void> {
  await refuseSameFile('--out', options.out, [modelPath, file]);
  const loaded = await loadModel(modelPath);
  const forecast = readForecast(loaded.model.metadata);
  if (forecast) {
    for (const name of ['impute', 'interval'] as const)
      if (options[name] !== undefined) throw new UsageError(`--${name}: expected none with a model that forecasts`);
    const { predictForecast } = await import('./forecast.js');
    await write(await predictForecast(loaded.model, forecast, file, options, options.json), forecast.horizon, options);
    return;
  }
  const { table, preprocessing } = await readFor(loaded, file, options);
  const reach = options.interval === undefined ? undefined : reachOf('--interval', preprocessing, options.interval);
  const filling = (options.impute ?? preprocessing.impute) ? 'fill' : 'refuse';
  const { x, unknown } = encodeInputs(table, preprocessing, { missing: filling, unknown: filling });
  const outputs = outputsFor(loaded.model, x, preprocessing);
  for (const [name, count] of options.impute ? [] : unknown) {
    process.stderr.write(`column ${quote(name)}: ${counted(count, 'text')} that training did not have\n`);
  }
  const { anomaly } = preprocessing;
  const lines = anomaly
    ? (await import('./anomaly.js')).anomalyLines(outputs, anomaly.threshold, options.json)
    : linesOf(outputs, preprocessing, options.json, reach);
  await write(lines, table.rows, options);
}

/** Writes lines of so many predictions to where the user says. */
async function write(lines: Iterable<string>, count: number, { out }: PredictOptions): Promise<void> {
  if (out === undefined) return print(lines);
  await saveAtomically(out, Buffer.from([...lines, ''].join('\n')));
  // Standard output is for predictions, and here has none.
  process.stderr.write(`${out}: ${counted(count, 'prediction')} written\n`);
}

/** What is predicted, line by line; `reach` is how far an interval goes to either side of a number. */
function* linesOf(
  outputs: Float32Array,
  preprocessing: Preprocessing,
  json = false,
  reach?: number,
): Generator<string> {
  const { target, threshold } = preprocessing;
  if (target.kind === 'number') {
    if (!json) yield reach === undefined ? 'prediction' : 'prediction,lower,upper';
    for (const [r, output] of outputs.entries()) {
      // As many digits as tell the network's outputs apart: more where the numbers are large and near each other.
      const text = isOutside(target, preprocessing)
        ? shortText(restore(output, target), short => Math.fround(standardise(short, target)) === output)
        : float32Text(output);
      const prediction = Number(text);
      // Without the digits that the sum alone brings.
      const bounds = reach === undefined ? [] : [prediction - reach, prediction + reach];
      const interval = bounds.map(bound => Number(bound.toPrecision(12)));
      yield json
        ? JSON.stringify({ event: 'prediction', row: r + 1, prediction, ...(reach !== undefined && { interval }) })
        : [text, ...interval].join();
    }
    return;
  }
  const names = target.values;
  if (!json) yield ['prediction', ...names].map(csvCell).join(',');
  for (const [r, index] of decided(outputs, names.length, threshold).entries()) {
    const prediction = names[index] ?? '';
    const probabilities = Array.from(outputs.subarray(r * names.length, (r + 1) * names.length), float32Text);
    if (json) {
      const pairs = Object.fromEntries(names.map((name, c) => [name, Number(probabilities[c])]));
      yield JSON.stringify({ event: 'prediction', row: r + 1, prediction, probabilities: pairs });
    } else {
      yield [csvCell(prediction), ...probabilities].join(',');
    }
  }
}

/** Writes lines to standard output, some thousand at a time; ends early when nobody reads them any more. */
function print(lines: Iterable<string>): void {
  let pending = '';
  for (const line of lines) {
    pending += `${line}\n`;
    if (pending.length < 1 << 16) continue;
    if (process.stdout.destroyed) return;
    process.stdout.write(pending);
    pending = '';
  }
  process.stdout.write(pending);
}
