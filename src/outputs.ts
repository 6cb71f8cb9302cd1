/** What a network gives: the numbers of its one output, or a record of arrays by the names of several. */
import { type Architecture, outputsOf } from './architecture.js';
import { refuseLost, roomFor } from './conversions.js';
import { takeColumns } from './data/columns.js';
import { leftOut, wrongType, wrongValue } from './errors.js';
import { CHAINS_ONLY } from './forwardOnly.js';
import { isFloat32Array } from './kinds.js';
import { mayOverflow } from './layers/activations.js';
import { allByName, type ByName } from './names.js';
import { size } from './shape.js';

export class Outputs {
  readonly #outputs: readonly { name: string | undefined; start: number; columns: number; mayOverflow: boolean }[];
  /** The names, where outputs have some. */
  readonly names: readonly string[] | undefined;
  /** Numbers of a row of all outputs. */
  readonly numbers: number;

  constructor(architecture: Architecture) {
    this.#outputs = outputsOf(architecture).map(({ name, start, shape, activation }) => {
      return { name, start, columns: size(shape), mayOverflow: mayOverflow(activation) };
    });
    const names = this.#outputs.flatMap(({ name }) => name ?? []);
    this.names = !CHAINS_ONLY && names.length > 0 ? names : undefined;
    this.numbers = this.#outputs.reduce((sum, { columns }) => sum + columns, 0);
  }

  /** Whether a column of a row of all outputs may be infinite because the function that it ends with is. */
  mayOverflow(column: number): boolean {
    return this.#outputs.some(({ start, columns, mayOverflow }) => {
      return mayOverflow && column >= start && column < start + columns;
    });
  }

  /** The numbers of all outputs of some rows as users see them. */
  given(numbers: Float32Array): ByName<Float32Array> {
    if (CHAINS_ONLY || !this.names) return numbers;
    const rows = numbers.length / this.numbers;
    const outs = this.split(
      numbers,
      this.#outputs.map(({ columns }) => roomFor(rows * columns)),
    );
    return Object.fromEntries(this.names.map((name, i) => [name, outs[i] ?? numbers]));
  }

  /** Gives each output its numbers: `outs` are as many as there are outputs. */
  split(numbers: Float32Array, outs: readonly Float32Array[]): readonly Float32Array[] {
    this.#outputs.forEach((place, i) => {
      const out = outs[i];
      if (out) takeColumns(numbers, out, { ...place, stride: this.numbers });
    });
    return outs;
  }

  /** A user's own arrays by the names of outputs, as far as they take so many rows. */
  roomIn(where: string, out: unknown, rows: number): Float32Array[] {
    if (CHAINS_ONLY) throw leftOut(where, 'outputs with names');
    return allByName(where, 'output', out, this.names ?? []).map((own, i) => {
      const place = `${where}: ${this.names?.[i]}`;
      if (!isFloat32Array(own)) throw wrongType(place, 'a Float32Array', own);
      const numbers = rows * (this.#outputs[i]?.columns ?? 0);
      refuseSmall(place, own, numbers);
      return own.subarray(0, numbers);
    });
  }
}

/** Refuses an array without room for so many numbers. */
export function refuseSmall(where: string, out: Float32Array, numbers: number): void {
  refuseLost(where, out);
  if (out.length < numbers) throw wrongValue(where, `room for ${numbers} numbers`, out.length);
}
