/**
 * Models of the command line take their columns as they stand in the table: the preprocessing in their file says how
 * numbers become inputs, and outputs the target's own numbers.
 */
import { listed, quote, wrongKind, wrongValue } from '../errors.js';
import { arrayKind, isList, isNumberArray } from '../kinds.js';
import { PREPROCESSING, parsePreprocessing } from './preprocessing.js';
import { restore, type Scaling, standardise } from './scaling.js';

/** The arrays that a network takes as its samples. */
const TAKEN = new Set<string | undefined>([
  'Float32Array',
  'Float64Array',
  'Float16Array',
  'Uint8Array',
  'Uint8ClampedArray',
]);

/** How raw rows become what a network takes. */
export class RawRows {
  readonly #inputs: readonly Scaling[];
  readonly #output: Scaling | undefined;

  private constructor(inputs: readonly Scaling[], output: Scaling | undefined) {
    this.#inputs = inputs;
    this.#output = output;
  }

  /**
   * What a model's metadata says of it; undefined where the text is none of the command line's. `inputs` are the
   * network's.
   *
   * @throws where some columns are texts: their numbers are the command line's to make
   */
  static from(where: string, text: string, inputs: number): RawRows | undefined {
    if (!text.startsWith('{"columns":')) return undefined;
    const { columns, target } = parsePreprocessing(text);
    const scalings = columns.flatMap(column => (column.kind === 'number' ? [column] : []));
    if (scalings.length < columns.length) {
      const texts = columns.filter(({ kind }) => kind !== 'number').map(({ name }) => name);
      const got = `${texts.length} of texts: ${listed(texts, quote)}`;
      const own = `delete model.metadata.${PREPROCESSING} and encode them yourself`;
      throw wrongKind(where, 'a model whose columns are all numbers', got, `take «npx myelin predict», or ${own}`);
    }
    if (scalings.length !== inputs) {
      throw wrongValue("the model's preprocessing", `${inputs} columns`, scalings.length, 'train the model again');
    }
    return new RawRows(scalings, target.kind === 'number' ? target : undefined);
  }

  /**
   * Samples standardised in float64, as the command line does. What is no row of numbers stays, to be refused with the
   * others.
   */
  x(x: unknown, scale: unknown): { x: unknown; scale?: unknown } {
    const columns = this.#inputs.length;
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
    const inputs = this.#inputs;
    const values = new Float32Array(length);
    for (let at = 0; at < length; ) {
      for (const scaling of inputs) {
        values[at] = standardise((numbers[at] ?? Number.NaN) * factor, scaling);
        at++;
      }
    }
    return values;
  }

  /** Targets in the unit that the network learns in; classes stay. */
  y(y: unknown): unknown {
    const output = this.#output;
    if (output === undefined) return y;
    if (isNumberArray(y)) return Float32Array.from(y, value => standardise(value, output));
    if (!isList(y)) return y;
    const scaled = (value: unknown) => (typeof value === 'number' ? standardise(value, output) : value);
    return y.map((value: unknown) => (isNumbers(value, 1) ? [scaled(value[0])] : scaled(value)));
  }

  /** Puts the network's outputs into the target's own unit, in place. */
  restore(outputs: Float32Array, length = outputs.length): Float32Array {
    const output = this.#output;
    if (output === undefined) return outputs;
    for (let i = 0; i < length; i++) outputs[i] = restore(outputs[i] ?? 0, output);
    return outputs;
  }
}

/** Whether a value is so many finite numbers. */
function isNumbers(row: unknown, length: number): row is ArrayLike<number> {
  if (!isList(row) && !isNumberArray(row)) return false;
  const cells = row as ArrayLike<unknown>;
  if (cells.length !== length) return false;
  for (let i = 0; i < length; i++) if (!Number.isFinite(cells[i])) return false;
  return true;
}
