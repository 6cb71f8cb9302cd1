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
  /** 1 − squared errors / squared deviations from the mean: 1 is perfect, 0 no better than the mean; NaN if the truth never varies. */
  r2: number;
  meanAbsoluteError: number;
  rootMeanSquaredError: number;
}

export function regressionScores(truth: ArrayLike<number>, predicted: ArrayLike<number>): RegressionScores {
  const rows = truth.length;
  let sum = 0;
  for (let r = 0; r < rows; r++) sum += truth[r] ?? 0;
  const mean = sum / rows;
  let absolute = 0;
  let squared = 0;
  let spread = 0;
  for (let r = 0; r < rows; r++) {
    const value = truth[r] ?? 0;
    const error = value - (predicted[r] ?? 0);
    absolute += Math.abs(error);
    squared += error * error;
    spread += (value - mean) * (value - mean);
  }
  return {
    r2: spread === 0 ? Number.NaN : 1 - squared / spread,
    meanAbsoluteError: absolute / rows,
    rootMeanSquaredError: Math.sqrt(squared / rows),
  };
}

/**
 * The confusion matrix as aligned text: a row per true class, a column per predicted one, then the class's recall.
 * Zeros are dots, so that the mistakes stand out.
 */
export function formatConfusion(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  const names = classes.map(name => (name.length > 12 ? `${name.slice(0, 11)}…` : name));
  const found = recalls(confusion);
  const lines = [['truth', ...names, 'recall']];
  confusion.forEach((row, truth) => {
    const recall = found[truth] ?? Number.NaN;
    const last = Number.isNaN(recall) ? '–' : `${(recall * 100).toFixed(1)}%`;
    lines.push([names[truth] ?? '', ...row.map(count => (count === 0 ? '·' : String(count))), last]);
  });
  const widths = names.map((_, c) => Math.max(...lines.map(line => line[c + 1]?.length ?? 0)));
  const first = Math.max(...lines.map(line => line[0]?.length ?? 0));
  return lines
    .map(line => {
      const cells = line.map((cell, c) => (c === 0 ? cell.padEnd(first) : cell.padStart((widths[c - 1] ?? 6) + 1)));
      return cells.join(' ');
    })
    .join('\n');
}
