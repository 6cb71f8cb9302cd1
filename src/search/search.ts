/** Which settings learn best: at random, all of a grid, or by successive halving. */

import { orAbort } from '../abort.js';
import type { Architecture } from '../architecture.js';
import { isLess } from '../callbacks/callback.js';
import { split } from '../data/parts.js';
import { checkChoice, checkInteger, checkNumber, checkOptions, wrongType, wrongValue } from '../errors.js';
import { kindOf } from '../kinds.js';
import { type MetricName, refuseLists, resolveMetrics } from '../metrics/definitions.js';
import type { Signal } from '../platform.js';
import { checkSeed, Purpose, Random } from '../random.js';
import { checkFunction, checkSignal, type TrainingData } from '../trainingOptions.js';
import {
  allDiverged,
  type Create,
  checkArchitecture,
  type FoldFit,
  hasDiverged,
  type JudgedRows,
  judgedRuns,
  rowsFor,
} from './judged.js';
import { checkWorkers, type RunsOf, type Workers } from './runs.js';
import { checkSpace, draw, grid, MOST_POINTS, type Settings, type Space } from './space.js';

/** How settings are chosen. */
export type SearchMethod = 'random' | 'grid' | 'halving';
export const methods: readonly SearchMethod[] = ['random', 'grid', 'halving'];

export interface SearchOptions<S extends Space> {
  /** How many settings are tried; all of a grid, 20 by default. */
  readonly trials?: number;
  /**
   * `'random'` by default; `'halving'` trains all for a part of the epochs, and of those the better third three times
   * as long, until some are trained for all of them.
   *
   * Source of halving: Jamieson and Talwalkar, «Non-stochastic best arm identification», AISTATS 2016.
   */
  readonly method?: SearchMethod;
  readonly build: (settings: Settings<S>) => Architecture;
  /** What models are trained with, or what that is for some settings. */
  readonly fit: FoldFit | ((settings: Settings<S>) => FoldFit);
  /** What is best; `'loss'` by default. Of losses and errors the lowest, of others the highest. */
  readonly metric?: 'loss' | Exclude<MetricName, 'confusionMatrix'>;
  /** The share of the rows that settings are judged by; 0.2 by default. */
  readonly validation?: number;
  /** 0 by default. */
  readonly seed?: number;
  /**
   * How many trials are trained at a time, on worker threads: by default as many as there are cores, where that is
   * quicker, and with 1 on this thread. `build` and `fit` are called on this thread; where what they give has
   * functions, or the platform has no such workers, trials are trained on this thread. The results do not depend on it.
   */
  readonly workers?: Workers;
  /** Ends it within a second, workers included; it rejects with the signal's reason. */
  readonly signal?: Signal;
  /** Called, and awaited, after each training, in the order of the trials. */
  readonly onProgress?: (trial: Trial<S>, done: number, of: number) => void | Promise<void>;
}

export interface Trial<S extends Space> {
  readonly settings: Settings<S>;
  readonly epochs: number;
  /** Infinity, or −Infinity of what is best where it is highest, where the training diverged. */
  readonly score: number;
  /** What a training that diverged ended with; the others go on. */
  readonly error?: string;
}

export interface SearchResult<S extends Space> {
  readonly best: Trial<S>;
  /** The best first; of halving each at the epochs that it came to. */
  readonly trials: readonly Trial<S>[];
}

const optionNames = [
  ...['trials', 'method', 'build', 'fit', 'metric', 'validation', 'seed', 'workers', 'signal', 'onProgress'],
];
/** Of halving: the share that goes on is one in so many, and trains so many times as long. */
const SHARE = 3;

/**
 * Trains models of settings from a space, each on the same part of the rows, and judges them on the others: `fit`
 * adapts what normalises anew in each. The figures of the best are of rows that chose it: hold others out for those to
 * report.
 *
 * @throws where space or options are wrong, what `build` and `fit` throw, and where every training diverges: one that
 *   does is a trial with its error
 */
export type Search = <const S extends Space>(
  space: S,
  data: TrainingData,
  options: SearchOptions<S>,
) => Promise<SearchResult<S>>;

/** The function of an entry; `create` makes its models, `by` says how those are carried out. */
export function searchBy(create: Create, by?: RunsOf): Search {
  return (space, data, options) => searchRows(create, by, space, data, options);
}

