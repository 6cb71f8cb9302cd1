/**
 * Metrics of decisions, by scikit-learn's definitions: of each class is counted how many rows are rightly, wrongly and
 * not said to be of it.
 */
import { checkChoice, checkInteger, checkNumber, checkOptions } from '../errors.js';
import {
  addTo,
  areLabels,
  checkDecides,
  decisionOf,
  type End,
  labelOf,
  largestOf,
  type Measure,
  type MetricDefinition,
  plain,
  type Row,
  saysNothing,
} from './metric.js';

/** How the values of several classes become one. */
export type Average = (typeof averages)[number];
const averages = ['macro', 'micro', 'weighted', 'none'] as const;

export interface AverageOptions {
  /**
   * `'macro'`, which is the mean over the classes that rows are of or said to be; `'micro'` counts all classes as one;
   * `'weighted'` weighs each by its rows; `'none'` gives a list. Where it is not told, macro, and of one score a row
   * the positive class's value.
   */
  readonly average?: Average;
  /** Scores above it are the positive class; 0.5 by default. */
  readonly threshold?: number;
}

export interface FBetaOptions extends AverageOptions {
  /** How much more recall counts than precision; 1 by default. */
  readonly beta?: number;
}

type Settings<O> = { readonly [K in keyof O]?: O[K] };

/** A class's rows: rightly, wrongly and not said to be of it. */
interface Count {
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

export const precisionOf = ({ right, wrong }: Count): number => share(right, right + wrong);
export const recallOf = ({ right, missed }: Count): number => share(right, right + missed);
export const fBetaOf = ({ right, wrong, missed }: Count, beta = 1): number => {
  const b = beta ** 2;
  return share((1 + b) * right, (1 + b) * right + b * missed + wrong);
};

function count(numbers: number[], truth: number, said: number, weight: number): void {
  if (truth === said) addTo(numbers, 3 * truth, weight);
  else {
    addTo(numbers, 3 * said + 1, weight);
    addTo(numbers, 3 * truth + 2, weight);
  }
}

function countsOf(numbers: readonly number[]): Count[] {
  return Array.from({ length: numbers.length / 3 }, (_, c) => {
    const [right = 0, wrong = 0, missed = 0] = numbers.slice(3 * c, 3 * c + 3);
    return { right, wrong, missed };
  });
}

/** What is counted of each class comes to one value; with `each`, each of several decisions is a class. */
function counting(end: End, value: (counts: readonly Count[]) => number | number[], each = false): Measure {
  checkDecides(end, !each);
  const { columns, threshold } = end;
  const labels = areLabels(end);
  function addLabels(numbers: number[], { predictions, at, targets, from, weight }: Row): void {
    for (let c = 0; c < columns; c++) {
      const [truth, said] = [(targets[from + c] ?? 0) > 0.5, (predictions[at + c] ?? 0) > threshold];
      if (truth || said) addTo(numbers, 3 * c + (truth && said ? 0 : said ? 1 : 2), weight);
    }
  }
  return {
    sums: 3 * (columns === 1 ? 2 : columns),
    kept: 0,
    add: (numbers, row) => {
      if (labels) addLabels(numbers, row);
      else count(numbers, labelOf(row, end), decisionOf(row, end), row.weight);
    },
    value: numbers => value(countsOf(numbers)),
  };
}

const total = (counts: readonly Count[], of: (count: Count) => number) => counts.reduce((sum, one) => sum + of(one), 0);
const rowsOf = ({ right, missed }: Count) => right + missed;

function averaged(counts: readonly Count[], end: End, average: Average | undefined, of: (count: Count) => number) {
  const values = counts.map(of);
  if (average === 'none') return values;
  if (average === undefined && end.columns === 1) return values[1] ?? 0;
  if (average === 'micro') {
    return of({
      right: total(counts, ({ right }) => right),
      wrong: total(counts, ({ wrong }) => wrong),
      missed: total(counts, ({ missed }) => missed),
    });
  }
  const present = ({ right, wrong, missed }: Count) => Number(areLabels(end) || right + wrong + missed > 0);
  const weigh = average === 'weighted' ? rowsOf : present;
  const sum = counts.reduce((sum, one, c) => sum + weigh(one) * (values[c] ?? 0), 0);
  return share(sum, total(counts, weigh));
}

/** One of the metrics that are found for each class. */
function ofEachClass<O extends AverageOptions>(
  name: string,
  options: readonly (keyof O & string)[],
  of: (count: Count, settings: Settings<O>) => number,
): MetricDefinition<Settings<O>> {
  return {
    options,
    configure(given) {
      checkOptions(name, given, options);
      const settings = { ...(given as O & { beta?: number }) };
      const { average, threshold, beta } = settings;
      if (average !== undefined) checkChoice(`${name}: average`, average, averages);
      if (threshold !== undefined) checkNumber(`${name}: threshold`, threshold);
      if (beta !== undefined) checkNumber(`${name}: beta`, beta, { above: 0 });
      return settings;
    },
    isNumber: ({ average }) => average !== 'none',
    fit(settings, end) {
      const { average, threshold } = settings;
      if (threshold !== undefined && threshold !== 0.5 && end.decides === 'largest') {
        const mend = 'leave it out: the largest of each row decides';
        throw saysNothing(end, 'no threshold where rows are probabilities of classes', `threshold ${threshold}`, mend);
      }
      const own = { ...end, threshold: threshold ?? end.threshold };
      return counting(own, counts => averaged(counts, end, average, one => of(one, settings)), true);
    },
  };
}

const ofAverages = ['average', 'threshold'] as const;

export const precisionMetric: MetricDefinition<Settings<AverageOptions>> = /* @__PURE__ */ ofEachClass<AverageOptions>(
  'precision',
  ofAverages,
  precisionOf,
);
export const recallMetric: MetricDefinition<Settings<AverageOptions>> = /* @__PURE__ */ ofEachClass<AverageOptions>(
  'recall',
  ofAverages,
  recallOf,
);
export const f1Metric: MetricDefinition<Settings<AverageOptions>> = /* @__PURE__ */ ofEachClass<AverageOptions>(
  'f1',
  ofAverages,
  one => fBetaOf(one),
);
export const fBetaMetric: MetricDefinition<Settings<FBetaOptions>> = /* @__PURE__ */ ofEachClass<FBetaOptions>(
  'fBeta',
  ['beta', ...ofAverages],
  (one, { beta }) => fBetaOf(one, beta),
);

/** The share of right decisions. */
export const accuracyMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end => {
  checkDecides(end, false);
  const { columns, threshold } = end;
  const labels = areLabels(end);
  return {
    sums: 2,
    kept: 0,
    add(numbers, row) {
      const { predictions, at, targets, from, weight } = row;
      if (!labels) addTo(numbers, 0, labelOf(row, end) === decisionOf(row, end) ? weight : 0);
      else {
        for (let c = 0; c < columns; c++) {
          const isRight = (predictions[at + c] ?? 0) > threshold === (targets[from + c] ?? 0) > 0.5;
          addTo(numbers, 0, isRight ? weight : 0);
        }
      }
      addTo(numbers, 1, labels ? columns * weight : weight);
    },
    value: ([right = 0, all = 0]) => right / all,
  };
});

