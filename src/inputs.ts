/** What a network takes for x: samples for its one input, or a record of them by the names of several. */
import { type Architecture, type End, firstLayer, indexRule, inputsOf } from './architecture.js';
import { roomFor } from './conversions.js';
import { putColumns } from './data/columns.js';
import { asFloats, type IndexRule, refuseWrongIndices } from './data/indices.js';
import {
  type ReadySamples,
  readSamples,
  refuseBareBytes,
  refuseNotFinite,
  type Samples,
  unwrap,
} from './data/samples.js';
import { leftOut, quote, wrongType, wrongValue } from './errors.js';
import { CHAINS_ONLY } from './forwardOnly.js';
import { readLengths, type Sequence, sequencesOf } from './lengths.js';
import { allByName, type ByName } from './names.js';
import { size } from './shape.js';
import type { RawRows } from './tabular/rawRows.js';

/** Samples, or where inputs have names a record of them. */
export type NetworkSamples = ByName<Samples>;

/** An input, and what its numbers have to be. */
export interface Input extends End {
  readonly key: string;
  /** Numbers of a row. */
  readonly columns: number;
  /** The input as messages write it: `dense(128)` or `input 'image'`. */
  readonly described: string;
  readonly rule: IndexRule | undefined;
  /** Its steps, where it may have fewer; found when somebody asks. */
  readonly sequence: () => Sequence;
}

export class Inputs {
  /** Numbers of a row of all inputs. */
  readonly numbers: number;
  /** Whether x may be floats of any value, in one array. */
  readonly plain: boolean;
  readonly list: readonly Input[];
  /** The one that has no name, if there is one. */
  readonly only: Input | undefined;
  readonly #names: readonly string[];

  constructor(architecture: Architecture) {
    let found: readonly Sequence[] | undefined;
    this.list = inputsOf(architecture).map((end, i) => ({
      ...end,
      columns: size(end.shape),
      described: end.name === undefined ? firstLayer(architecture) : `input ${quote(end.name)}`,
      rule: indexRule(architecture, end.key),
      sequence: () => {
        found ??= sequencesOf(architecture).inputs;
        return found[i] ?? { steps: 1, unable: 'none' };
      },
    }));
    this.#names = this.list.flatMap(({ name }) => name ?? []);
    this.only = this.#names.length === 0 ? this.list[0] : undefined;
    this.numbers = this.list.reduce((sum, { columns }) => sum + columns, 0);
    this.plain = this.only !== undefined && this.only.rule === undefined;
  }

  /** As messages name what a row's numbers are for. */
  get described(): string {
    return this.only?.described ?? 'the network';
  }

  /**
   * x given by itself, with its scale where it is bytes. Whether floats are finite is for the machine to see to; where
   * inputs have names they are. `lengths` may stand beside x or with it.
   */
  readAlone(where: string, x: unknown, raw?: RawRows, lengths?: unknown): ReadySamples {
    const only = this.only;
    if (CHAINS_ONLY || only) return alone(where, x, only as Input, raw, lengths);
    refuseBeside(`${where}: lengths`, lengths, '{ x, lengths }');
    return this.join(where, x, alone);
  }

  /** Samples of all inputs side by side, row for row. */
  join(where: string, x: unknown, read: (where: string, x: unknown, input: Input) => ReadySamples): ReadySamples {
    if (CHAINS_ONLY) throw leftOut(where, 'inputs with names');
    const values = allByName(`${where}: x`, 'input', x, this.#names);
    const parts = this.list.map((input, i) => {
      const samples = read(`${where}: ${input.key}`, values[i], input);
      refuseNotFinite(`${where}: ${input.key}: x`, samples, input.columns);
      return { samples, input };
    });
    const [first] = parts;
    if (!first) throw new Error('a network has an input');
    if (parts.length === 1) return first.samples;
    const count = first.samples.rows;
    const odd = parts.find(({ samples }) => samples.rows !== count);
    if (odd) {
      const got = `${count} of ${quote(first.input.key)} and ${odd.samples.rows} of ${quote(odd.input.key)}`;
      throw wrongValue(`${where}: x`, 'as many rows of each input', got);
    }
    const joined = roomFor(count * this.numbers);
    for (const { samples, input } of parts) putColumns(joined, floatsOf(samples), { ...input, stride: this.numbers });
    const some = parts.some(({ samples }) => samples.lengths);
    const lengths = some ? new Int32Array(count * parts.length) : undefined;
    lengths?.forEach((_, i) => {
      const part = parts[i % parts.length];
      lengths[i] = part?.samples.lengths?.[Math.floor(i / parts.length)] ?? part?.input.sequence().steps ?? 0;
    });
    return { rows: count, values: joined, scale: 1, lengths };
  }
}

/** Refuses what stands beside x where inputs have names. */
export function refuseBeside(where: string, given: unknown, own: string): void {
  if (given !== undefined) throw wrongType(where, 'none where inputs have names', given, `give each its own: ${own}`);
}

function alone(where: string, x: unknown, input: Input, raw?: RawRows, lengths?: unknown): ReadySamples {
  return readRows(where, { x, lengths }, input, raw, false);
}

/** What users give as x, with the scale of bytes beside it, or with it as for predict. */
export interface GivenRows {
  readonly x: unknown;
  readonly scale?: unknown;
  readonly lengths?: unknown;
}

/**
 * The samples of one input. `raw` is how its rows become inputs, where the model's file says so; `bare`: whether bytes
 * may have no scale.
 */
export function readRows(
  where: string,
  data: GivenRows,
  input: Input,
  raw: RawRows | undefined,
  bare: boolean,
): ReadySamples {
  const { columns, described, rule } = input;
  if (!bare) refuseBareBytes(where, asFloats(data.x, rule));
  const unwrapped = unwrap(where, data.x);
  const { x, scale = data.scale } = unwrapped;
  const given = raw?.x(x, scale) ?? { x, scale };
  const samples = readSamples(where, asFloats(given.x, rule), columns, described, given.scale);
  refuseWrongIndices(`${where}: x`, samples, columns, rule);
  return withLengths(where, samples, input, unwrapped.lengths, data.lengths);
}

/** Samples with the lengths that stand with them or beside them, if any do. */
function withLengths(where: string, samples: ReadySamples, input: Input, own: unknown, beside: unknown): ReadySamples {
  if (own === undefined && beside === undefined) return samples;
  if (own !== undefined && beside !== undefined) throw wrongValue(`${where}: lengths`, 'one list of lengths', 'two');
  return { ...samples, lengths: readLengths(`${where}: lengths`, own ?? beside, samples.rows, input.sequence()) };
}

/** Bytes as the floats that the machine makes of them. */
function floatsOf({ values, scale }: ReadySamples): Float32Array {
  if (values instanceof Float32Array) return values;
  const factor = Math.fround(scale);
  return Float32Array.from(values, byte => byte * factor);
}
