/**
 * Metrics of predicted classes, by scikit-learn's definitions: `probabilities` are row-major rows × classes, `labels`
 * the class index of each row. Sums are in float64. Where a metric says nothing, such as of a class that no row has, it
 * is NaN.
 */

/** The index of each row's largest number; the first of equal ones. */
export function largest(probabilities: ArrayLike<number>, classes: number): Int32Array {
  const found = new Int32Array(probabilities.length / classes);
  for (let row = 0; row < found.length; row++) {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((probabilities[row * classes + c] ?? 0) > (probabilities[row * classes + best] ?? 0)) best = c;
    }
    found[row] = best;
  }
  return found;
}

/** How many rows of each true class (first index) were predicted as each class (second index). */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < labels.length; row++) {
    const ofClass = counts[labels[row] ?? -1];
    const column = predicted[row] ?? -1;
    if (ofClass?.[column] === undefined) throw new RangeError(`confusionMatrix: expected classes below ${classes}`);
    ofClass[column] = (ofClass[column] ?? 0) + 1;
  }
  return counts;
}

/** What is known of one class. */
export interface ClassScores {
  /** Of the rows predicted as it, the share that are; 0 where none is. */
  readonly precision: number;
  /** Of its rows, the share that was found; 0 where it has none. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
  /** Its rows. */
  readonly rows: number;
}

/** Precision, recall and F1 of each class, from a confusion matrix. */
export function scoresByClass(confusion: readonly (readonly number[])[]): ClassScores[] {
  return confusion.map((row, index) => {
    const right = row[index] ?? 0;
    const rows = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, other) => sum + (other[index] ?? 0), 0);
    const share = (whole: number) => (whole === 0 ? 0 : right / whole);
    const both = rows + predicted;
    return { precision: share(predicted), recall: share(rows), f1: both === 0 ? 0 : (2 * right) / both, rows };
  });
}

/** The mean of −ln of the probability that each row's class was given, which counts as 1e-7 at least. */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const probability = probabilities[row * classes + (labels[row] ?? 0)] ?? 0;
    sum -= Math.log(Math.min(Math.max(probability, 1e-7), 1 - 1e-7));
  }
  return sum / labels.length;
}

/** Rows from the highest score to the lowest; of each score the rows and those that are positive, so far. */
interface Step {
  readonly rows: number;
  readonly positives: number;
}

/** What rises as the threshold falls from score to score; equal scores are one step. */
function steps(isPositive: readonly boolean[], scores: ArrayLike<number>): Step[] {
  const order = isPositive.map((_, row) => row).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const found: Step[] = [];
  let positives = 0;
  for (const [i, row] of order.entries()) {
    if (isPositive[row]) positives++;
    const next = order[i + 1];
    if (next === undefined || scores[next] !== scores[row]) found.push({ rows: i + 1, positives });
  }
  return found;
}

/**
 * The area under the curve of true over false positives: the chance that a positive row scores higher than a negative
 * one, ties counting half.
 */
export function binaryRocAuc(isPositive: readonly boolean[], scores: ArrayLike<number>): number {
  let area = 0;
  let before: Step = { rows: 0, positives: 0 };
  for (const step of steps(isPositive, scores)) {
    const negatives = step.rows - step.positives - (before.rows - before.positives);
    area += (negatives * (step.positives + before.positives)) / 2;
    before = step;
  }
  return area / (before.positives * (before.rows - before.positives));
}

/** The mean of the precision at each threshold, weighted by the recall that it adds. */
export function binaryAveragePrecision(isPositive: readonly boolean[], scores: ArrayLike<number>): number {
  let sum = 0;
  let before = 0;
  for (const { rows, positives } of steps(isPositive, scores)) {
    sum += (positives - before) * (positives / rows);
    before = positives;
  }
  return sum / before;
}

/**
 * ROC AUC; of more than two classes each against the rest, and their mean over those that some rows are of and some
 * not.
 */
export function rocAuc(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  return againstTheRest(binaryRocAuc, labels, probabilities, classes);
}

/** Average precision, likewise. Of two classes it is the second's. */
export function averagePrecision(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  return againstTheRest(binaryAveragePrecision, labels, probabilities, classes);
}

function againstTheRest(
  metric: (isPositive: readonly boolean[], scores: ArrayLike<number>) => number,
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number {
  const values: number[] = [];
  for (let c = classes === 2 ? 1 : 0; c < classes; c++) {
    const isPositive = Array.from(labels, label => label === c);
    const positives = isPositive.filter(Boolean).length;
    if (positives === 0 || positives === labels.length) continue;
    values.push(
      metric(
        isPositive,
        Float64Array.from(labels, (_, row) => probabilities[row * classes + c] ?? 0),
      ),
    );
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The expected calibration error: rows by how sure their prediction is, in bins of equal width; the mean over rows of
 * how far a bin's accuracy is from its mean probability.
 *
 * Source: Guo, Pleiss, Sun and Weinberger, «On calibration of modern neural networks», ICML 2017.
 */
export function calibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  bins = 15,
): number {
  const sure = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (const [row, predicted] of largest(probabilities, classes).entries()) {
    const confidence = probabilities[row * classes + predicted] ?? 0;
    // The bins are open below and closed above.
    const bin = Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
    sure[bin] = (sure[bin] ?? 0) + confidence;
    if (predicted === labels[row]) right[bin] = (right[bin] ?? 0) + 1;
  }
  return sure.reduce((sum, confidence, bin) => sum + Math.abs(confidence - (right[bin] ?? 0)), 0) / labels.length;
}