/** The mean recall of the classes that rows are of. */
export const balancedAccuracyMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end =>
  counting(end, counts => {
    const known = counts.filter(one => rowsOf(one) > 0);
    return total(known, recallOf) / known.length;
  }),
);

/** How decisions and truth agree beyond what chance would bring about: Cohen's kappa, 1960. */
export const cohenKappaMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end =>
  counting(end, counts => {
    const rows = total(counts, rowsOf);
    const right = total(counts, one => one.right);
    const byChance = total(counts, one => (rowsOf(one) / rows) * (one.right + one.wrong));
    return (right - byChance) / (rows - byChance);
  }),
);

/**
 * The correlation of decisions and truth (Matthews 1975; of several classes Gorodkin 2004); 0 where one never varies.
 */
export const matthewsCorrelationMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end =>
  counting(end, counts => {
    const rows = total(counts, rowsOf);
    const said = (one: Count) => one.right + one.wrong;
    const together = total(counts, one => one.right) * rows - total(counts, one => rowsOf(one) * said(one));
    const ofTruth = rows ** 2 - total(counts, one => rowsOf(one) ** 2);
    const ofSaid = rows ** 2 - total(counts, one => said(one) ** 2);
    return share(together, Math.sqrt(ofTruth * ofSaid));
  }),
);

/** How many rows of each true class (first index) are said to be of each class (second index). */
export const confusionMatrixMetric: MetricDefinition<object> = /* @__PURE__ */ plain(end => {
  checkDecides(end);
  const classes = end.columns === 1 ? 2 : end.columns;
  return {
    sums: classes ** 2,
    kept: 0,
    add: (numbers, row) => addTo(numbers, labelOf(row, end) * classes + decisionOf(row, end), row.weight),
    value: numbers => {
      return Array.from({ length: classes }, (_, truth) => numbers.slice(truth * classes, (truth + 1) * classes));
    },
  };
}, false);

export interface TopKOptions {
  /** How many classes are looked at; 5 by default. */
  readonly k?: number;
}

/** The share of rows whose class is among the `k` with the largest numbers. */
export const topKAccuracyMetric: MetricDefinition<TopKOptions> = {
  options: ['k'],
  configure(options) {
    checkOptions('topKAccuracy', options, ['k']);
    const { k } = options as TopKOptions;
    if (k !== undefined) checkInteger('topKAccuracy: k', k, 1);
    return { ...options };
  },
  fit({ k = 5 }, end) {
    const { columns } = end;
    checkDecides(end);
    if (columns === 1) throw saysNothing(end, 'several classes', 'one score a row', `ask for 'accuracy'`);
    if (k > columns) throw saysNothing(end, `k of at most the ${columns} classes`, `k ${k}`);
    return {
      sums: 2,
      kept: 0,
      add(numbers, row) {
        const { predictions, at, weight } = row;
        const label = labelOf(row, end);
        const own = predictions[at + label] ?? 0;
        let before = 0;
        for (let c = 0; c < columns; c++) {
          const other = predictions[at + c] ?? 0;
          if (other > own || (other === own && c < label)) before++;
        }
        addTo(numbers, 0, before < k ? weight : 0);
        addTo(numbers, 1, weight);
      },
      value: ([right = 0, all = 0]) => right / all,
    };
  },
};

/** The class that each row of probabilities is said to be of. */
export function largest(probabilities: ArrayLike<number>, classes: number): Int32Array {
  return Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    return largestOf(probabilities, row * classes, classes);
  });
}

/** What is known of one class. */
export interface ClassScores {
  /** Of the rows said to be of it, the share that are; 0 where none is. */
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
    const rows = row.reduce((sum, one) => sum + one, 0);
    const said = confusion.reduce((sum, other) => sum + (other[index] ?? 0), 0);
    const one = { right, wrong: said - right, missed: rows - right };
    return { precision: precisionOf(one), recall: recallOf(one), f1: fBetaOf(one), rows };
  });
}
