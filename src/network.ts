/**
 * From an architecture to a plan: what every plan begins with, and the one that predicts. `training.ts` has the one
 * that trains.
 */
import {
  type Architecture,
  inputNumbers,
  inputsOf,
  type Output,
  outputsOf,
  type PlacedLayer,
  placedLayers,
} from './architecture.js';
import { foldNorms } from './folding.js';
import { FORWARD_ONLY } from './forwardOnly.js';
import type { Common } from './layers/common.js';
import { definitionOf, type Layer } from './layers/index.js';
import type { LayerForward, Layout, Past, Place, Site } from './layers/layer.js';
import { sequencesOf } from './lengths.js';
import {
  Builder,
  type Extent,
  numbersOf,
  type Owner,
  type Parameter,
  type Plan,
  type Together,
  type Value,
} from './plan/builder.js';
import { storedParts, type WeightFormat } from './plan/formats.js';
import type { Region } from './plan/memory.js';
import { checkFinite, gather, rearrange, scatter } from './plan/ops/batch.js';
import { LEAST_SHARED } from './plan/sharing.js';
import { type Shape, size } from './shape.js';

/** A layer with what it made, or a value whose numbers came to lie in another way. */
export type Step = LayerStep | Arrangement;

export interface LayerStep extends Past<unknown> {
  readonly site: Site<Layer>;
}

export interface Arrangement {
  readonly from: Value;
  readonly output: Value;
}

/** A plan and the values that TypeScript reads from it. */
export interface NetworkPlan {
  readonly plan: Plan;
  /** Numbers of a row of all inputs, and of all outputs. */
  readonly inputs: number;
  readonly outputs: number;
  /** How many lengths of sequences a row has, one for each input; 0 where no sequence may end early. */
  readonly sequences: number;
  /** Each node's value, in order. */
  readonly layers: readonly { readonly name: string; readonly value: Value }[];
  /**
   * Where outputs are kept row-major for metrics, those of so many rows at a time; none where nobody asks for them.
   */
  readonly kept?: Region | undefined;
  readonly keptRows?: number;
  /** What is counted for each of several outputs by themselves. */
  readonly tallies: readonly Tally[];
  /** Where the inputs' gradients lie, where they were asked for. */
  readonly inputGradients?: readonly { readonly name: string; readonly value: Value; readonly gradient: Region }[];
}

/** An output's own cost, and how many of its answers are right, as one float64 each. */
export interface Tally {
  readonly name: string;
  readonly cost: Region;
  readonly correct: Region;
}

/** One of the inputs: whose value it is, how it lies there, and where it begins in a row of all of them. */
interface InputPlace extends Owner, Extent {
  readonly key: string;
  readonly start: number;
  readonly own: boolean;
  readonly lengths: Lengths;
}

/** By which input's lengths the steps of a value end, as of {@link Place}, and how many numbers a step has. */
export interface Lengths {
  readonly lengths: number;
  readonly width: number;
}

/** Those of what has no steps that could end early. */
export const WHOLE: Lengths = { lengths: 0, width: 0 };

/** A network in a plan. */
export interface Network {
  readonly inputs: readonly InputPlace[];
  readonly inputNumbers: number;
  readonly nodes: readonly NodePlace[];
  readonly outputs: readonly (Output & { readonly lengths: Lengths })[];
  readonly outputWidth: number;
  readonly sequences: number;
}

/** A layer's place, what it reads, and how often its value is read. */
export interface NodePlace extends Place<Layer> {
  readonly from: readonly (number | string)[];
  readonly readers: number;
  /** Its activation by itself, for readers besides a loss that takes what lies before it. */
  readonly activated: Place<Layer> | undefined;
}

