/** The middle of some figures and how far apart they lie; and when that is too far to say anything. */

export interface Figure {
  readonly median: number;
  /** Half the distance between the quartiles. */
  readonly spread: number;
  readonly best: number;
  /** How many there are. */
  readonly rounds: number;
}

/** Of figures of which more is better; NaN where there are none. */
export function figureOf(figures: readonly number[]): Figure {
  const sorted = [...figures].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2,
    best: sorted.at(-1) ?? Number.NaN,
    rounds: sorted.length,
  };
}

/** Between the two neighbours, as NumPy has it by default. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** A figure whose quartiles lie further apart than this share of it tells nothing of small differences. */
export const NOISY = 0.15;
/** Rounds below which a figure is of chance. */
export const FEWEST = 3;

/** Half the distance between the quartiles as a share of the median. */
export function noiseOf({ median, spread }: Figure): number {
  return Math.abs(spread / median);
}

/** Whether a ratio may be said: the further from 1, the more it may vary. */
export function isClear(ratio: Figure): boolean {
  return ratio.rounds >= FEWEST && noiseOf(ratio) <= NOISY * Math.max(1, Math.abs(Math.log(ratio.median)));
}

export function isNoisy(figure: Figure): boolean {
  return !(noiseOf(figure) <= NOISY) || figure.rounds < FEWEST;
}

/** How far the median of such figures may be from the truth, as a share: twice its standard error, were they normal. */
export function uncertaintyOf(figure: Figure): number {
  // Quartiles are 0.6745 deviations from the middle, and the median's error 1.2533 times that of the mean.
  return (2 * 1.2533 * (noiseOf(figure) / 0.6745)) / Math.sqrt(Math.max(1, figure.rounds));
}

/** Ratios of what two did in the same rounds. */
export function ratiosOf(ours: readonly (number | undefined)[], theirs: readonly (number | undefined)[]): number[] {
  return ours.flatMap((own, round) => {
    const other = theirs[round];
    return own === undefined || other === undefined ? [] : [own / other];
  });
}
