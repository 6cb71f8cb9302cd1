/** The middle of some figures and how far apart they lie. */
export interface Spread {
  readonly median: number;
  /** Half the distance between the quartiles. */
  readonly spread: number;
  readonly best: number;
}

/** NaN where there are no figures. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? Number.NaN;
  return { median: quantile(0.5), spread: (quantile(0.75) - quantile(0.25)) / 2, best: quantile(1) };
}
