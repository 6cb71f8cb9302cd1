/** `myelin cross-validate` and `myelin search`. */
import { TableModel } from '../entries/tabular.node.js';
import type { SearchMethod } from '../search/search.js';
import { checkTableOptions } from '../tabular/fitTable.js';
import { crossValidateCells, numbersOf, searchCells, type TableFold, type TableTrial } from '../tabular/folds.js';
import { counted } from '../tabular/words.js';
import { readCsv } from './csv.js';
import { bold, createOutput } from './output.js';
import { describeFigures } from './score.js';
import { interruptible, type TrainOptions, tableMeant, tableOptions } from './train.js';
import { asTyped, checkDestination, refuseSameFile, UsageError } from './usage.js';

export interface FoldsOptions extends Omit<TrainOptions, 'out'> {
  readonly folds: number;
  readonly rounds: number;
  readonly workers?: number;
}

/** How well models of a table do on rows that they did not see, fold by fold. */
export async function crossValidateFile(file: string, options: FoldsOptions): Promise<void> {
  const { folds, rounds, workers, ...rest } = options;
  const output = createOutput(options.json);
  const { table, target, columns } = tableMeant(await readCsv(file, options), options);
  const { signal, release } = interruptible();
  const checked = checkTableOptions('cross-validate', {
    ...tableOptions({ ...rest, out: '' }),
    target,
    columns,
    signal,
  });
  const seeds = Array.from({ length: rounds }, (_, round) => checked.seed + round);
  try {
    const tell = (one: TableFold) => {
      const scores = numbersOf(one.figures);
      output.event('fold', { seed: one.seed, fold: one.fold, rows: one.figures.rows, ...scores });
      output.say(`seed ${one.seed}, fold ${one.fold + 1}/${folds}  ${line(scores)}`);
    };
    const wish = { folds, seeds, workers };
    const { mean, deviation } = await asTyped(() => crossValidateCells(TableModel, table, checked, wish, tell));
    output.event('end', { file, folds, seeds, mean, deviation });
    output.say(`\n${bold(`mean ± deviation of ${counted(folds * rounds, 'fold')}`)}`);
    const width = Math.max(...Object.keys(mean).map(name => name.length));
    for (const [name, value] of Object.entries(mean)) {
      output.say(`${name.padEnd(width)}  ${short(value)} ± ${short(deviation[name] ?? 0)}`);
    }
  } finally {
    release();
  }
}

export interface SearchFileOptions extends TrainOptions {
  readonly trials?: number;
  readonly method: SearchMethod;
  readonly workers?: number;
}

/** Tries settings but those that are `given`, and saves the model of the best. */
export async function searchFile(file: string, options: SearchFileOptions, given: readonly string[]): Promise<void> {
  const { trials, method, workers, ...rest } = options;
  if (options.validation === 0) throw new UsageError('--validation: expected rows held out to choose by, got 0');
  await refuseSameFile('--out', options.out, [file]);
  await checkDestination('--out', options.out);
  const output = createOutput(options.json);
  const { table, target, columns } = tableMeant(await readCsv(file, options), options);
  const { signal, release } = interruptible();
  const checked = checkTableOptions('search', { ...tableOptions(rest), target, columns, signal });
  try {
    const onTrial = ({ settings, ...trial }: TableTrial, done: number, of: number) => {
      output.event('trial', { trial: done, of, ...settings, ...trial });
      const row = describeTrial({ settings, ...trial });
      output.say(`trial ${String(done).padStart(String(of).length)}/${of}  ${row}`);
    };
    const wish = { trials, method, workers, given, onTrial };
    const found = await asTyped(() => searchCells(TableModel, table, checked, wish));
    await found.model.save(options.out);
    output.event('end', { out: options.out, best: found.best, trials: found.trials, ...found.figures });
    output.say(`\n${bold('best')}  ${describeTrial(found.best)}`);
    output.say('the figures are of rows that chose neither settings nor epochs\n');
    output.say(describeFigures(found.figures, 'held-out'));
    output.say(`${options.out} saved, trained on all rows with these settings`);
  } finally {
    release();
  }
}

function describeTrial({ settings, epochs, score, error }: TableTrial): string {
  const { hidden, learningRate, dropout, weightDecay } = settings;
  const layers = hidden.length === 0 ? 'none' : hidden.join(',');
  const told = epochs === undefined ? '' : ` --epochs ${epochs}`;
  return `${error === undefined ? `loss ${short(score)}` : 'diverged'}  --hidden ${layers} --learning-rate ${short(learningRate)} --dropout ${dropout} --weight-decay ${weightDecay}${told}`;
}

function line(scores: Readonly<Record<string, number>>): string {
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join('  ');
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
