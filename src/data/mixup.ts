/** Rows mixed with others, so that a network learns straight lines between what it is shown. */
import { naturalExp, naturalLog } from '../elementary.js';
import { checkInteger, checkNumber, checkOptions, wrongType, wrongValue } from '../errors.js';
import { arrayKind, isList, isNumberArray } from '../kinds.js';
import { checkSeed, Purpose, Random } from '../random.js';
import { type ReadySamples, readSamples, readTargets, refuseNotFinite, type Samples, type Targets } from './samples.js';

/** Samples and targets that can be mixed. */
export interface MixableData {
  readonly x: Samples;
  readonly y: Targets;
  readonly scale?: number;
}

export interface MixupOptions {
  /**
   * How much is mixed: a row's share of its mixture is drawn from Beta(alpha, alpha), near 0 and 1 for a small alpha,
   * any share alike for 1. Above 0, at most 2; 0.2 by default.
   */
  readonly alpha?: number;
  /** The same seed, the same mixtures; 0 by default. */
  readonly seed?: number;
  /**
   * How many classes there are: where `y` has class indices one more than the largest by default; where it is a
   * Float32Array so many numbers are a row, 1 by default.
   */
  readonly classes?: number;
}

/** Rows that are mixed anew each time they are gone through, as `fit` takes them for its data. */
export interface MixedData {
  readonly chunks: (epoch?: number) => Iterable<{ readonly x: Float32Array; readonly y: Float32Array }>;
  readonly rows: number;
}

const MOST_CLASSES = 2 ** 20;
const CHUNK_ROWS = 1024;

/**
 * Data for `fit` in which every row is a mixture of two: λ · one + (1 − λ) · the other, x and y alike, where both are
 * drawn anew for each epoch. Class indices become soft rows, so that the loss is `'categoricalCrossEntropy'` where it
 * would be `'sparseCategoricalCrossEntropy'`. Rows are mixed as they are read, whatever the number of threads; bytes
 * stay bytes until then. Zhang, Cisse, Dauphin and Lopez-Paz, «mixup: beyond empirical risk minimization», 2018.
 *
 * @throws where x and y do not have the same rows, or cannot be mixed, such as sequences with lengths
 */
export function mixup(data: MixableData, options: MixupOptions = {}): MixedData {
  const where = 'mixup';
  checkOptions(where, options, ['alpha', 'seed', 'classes']);
  checkOptions(`${where}: data`, data, ['x', 'y', 'scale']);
  const alpha = checkNumber(`${where}: alpha`, options.alpha ?? 0.2, { above: 0, max: 2 });
  const seed = checkSeed(`${where}: seed`, options.seed ?? 0);
  const { samples, targets, classes } = rowsOf(where, data, options.classes);
  const chunks = (epoch = 0) => mixtures(samples, targets, classes, alpha, new Random(seed, Purpose.mixup, epoch));
  return { chunks, rows: samples.rows };
}

interface Rows {
  readonly samples: ReadySamples;
  /** Class indices, or rows of `classes` numbers. */
  readonly targets: Int32Array | Float32Array;
  readonly classes: number;
}

function rowsOf(where: string, { x, y, scale }: MixableData, asked: number | undefined): Rows {
  if (asked !== undefined) checkInteger(`${where}: classes`, asked, 1, MOST_CLASSES);
  if (!isList(y) && !isNumberArray(y)) throw wrongType(`${where}: y`, 'class indices, or rows of numbers', y);
  const isRows = isList(y) && isColumn(y[0]);
  const isFloats = isRows || /^Float/.test(arrayKind(y) ?? '');
  if (isRows && asked !== undefined && widthOf(y[0]) !== asked) {
    throw wrongValue(`${where}: classes`, `${widthOf(y[0])}, as a row of y has numbers`, asked);
  }
  if (isFloats && !isRows && y.length % (asked ?? 1) !== 0) {
    throw wrongValue(`${where}: y`, `rows of ${asked} numbers, as classes says`, `${y.length} numbers`);
  }
  const rows = isFloats && !isRows ? y.length / (asked ?? 1) : y.length;
  const width = isNumberArray(x) ? x.length / rows : widthOf(isList(x) ? x[0] : undefined);
  if (isNumberArray(x) && !(x.length > 0 && Number.isInteger(width))) {
    throw wrongValue(where, 'x with as many rows as y has', `${x.length} numbers for ${rows} rows`);
  }
  const samples = readSamples(where, x, width, `${rows} rows of y`, scale);
  refuseNotFinite(`${where}: x`, samples, width);
  const classes = asked ?? (isFloats ? widthOf(y[0]) : largest(y, samples.rows) + 1);
  const target = isFloats
    ? ({ kind: 'values', columns: classes, range: 'any' } as const)
    : ({ kind: 'labels', classes } as const);
  return { samples, targets: readTargets(`${where}: y`, y, samples.rows, { target, positions: 1 }), classes };
}

const isColumn = (row: unknown): row is ArrayLike<number> => isList(row) || isNumberArray(row);

/** Numbers of a row; of a number alone 1. */
const widthOf = (row: unknown): number => (isColumn(row) ? row.length : 1);

/** The largest class index of so many rows; what is none is told where they are read. */
function largest(y: Targets, rows: number): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    const label: unknown = y[i];
    if (typeof label === 'number' && label > most && label < MOST_CLASSES) most = Math.floor(label);
  }
  return most;
}

/** One epoch's rows, each mixed with one that is drawn for it, in an order that is drawn too. */
function* mixtures(
  { rows, values, scale }: ReadySamples,
  targets: Int32Array | Float32Array,
  classes: number,
  alpha: number,
  random: Random,
) {
  const width = values.length / rows;
  const [firsts, seconds] = [random.permutation(rows), random.permutation(rows)];
  for (let start = 0; start < rows; start += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - start);
    const x = new Float32Array(count * width);
    const y = new Float32Array(count * classes);
    for (let row = 0; row < count; row++) {
      const [first = 0, second = 0] = [firsts[start + row], seconds[start + row]];
      const share = drawShare(random, alpha);
      for (let i = 0, at = row * width; i < width; i++, at++) {
        const [a = 0, b = 0] = [values[first * width + i], values[second * width + i]];
        x[at] = scale * (share * a + (1 - share) * b);
      }
      for (let i = 0, at = row * classes; i < classes; i++, at++) {
        const [a, b] = [targetOf(targets, first, i, classes), targetOf(targets, second, i, classes)];
        y[at] = share * a + (1 - share) * b;
      }
    }
    yield { x, y };
  }
}

/** One number of a row's target: of class indices 1 for the class that it is. */
function targetOf(targets: Int32Array | Float32Array, row: number, i: number, classes: number): number {
  return targets instanceof Int32Array ? Number(targets[row] === i) : (targets[row * classes + i] ?? 0);
}

/** Of Beta(alpha, alpha), by logarithms so that powers may be too small for a number. Jöhnk 1964. */
function drawShare(random: Random, alpha: number): number {
  for (;;) {
    const a = naturalLog(1 - random.uniform()) / alpha;
    const b = naturalLog(1 - random.uniform()) / alpha;
    if (naturalExp(a) + naturalExp(b) <= 1) return 1 / (1 + naturalExp(b - a));
  }
}