/** Gives each layer its place, and everything that is stored of its parameters. */
export function placeNetwork(builder: Builder, architecture: Architecture, weights: WeightFormat = 'float32'): Network {
  const placed = placedLayers(architecture);
  const sequences = sequencesOf(architecture, placed);
  const own = placed.map(() => ({}) as Record<string, Parameter>);
  // Rows that several places name are no place's own: such tables are updated whole.
  const uses = new Set(placed.map(({ shared }) => shared));
  // One flat array for optimisers first, then tables whose rows are updated by themselves, then what is not trained.
  for (const group of [{}, { rowwise: true }, { trainable: false }]) {
    const { trainable = true, rowwise = false } = group;
    for (const { name, index, layer, parameters } of placed) {
      const { learningRateFactor: rateFactor } = layer as Common;
      const specs = parameters.filter(spec => {
        const learns = spec.trainable ?? true;
        const byRows = learns && (spec.rowwise ?? false) && !uses.has(index);
        return learns === trainable && byRows === rowwise;
      });
      for (const { name: part, shape, ...stored } of specs.flatMap(spec => storedParts(spec, weights))) {
        const parameter = builder.parameter(`${name}.${part}`, shape, { ...stored, trainable, rowwise, rateFactor });
        Object.assign(own[index] ?? {}, { [part]: parameter });
      }
    }
  }
  const readers = new Map<number | string, PlacedLayer[]>();
  for (const layer of placed) {
    for (const source of layer.from) readers.set(source, [...(readers.get(source) ?? []), layer]);
  }
  const nodes = placed.map((layer): NodePlace => {
    const parameters = own[layer.shared ?? layer.index] ?? {};
    const lengths = sequences.read[layer.index] ?? [];
    const place = { ...layer, lengths, parameters, readers: readers.get(layer.index)?.length ?? 0 };
    const end: Layer | undefined =
      !FORWARD_ONLY && 'activation' in layer.layer
        ? { kind: 'activation', activation: layer.layer.activation }
        : undefined;
    return { ...place, activated: end && { ...place, layer: end, parameters: {} } };
  });
  const inputs = inputsOf(architecture).map(({ key, name, shape, start }, i) => ({
    key,
    name: name === undefined ? key : `input.${name}`,
    start,
    ...extentOf(shape, layoutOf(key, readers) ?? 'flat', { positions: 1, columns: size(shape) }),
    own: !FORWARD_ONLY && isOwn(builder, key, readers),
    lengths: sequences.inputs[i]?.unable === undefined ? { lengths: i + 1, width: size(shape.slice(1)) } : WHOLE,
  }));
  const outputs = outputsOf(architecture, placed).map(output => ({
    ...output,
    lengths: { lengths: sequences.made[output.node] ?? 0, width: output.shape.at(-1) ?? 1 },
  }));
  const outputWidth = outputs.reduce((sum, { shape }) => sum + size(shape), 0);
  const sequenced = inputs.some(({ lengths }) => lengths.lengths > 0) ? inputs.length : 0;
  return { inputs, inputNumbers: inputNumbers(architecture), nodes, outputs, outputWidth, sequences: sequenced };
}

type Readers = ReadonlyMap<number | string, readonly PlacedLayer[]>;

/**
 * How those who read a value want it to lie, or where they take it as it is, those who read them; rows before one row.
 */
function layoutOf(source: number | string, readers: Readers): Layout | undefined {
  const layouts = new Set<Layout | undefined>();
  const seen = new Set<number | string>();
  const ask = [source];
  for (let next = ask.pop(); next !== undefined; next = ask.pop()) {
    for (const { layer, index } of readers.get(next) ?? []) {
      const layout = definitionOf(layer).layout(layer);
      layouts.add(layout);
      if (layout === 'any' && !seen.has(index)) ask.push(index);
      seen.add(index);
    }
  }
  return layouts.has('lastAxis') ? 'lastAxis' : 'flat';
}

/**
 * Where every thread runs the first layer over all rows, each gathers all of them into a copy of its own: that costs
 * less than waiting for the other threads and fetching the rows that they gathered from their caches.
 */
function isOwn(builder: Builder, source: number | string, readers: Readers): boolean {
  const [reader, ...others] = readers.get(source) ?? [];
  if (!reader || others.length > 0) return false;
  if (reader.layer.kind === 'flatten') return isOwn(builder, reader.index, readers);
  return reader.layer.kind === 'dense' && builder.byOutputs(reader.layer.units);
}

