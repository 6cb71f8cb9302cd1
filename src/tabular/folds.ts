/**
 * Models of a table judged fold by fold, and settings searched for: columns, scaling and thresholds are fitted anew.
 */
import { kFold } from '../data/parts.js';
import { splitRows, stratifiedSplit } from '../data/split.js';
import { wrongValue } from '../errors.js';
import { Purpose, Random } from '../random.js';
import { summed } from '../search/crossValidate.js';
import { choice, draw, logUniform } from '../search/space.js';
import type { Cells } from './cells.js';
import type { Figures } from './figures.js';
import { type CheckedOptions, fitCells } from './fitTable.js';
import { survey } from './prepare.js';
import { type BaseTableModel, lossOf, type TableClass } from './tableModel.js';
import { targetLabels } from './target.js';

/** A fold's figures, of rows that neither trained its model nor chose anything. */
export interface TableFold {
  readonly seed: number;
  readonly fold: number;
  readonly figures: Figures;
}

/** Every number among figures, by its name. */
export function numbersOf(figures: Figures): Record<string, number> {
  const all = Object.entries(figures).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(all.filter(([name]) => name !== 'rows' && name !== 'threshold'));
}

/** The rows' classes, by which folds and parts are stratified; none of numbers. */
function labelsOf(cells: Cells, options: CheckedOptions): Int32Array | undefined {
  const { settings } = survey(cells, options);
  return settings.task === 'classification' ? targetLabels(cells, options.target).codes : undefined;
}

/** Trains on all folds but one, and judges on that one; the scores' means and deviations. */
export async function crossValidateCells<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  cells: Cells,
  options: CheckedOptions,
  { folds, seeds }: { readonly folds: number; readonly seeds: readonly number[] },
  onFold: (fold: TableFold) => void,
) {
  const labels = labelsOf(cells, options);
  const task = labels === undefined ? 'regression' : 'classification';
  const done: TableFold[] = [];
  for (const seed of seeds) {
    const parts = kFold(cells.rows, { folds, seed, ...(labels && { stratify: labels }) });
    for (const [fold, { train, test }] of parts.entries()) {
      options.signal?.throwIfAborted();
      const model = await fitCells(tableClass, cells.pick(train), { ...options, task, seed });
      const one = { seed, fold, figures: model.evaluateCells(cells.pick(test)) };
      done.push(one);
      onFold(one);
    }
  }
  return { folds: done, ...summed(done.map(({ figures }) => numbersOf(figures))) };
}

const space = {
  hidden: choice<readonly number[]>([], [16], [64], [128], [64, 32], [128, 64]),
  learningRate: logUniform(3e-4, 1e-2),
  dropout: choice(0, 0, 0.2, 0.4),
  weightDecay: choice(0, 1e-4, 1e-2),
};

export interface TableTrial {
  readonly settings: Pick<CheckedOptions, 'hidden' | 'learningRate' | 'dropout' | 'weightDecay'>;
  /** The log loss, or of numbers 1 − R², on rows that did not train. */
  readonly score: number;
}

export interface SearchWish {
  readonly trials: number;
  /** Options that the user gave: they stay as they are. */
  readonly given: readonly string[];
  readonly onTrial?: (trial: TableTrial, done: number) => void;
}

/**
 * Tries settings at random. Rows are held out first, for the figures of the best, which choose nothing; of the others a
 * part chooses the settings, and in each training a part the epoch. The model that is kept is of all rows.
 */
export async function searchCells<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  cells: Cells,
  options: CheckedOptions,
  { trials, given, onTrial }: SearchWish,
): Promise<{ model: T; best: TableTrial; trials: readonly TableTrial[]; figures: Figures }> {
  const { validation, seed } = options;
  if (validation === 0) throw wrongValue('validation', 'rows held out to choose by', 0);
  const labels = labelsOf(cells, options);
  const { training, validation: heldOut } = labels
    ? stratifiedSplit(labels, validation, seed)
    : splitRows(cells.rows, validation, seed);
  const rest = cells.pick(training);
  const asked = { ...options, task: labels === undefined ? 'regression' : 'classification' } as const;
  const done: TableTrial[] = [];
  for (let trial = 0; trial < trials; trial++) {
    options.signal?.throwIfAborted();
    const all = draw(space, new Random(seed, Purpose.split, 1000 + trial));
    const own = Object.entries(all).map(([name, value]) => [
      name,
      given.includes(name) ? options[name as keyof CheckedOptions] : value,
    ]);
    const settings = Object.fromEntries(own) as TableTrial['settings'];
    const { training: report } = await fitCells(tableClass, rest, { ...asked, ...settings, refit: false });
    const one = { settings, score: report ? lossOf(report.figures) : Number.NaN };
    done.push(one);
    onTrial?.(one, done.length);
  }
  done.sort((a, b) => a.score - b.score);
  const best = done[0] as TableTrial;
  const judged = await fitCells(tableClass, rest, { ...asked, ...best.settings });
  const figures = judged.evaluateCells(cells.pick(heldOut));
  const model = await fitCells(tableClass, cells, { ...asked, ...best.settings });
  return { model, best, trials: done, figures };
}
