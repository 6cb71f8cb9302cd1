/**
 * Models of a table judged fold by fold, and settings searched for: columns, scaling and thresholds are fitted anew.
 */
import { foldsOf } from '../data/parts.js';
import { splitRows, stratifiedSplit } from '../data/split.js';
import { wrongValue } from '../errors.js';
import { Purpose, Random } from '../random.js';
import { summed } from '../search/crossValidate.js';
import { allDiverged, hasDiverged } from '../search/judged.js';
import type { Workers } from '../search/runs.js';
import { byScore, roundsOf, type SearchMethod } from '../search/search.js';
import { choice, draw, grid, logUniform } from '../search/space.js';
import type { Cells } from './cells.js';
import type { Figures } from './figures.js';
import { type CheckedOptions, fitCells, type TableOptions } from './fitTable.js';
import { defaultEpochs } from './fitting.js';
import { survey } from './prepare.js';
import { type BaseTableModel, lossOf, type TableClass } from './tableModel.js';
import { tableRuns } from './tableRuns.js';
import { targetLabels } from './target.js';

/** @internal A fold's figures, of rows that neither trained its model nor chose anything. */
export interface TableFold {
  readonly seed: number;
  readonly fold: number;
  readonly figures: Figures;
}

/** @internal Every number among figures, by its name. */
export function numbersOf(figures: Figures): Record<string, number> {
  const all = Object.entries(figures).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(all.filter(([name]) => name !== 'rows' && name !== 'threshold'));
}

/** The rows' classes, by which folds and parts are stratified; none of numbers. */
function labelsOf(
  cells: Cells,
  options: Pick<CheckedOptions, 'target' | 'task' | 'columns' | 'impute' | 'validation'>,
) {
  const { settings } = survey(cells, options);
  return settings.task === 'classification' ? targetLabels(cells, options.target) : undefined;
}

/** @internal */
export interface FoldsWish {
  readonly folds: number;
  readonly seeds: readonly number[];
  readonly workers?: Workers | undefined;
}

/** @internal Trains on all folds but one, and judges on that one; the scores' means and deviations. */
export async function crossValidateCells<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  cells: Cells,
  options: CheckedOptions,
  { folds, seeds, workers }: FoldsWish,
  onFold: (fold: TableFold) => void,
) {
  // How many rows of a class there must be, the folds say.
  const labels = labelsOf(cells, { ...options, validation: 0 });
  const at = (name: string) => cells.ways.option('crossValidate', name);
  const task = labels === undefined ? 'regression' : 'classification';
  // By their names, which an error then tells.
  const stratify = labels && Array.from(labels.codes, code => labels.values[code] ?? '');
  const rounds = seeds.flatMap(seed => {
    const parts = foldsOf(at, cells.rows, { folds, seed, ...(stratify && { stratify }) });
    return parts.map(({ train, test }, fold) => ({ seed, fold, rows: train, test, options: { task, seed } as const }));
  });
  const runs = tableRuns(tableClass, cells, options, workers);
  const done: TableFold[] = [];
  try {
    for await (const figures of runs.inOrder(rounds)) {
      const { seed, fold } = rounds[done.length] as (typeof rounds)[number];
      // All folds have the same settings, and a mean of some of them would flatter these.
      if (hasDiverged(figures)) throw allDiverged(`seed ${seed}, fold ${fold + 1}`, [figures]);
      const one = { seed, fold, figures };
      done.push(one);
      onFold(one);
    }
  } finally {
    await runs.close();
  }
  return { folds: done, ...summed(done.map(({ figures }) => numbersOf(figures))) };
}

const space = {
  hidden: choice<readonly number[]>([], [16], [64], [128], [64, 32], [128, 64]),
  learningRate: logUniform(3e-4, 1e-2),
  dropout: choice(0, 0, 0.2, 0.4),
  weightDecay: choice(0, 1e-4, 1e-2),
};
/** The same with few rates. */
const gridSpace = { ...space, learningRate: choice(3e-4, 1e-3, 3e-3, 1e-2), dropout: choice(0, 0.2, 0.4) };

export interface TableTrial {
  readonly settings: Required<Pick<TableOptions, 'hidden' | 'learningRate' | 'dropout' | 'weightDecay'>>;
  /** At most, where halving trained it for fewer than others. */
  readonly epochs?: number;
  /** The log loss, or of numbers 1 − R², on rows that did not train; Infinity where the training diverged. */
  readonly score: number;
  /** What that ended with. */
  readonly error?: string;
}

