import { scoreNumbers } from '../metrics/index.js';
import { printable } from './table.js';

/** How many rows of each true class (first index) were predicted as each class (second index). */
export function confusionMatrix(truth: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let r = 0; r < truth.length; r++) {
    const row = counts[truth[r] ?? -1];
    const column = predicted[r] ?? -1;
    if (row?.[column] === undefined) throw new RangeError(`confusionMatrix: expected classes below ${classes}`);
    row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}

/** The fraction of rows on the confusion matrix's diagonal. */
export function accuracy(confusion: readonly (readonly number[])[]): number {
  let right = 0;
  let rows = 0;
  confusion.forEach((row, truth) => {
    right += row[truth] ?? 0;
    for (const count of row) rows += count;
  });
  return right / rows;
}

/** The fraction of each true class's rows that were found; NaN for a class without rows. */
export function recalls(confusion: readonly (readonly number[])[]): number[] {
  return confusion.map((row, truth) => (row[truth] ?? 0) / row.reduce((sum, count) => sum + count, 0));
}

/** How near predicted numbers come to true ones, in the target's own unit. */
export interface RegressionScores {
  /** 1 − squared errors / squared deviations from the mean: 1 is perfect, 0 no better than the mean. */
  r2: number;
  meanAbsoluteError: number;
  rootMeanSquaredError: number;
}

export function regressionScores(truth: ArrayLike<number>, predicted: ArrayLike<number>): RegressionScores {
  return scoreNumbers(['r2', 'meanAbsoluteError', 'rootMeanSquaredError'], predicted, truth, 1);
}

/**
 * The confusion matrix as aligned text: a row per true class, a column per predicted one, then the class's recall.
 * Zeros are dots, so that the mistakes stand out. Where that is wider than `width`, the recalls and the most frequent
 * mistakes instead.
 */
export function formatConfusion(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
  width = Infinity,
): string {
  const names = shortNames(classes.map(printable));
  const found = recalls(confusion).map(recall => (Number.isNaN(recall) ? '–' : `${(recall * 100).toFixed(1)}%`));
  const cells = confusion.map(row => row.map(count => (count === 0 ? '·' : String(count))));
  const matrix = aligned([
    ['truth', ...names, 'recall'],
    ...cells.map((row, truth) => [names[truth] ?? '', ...row, found[truth] ?? '']),
  ]);
  if (matrix.indexOf('\n') <= width) return matrix;
  const lines = aligned([['truth', 'recall'], ...names.map((name, truth) => [name, found[truth] ?? ''])]);
  return `${lines}\n\n${mistakes(confusion, names)}`;
}

/** The ten most frequent mistakes. */
function mistakes(confusion: readonly (readonly number[])[], names: readonly string[]): string {
  const wrong = confusion.flatMap((row, truth) =>
    row
      .map((count, predicted) => ({ count, truth, predicted }))
      .filter(one => one.count > 0 && one.predicted !== truth),
  );
  if (wrong.length === 0) return 'no mistakes';
  const top = wrong.sort((a, b) => b.count - a.count).slice(0, 10);
  const lines = top.map(({ count, truth, predicted }) => [names[truth] ?? '', names[predicted] ?? '', String(count)]);
  return aligned([['mistaken', 'for', 'rows'], ...lines]);
}

/** Lines of as many cells each, in columns: the first to the left, the others to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, c) => Math.max(...lines.map(line => line[c]?.length ?? 0))) ?? [];
  return lines
    .map(line => line.map((cell, c) => (c === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[c] ?? 0) + 1))))
    .map(line => line.join(' '))
    .join('\n');
}

/** Names cut in the middle to twelve characters, or to as many more as keep them apart. */
function shortNames(names: readonly string[]): string[] {
  const longest = Math.max(...names.map(name => name.length));
  for (let most = 12; most < longest; most += 2) {
    const half = most / 2;
    const short = names.map(name => (name.length > most ? `${name.slice(0, half)}…${name.slice(1 - half)}` : name));
    if (new Set(short).size === names.length) return short;
  }
  return [...names];
}
