/** The rows of a fit: what users give for it, checked, or checked as it comes. */
import { checkOptions, wrongKind, wrongValue } from './errors.js';
import { readGiven } from './givenRows.js';
import { readAllTargets } from './goals.js';
import type { ReadyData } from './judge.js';
import { Chunks, Whole } from './rowSource.js';
import { readSampleWeights, splitReady } from './rowWeights.js';
import type { Run } from './run.js';
import { learntTargets } from './tabular/rawTraining.js';
import {
  type ChunkedData,
  dataNames,
  type FitOptions,
  isChunked,
  rowsOfStep,
  type TrainingData,
} from './trainingOptions.js';

function read(run: Run, where: string, data: TrainingData, named = where): ReadyData {
  checkOptions(named, data, dataNames);
  const { model, goals } = run;
  const raw = model.rawRows('fit');
  const samples = readGiven(model.inputs, where, data, { raw });
  const targets = readAllTargets(where, learntTargets(raw, data.y), samples.rows, goals);
  const weights = readSampleWeights(`${named}: sampleWeights`, data.sampleWeights, samples.rows, goals);
  return { samples, targets, ...(weights && { weights }) };
}

/** Where the rows come from, checked, or checked as they come; and those to judge by, where there are some. */
export function rowsOf(
  run: Run,
  where: string,
  data: TrainingData | ChunkedData,
  { validation, validationSplit }: FitOptions,
): { readonly source: Whole | Chunks; readonly judged: ReadyData | undefined } {
  const given = validation === undefined ? undefined : read(run, `${where}: validation`, validation);
  const named = `${where}: data`;
  if (!isChunked(data)) {
    const whole = read(run, where, data, named);
    const parts =
      validationSplit === undefined
        ? { training: whole, validation: given }
        : splitReady(`${where}: validationSplit`, whole, validationSplit, run.model.seed, run.goals);
    weigh(run, where, parts.training, parts.validation);
    const judged = parts.validation && run.ready(parts.validation, { judged: true });
    return { source: new Whole(run.ready(parts.training, { whole: where })), judged };
  }
  checkOptions(named, data, ['chunks', 'rows']);
  if (validationSplit !== undefined) {
    throw wrongKind(`${where}: validationSplit`, 'none with chunks', 'one', 'give validation');
  }
  run.refuseBalanced(where);
  weigh(run, where, given);
  const readChunk = (place: string, chunk: unknown) => {
    checkOptions(place, chunk, ['x', 'y', 'scale', 'lengths']);
    return run.ready(read(run, place, chunk as TrainingData));
  };
  const source = new Chunks(where, data, rowsOfStep(run.config), readChunk);
  return { source, judged: given && run.ready(given, { judged: true }) };
}

/** Rows are weighed from the first ones on that have weights. */
function weigh(run: Run, where: string, ...parts: readonly (ReadyData | undefined)[]): void {
  if (run.weighs || parts.every(part => part?.weights === undefined)) return;
  if (run.progress.position > 0) {
    const expected = 'none, as the epoch under way began';
    throw wrongValue(`${where}: sampleWeights`, expected, 'some', 'finish it with the same data');
  }
  run.weigh();
}
