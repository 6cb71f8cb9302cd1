/** Metrics of scores and probabilities, by scikit-learn's definitions. */
import { checkInteger, checkOptions } from '../errors.js';
import {
  addTo,
  areLabels,
  checkDecides,
  decisionOf,
  type End,
  labelOf,
  type MetricDefinition,
  plain,
  type Row,
  saysNothing,
} from './metric.js';

/** What a probability counts as at least before a logarithm is taken of it, and 1 − it at most. */
const LEAST = 1e-7;

function checkProbabilities(end: End): void {
  checkDecides(end);
  if (end.probabilities) return;
  const mend = 'end the network with softmax or sigmoid';
  throw saysNothing(end, 'probabilities', 'outputs that need not lie between 0 and 1', mend);
}

const clipped = (p: number) => Math.min(Math.max(p, LEAST), 1 - LEAST);

/** The mean of −ln of the probability that each row's class was given, which counts as 1e-7 at least. */
export const logLossMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end => {
  checkProbabilities(end);
  const { columns } = end;
  /** The share of the row's class; rows need not add up to 1. */
  function shareOf({ predictions, at }: Row, label: number): number {
    if (columns === 1) return clipped(label === 1 ? (predictions[at] ?? 0) : 1 - (predictions[at] ?? 0));
    let all = 0;
    for (let c = 0; c < columns; c++) all += clipped(predictions[at + c] ?? 0);
    return clipped(predictions[at + label] ?? 0) / all;
  }
  return {
    sums: 2,
    kept: 0,
    add(numbers, row) {
      addTo(numbers, 0, -row.weight * Math.log(shareOf(row, labelOf(row, end))));
      addTo(numbers, 1, row.weight);
    },
    value: ([sum = 0, rows = 0]) => sum / rows,
  };
});

/**
 * The mean squared distance of probabilities from what came true (Brier 1950): of one or two classes of the positive
 * one's, of more the sum over all of them.
 */
export const brierMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end => {
  checkProbabilities(end);
  const { columns } = end;
  return {
    sums: 2,
    kept: 0,
    add(numbers, row) {
      const { predictions, at, weight } = row;
      const label = labelOf(row, end);
      const of = (c: number, truth: boolean) => ((predictions[at + c] ?? 0) - Number(truth)) ** 2;
      let sum = 0;
      if (columns <= 2) sum = of(columns - 1, label === 1);
      else for (let c = 0; c < columns; c++) sum += of(c, c === label);
      addTo(numbers, 0, weight * sum);
      addTo(numbers, 1, weight);
    },
    value: ([sum = 0, rows = 0]) => sum / rows,
  };
});

export interface CalibrationOptions {
  /** Bins of equal width; 15 by default. */
  readonly bins?: number;
}

/**
 * The expected calibration error: rows by how sure their decision is, in bins of equal width; the mean over rows of how
 * far a bin's accuracy is from its mean probability.
 *
 * Source: Guo, Pleiss, Sun and Weinberger, «On calibration of modern neural networks», ICML 2017.
 */
export const calibrationErrorMetric: MetricDefinition<CalibrationOptions> = {
  options: ['bins'],
  configure(options) {
    checkOptions('calibrationError', options, ['bins']);
    const { bins } = options as CalibrationOptions;
    if (bins !== undefined) checkInteger('calibrationError: bins', bins, 1, 10_000);
    return { ...options };
  },
  fit({ bins = 15 }, end) {
    checkProbabilities(end);
    return {
      // Of each bin, how sure and how right it is; then the rows.
      sums: 2 * bins + 1,
      kept: 0,
      add(numbers, row) {
        const { predictions, at, weight } = row;
        const said = decisionOf(row, end);
        const single = predictions[at] ?? 0;
        const sure = end.columns > 1 ? (predictions[at + said] ?? 0) : said === 1 ? single : 1 - single;
        // The bins are open below and closed above.
        const bin = Math.min(Math.max(Math.ceil(sure * bins) - 1, 0), bins - 1);
        addTo(numbers, 2 * bin, weight * sure);
        addTo(numbers, 2 * bin + 1, said === labelOf(row, end) ? weight : 0);
        addTo(numbers, 2 * bins, weight);
      },
      value(numbers) {
        let sum = 0;
        for (let bin = 0; bin < bins; bin++) sum += Math.abs((numbers[2 * bin] ?? 0) - (numbers[2 * bin + 1] ?? 0));
        return sum / (numbers[2 * bins] ?? 0);
      },
    };
  },
};

