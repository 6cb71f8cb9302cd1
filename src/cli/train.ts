import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CsvFile, checkHeader, readAsShown } from '../data/csv.js';
import { describeReading, type Wishes } from '../data/evidence.js';
import { encodeInputs } from '../data/inputs.js';
import { inputWidth, outputWidth, PREPROCESSING, type Preprocessing } from '../data/preprocessing.js';
import { missingColumn } from '../data/table.js';
import { encodeTarget } from '../data/target.js';
import { dense, dropout, Model, sequential } from '../entries/node.js';
import { quote, wrongValue } from '../errors.js';
import { destination } from '../files/save.js';
import type { ActivationName } from '../layers/activations.js';
import { applyTemperature, fitTemperature } from './calibrate.js';
import { readCsv } from './csv.js';
import { defaultPatience, type FitSettings, fitModel, type Run } from './fit.js';
import { parameterCount } from './modelFile.js';
import { columnMeant, columnsMeant } from './names.js';
import { bold, counted, createOutput, fileSize, grouped, type Output } from './output.js';
import { type Prepared, type PrepareOptions, prepare, remarks } from './prepare.js';
import { score } from './score.js';
import { refuseSameFile, UsageError } from './usage.js';

export interface TrainOptions extends PrepareOptions, Wishes, Omit<FitSettings, 'epochs'> {
  hidden: number[];
  activation: ActivationName;
  dropout: number;
  epochs?: number;
  out: string;
  /** Whether probabilities are calibrated on the validation rows. */
  calibrate?: boolean;
  /** Whether V8's flags may be set; predict and evaluate read a file once, which takes less than the self-test. */
  turbo: boolean;
}

/** `myelin train`: from a CSV file to a model file that holds all that predict needs. */
export async function train(file: string, options: TrainOptions): Promise<void> {
  refuseIgnored(options.target, options.ignore ?? []);
  await refuseSameFile('--out', options.out, [file]);
  await checkDestination(options.out);
  const output = createOutput(options.json);
  const csv = await readCsv(file, options);
  const prepared = prepareFile(csv, options);
  if (options.calibrate) refuseUncalibrated(prepared);
  const model = await createModel(prepared.preprocessing, options);
  const epochs = options.epochs ?? defaultEpochs(prepared.training.table.rows, options.batchSize);
  announce(output, csv, prepared, model, { ...options, epochs });
  const { task, training, validation, heldOut } = prepared;
  const isChosen = validation.y.length > 0;
  const shown = isChosen ? validation : heldOut;
  const run = await fitModel(
    model,
    { task, training, ...(shown.y.length > 0 && { shown }), name: isChosen ? 'validation' : 'held-out' },
    { ...options, epochs },
    output,
  );
  const temperature = options.calibrate ? calibrate(run.model, prepared) : undefined;
  const isHeldOut = heldOut.y.length > 0;
  const judged = isHeldOut ? heldOut : training;
  const scoredOn = isHeldOut ? 'held-out' : 'training';
  const judgement = score(run.model.predict(judged.x), judged.table, prepared.preprocessing, scoredOn);
  report(output, run, epochs, judgement.text, { isHeldOut, isChosen, temperature });
  const whole = run.stopped ? undefined : await refit(prepared, run.keptEpoch, options, output);
  const saved = whole?.model ?? run.model;
  if (whole !== undefined && temperature !== undefined) applyTemperature(saved, temperature);
  saved.metadata[PREPROCESSING] = JSON.stringify(whole?.preprocessing ?? prepared.preprocessing);
  await saved.save(options.out);
  const bytes = statSync(options.out).size;
  const { stopped, settled, doneEpochs, keptEpoch } = run;
  const rows = whole === undefined ? {} : { refit: { rows: whole.rows, epochs: keptEpoch } };
  output.event('end', {
    ...{ out: options.out, bytes, stopped, settled, doneEpochs, keptEpoch, temperature, scoredOn, ...rows },
    ...judgement.figures,
  });
  const out = quoted(options.out);
  output.say(`${options.out} saved (${fileSize(bytes)}); predict with it: npx myelin predict ${out} FILE.csv`);
}