/** The steps of a way forward, as they are emitted. */
export class Tape {
  readonly steps: Step[] = [];
  readonly #builder: Builder;
  /** Values that lie in other ways too. */
  readonly #arranged = new Map<Value, Value[]>();

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  /** The value as it is to lie: itself where it does so, or else a step brings that about. */
  arrange(from: Value, { positions, columns }: Extent): Value {
    if (from.positions === positions) return from;
    const arranged = this.#arranged.get(from) ?? [];
    const known = arranged.find(value => value.positions === positions);
    if (known) return known;
    const { rectified, name } = from;
    const output = this.#builder.value(from, { positions, columns }, { role: `by ${columns}`, rectified });
    this.#arranged.set(from, [...arranged, output]);
    emitArranged(this.#builder, name, from, output);
    this.steps.push({ from, output });
    return output;
  }
}

/** What a way forward made. */
export interface Forward {
  readonly tape: Tape;
  /** The values of the outputs, in their order. */
  readonly outputs: readonly Value[];
  readonly layers: NetworkPlan['layers'];
}

/**
 * Emits all nodes. `toLogits` says of each output whether it is to be what lies before its node's
 * activation.
 */
export function emitForward(
  builder: Builder,
  network: Network,
  inputs: ReadonlyMap<string, Value>,
  options: {
    toLogits?: readonly boolean[];
    forwardOf?: (layer: Layer) => LayerForward<Layer, unknown> | undefined;
  } = {},
): Forward {
  const { nodes, outputs } = network;
  const tape = new Tape(builder);
  const values = new Map<number | string, Value>(inputs);
  const logits = new Map<number, Value>();
  const first = nodes.find(({ parameters }) => Object.keys(parameters).length > 0);
  const layers: { name: string; value: Value }[] = [];
  function carryOut(place: Place<Layer>, read: readonly Value[], skipActivation: boolean): Value {
    const [input] = read;
    if (!input) throw new Error(`${place.name} reads nothing`);
    const site: Site<Layer> = { ...place, place, input, inputs: read, skipActivation, first: place === first };
    const forward = options.forwardOf?.(place.layer) ?? definitionOf(place.layer).forward;
    const past = forward(builder, site);
    tape.steps.push({ site, ...past });
    return past.output;
  }
  for (const place of nodes) {
    const { index, activated, readers } = place;
    const layout = definitionOf(place.layer).layout(place.layer);
    const read = place.from.flatMap(source => values.get(source) ?? []);
    const isEven = read.every(({ positions }) => positions === read[0]?.positions);
    const arranged = read.map((value, k) => {
      const shape = place.sourceShapes[k] ?? place.inputShape;
      return tape.arrange(value, extentLike(value, shape, isEven ? layout : 'lastAxis'));
    });
    const ends = FORWARD_ONLY
      ? []
      : outputs.flatMap(({ node }, end) => (node === index ? [options.toLogits?.[end] ?? false] : []));
    const skips = !FORWARD_ONLY && activated !== undefined && ends.includes(true);
    let value = carryOut(place, arranged, skips);
    layers.push({ name: place.name, value });
    if (skips) {
      logits.set(index, value);
      if (readers > 0 || ends.includes(false)) value = carryOut(activated, [value], false);
    }
    values.set(index, value);
  }
  const made = outputs.map(({ node }, end) => {
    const value = (!FORWARD_ONLY && options.toLogits?.[end] ? logits.get(node) : undefined) ?? values.get(node);
    if (!value) throw new Error(`node ${node} has no value`);
    return value;
  });
  return { tape, outputs: made, layers };
}

/** Emits what takes the batch's rows of each input; gives their values by what nodes read them by. */
export function emitInputs(builder: Builder, { inputs, nodes, inputNumbers: stride }: Network): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const place of inputs) {
    const { key, name, start, own, lengths } = place;
    // No table has a row of that number.
    const looksUp = nodes.some(({ layer, from }) => 'vocabulary' in layer && from.includes(key));
    const input = builder.value(place, place, { own });
    const { data: y, ownBytes, positions, columns } = input;
    builder.emit(
      gather,
      name,
      { y, targets: 0, columns, stride, start, ownBytes, ...lengths, filler: looksUp ? -1 : 0 },
      positions,
    );
    values.set(key, input);
  }
  return values;
}

