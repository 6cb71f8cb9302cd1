/** `myelin train`: from a table to a model file that holds all that predict needs. */
import { statSync } from 'node:fs';
import { type CsvFile, checkHeader, readAsShown } from '../data/csv.js';
import { describeReading, type Wishes } from '../data/evidence.js';
import { missingColumn, type Table } from '../data/table.js';
import type { EpochEvent, Model } from '../entries/node.js';
import { TableModel } from '../entries/tabular.node.js';
import { quote } from '../errors.js';
import type { ColumnKind } from '../tabular/columns.js';
import { type CheckedOptions, checkTableOptions, fitCells, type TableOptions } from '../tabular/fitTable.js';
import { defaultPatience, type Run } from '../tabular/fitting.js';
import type { Prepared } from '../tabular/prepare.js';
import { inputWidth, outputWidth } from '../tabular/preprocessing.js';
import type { TrainingReport } from '../tabular/tableModel.js';
import { counted, grouped } from '../tabular/words.js';
import { readCsv, withFaults } from './csv.js';
import { columnLines, MOST_SHOWN } from './inspect.js';
import { parameterCount } from './modelFile.js';
import { columnKindsMeant, columnMeant, columnsMeant } from './names.js';
import { bold, createOutput, fileSize, type Output } from './output.js';
import { createBlock, createProgress, type Progress } from './progress.js';
import { remarks } from './remarks.js';
import { checkReport, reportTraining, type Started } from './report.js';
import { describeFigures } from './score.js';
import { asTyped, checkDestination, refuseSameFile, UsageError } from './usage.js';
import { quoted } from './words.js';

export interface TrainOptions extends Omit<TableOptions, 'columns' | 'target'>, Wishes {
  readonly target: string;
  readonly columns?: readonly string[];
  readonly ignore?: readonly string[];
  readonly out: string;
  readonly report?: string;
  readonly json?: boolean;
}

export async function train(file: string, options: TrainOptions): Promise<void> {
  refuseIgnored(options.target, options.ignore ?? []);
  await refuseSameFile('--out', options.out, [file]);
  await checkDestination('--out', options.out);
  await checkReport(options.report, [file], options.out);
  const output = createOutput(options.json);
  const csv = await readCsv(file, options);
  const { table, target, columns } = tableMeant(csv, options);
  const checked = checkTableOptions('train', { ...tableOptions(options), target, columns });
  const shown = new Telling(output, csv, options.json);
  const interrupt = interruptible();
  let model: TableModel;
  try {
    const { signal } = interrupt;
    const asked = { ...checked, signal, onEpoch: (event: EpochEvent) => shown.epoch(event) };
    model = await asTyped(() => fitCells(TableModel, table, asked, shown));
  } finally {
    shown.stop();
    interrupt.release();
  }
  await model.save(options.out);
  const bytes = statSync(options.out).size;
  const { figures, history, ...report } = model.training as TrainingReport;
  output.event('end', { out: options.out, bytes, ...report, ...shown.refit, ...figures });
  await shown.report(options.report);
  const out = quoted(options.out);
  output.say(`${options.out} saved (${fileSize(bytes)}); predict with it: npx myelin predict ${out} FILE.csv`);
}

/** The options that are not the command line's alone. */
export function tableOptions(options: TrainOptions): TableOptions {
  const { columns: _, ignore, out, report, json, delimiter, decimal, thousands, missing, header, ...rest } = options;
  return rest;
}