/** @internal */
export interface SearchWish {
  /** 20 by default, of a grid all. */
  readonly trials?: number | undefined;
  /** `'random'` by default. */
  readonly method?: SearchMethod | undefined;
  readonly workers?: Workers | undefined;
  /** Options that the user gave: they stay as they are. */
  readonly given: readonly string[];
  readonly onTrial?: (trial: TableTrial, done: number, of: number) => void;
}

/** The settings that are tried, each once; of a grid in an order of the seed's. */
function settingsOf(options: CheckedOptions, { trials, method, given }: SearchWish): TableTrial['settings'][] {
  const { seed } = options;
  const asked = (point: Record<string, unknown>) => {
    const own = Object.entries(point).map(([name, value]) => {
      return [name, given.includes(name) ? options[name as keyof CheckedOptions] : value];
    });
    return Object.fromEntries(own) as TableTrial['settings'];
  };
  if (method !== 'grid') {
    const points = Array.from({ length: trials ?? 20 }, (_, trial) => trial);
    return points.map(trial => asked(draw(space, new Random(seed, Purpose.split, 1000 + trial))));
  }
  const all = new Map(
    grid('search', gridSpace)
      .map(asked)
      .map(point => [JSON.stringify(point), point]),
  );
  const points = [...all.values()];
  const order = new Random(seed, Purpose.split, 1000).permutation(points.length);
  return Array.from(order.subarray(0, trials), place => points[place] as TableTrial['settings']);
}

/**
 * @internal Tries settings. Rows are held out first, for the figures of the best, which choose nothing; of the others a
 * part chooses the settings, and in each training a part the epoch. The model that is kept is of all rows.
 */
export async function searchCells<T extends BaseTableModel<never>>(
  tableClass: TableClass<T>,
  cells: Cells,
  options: CheckedOptions,
  wish: SearchWish,
): Promise<{ model: T; best: TableTrial; trials: readonly TableTrial[]; figures: Figures }> {
  const { validation, seed, batchSize } = options;
  if (validation === 0) throw wrongValue(cells.ways.option('fitTable', 'validation'), 'rows held out to choose by', 0);
  const labels = labelsOf(cells, options);
  const { training, validation: heldOut } = labels
    ? stratifiedSplit(labels.codes, validation, seed)
    : splitRows(cells.rows, validation, seed);
  const asked = { ...options, task: labels === undefined ? 'regression' : 'classification' } as const;
  const rows = Int32Array.from(training);
  const whole = options.epochs ?? defaultEpochs(rows.length * (1 - validation) ** 2, batchSize);
  let left = settingsOf(options, wish);
  const rounds = wish.method === 'halving' ? roundsOf(left.length, whole) : [{ count: left.length, epochs: undefined }];
  const of = rounds.reduce((sum, { count }) => sum + count, 0);
  let [known, done] = [[] as TableTrial[], 0];
  const runs = tableRuns(tableClass, cells, asked, wish.workers);
  try {
    for (const { count, epochs } of rounds) {
      const own = { refit: false, ...(epochs !== undefined && { epochs }) };
      const jobs = left.slice(0, count).map(settings => ({ rows, options: { ...settings, ...own } }));
      const trials: TableTrial[] = [];
      for await (const figures of runs.inOrder(jobs)) {
        const settings = left[trials.length] as TableTrial['settings'];
        const outcome = hasDiverged(figures) ? { score: Infinity, ...figures } : { score: lossOf(figures) };
        const trial = { settings, ...(epochs !== undefined && { epochs }), ...outcome };
        trials.push(trial);
        done++;
        wish.onTrial?.(trial, done, of);
      }
      trials.sort((a, b) => byScore(a, b, true));
      left = trials.map(({ settings }) => settings);
      known = [...trials, ...known.filter(({ settings }) => !left.includes(settings))];
    }
  } finally {
    await runs.close();
  }
  const best = known[0] as TableTrial;
  if (best.error !== undefined) throw allDiverged('search', known);
  const judged = await fitCells(tableClass, cells.pick(rows), { ...asked, ...best.settings });
  const figures = judged.evaluateCells(cells.pick(heldOut));
  const model = await fitCells(tableClass, cells, { ...asked, ...best.settings });
  return { model, best, trials: known, figures };
}
