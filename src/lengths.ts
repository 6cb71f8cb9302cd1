/** Sequences that end early: which of a network's values are the steps of which input, and how many of them count. */
import { type Architecture, indexRule, inputsOf, placedLayers } from './architecture.js';
import { conversion, refuseLost } from './conversions.js';
import type { ReadySamples } from './data/samples.js';
import { describe, leftOut, wrongKind, wrongType, wrongValue } from './errors.js';
import { CHAINS_ONLY } from './forwardOnly.js';
import { isList, isNumberArray } from './kinds.js';
import { definitionOf } from './layers/index.js';
import { batchShape } from './shape.js';

/** An input whose samples may have fewer steps than it has room for; `unable` is what cannot do with fewer. */
export interface Sequence {
  readonly steps: number;
  readonly unable: string | undefined;
}

export interface Sequences {
  /** One for each input. */
  readonly inputs: readonly Sequence[];
  /** For each node, by which input's lengths what it reads ends, counted from 1; 0 where by none's. */
  readonly read: readonly (readonly number[])[];
  /** The same of what each makes. */
  readonly made: readonly number[];
}

/** Follows the steps of each input through the network, up to where a layer makes one of them or cannot have it. */
export function sequencesOf(architecture: Architecture, placed = placedLayers(architecture)): Sequences {
  if (CHAINS_ONLY) return { inputs: [{ steps: 1, unable: '' }], read: [], made: [] };
  const inputs = inputsOf(architecture).map(({ key, shape }) => {
    const isSequence = shape.length === (indexRule(architecture, key) ? 1 : 2);
    return { key, steps: shape[0] ?? 1, unable: isSequence ? undefined : `its input ${batchShape(shape)}` };
  });
  const ends = new Map<number | string, number>(inputs.map(({ key, unable }, i) => [key, unable ? 0 : i + 1]));
  const read: number[][] = [];
  const made: number[] = [];
  for (const { layer, name, index, from, outputShape } of placed) {
    const marks = from.map(source => ends.get(source) ?? 0);
    const several = new Set(marks.filter(mark => mark > 0));
    const way = definitionOf(layer).steps?.(layer);
    if (way === undefined || (way === 'each' && several.size > 1)) {
      for (const mark of several) {
        const input = inputs[mark - 1];
        if (input) input.unable ??= `${name} (${definitionOf(layer).describe(layer)})`;
      }
    }
    const isKept = way === 'each' || (way !== undefined && outputShape.length > 1);
    const end = way === 'each' ? [...several][0] : marks[0];
    read.push(marks);
    made.push(isKept ? (end ?? 0) : 0);
    ends.set(index, made[index] ?? 0);
  }
  const able = (mark: number) => (inputs[mark - 1]?.unable === undefined ? mark : 0);
  return { inputs, read: read.map(marks => marks.map(able)), made: made.map(able) };
}

/** Checks how many steps each of so many rows has. */
export function readLengths(where: string, given: unknown, rows: number, { steps, unable }: Sequence): Int32Array {
  if (CHAINS_ONLY) throw leftOut(where, 'lengths');
  if (unable !== undefined) {
    const mend = 'recurrent layers, causal convolutions, attention and global pooling over steps take them';
    throw wrongKind(where, 'none with layers that cannot leave steps out', `some with ${unable}`, mend);
  }
  const expected = `${rows} whole numbers, one for each row`;
  const isNumbers = isList(given) || isNumberArray(given);
  if (!isNumbers) throw wrongType(where, expected, given, conversion(given, 'lengths'));
  refuseLost(where, given);
  const lengths: ArrayLike<unknown> = given;
  if (lengths.length !== rows) throw wrongValue(where, expected, `${lengths.length} numbers`);
  return Int32Array.from({ length: rows }, (_, row) => {
    const length = lengths[row];
    if (typeof length !== 'number') throw wrongKind(where, 'whole numbers', `${describe(length)} in row ${row}`);
    if (length === 0) throw wrongValue(where, 'at least one step', `0 in row ${row}`, 'leave out rows without steps');
    if (length > steps) throw wrongValue(where, `at most ${steps}, the steps of x`, `${length} in row ${row}`);
    if (!Number.isInteger(length) || length < 0) {
      throw wrongValue(where, `whole numbers from 1 to ${steps}`, `${length} in row ${row}`);
    }
    return length;
  });
}

/** What counts of what a node reads, of which a step has so many columns. */
export function countedOf(
  architecture: Architecture,
  node: number,
  { rows, lengths }: ReadySamples,
  values: ArrayLike<number>,
  columns: number,
): ArrayLike<number> {
  const mark = lengths ? (sequencesOf(architecture).read[node]?.[0] ?? 0) : 0;
  if (!lengths || mark === 0) return values;
  const [width, inputs] = [values.length / rows, lengths.length / rows];
  return Array.from({ length: rows }, (_, row) => {
    const length = (lengths[row * inputs + mark - 1] ?? 0) * columns;
    return Array.from({ length }, (_, i) => values[row * width + i] ?? 0);
  }).flat();
}
