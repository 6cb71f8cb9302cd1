/** What a model of a table takes and gives where rows are the columns' own numbers. */
import { restore, type Scaling, standardise } from '../data/scaling.js';
import { listed, quote, wrongKind, wrongValue } from '../errors.js';
import { parseStrictly } from '../files/strictJson.js';
import { arrayKind, isList, isNumberArray } from '../kinds.js';

/** The key of a model file's metadata under which the preprocessing travels, as JSON. */
export const PREPROCESSING = 'preprocessing';

/** The arrays that a network takes as its samples. */
const TAKEN = new Set<string | undefined>([
  'Float32Array',
  'Float64Array',
  'Float16Array',
  'Uint8Array',
  'Uint8ClampedArray',
]);

/** A scaling that changes nothing. */
export const AS_IT_IS: Scaling = { mean: 0, scale: 1 };

/** How raw rows become what a network takes, where it does not see to that itself. */
export class RawRows {
  readonly inputs: readonly Scaling[];
  /** Whether the network takes the numbers as they are. */
  readonly plain: boolean;
  readonly target: Scaling | undefined;
  /**
   * Whether the network ends with the way back to the target's unit. Costs are then of what lies before that: in the
   * unit that it learns in.
   */
  readonly scaled: boolean;

  private constructor(inputs: readonly Scaling[], target: Scaling | undefined, scaled: boolean) {
    this.inputs = inputs;
    this.plain = inputs.every(scaling => scaling === AS_IT_IS);
    this.target = target;
    this.scaled = scaled;
  }

  /**
   * What a model's metadata says of it; undefined where the text is none of a table's. `inputs` are the network's.
   *
   * @throws where some columns are no plain numbers: what they become is a TableModel's to make
   */
  static from(where: string, text: string, inputs: number): RawRows | undefined {
    if (!/^\{"(?:format":\d+,")?columns":/.test(text)) return undefined;
    const { format, columns, target } = readPlainly(text);
    const others = columns.filter(({ kind, indicator }) => (kind !== 'number' && kind !== 'constant') || indicator);
    if (others.length > 0) {
      const names = others.map(({ name }) => String(name));
      const got = `${others.length} of others: ${listed(names, quote)}`;
      throw wrongKind(
        where,
        'a model whose columns are all numbers',
        got,
        "load it with TableModel of 'myelin/tabular'",
      );
    }
    const isInside = ({ outside }: PlainColumn) => format !== undefined && outside !== true;
    const own = columns.map(column => (isInside(column) ? AS_IT_IS : scalingOf(column)));
    if (own.length !== inputs) throw broken(`${inputs} columns`, own.length);
    if (target.kind === 'classes') return new RawRows(own, undefined, false);
    return new RawRows(own, scalingOf(target), isInside(target));
  }

  /**
   * Samples standardised in float64, where the network does not do it. What is no row of numbers stays, to be refused
   * with the others.
   */
  x(x: unknown, scale: unknown): { x: unknown; scale?: unknown } {
    if (this.plain) return { x, scale };
    const columns = this.inputs.length;
    if (TAKEN.has(arrayKind(x))) {
      const numbers = x as ArrayLike<number>;
      const factor = scale === undefined ? 1 : scale;
      const isWhole = numbers.length > 0 && numbers.length % columns === 0;
      if (!isWhole || typeof factor !== 'number') return { x, scale };
      return { x: this.#standardised(numbers, numbers.length, factor) };
    }
    if (!isList(x) || scale !== undefined) return { x, scale };
    return { x: x.map((row: unknown) => (isNumbers(row, columns) ? this.#standardised(row, columns, 1) : row)) };
  }

  #standardised(numbers: ArrayLike<number>, length: number, factor: number): Float32Array {
    const inputs = this.inputs;
    const values = new Float32Array(length);
    for (let at = 0; at < length; ) {
      for (const scaling of inputs) {
        values[at] = standardise((numbers[at] ?? Number.NaN) * factor, scaling);
        at++;
      }
    }
    return values;
  }

  /** Puts the network's outputs into the target's own unit, in place, where it does not do so itself. */
  restore(outputs: Float32Array, length = outputs.length): Float32Array {
    const target = this.target;
    if (target === undefined || this.scaled) return outputs;
    for (let i = 0; i < length; i++) outputs[i] = restore(outputs[i] ?? 0, target);
    return outputs;
  }
}

/** A column or target as far as plain numbers are concerned; a file may hold anything. */
interface PlainColumn {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly mean?: unknown;
  readonly scale?: unknown;
  readonly outside?: unknown;
  readonly indicator?: unknown;
}

/**
 * A table's columns and target, looked at no further than numbers need: `parsePreprocessing` is for those who take the
 * others too.
 */
function readPlainly(text: string): { format?: unknown; columns: readonly PlainColumn[]; target: PlainColumn } {
  let value: unknown;
  try {
    value = parseStrictly('preprocessing', text);
  } catch {
    throw broken('JSON, and each key once', 'something else');
  }
  const { format, columns, target } = value as { format?: unknown; columns?: unknown; target?: unknown };
  const isObject = (one: unknown) => typeof one === 'object' && one !== null;
  if (!isList(columns) || !columns.every(isObject) || !isObject(target)) throw broken('columns and a target', 'others');
  return { format, columns: columns as readonly PlainColumn[], target: target as PlainColumn };
}

function scalingOf({ mean, scale = 0 }: PlainColumn): Scaling {
  if (Number.isFinite(mean) && Number.isFinite(scale) && Number(scale) >= 0) return { mean, scale } as Scaling;
  throw broken('means and scales that are finite', 'others');
}

function broken(expected: string, got: string | number): RangeError {
  return wrongValue("the model's preprocessing", expected, got, 'train the model again');
}

/** Whether a value is so many finite numbers. */
export function isNumbers(row: unknown, length: number): row is ArrayLike<number> {
  if (!isList(row) && !isNumberArray(row)) return false;
  const cells = row as ArrayLike<unknown>;
  if (cells.length !== length) return false;
  for (let i = 0; i < length; i++) if (!Number.isFinite(cells[i])) return false;
  return true;
}