/** A row's score with whether it is positive; sorted, those from the highest on, equal ones as one step. */
interface Scored {
  readonly score: number;
  readonly positive: boolean;
  readonly weight: number;
}

/** The weights of all rows, and of those that are positive, down to some score. */
interface Step {
  readonly rows: number;
  readonly positives: number;
}

/** What rises as the threshold falls from score to score. */
function steps(scored: Scored[]): Step[] {
  scored.sort((a, b) => b.score - a.score);
  const found: Step[] = [];
  let rows = 0;
  let positives = 0;
  scored.forEach(({ score, positive, weight }, i) => {
    rows += weight;
    if (positive) positives += weight;
    const next = scored[i + 1];
    if (next === undefined || next.score !== score) found.push({ rows, positives });
  });
  return found;
}

/** The chance that a positive row scores higher than a negative one, ties counting half. */
function area(found: readonly Step[]): number {
  let sum = 0;
  let before: Step = { rows: 0, positives: 0 };
  for (const step of found) {
    const negatives = step.rows - step.positives - (before.rows - before.positives);
    sum += (negatives * (step.positives + before.positives)) / 2;
    before = step;
  }
  return sum / (before.positives * (before.rows - before.positives));
}

/** The mean of the precision at each threshold, weighted by the recall that it adds. */
function averagePrecision(found: readonly Step[]): number {
  let sum = 0;
  let before = 0;
  for (const { rows, positives } of found) {
    if (positives > before) sum += (positives - before) * (positives / rows);
    before = positives;
  }
  return sum / before;
}

/**
 * A metric of the order of scores; of more than two classes, and of several decisions, of each against the rest, and
 * the mean over those that some rows are of and, where it `compares`, some not; NaN where there are none.
 */
function ranking(of: (found: readonly Step[]) => number, compares: boolean): MetricDefinition<object> {
  return plain(end => {
    checkDecides(end, false);
    const { columns } = end;
    const several = areLabels(end);
    const first = columns === 2 && !several ? 1 : 0;
    const scores = columns - first;
    // Of each row its scores, then its class, or what is true of each; then its weight.
    const kept = scores + (several ? columns : 1) + 1;
    return {
      sums: 0,
      kept,
      add(numbers, row) {
        const { predictions, at, targets, from, weight } = row;
        for (let c = first; c < columns; c++) numbers.push(predictions[at + c] ?? 0);
        if (!several) numbers.push(labelOf(row, end));
        else for (let c = 0; c < columns; c++) numbers.push(Number((targets[from + c] ?? 0) > 0.5));
        numbers.push(weight);
      },
      value(numbers) {
        const values: number[] = [];
        for (let c = 0; c < scores; c++) {
          const scored = Array.from({ length: numbers.length / kept }, (_, row): Scored => {
            const at = row * kept;
            const truth = numbers[at + scores + (several ? c : 0)];
            const positive = truth === (several || scores === 1 ? 1 : c);
            return { score: numbers[at + c] ?? 0, positive, weight: numbers[at + kept - 1] ?? 0 };
          });
          const found = steps(scored.filter(({ weight }) => weight > 0));
          const { rows = 0, positives = 0 } = found.at(-1) ?? {};
          if (positives > 0 && (!compares || positives < rows)) values.push(of(found));
        }
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      },
    };
  });
}

/** The area under the curve of true over false positives. */
export const rocAucMetric: MetricDefinition<object> = /* @__PURE__ */ ranking(area, true);
/** The area under the curve of precision over recall, as steps. Of two classes it is the second's. */
export const averagePrecisionMetric: MetricDefinition<object> = /* @__PURE__ */ ranking(averagePrecision, false);
