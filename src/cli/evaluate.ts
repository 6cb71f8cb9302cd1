import type { Wishes } from '../data/evidence.js';
import { columnIndex } from '../data/table.js';
import { outputsFor } from '../tabular/encoded.js';
import { readForecast } from '../tabular/forecast.js';
import { encodeInputs } from '../tabular/inputs.js';
import { encodeJudged, figuresOf } from '../tabular/tableModel.js';
import { loadModel, readFor } from './modelFile.js';
import { createOutput } from './output.js';
import { checkReport, reportEvaluation } from './report.js';
import { describeFigures } from './score.js';
import { UsageError } from './usage.js';

export interface EvaluateOptions extends Wishes {
  target?: string;
  impute?: boolean;
  report?: string;
  json?: boolean;
}

/** `myelin evaluate`: how well a model predicts the target of a table that has it. */
export async function evaluate(modelPath: string, file: string, options: EvaluateOptions): Promise<void> {
  await checkReport(options.report, [modelPath, file]);
  const loaded = await loadModel(modelPath);
  const forecast = readForecast(loaded.model.metadata);
  if (forecast) {
    if (options.report !== undefined) throw new UsageError('--report: expected none with a model that forecasts');
    if (options.impute) throw new UsageError('--impute: expected none with a model that forecasts');
    const { describeForecast, evaluateForecast } = await import('./forecast.js');
    const figures = await evaluateForecast(loaded.model, forecast, file, options, options.target);
    const output = createOutput(options.json);
    output.event('evaluate', { model: modelPath, file, ...figures });
    output.say(describeForecast(figures, `${file}:`));
    return;
  }
  const target = options.target ?? loaded.preprocessing?.target.name;
  if (target === undefined) throw new UsageError(`${modelPath} does not say what it predicts: name it with --target`);
  const { table, preprocessing } = await readFor(loaded, file, options, target);
  const tell = async (figures: object, text: string, x: Float32Array) => {
    const output = createOutput(options.json);
    output.event('evaluate', { model: modelPath, file, ...figures });
    output.say(text);
    if (options.report === undefined) return;
    const rows = { model: loaded.model, preprocessing, cells: table, x };
    await reportEvaluation(options.report, rows, { modelPath, file });
    output.event('report', { report: options.report });
    output.say(`\n${options.report} written: the report, for a browser`);
  };
  if (preprocessing.anomaly) {
    const filling = (options.impute ?? preprocessing.impute) ? 'fill' : 'refuse';
    const { x } = encodeInputs(table, preprocessing, { missing: filling, unknown: filling });
    const { judgeAnomalies } = await import('./anomaly.js');
    const { figures, text } = judgeAnomalies(loaded.model.predict(x), preprocessing, table, options.target);
    await tell(figures, text, x);
    return;
  }
  columnIndex(table, preprocessing.target.name);
  const filling = (options.impute ?? preprocessing.impute) ? 'fill' : 'refuse';
  const x = encodeJudged(table, preprocessing, { missing: filling, unknown: filling });
  const figures = figuresOf(outputsFor(loaded.model, x, preprocessing), table, preprocessing);
  await tell(figures, describeFigures(figures, `${file}:`), x);
}