/** How the numbers of such a shape lie in that layout, `any` being as they do. */
export function extentOf(shape: Shape, layout: Layout, now: Extent): Extent {
  if (layout === 'any') return now;
  if (layout === 'flat') return { positions: 1, columns: size(shape) };
  return { positions: size(shape.slice(0, -1)), columns: shape.at(-1) ?? 1 };
}

/** {@link extentOf} for one of several values, whose last axes may differ. */
function extentLike(value: Extent, shape: Shape, layout: Layout): Extent {
  const extent = extentOf(shape, layout, value);
  return { ...extent, columns: numbersOf(value) / extent.positions };
}

/** Emits what brings the numbers of one value, or their gradients, to lie as those of another. */
export function emitArranged(
  builder: Builder,
  owner: string,
  x: Extent & { data: Region },
  y: Extent & { data: Region },
): void {
  const places = { y: y.data, x: x.data, table: 0 } as const;
  const sizes = { columns: y.columns, from: x.columns, fromPositions: x.positions };
  builder.emit(rearrange, owner, { ...places, ...sizes }, y.positions);
}

/**
 * The plan that predicts. Section `predict` checks the samples, and leaves the outputs row-major in region
 * `predictions`; the section of a float32 parameter takes its rows from where samples are. Values share places: what
 * layers gave is gone afterwards, unless it `keeps` them. Where it `folds`, batch normalisations go into the weights
 * before them: {@link Program.settle} is to be called once these are there, and whenever they change.
 */
export function planPrediction(
  architecture: Architecture,
  capacity: number,
  paired: boolean,
  weights: WeightFormat = 'float32',
  options: {
    readonly together?: Together | undefined;
    readonly carries?: boolean;
    readonly keeps?: boolean;
    readonly folds?: boolean;
    readonly forwardOf?: (layer: Layer) => LayerForward<Layer, unknown> | undefined;
  } = {},
): NetworkPlan {
  const sharing = options.carries || options.keeps ? {} : { leastShared: options.together ? LEAST_SHARED : 0 };
  const builder = new Builder(capacity, { paired, ...options, ...sharing });
  const placed = placeNetwork(builder, architecture, weights);
  const ends = placed.outputs.map(({ node }) => node);
  const network =
    !FORWARD_ONLY && options.folds ? { ...placed, nodes: foldNorms(builder, placed.nodes, ends) } : placed;
  const { inputNumbers: inputs, outputWidth: outputs } = network;
  let layers: NetworkPlan['layers'] = [];
  for (const parameter of builder.parameters) {
    const { name, columns, data: y, format } = parameter;
    if (format !== 'float32') continue;
    const fields = { y, targets: 0, columns, stride: columns, start: 0, ownBytes: 0, ...WHOLE, filler: 0 };
    builder.section(parameter, () => builder.emit(gather, name, fields));
  }
  builder.section('predict', () => {
    builder.emit(checkFinite, 'input', { columns: inputs });
    const { forwardOf } = options;
    const forward = emitForward(builder, network, emitInputs(builder, network), forwardOf && { forwardOf });
    layers = forward.layers;
    const y = builder.region('predictions', capacity * outputs * 4);
    network.outputs.forEach(({ start, name, lengths }, end) => {
      const value = forward.outputs[end];
      if (!value) return;
      const { data: x, columns, positions } = value;
      builder.emit(scatter, name ?? 'output', { y, x, columns, stride: outputs, start, ...lengths }, positions);
    });
  });
  return { plan: builder.finish(), inputs, outputs, sequences: network.sequences, layers, tallies: [] };
}
