/**
 * What `normalization` layers are adapted to: the rows that come to each of them, or the targets at the network's end.
 */

import { type Architecture, inputOf, outputsOf, placedLayers } from './architecture.js';
import { joinedMoments, type Moments, momentsOf } from './data/moments.js';
import { type ReadySamples, readTargets } from './data/samples.js';
import { checkOptions, wrongKind, wrongValue } from './errors.js';
import { readGiven, samplesOf } from './givenRows.js';
import type { NetworkTargets } from './goals.js';
import type { Inputs } from './inputs.js';
import { isList, isNumberArray } from './kinds.js';
import { countedOf } from './lengths.js';
import { valuesByName } from './names.js';
import type { Outputs } from './outputs.js';
import { size } from './shape.js';
import type { RawRows } from './tabular/rawRows.js';
import { learntTargets } from './tabular/rawTraining.js';
import type { TrainingData } from './trainingOptions.js';

/** A layer that can be adapted, in its place. */
export interface Adaptable {
  readonly index: number;
  readonly name: string;
  /** What it reads. */
  readonly source: number | string;
  readonly invert: boolean;
  /** The output that an inverted one is, counted from 0. */
  readonly output: number;
  /** Of the last axis, and how many such rows each sample has. */
  readonly columns: number;
  readonly positions: number;
}

/** All of a network's, in order; refuses inverted ones that are not its end. */
export function adaptables(where: string, architecture: Architecture): Adaptable[] {
  const outputs = outputsOf(architecture);
  return placedLayers(architecture).flatMap(({ layer, index, name, inputShape, from: [source = 'input'] }) => {
    if (layer.kind !== 'normalization') return [];
    const { invert } = layer;
    const output = outputs.findIndex(({ node }) => node === index);
    if (invert && output < 0) {
      const mend = 'put it last: it turns outputs into the targets’ own numbers';
      throw wrongKind(`${where}: ${name}`, 'normalization({ invert: true }) at the end', `it as layer ${index}`, mend);
    }
    const [columns, positions] = [inputShape.at(-1) ?? 1, size(inputShape.slice(0, -1))];
    return { index, name, source, invert, output, columns, positions };
  });
}

/** What an adapting model gives: its parameters' names and values, and what comes of samples at each layer. */
export interface Adapting {
  readonly architecture: Architecture;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** What each node makes of samples. */
  readonly forward: (samples: ReadySamples) => readonly { readonly data: Float32Array }[];
  readonly setState: (values: Readonly<Record<string, Float64Array>>) => void;
}

/** What {@link Model.adapt} is given. */
export interface AdaptingData {
  /** As `predict` takes it, or with the `scale` of bytes beside it. */
  readonly x?: TrainingData['x'];
  /** Numbers or rows; where outputs have names, an object of such by those. */
  readonly y?: NetworkTargets;
  readonly scale?: number;
}

/** Adapts all layers to what is given: those before the end to x, inverted ones to y. */
export function adaptToGiven(where: string, model: Adapting, data: AdaptingData, raw: RawRows | undefined): void {
  checkOptions(where, data, ['x', 'y', 'scale']);
  const { x, y, scale } = data;
  const { architecture, inputs, outputs } = model;
  const layers = adaptables(where, architecture);
  for (const [name, given, invert] of [
    ['x', x, false],
    ['y', y, true],
  ] as const) {
    const found = layers.some(layer => layer.invert === invert);
    const wanted = invert ? 'normalization({ invert: true }) at the end' : 'normalization()';
    if (given !== undefined && !found) throw wrongKind(`${where}: ${name}`, `a network with ${wanted}`, 'none');
  }
  if (x === undefined && y === undefined) throw wrongKind(where, 'x, y or both', 'neither');
  if (raw?.scaled && y !== undefined) {
    throw wrongKind(`${where}: y`, 'a network whose unit is its own', "one of a table, whose file says its target's");
  }
  const samples = x === undefined ? undefined : readGiven(inputs, where, { x, scale }, { raw });
  const { names } = outputs;
  const targets = names && y !== undefined ? valuesByName(`${where}: y`, 'output', y, names) : [learntTargets(raw, y)];
  adaptLayers(where, model, layers, samples, targets);
}

/** Adapts those layers, in their order: to the samples, inverted ones to each output's targets, as far as given. */
export function adaptLayers(
  where: string,
  model: Adapting,
  layers: readonly Adaptable[],
  samples: ReadySamples | undefined,
  targets: readonly unknown[],
): void {
  for (const layer of layers) {
    const moments = momentsFor(where, model, layer, samples, targets);
    if (moments) setMoments(model, layer, moments);
  }
}

/** Rows that come in parts, with each output's targets. */
export interface AdaptingPart {
  readonly samples: ReadySamples;
  readonly targets: readonly unknown[];
}

/**
 * Adapts those layers to rows that come in parts: in one pass all that read inputs or targets, then each of the others,
 * which read what layers before them make of the inputs.
 */
export async function adaptInParts(
  where: string,
  model: Adapting,
  layers: readonly Adaptable[],
  parts: () => AsyncIterable<AdaptingPart>,
): Promise<void> {
  const isAtEnd = ({ invert, index }: Adaptable) => invert || inputOf(model.architecture, index) !== undefined;
  const passes = [layers.filter(isAtEnd), ...layers.filter(layer => !isAtEnd(layer)).map(layer => [layer])];
  for (const pass of passes.filter(({ length }) => length > 0)) {
    const found = new Map<Adaptable, Moments>();
    for await (const { samples, targets } of parts()) {
      for (const layer of pass) {
        const own = momentsFor(where, model, layer, samples, targets);
        const known = found.get(layer);
        if (own) found.set(layer, known ? joinedMoments(known, own) : own);
      }
    }
    for (const [layer, moments] of found) setMoments(model, layer, moments);
  }
}

function momentsFor(
  where: string,
  model: Adapting,
  layer: Adaptable,
  samples: ReadySamples | undefined,
  targets: readonly unknown[],
): Moments | undefined {
  if (!layer.invert) return samples && momentsAt(model, samples, layer);
  const y = targets[layer.output];
  return y === undefined ? undefined : momentsOfTargets(`${where}: y`, y, layer);
}

function setMoments(model: Adapting, { name }: Adaptable, { mean, variance }: Moments): void {
  model.setState({ [`${name}.mean`]: mean, [`${name}.variance`]: variance });
}

/** Of what comes to a layer. */
function momentsAt({ architecture, inputs, forward }: Adapting, samples: ReadySamples, layer: Adaptable): Moments {
  const { index, source, columns } = layer;
  const count = (values: ArrayLike<number>) => countedOf(architecture, index, samples, values, columns);
  const input = inputOf(architecture, index);
  if (input === undefined) return momentsOf(count(forward(samples)[source as number]?.data ?? []), columns);
  const { values, scale } = samplesOf(inputs, input, samples);
  return momentsOf(count(values), columns, values instanceof Uint8Array ? scale : 1);
}

/** Of targets of however many rows. */
function momentsOfTargets(where: string, y: unknown, { columns, positions }: Adaptable): Moments {
  const flat = isNumberArray(y) || (isList(y) && typeof y[0] === 'number');
  const length = flat ? (y as ArrayLike<number>).length / (columns * positions) : isList(y) ? y.length : 1;
  if (length === 0) throw wrongValue(where, 'at least one row', 'none');
  const rows = Math.ceil(length);
  const target = { kind: 'values', columns, range: 'any' } as const;
  return momentsOf(readTargets(where, y, rows, { target, positions }), columns);
}
