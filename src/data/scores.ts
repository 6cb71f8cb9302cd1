import { type ClassScores, scoresByClass } from '../metrics/classes.js';
import { scoreNumbers } from '../metrics/score.js';
import { printable } from './table.js';

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
  const found = scoresByClass(confusion).map(({ recall, rows }) =>
    rows === 0 ? '–' : `${(recall * 100).toFixed(1)}%`,
  );
  const cells = confusion.map(row => row.map(count => (count === 0 ? '·' : String(count))));
  const matrix = aligned([
    ['truth', ...names, 'recall'],
    ...cells.map((row, truth) => [names[truth] ?? '', ...row, found[truth] ?? '']),
  ]);
  if (matrix.indexOf('\n') <= width) return matrix;
  const lines = aligned([['truth', 'recall'], ...names.map((name, truth) => [name, found[truth] ?? ''])]);
  return `${lines}\n\n${mistakes(confusion, names)}`;
}

/** Classes that are shown one by one; of more, those with the lowest F1. */
const MOST_SHOWN = 20;

/** Precision, recall and F1 of each class that has rows or was predicted, as aligned text. */
export function formatClasses(scores: readonly ClassScores[], classes: readonly string[]): string {
  const names = shortNames(classes.map(printable));
  const shown = scores.map((score, index) => ({ ...score, name: names[index] ?? '' }));
  const rest = shown.length - MOST_SHOWN;
  if (rest > 0) shown.sort((a, b) => a.f1 - b.f1).splice(MOST_SHOWN);
  const lines = shown.map(({ name, precision, recall, f1, rows }) => [
    name,
    ...[precision, recall, f1].map(value => (rows === 0 ? '–' : value.toFixed(3))),
    String(rows),
  ]);
  const table = aligned([['class', 'precision', 'recall', 'F1', 'rows'], ...lines]);
  return rest > 0 ? `${table}\nand ${rest} more, whose F1 is higher` : table;
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
