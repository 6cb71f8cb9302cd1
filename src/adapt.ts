/**
 * What `normalization` layers are adapted to: the rows that come to each of them, or the targets at the network's end.
 */
import { type Architecture, placedLayers } from './architecture.js';
import { type Moments, momentsOf } from './data/moments.js';
import { type ReadySamples, readTargets } from './data/samples.js';
import { wrongKind, wrongValue } from './errors.js';
import { isList, isNumberArray } from './kinds.js';
import { size } from './shape.js';

/** A layer that can be adapted, in its place. */
export interface Adaptable {
  readonly index: number;
  readonly name: string;
  readonly invert: boolean;
  /** Of the last axis, and how many such rows each sample has. */
  readonly columns: number;
  readonly positions: number;
}

/** All of a network's, in order; refuses inverted ones that are not its end. */
export function adaptables(where: string, architecture: Architecture): Adaptable[] {
  const placed = placedLayers(architecture);
  return placed.flatMap(({ layer, index, name, inputShape }) => {
    if (layer.kind !== 'normalization') return [];
    const { invert } = layer;
    if (invert && index !== placed.length - 1) {
      const mend = 'put it last: it turns outputs into the targets’ own numbers';
      throw wrongKind(`${where}: ${name}`, 'normalization({ invert: true }) at the end', `it as layer ${index}`, mend);
    }
    return { index, name, invert, columns: inputShape.at(-1) ?? 1, positions: size(inputShape.slice(0, -1)) };
  });
}

/** Whether nothing before the layer changes the samples' numbers. */
export function takesSamples(architecture: Architecture, index: number): boolean {
  return architecture.layers.slice(0, index).every(({ kind }) => kind === 'flatten');
}

export function momentsOfSamples({ values, scale }: ReadySamples, columns: number): Moments {
  return momentsOf(values, columns, values instanceof Uint8Array ? scale : 1);
}

/** Targets of however many rows, as numbers. */
export function momentsOfTargets(where: string, y: unknown, { columns, positions }: Adaptable): Moments {
  const flat = isNumberArray(y) || (isList(y) && typeof y[0] === 'number');
  const length = flat ? (y as ArrayLike<number>).length / (columns * positions) : isList(y) ? y.length : 1;
  if (length === 0) throw wrongValue(where, 'at least one row', 'none');
  const rows = Math.ceil(length);
  const target = { kind: 'values', columns, range: 'any' } as const;
  return momentsOf(readTargets(where, y, rows, { target, positions }), columns);
}