/** Of rows that need not be in memory yet. */
export async function searchRows<const S extends Space>(
  create: Create,
  by: RunsOf | undefined,
  space: S,
  rowsGiven: JudgedRows,
  options: SearchOptions<S>,
): Promise<SearchResult<S>> {
  const where = 'search';
  checkOptions(where, options, optionNames);
  checkSpace(`${where}: space`, space);
  const { build, fit: given, metric = 'loss', signal, onProgress } = options;
  if (typeof build !== 'function') throw wrongType(`${where}: build`, 'a function of settings', build);
  if (typeof given !== 'function' && kindOf(given) !== 'Object') {
    throw wrongType(`${where}: fit`, 'what models are trained with, or a function of settings that gives it', given);
  }
  checkSignal(`${where}: signal`, signal);
  checkFunction(`${where}: onProgress`, onProgress);
  const workers = checkWorkers(where, options.workers);
  const method = checkChoice(`${where}: method`, options.method ?? 'random', methods);
  const seed = checkSeed(`${where}: seed`, options.seed ?? 0);
  const validation = checkNumber(`${where}: validation`, options.validation ?? 0.2, { above: 0, below: 1 });
  const drawn = pointsOf(where, space, method, seed, options.trials) as Settings<S>[];
  const metrics = metric === 'loss' ? [] : [metric];
  if (metric !== 'loss') refuseLists(`${where}: metric`, resolveMetrics(`${where}: metric`, metrics));
  const fitOf = (settings: Settings<S>) => (typeof given === 'function' ? given(settings) : given);
  const points = drawn.map(settings => {
    const [architecture, own] = [build(settings), fitOf(settings)];
    if (kindOf(own) !== 'Object') throw wrongType(`${where}: fit`, 'a function that gives what fit takes', own);
    return { settings, architecture: checkArchitecture(`${where}: build`, architecture), own };
  });
  const [first] = points as [(typeof points)[number]];
  const data = typeof rowsGiven === 'function' ? await rowsGiven(first.architecture) : rowsGiven;
  const rows = rowsFor(where, data, first.architecture);
  const parts = split([...Array(rows).keys()], { test: validation, seed });
  const [train, test] = [Int32Array.from(parts.train), Int32Array.from(parts.test)];
  const whole = first.own.epochs ?? 1;
  const rounds = method === 'halving' ? roundsOf(points.length, whole) : [{ count: points.length, epochs: undefined }];
  const of = rounds.reduce((sum, { count }) => sum + count, 0);
  const isLower = isLess(metric, 'auto');
  const worst = isLower ? Infinity : -Infinity;
  let [known, done] = [[] as Trial<S>[], 0];
  let left = points;
  const runs = judgedRuns(create, by, { data, rows }, { threads: first.own.threads, workers, signal });
  try {
    for (const { count, epochs: most } of rounds) {
      const jobs = left.slice(0, count).map(({ architecture, own }) => {
        return { architecture, seed, fit: { ...own, epochs: most ?? own.epochs ?? 1 }, metrics, train, test };
      });
      const trials: { trial: Trial<S>; point: (typeof points)[number] }[] = [];
      for await (const judged of runs.inOrder(jobs)) {
        const point = left[trials.length] as (typeof points)[number];
        const outcome = hasDiverged(judged) ? { score: worst, ...judged } : { score: judged[metric] ?? Number.NaN };
        const trial = { settings: point.settings, epochs: jobs[trials.length]?.fit.epochs ?? 1, ...outcome };
        trials.push({ trial, point });
        done++;
        await orAbort(signal, onProgress?.(trial, done, of));
      }
      trials.sort((a, b) => byScore(a.trial, b.trial, isLower));
      left = trials.map(({ point }) => point);
      const again = new Set(left.map(({ settings }) => settings));
      known = [...trials.map(({ trial }) => trial), ...known.filter(({ settings }) => !again.has(settings))];
    }
  } finally {
    await runs.close();
  }
  const [best] = known;
  if (best === undefined) throw wrongValue(where, 'at least one trial', 'none');
  if (best.error !== undefined) throw allDiverged(where, known);
  return { best, trials: known };
}

/** An order of trials, the best first; what is no number comes last. */
export function byScore(a: { score: number }, b: { score: number }, isLower: boolean): number {
  const rank = ({ score }: { score: number }) => (Number.isNaN(score) ? Infinity : isLower ? score : -score);
  const [first, second] = [rank(a), rank(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function pointsOf(where: string, space: Space, method: string, seed: number, asked: number | undefined) {
  const trials = asked === undefined ? undefined : checkInteger(`${where}: trials`, asked, 1, MOST_POINTS);
  if (method === 'grid') return grid(where, space, trials);
  return Array.from({ length: trials ?? 20 }, (_, trial) => draw(space, new Random(seed, Purpose.split, 1000 + trial)));
}

/** The rounds of halving: how many settings each trains, and for how many epochs. */
export function roundsOf(trials: number, epochs: number): { count: number; epochs: number }[] {
  const rounds: { count: number; epochs: number }[] = [];
  const last = Math.max(0, Math.floor(Math.log(trials) / Math.log(SHARE) + 1e-9));
  for (let round = 0; round <= last; round++) {
    const count = Math.max(1, Math.floor(trials / SHARE ** round));
    rounds.push({ count, epochs: Math.max(1, Math.round(epochs / SHARE ** (last - round))) });
  }
  return rounds;
}