/** Calibrates the model that was trained, and gives the temperature. */
function calibrate(model: Model, { validation, preprocessing }: Prepared): number {
  const classes = outputWidth(preprocessing);
  const temperature = fitTemperature(model.predict(validation.x), validation.y, classes);
  applyTemperature(model, temperature);
  return temperature;
}

/**
 * A new model of all rows, trained for as many epochs as were best; undefined where the one that was judged is saved,
 * as where the user ends this.
 */
async function refit(
  { task, whole }: Prepared,
  epochs: number,
  options: TrainOptions,
  output: Output,
): Promise<{ model: Model; preprocessing: Preprocessing; rows: number } | undefined> {
  if (whole === undefined) return undefined;
  const { table, preprocessing, filling } = whole;
  const { x } = encodeInputs(table, preprocessing, { missing: filling });
  const y = encodeTarget(table, preprocessing.target);
  output.say(
    `training again on all ${counted(table.rows, 'row')} for ${counted(epochs, 'epoch')}, for the model that is saved`,
  );
  const model = await createModel(preprocessing, options);
  const quiet: Output = { say: () => {}, event: () => {} };
  const run = await fitModel(model, { task, training: { x, y } }, { ...options, epochs, keep: 'last' }, quiet);
  if (!run.stopped) return { model: run.model, preprocessing, rows: table.rows };
  output.say('stopped: the model that was judged is saved');
  return undefined;
}

/** Checks the header, finds the columns that the user means, and reads the others as their cells show. */
function prepareFile(csv: CsvFile, options: TrainOptions): Prepared {
  checkHeader(csv, options);
  const target = columnMeant(csv.table, options.target);
  if (target === undefined) throw missingColumn(csv.table, options.target);
  const ignore = columnsMeant(csv.table, options.ignore ?? [], target);
  refuseIgnored(target, ignore);
  const ignored = new Set(ignore);
  const table = readAsShown(csv, options, name => !ignored.has(name));
  return prepare(table, { ...options, target, ignore });
}

/** Refuses to calibrate what has no probabilities, or no rows for it. */
function refuseUncalibrated({ task, validation }: Prepared): void {
  if (task === 'regression') throw new UsageError('--calibrate: expected classes, got a target of numbers');
  if (validation.y.length > 0) return;
  throw new UsageError('--calibrate: expected validation rows, got none; take --keep best and hold rows out');
}

function refuseIgnored(target: string, ignore: readonly string[]): void {
  if (!ignore.includes(target)) return;
  throw new UsageError(`--ignore: expected other columns than the target, got ${quote(target)}`);
}

/** Refuses a file that could not be written, before any work. */
async function checkDestination(path: string): Promise<void> {
  const folder = dirname((await destination(path)).target);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw wrongValue(`--out ${path}`, 'a file in a folder that exists', `'${folder}'`, 'create the folder first');
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw wrongValue(`--out ${path}`, 'a folder to write in', `no permission for '${folder}'`);
  }
}

/** As many epochs as make about 2000 steps, which small tables need, but from 20 to 300. */
export function defaultEpochs(rows: number, batchSize: number): number {
  return Math.min(Math.max(Math.round(2000 / Math.ceil(rows / batchSize)), 20), 300);
}

async function createModel(preprocessing: Preprocessing, options: TrainOptions): Promise<Model> {
  const layers = options.hidden.flatMap(units => {
    const layer = dense(units, { activation: options.activation });
    return options.dropout > 0 ? [layer, dropout(options.dropout)] : [layer];
  });
  const isClassifier = preprocessing.target.kind === 'classes';
  const last = dense(outputWidth(preprocessing), isClassifier ? { activation: 'softmax' } : {});
  const architecture = sequential(inputWidth(preprocessing), [...layers, last]);
  return Model.create(architecture, { seed: options.seed, turbo: options.turbo });
}

