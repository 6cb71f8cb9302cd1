/** Metrics of predicted numbers, by scikit-learn's definitions: of each output by itself, then their mean. */
import { LEAST_TARGET, quantile } from '../losses/regression.js';
import { addTo, type End, type Measure, type MetricDefinition, plain, saysNothing } from './metric.js';

function checkNumbers(end: End): void {
  if (end.targets === 'values') return;
  throw saysNothing(end, 'targets that are numbers', 'class indices', `ask for 'accuracy'`);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean over rows of a function of prediction and target, for each output. */
function means(
  of: (prediction: number, target: number) => number,
  end: (mean: number) => number = value => value,
): (end: End) => Measure {
  return given => {
    checkNumbers(given);
    const { columns } = given;
    return {
      sums: columns + 1,
      kept: 0,
      add(numbers, { predictions, at, targets, from, weight }) {
        for (let c = 0; c < columns; c++)
          addTo(numbers, c, weight * of(predictions[at + c] ?? 0, targets[from + c] ?? 0));
        addTo(numbers, columns, weight);
      },
      value: numbers => mean(numbers.slice(0, columns).map(sum => end(sum / (numbers[columns] ?? 0)))),
    };
  };
}

/** The mean of (prediction − target)². */
export const meanSquaredErrorMetric: MetricDefinition<object> = /* @__PURE__ */ plain(means((p, t) => (p - t) ** 2));
/** Its square root, in the target's own unit. */
export const rootMeanSquaredErrorMetric: MetricDefinition<object> = /* @__PURE__ */ plain(
  means((p, t) => (p - t) ** 2, Math.sqrt),
);
/** The mean of |prediction − target|. */
export const meanAbsoluteErrorMetric: MetricDefinition<object> = /* @__PURE__ */ plain(
  means((p, t) => Math.abs(p - t)),
);
/** The mean of |prediction − target| / |target|, a fraction. */
export const meanAbsolutePercentageErrorMetric: MetricDefinition<object> = /* @__PURE__ */ plain(
  means((p, t) => Math.abs(p - t) / Math.max(Math.abs(t), LEAST_TARGET)),
);

/** The pinball loss: q · (target − prediction) where the target is above, (1 − q) · (prediction − target) below. */
export const quantileMetric: MetricDefinition<{ readonly quantile?: number }> = {
  options: ['quantile'],
  configure(options) {
    quantile(options);
    return { ...options };
  },
  fit({ quantile: q = 0.5 }, end) {
    return means((p, t) => (t > p ? q * (t - p) : (1 - q) * (p - t)))(end);
  },
};

/** The largest |prediction − target|. */
export const maxErrorMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end => {
  checkNumbers(end);
  return {
    sums: 1,
    kept: 0,
    add(numbers, { predictions, at, targets, from, weight }) {
      if (weight === 0) return;
      for (let c = 0; c < end.columns; c++) {
        numbers[0] = Math.max(numbers[0] ?? 0, Math.abs((predictions[at + c] ?? 0) - (targets[from + c] ?? 0)));
      }
    },
    value: ([most = 0]) => most,
  };
});

/** The median of |prediction − target|; of weighted rows the least that half of the weight does not exceed. */
export const medianAbsoluteErrorMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end => {
  checkNumbers(end);
  const { columns } = end;
  return {
    sums: 0,
    kept: columns + 1,
    add(numbers, { predictions, at, targets, from, weight }) {
      for (let c = 0; c < columns; c++) numbers.push(Math.abs((predictions[at + c] ?? 0) - (targets[from + c] ?? 0)));
      numbers.push(weight);
    },
    value(numbers) {
      const rows = numbers.length / (columns + 1);
      const medians = Array.from({ length: columns }, (_, c) => {
        const errors = Array.from({ length: rows }, (_, row) => {
          const at = row * (columns + 1);
          return { error: numbers[at + c] ?? 0, weight: numbers[at + columns] ?? 0 };
        });
        return median(errors.sort((a, b) => a.error - b.error));
      });
      return mean(medians);
    },
  };
});

function median(sorted: readonly { error: number; weight: number }[]): number {
  const middle = (sorted.length - 1) / 2;
  if (sorted.every(({ weight }) => weight === 1)) {
    return ((sorted[Math.floor(middle)]?.error ?? Number.NaN) + (sorted[Math.ceil(middle)]?.error ?? Number.NaN)) / 2;
  }
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let passed = 0;
  return (
    sorted.find(({ weight }) => {
      passed += weight;
      return weight > 0 && passed >= half;
    })?.error ?? Number.NaN
  );
}

/**
 * The share of the targets' variance that is explained. Of targets that never vary it is 1 where there is nothing left
 * to explain, and 0 otherwise, as in scikit-learn. With `shifted`, what all predictions are off by does not count.
 */
function explained(shifted: boolean): (end: End) => Measure {
  return end => {
    checkNumbers(end);
    const { columns } = end;
    // Of each output mean and sum of squared deviations of the targets and of the errors, found row by row (Welford
    // 1962), so that targets that never vary have exactly none; then the weight of all rows.
    return {
      sums: 4 * columns + 1,
      kept: 0,
      add(numbers, { predictions, at, targets, from, weight }) {
        if (weight === 0) return;
        addTo(numbers, 4 * columns, weight);
        const part = weight / (numbers[4 * columns] ?? 0);
        for (let c = 0; c < columns; c++) {
          const target = targets[from + c] ?? 0;
          deviate(numbers, 4 * c, target, weight, part);
          deviate(numbers, 4 * c + 2, target - (predictions[at + c] ?? 0), weight, part);
        }
      },
      value(numbers) {
        const rows = numbers[4 * columns] ?? 0;
        return mean(
          Array.from({ length: columns }, (_, c) => {
            const [, whole = 0, off = 0, around = 0] = numbers.slice(4 * c, 4 * c + 4);
            const left = shifted ? around : around + rows * off ** 2;
            return whole === 0 ? Number(left === 0) : 1 - left / whole;
          }),
        );
      },
    };
  };
}

function deviate(numbers: number[], at: number, value: number, weight: number, part: number): void {
  const before = value - (numbers[at] ?? 0);
  addTo(numbers, at, part * before);
  addTo(numbers, at + 1, weight * before * (value - (numbers[at] ?? 0)));
}

export const r2Metric: MetricDefinition<object> = /* @__PURE__ */ plain(explained(false));
export const explainedVarianceMetric: MetricDefinition<object> = /* @__PURE__ */ plain(explained(true));
