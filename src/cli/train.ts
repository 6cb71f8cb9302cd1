import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CsvFile, checkHeader, readAsShown } from '../data/csv.js';
import { describeReading, type Wishes } from '../data/evidence.js';
import { inputWidth, outputWidth, PREPROCESSING, type Preprocessing } from '../data/preprocessing.js';
import { missingColumn } from '../data/table.js';
import { dense, dropout, Model, sequential } from '../entries/node.js';
import { quote, wrongValue } from '../errors.js';
import { destination } from '../files/save.js';
import type { ActivationName } from '../layers/activations.js';
import { readCsv } from './csv.js';
import { type FitSettings, fitModel, type Run } from './fit.js';
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
  const model = await createModel(prepared.preprocessing, options);
  const epochs = options.epochs ?? defaultEpochs(prepared.training.table.rows, options.batchSize);
  announce(output, csv, prepared, model, { ...options, epochs });
  const run = await fitModel(model, prepared, { ...options, epochs }, output);
  run.model.metadata[PREPROCESSING] = JSON.stringify(prepared.preprocessing);
  await run.model.save(options.out);
  // With it the model would encode what is encoded already.
  delete run.model.metadata[PREPROCESSING];
  conclude(output, prepared, run, epochs, options.out);
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
  const trainingRows = training.table.rows;
  const heldOutRows = heldOut.table.rows;
  const parameters = parameterCount(model);
  const texts = columns.filter(({ kind }) => kind === 'category').length;
  const { seed, epochs, batchSize, learningRate, weightDecay, keep } = options;
  output.event('start', {
    file: path,
    delimiter,
    reading: preprocessing.reading,
    rows: trainingRows + heldOutRows,
    trainingRows,
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
    ...{ epochs, batchSize, learningRate, weightDecay, seed, keep },
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
  for (const remark of remarks(prepared)) output.say(remark);
  const sizes = [inputWidth(preprocessing), ...options.hidden, outputWidth(preprocessing)];
  const size = `${counted(parameters, 'parameter')}, ${counted(epochs, 'epoch')}`;
  output.say(`network ${sizes.join(' → ')}: ${size}, seed ${seed}`);
  output.say(`WebAssembly: ${model.backend.binary} binary${model.backend.turbo ? ', turbo' : ''}\n`);
}

/** What came of it: scores on the held-out rows (on the training rows where there are none), and what to do next. */
function conclude(output: Output, prepared: Prepared, run: Run, epochs: number, out: string): void {
  const { stopped, keptEpoch, doneEpochs } = run;
  const isHeldOut = prepared.heldOut.y.length > 0;
  const scoredOn = isHeldOut ? 'held-out' : 'training';
  const { table, x } = isHeldOut ? prepared.heldOut : prepared.training;
  const { figures, text } = score(run.model.predict(x), table, prepared.preprocessing, scoredOn);
  const bytes = statSync(out).size;
  output.event('end', { out, bytes, stopped, doneEpochs, keptEpoch, scoredOn, ...figures });
  if (stopped) output.say(`stopped after ${doneEpochs} of ${counted(epochs, 'epoch')}`);
  if (keptEpoch < doneEpochs) {
    output.say(
      `kept epoch ${keptEpoch}, whose held-out loss was lowest (so the figures below are a little too good; see --keep)`,
    );
  }
  output.say(`\n${text}`);
  output.say(`${out} saved (${fileSize(bytes)}); predict with it: npx myelin predict ${quoted(out)} FILE.csv`);
}

/** A path as a shell reads it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