/** What is about to be done. */
function announce(
  output: Output,
  { path, delimiter }: CsvFile,
  prepared: Prepared,
  model: Model,
  options: TrainOptions & { epochs: number },
): void {
  const { task, reason, preprocessing, training, heldOut, filled, unknown } = prepared;
  const { target, columns } = preprocessing;
  const validationRows = prepared.validation.table.rows;
  const trainingRows = training.table.rows + validationRows;
  const heldOutRows = heldOut.table.rows;
  const parameters = parameterCount(model);
  const texts = columns.filter(({ kind }) => kind === 'category').length;
  const { seed, epochs, batchSize, learningRate, weightDecay, keep, patience = defaultPatience(epochs) } = options;
  output.event('start', {
    file: path,
    delimiter,
    reading: preprocessing.reading,
    rows: trainingRows + heldOutRows,
    trainingRows,
    validationRows,
    heldOutRows,
    filled,
    unknown,
    target: target.name,
    task,
    reason,
    ...(target.kind === 'classes' ? { classes: target.values } : {}),
    columns: { numbers: columns.length - texts, texts },
    inputs: inputWidth(preprocessing),
    outputs: outputWidth(preprocessing),
    parameters,
    ...{ hidden: options.hidden, activation: options.activation, dropout: options.dropout },
    backend: model.backend,
    ...{ epochs, batchSize, learningRate, weightDecay, seed, keep, patience },
  });
  const kinds = texts === 0 ? 'all numbers' : `${counted(columns.length - texts, 'number')}, ${counted(texts, 'text')}`;
  output.say(
    `${path}: ${counted(trainingRows + heldOutRows, 'row')}, ${counted(columns.length, 'input column')} (${kinds})`,
  );
  for (const line of describeReading(training.table.reading, delimiter)) output.say(line);
  const classes = target.kind === 'classes' ? ` into ${target.values.length} classes` : '';
  output.say(`${bold(`${task}${classes}`)}: ${reason}`);
  const shares = task === 'classification' ? ', of every class its share' : '';
  const held = heldOutRows === 0 ? 'none held out' : `${grouped(heldOutRows)} held out at random${shares}`;
  output.say(`training on ${counted(trainingRows, 'row')}, ${held}`);
  if (validationRows > 0) output.say(`of these ${grouped(validationRows)} choose the epoch, as validation rows`);
  for (const remark of remarks(prepared)) output.say(remark);
  const sizes = [inputWidth(preprocessing), ...options.hidden, outputWidth(preprocessing)];
  const size = `${counted(parameters, 'parameter')}, ${counted(epochs, 'epoch')}`;
  output.say(`network ${sizes.join(' → ')}: ${size}, seed ${seed}`);
  output.say(`WebAssembly: ${model.backend.binary} binary${model.backend.turbo ? ', turbo' : ''}\n`);
}

/** How the training ended, which epoch is kept, and how well that does. */
function report(
  output: Output,
  { stopped, settled, keptEpoch, doneEpochs }: Run,
  epochs: number,
  text: string,
  { isHeldOut, isChosen, temperature }: { isHeldOut: boolean; isChosen: boolean; temperature: number | undefined },
): void {
  if (stopped) output.say(`stopped after ${doneEpochs} of ${counted(epochs, 'epoch')}`);
  if (settled) {
    output.say(`ended after epoch ${doneEpochs} of ${epochs}: the validation loss falls no more (see --patience)`);
  }
  if (keptEpoch < doneEpochs) output.say(`kept epoch ${keptEpoch}, whose validation loss was lowest`);
  if (temperature !== undefined) {
    output.say(`probabilities calibrated on the validation rows: logits are divided by ${temperature}`);
  }
  if (isHeldOut)
    output.say(
      `the figures are of rows that ${isChosen ? 'neither trained it nor chose the epoch' : 'did not train it'}`,
    );
  output.say(`\n${text}`);
}

/** A path as a shell reads it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