/** Ctrl-C and SIGTERM as a signal; a second one ends the program at once, as without a handler. */
export function interruptible(): { signal: AbortSignal; release: () => void } {
  const interrupt = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const release = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  const stop = () => {
    release();
    interrupt.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  return { signal: interrupt.signal, release };
}

/** Checks the header, finds the columns that the user means, and reads the others as their cells show. */
export function tableMeant(
  csv: CsvFile,
  options: Wishes & Pick<TrainOptions, 'target' | 'columns' | 'ignore'>,
): { table: Table; target: string; columns: Record<string, ColumnKind> } {
  checkHeader(csv, options);
  const target = columnMeant(csv.table, options.target);
  if (target === undefined) throw withFaults(csv, missingColumn(csv.table, options.target));
  const ignore = columnsMeant(csv.table, options.ignore ?? [], target);
  refuseIgnored(target, ignore);
  const kinds = columnKindsMeant(csv.table, options.columns ?? [], target);
  const columns = { ...kinds, ...Object.fromEntries(ignore.map(name => [name, 'drop' as const])) };
  const table = readAsShown(csv, options, name => columns[name] !== 'drop');
  return { table, target, columns };
}

function refuseIgnored(target: string, ignore: readonly string[]): void {
  if (!ignore.includes(target)) return;
  throw new UsageError(`--ignore: expected other columns than the target, got ${quote(target)}`);
}

/** Says what is about to be done, how it goes, and how it ended. */
class Telling {
  /** What the model that is kept was trained on, where that is not what was judged. */
  refit: { refit?: { rows: number; epochs: number } } = {};
  readonly #output: Output;
  readonly #csv: CsvFile;
  readonly #json: boolean;
  #progress: Progress | undefined;
  #epochs = 0;
  #isChosen = false;
  #started: Started | undefined;
  #judged: TrainingReport | undefined;

  constructor(output: Output, csv: CsvFile, json = false) {
    this.#output = output;
    this.#csv = csv;
    this.#json = json;
  }

  onStart(prepared: Prepared, model: Model, options: CheckedOptions & { readonly epochs: number }): void {
    this.#started = { prepared, model, options };
    this.#isChosen = prepared.validation.y.length > 0;
    this.#epochs = options.epochs;
    announce(this.#output, this.#csv, prepared, model, options);
    const name = this.#isChosen ? 'validation' : 'held-out';
    this.#progress = createProgress(this.#output, options.epochs, this.#json, name);
  }

  epoch(event: EpochEvent): void {
    this.#progress?.epoch(event);
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = undefined;
  }

  onJudged(report: TrainingReport, run: Run): void {
    this.stop();
    this.#judged = report;
    tellEnd(this.#output, report, run, this.#epochs, this.#isChosen);
  }

  onRefit(rows: number, epochs: number): void {
    this.refit = { refit: { rows, epochs } };
    const all = `training again on all ${counted(rows, 'row')}`;
    this.#output.say(`${all} for ${counted(epochs, 'epoch')}, for the model that is saved`);
    if (!this.#json) this.#progress = createBlock(epochs, '');
  }

  onRefitEpoch(event: EpochEvent): void {
    this.#progress?.epoch(event);
  }

  /** Writes a page of what was judged, if one is wanted. */
  async report(path: string | undefined): Promise<void> {
    if (path === undefined || !this.#started || !this.#judged) return;
    await reportTraining(path, this.#csv.path, this.#started, this.#judged);
    this.#output.event('report', { report: path });
    this.#output.say(`${path} written: the report, for a browser`);
  }

  onUnfinished(): void {
    this.stop();
    this.refit = {};
    this.#output.say('stopped: the model that was judged is saved');
  }
}

/** What is about to be done. */
function announce(
  output: Output,
  { path, delimiter }: CsvFile,
  prepared: Prepared,
  model: Model,
  options: CheckedOptions & { readonly epochs: number },
): void {
  const { task, reason, preprocessing, training, validation, heldOut, filled, unknown } = prepared;
  const { target, columns, dropped = [] } = preprocessing;
  const validationRows = validation.cells.rows;
  const trainingRows = training.cells.rows + validationRows;
  const heldOutRows = heldOut.cells.rows;
  const parameters = parameterCount(model);
  const texts = columns.filter(({ kind }) => ['category', 'text', 'boolean'].includes(kind)).length;
  const { seed, epochs, batchSize, learningRate, weightDecay, keep, patience = defaultPatience(epochs) } = options;
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, count) => all + count, 0);
  output.event('start', {
    file: path,
    delimiter,
    reading: preprocessing.reading,
    rows: trainingRows + heldOutRows,
    ...{ trainingRows, validationRows, heldOutRows },
    filled: sum(filled),
    unknown: sum(unknown),
    target: target.name,
    task,
    reason,
    ...(target.kind === 'classes' ? { classes: target.values } : {}),
    columns: { numbers: columns.length - texts, texts },
    dropped,
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
  for (const line of describeReading(training.cells.reading, delimiter)) output.say(line);
  for (const line of columnLines(preprocessing, MOST_SHOWN)) output.say(line);
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
  if (task === 'regression')
    output.say("losses are in the unit that the network learns in: the target's deviation is 1");
  output.say(`WebAssembly: ${model.backend.binary} binary${model.backend.turbo ? ', turbo' : ''}\n`);
}

/** How the training ended, which epoch is kept, and how well that does. */
function tellEnd(output: Output, report: TrainingReport, run: Run, epochs: number, isChosen: boolean): void {
  const { stopped, settled, keptEpoch, doneEpochs } = run;
  const { temperature, figures, scoredOn } = report;
  if (stopped) output.say(`stopped after ${doneEpochs} of ${counted(epochs, 'epoch')}`);
  if (settled) {
    output.say(`ended after epoch ${doneEpochs} of ${epochs}: the validation loss falls no more (see --patience)`);
  }
  if (keptEpoch < doneEpochs) output.say(`kept epoch ${keptEpoch}, whose validation loss was lowest`);
  if (temperature !== undefined) {
    output.say(`probabilities calibrated on the validation rows: logits are divided by ${temperature}`);
  }
  if (scoredOn === 'held-out') {
    const rows = isChosen ? 'neither trained it nor chose the epoch' : 'did not train it';
    output.say(`the figures are of rows that ${rows}`);
  }
  output.say(`\n${describeFigures(figures, scoredOn)}`);
}
