/** Curves of how well probabilities do, thinned out to what a chart shows. */

export type Point = readonly [x: number, y: number];

/** Points of a curve at most: more are not seen. */
const MOST = 200;

/** What is counted from the rows with the highest score down, wherever the score changes. */
function counts(scores: readonly number[], isPositive: readonly boolean[]): { found: number; alarms: number }[] {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const steps: { found: number; alarms: number }[] = [];
  let [found, alarms] = [0, 0];
  for (const [place, row] of order.entries()) {
    if (isPositive[row]) found++;
    else alarms++;
    const next = order[place + 1];
    if (next === undefined || scores[next] !== scores[row]) steps.push({ found, alarms });
  }
  return steps;
}

/** Every so many points, with the first and the last. */
function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / MOST);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

/** The false alarms' share of the negative rows, and the share of the positive ones that are found. */
export function rocCurve(scores: readonly number[], isPositive: readonly boolean[]): Point[] {
  const positives = isPositive.filter(Boolean).length;
  const negatives = isPositive.length - positives;
  if (positives === 0 || negatives === 0) return [];
  const steps = counts(scores, isPositive).map(({ found, alarms }): Point => [alarms / negatives, found / positives]);
  return thinned([[0, 0], ...steps]);
}

/** The share of the positive rows that are found, and the share of what is found that is right. */
export function precisionRecallCurve(scores: readonly number[], isPositive: readonly boolean[]): Point[] {
  const positives = isPositive.filter(Boolean).length;
  if (positives === 0) return [];
  return thinned(
    counts(scores, isPositive).map(({ found, alarms }): Point => [found / positives, found / (found + alarms)]),
  );
}

export interface CalibrationBin {
  /** The mean probability of the predictions in it, and the share of them that is right. */
  readonly confidence: number;
  readonly right: number;
  readonly rows: number;
}

/** How often predictions are right, by how sure they are; bins as the calibration error has them. */
export function calibrationBins(sure: readonly number[], isRight: readonly boolean[], bins = 15): CalibrationBin[] {
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, right: 0, rows: 0 }));
  for (const [row, confidence] of sure.entries()) {
    const sum = sums[Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1)];
    if (!sum) continue;
    sum.confidence += confidence;
    sum.right += isRight[row] ? 1 : 0;
    sum.rows++;
  }
  return sums.flatMap(({ confidence, right, rows }) =>
    rows === 0 ? [] : [{ confidence: confidence / rows, right: right / rows, rows }],
  );
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Equal bins over all values: where each begins and ends, and how many values it has. */
export function histogram(values: readonly number[], bins = 24): readonly Bin[] {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = (most - least) / bins || 1;
  const counted = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(Math.floor((value - least) / width), bins - 1);
    counted[bin] = (counted[bin] ?? 0) + 1;
  }
  return counted.map((count, i) => ({ from: least + i * width, to: least + (i + 1) * width, count }));
}
