/** Metrics of rows that come by and by, as a network is trained or judged. */
import { checkInteger, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';
import type { Ending, FittedLoss } from '../losses/loss.js';
import { type AskedMetric, fitMetrics } from './definitions.js';
import type { End, Measure, MetricValue } from './metric.js';

/** Activations whose outputs are probabilities. */
const probabilities = ['softmax', 'sigmoid', 'hardSigmoid'];

/** How metrics read the end of a network that has such a loss, which gives probabilities where it reads logits. */
export function endOf(
  { accuracy, fromLogits, target }: FittedLoss,
  { activation, columns }: Ending,
): Omit<End, 'where'> {
  return {
    columns,
    decides: accuracy?.kind,
    threshold: accuracy?.kind === 'threshold' && !fromLogits ? accuracy.threshold : 0.5,
    probabilities: fromLogits || probabilities.includes(activation.kind),
    targets: target.kind,
  };
}

/** Where the rows of one output lie: among all outputs and all targets of a sample. */
export interface OutputPlace {
  readonly columns: number;
  readonly positions: number;
  readonly start: number;
  readonly stride: number;
  readonly targetStart: number;
  readonly targetStride: number;
}

/** Some samples' outputs and targets, row-major, and which target and weight each of them has. */
export interface Batch {
  readonly outputs: ArrayLike<number>;
  readonly samples: number;
  readonly targets: ArrayLike<number>;
  /** 1 each by default. */
  readonly weights?: ArrayLike<number> | undefined;
  /** The sample in each place, where that is not the order they lie in; and the first place; 0 by default. */
  readonly order?: ArrayLike<number> | undefined;
  readonly first?: number;
  /** How many of a sample's positions count; all of them by default. */
  readonly counted?: ((sample: number) => number) | undefined;
}

export class Tallies {
  readonly #metrics: readonly AskedMetric[];
  readonly #measures: readonly Measure[];
  readonly #columns: number;
  readonly #labels: boolean;
  /** What each metric keeps. */
  #numbers: number[][] = [];

  /** Throws RangeError where a metric says nothing of such an end. */
  constructor(where: string, metrics: readonly AskedMetric[], end: Omit<End, 'where'>) {
    this.#metrics = metrics;
    this.#measures = fitMetrics(where, metrics, end);
    this.#columns = end.columns;
    this.#labels = end.targets === 'labels';
    this.begin();
  }

  /** Forgets all rows. */
  begin(): void {
    this.#numbers = this.#measures.map(({ sums }) => new Array<number>(sums).fill(0));
  }

  /** What it has counted, for a file. */
  get numbers(): readonly (readonly number[])[] {
    return this.#numbers;
  }

  /** Goes on from what a file says of so many rows. */
  resume(where: string, given: unknown, rows: number): void {
    if (!isList(given)) throw wrongType(where, 'a list for each metric', given);
    checkInteger(`${where}: metrics`, given.length, this.#measures.length, this.#measures.length);
    this.#numbers = this.#measures.map(({ sums, kept }, index) => {
      const list = given[index];
      const place = `${where}: ${this.#metrics[index]?.key}`;
      if (!isList(list)) throw wrongType(place, 'a list', list);
      const expected = sums + kept * rows;
      if (list.length !== expected) throw wrongValue(place, `${expected} numbers`, list.length);
      return Array.from(list, value => {
        if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(place, 'finite numbers', value);
        return value;
      });
    });
  }

  /** Takes some rows into account. */
  add(batch: Batch, place: OutputPlace): void {
    const { outputs: predictions, targets, weights, order, first = 0, counted } = batch;
    const { positions, start, stride, targetStart, targetStride } = place;
    const width = this.#labels ? 1 : this.#columns;
    for (let i = 0; i < batch.samples; i++) {
      const sample = order?.[first + i] ?? first + i;
      const weight = weights?.[sample] ?? 1;
      const last = counted?.(sample) ?? positions;
      for (let position = 0; position < last; position++) {
        const at = i * stride + start + position * this.#columns;
        const from = sample * targetStride + targetStart + position * width;
        const row = { predictions, at, targets, from, weight };
        for (let m = 0; m < this.#measures.length; m++) this.#measures[m]?.add(this.#numbers[m] ?? [], row);
      }
    }
  }

  /** The values by their keys. */
  get values(): Record<string, MetricValue> {
    return Object.fromEntries(
      this.#metrics.map(({ key }, index) => [
        key,
        this.#measures[index]?.value(this.#numbers[index] ?? []) ?? Number.NaN,
      ]),
    );
  }
}
