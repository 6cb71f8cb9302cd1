/** What changed between two runs beyond noise: `--compare a.json b.json`. */
import { hasKey, isObject, messageOf, quote, wrongValue } from '../entries/inside.js';
import { isOwn, labelOf, type Row, type Run } from './result.js';
import { type Figure, isNoisy, uncertaintyOf } from './statistics.js';

/** One figure in both runs. More is better in all of them. */
export interface Change {
  readonly where: string;
  readonly what: string;
  readonly before: Figure;
  readonly after: Figure;
  /** After, as a share of before. */
  readonly ratio: number;
  readonly verdict: 'slower' | 'faster' | 'same' | 'too noisy';
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Rows that one of the two does not have. */
  readonly missing: readonly string[];
  /** The machines, or their runtimes, are not the same: figures that are not ratios prove nothing. */
  readonly elsewhere: boolean;
}

/** The run in the text of a file: what `bench --json` printed. */
export function parseRun(path: string, text: string): Run {
  const where = `--compare ${quote(path)}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrongValue(where, 'what myelin bench --json printed', messageOf(error));
  }
  const { event, format, suites } = (value ?? {}) as Partial<Run>;
  if (event !== 'benchmark' || !Array.isArray(suites)) {
    throw wrongValue(where, 'what myelin bench --json printed', 'other JSON', 'run myelin bench --json > file');
  }
  if (format !== 1) throw wrongValue(where, 'format 1', `${format}`, 'it is of another version: measure anew');
  if (!isObject((value as Partial<Run>).machine) || !suites.every(isWhole)) {
    throw wrongValue(where, 'what myelin bench --json printed', 'a run of which parts are missing', 'measure anew');
  }
  return value as Run;
}

/** Whether a suite has what is compared, whatever the figures are. */
function isWhole(suite: unknown): boolean {
  const every = (value: unknown, key: string, holds: (one: unknown) => boolean) =>
    hasKey(value, key) && Array.isArray(value[key]) && value[key].every(holds);
  const isRow = (row: unknown) => hasKey(row, 'contestant') && hasKey(row, 'ratios') && isObject(row.ratios);
  return every(suite, 'cases', one => every(one, 'rows', isRow));
}

/**
 * Shares of the limit, and how many times as fast myelin is as others or as itself on one thread: what is left of a
 * figure when the machine is taken away.
 */
const RATIOS = ['of multiply-adds', 'of copying', 'speed-up'];
const isRatio = (what: string): boolean => RATIOS.includes(what) || what.startsWith('times ');

/** myelin's figures: the shares of its rows, its speed, and how many times as fast it is as each peer. */
function figuresOf(run: Run): Map<string, { where: string; what: string; figure: Figure }> {
  const found = new Map<string, { where: string; what: string; figure: Figure }>();
  const add = (where: string, what: string, figure: Figure | undefined) => {
    if (figure) found.set(`${where} | ${what}`, { where, what, figure });
  };
  for (const { suite, cases } of run.suites) {
    for (const { name, rows } of cases) {
      for (const row of rows) addRow(add, `${suite}: ${name}`, row);
    }
  }
  return found;
}

function addRow(add: (where: string, what: string, figure: Figure | undefined) => void, where: string, row: Row): void {
  const label = labelOf(row);
  if (!isOwn(row)) {
    for (const [own, ratio] of Object.entries(row.ratios)) add(`${where}, ${own}`, `times ${label}`, ratio);
    return;
  }
  // A baseline, which is for all machines, has no speeds.
  if (Number.isFinite(row.rate?.median)) add(`${where}, ${label}`, 'speed', row.rate);
  add(`${where}, ${label}`, RATIOS[0] ?? '', row.shareOfMultiplyAdds);
  add(`${where}, ${label}`, RATIOS[1] ?? '', row.shareOfBytes);
  add(`${where}, ${label}`, RATIOS[2] ?? '', row.speedUp);
}

/** Compares all figures that both have; a change is one that is beyond the threshold, a share, and beyond the noise. */
export function compare(before: Run, after: Run, threshold: number): Comparison {
  const [first, second] = [figuresOf(before), figuresOf(after)];
  const changes = [...first].flatMap(([key, { where, what, figure }]) => {
    const other = second.get(key)?.figure;
    return other ? [changeOf(where, what, figure, other, threshold)] : [];
  });
  const alone = (one: typeof first, other: typeof first) => [...one.keys()].filter(key => !other.has(key));
  const { machine: a } = before;
  const { machine: b } = after;
  return {
    changes,
    missing: [...alone(first, second), ...alone(second, first)],
    elsewhere: a.cpu !== b.cpu || a.cores !== b.cores || a.runtime !== b.runtime || a.version !== b.version,
  };
}

function changeOf(where: string, what: string, before: Figure, after: Figure, threshold: number): Change {
  const ratio = after.median / before.median;
  const noise = Math.hypot(uncertaintyOf(before), uncertaintyOf(after));
  const far = Math.abs(ratio - 1) > threshold;
  const unsure = isNoisy(before) || isNoisy(after) || !Number.isFinite(ratio);
  const verdict = unsure
    ? 'too noisy'
    : !far || Math.abs(ratio - 1) <= noise
      ? 'same'
      : ratio < 1
        ? 'slower'
        : 'faster';
  return { where, what, before, after, ratio, verdict };
}

/** The changes for the worse that count: on another machine, or in another runtime, those of ratios alone. */
export function worseOf({ changes, elsewhere }: Comparison): readonly Change[] {
  return changes.filter(({ verdict, what }) => verdict === 'slower' && (isRatio(what) || !elsewhere));
}

const short = (value: number): string => `${Number(value.toPrecision(3))}`;

/** What is to be said of it. */
export function textOfComparison(comparison: Comparison, threshold: number): string {
  const { changes, missing, elsewhere } = comparison;
  const of = (verdict: Change['verdict']) => changes.filter(change => change.verdict === verdict);
  const line = ({ where, what, before, after, ratio }: Change) =>
    `  ${where}, ${what}: ${short(before.median)} → ${short(after.median)} (${short(ratio)} ×)`;
  const parts = [
    `${changes.length} figures in both runs; a change is more than ${short(threshold * 100)} % and noise.`,
  ];
  if (elsewhere) parts.push('Another processor or runtime: only ratios count, speeds are shown.');
  for (const verdict of ['slower', 'faster'] as const) {
    const found = of(verdict);
    if (found.length > 0) parts.push(`${verdict}:\n${found.map(line).join('\n')}`);
  }
  const noisy = of('too noisy');
  if (noisy.length > 0) {
    parts.push(`${noisy.length} could not be told, because the machine was too noisy:\n${noisy.map(line).join('\n')}`);
  }
  if (of('slower').length + of('faster').length === 0) parts.push('Nothing changed beyond noise.');
  if (missing.length > 0) parts.push(`${missing.length} figures are in one run alone.`);
  return parts.join('\n\n');
}
