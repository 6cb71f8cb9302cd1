/** What every metric is made of. */
import { wrongValue } from '../errors.js';

/** A number; or one for each class; or, of a confusion matrix, a row for each true class. */
export type MetricValue = number | number[] | number[][];

/** What metrics are taken of: how a row's predictions and its target are to be read. */
export interface End {
  /** What a refusal begins with. */
  readonly where: string;
  /** Numbers of a row of predictions. */
  readonly columns: number;
  /**
   * How a row is decided: for the class whose number is `largest`, or each number by its `threshold`, a single one for
   * class 1 or 0; none where they are mere numbers.
   */
  readonly decides: 'largest' | 'threshold' | undefined;
  /** Above it a number means yes, unless the metric has a threshold of its own. */
  readonly threshold: number;
  /** Whether the predictions are probabilities, so far as is known. */
  readonly probabilities: boolean;
  /** Whether a row's target is the index of its class, or a number for each of the predictions. */
  readonly targets: 'labels' | 'values';
}

/** One row: its predictions begin at `at` and its target at `from`. */
export interface Row {
  readonly predictions: ArrayLike<number>;
  readonly at: number;
  readonly targets: ArrayLike<number>;
  readonly from: number;
  readonly weight: number;
}

/**
 * A metric that was fitted to what it is taken of. It sees one row after the other and keeps no more than numbers: sums
 * that are there from the beginning, or, where every row counts in the end, some more for each row.
 */
export interface Measure {
  /** How many sums it begins with; 0 where it keeps rows. */
  readonly sums: number;
  /** How many numbers it keeps of a row; 0 where sums suffice. */
  readonly kept: number;
  add(numbers: number[], row: Row): void;
  value(numbers: readonly number[]): MetricValue;
}

export interface MetricDefinition<C> {
  /** The names of its settings. */
  readonly options: readonly string[];
  /** Checks a factory's options, and gives those that were set. */
  configure(options: object): C;
  /** Whether it comes to one number, and not to a list of them. */
  isNumber?(settings: C): boolean;
  /** @throws RangeError where it says nothing of such rows */
  fit(settings: C, end: End): Measure;
}

/** A metric without settings. */
export function plain(measure: (end: End) => Measure, isNumber = true): MetricDefinition<object> {
  return { options: [], configure: () => ({}), isNumber: () => isNumber, fit: (_, end) => measure(end) };
}

/** The error for a metric that says nothing of such rows. */
export function saysNothing({ where }: End, expected: string, got: string, mend?: string): RangeError {
  return wrongValue(where, expected, got, mend);
}

/** Of equal numbers the first. */
export function largestOf(numbers: ArrayLike<number>, at: number, columns: number): number {
  let best = 0;
  for (let c = 1; c < columns; c++) if ((numbers[at + c] ?? 0) > (numbers[at + best] ?? 0)) best = c;
  return best;
}

/** The class that a row is of, where it is of one; of a single number whether it means yes. */
export function labelOf({ targets, from }: Row, end: End): number {
  const first = targets[from] ?? 0;
  if (end.columns === 1) return Number(first > 0.5);
  return end.targets === 'labels' ? first : largestOf(targets, from, end.columns);
}

/** The class that a row is said to be of. */
export function decisionOf({ predictions, at }: Row, { columns, threshold }: End): number {
  return columns === 1 ? Number((predictions[at] ?? 0) > threshold) : largestOf(predictions, at, columns);
}

/** Whether each of several numbers is a yes or no of its own. */
export function areLabels({ columns, decides }: End): boolean {
  return decides === 'threshold' && columns > 1;
}

/** Refuses rows that are not decided; and, where a row is to be of `one` class, those of which each number is. */
export function checkDecides(end: End, one = true): void {
  if (!end.decides) {
    const mend = `for numbers ask for 'meanAbsoluteError' or 'r2'`;
    const expected = 'a network that decides: one that ends with softmax or sigmoid, or a loss of classes';
    throw saysNothing(end, expected, 'one that predicts numbers', mend);
  }
  if (one && areLabels(end)) {
    throw saysNothing(
      end,
      'rows of one class each',
      `${end.columns} decisions in each row`,
      `ask for 'f1' or 'rocAuc'`,
    );
  }
}

/** Adds to one of the numbers. */
export function addTo(numbers: number[], index: number, amount: number): void {
  numbers[index] = (numbers[index] ?? 0) + amount;
}
