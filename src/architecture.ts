/** Step 1 of a network, its architecture: an input shape and a list of layers, checked, frozen, and JSON both ways. */
import type { IndexRule } from './data/indices.js';
import {
  checkOptions,
  describe,
  leftOut,
  listed,
  messageOf,
  quote,
  shorten,
  wrongKind,
  wrongType,
  wrongValue,
} from './errors.js';
import { parseStrictly } from './files/strictJson.js';
import { CHAINS_ONLY, FORWARD_ONLY } from './forwardOnly.js';
import { isList } from './kinds.js';
import type { ActivationConfig } from './layers/activations.js';
import { checkLayer, definitionOf, type Layer } from './layers/index.js';
import type { ParameterSpec, Source } from './layers/layer.js';
import { freeze } from './layers/written.js';
import { storedParts } from './plan/formats.js';
import { batchShape, checkShape, type Shape, size } from './shape.js';
import { checkEndName, checkOutputs, checkShared, checkSources, refuseUnread } from './wiring.js';

/** What a network is made of. Plain data: `JSON.stringify` writes it, {@link Architecture.fromJSON} reads it. */
export interface Architecture {
  /** The shape of one sample; where the inputs have names, each one's. */
  readonly inputShape: Shape | Readonly<Record<string, Shape>>;
  /**
   * The layers in the order they were made; each is a node. Where nothing else is told each reads the one before it.
   */
  readonly layers: readonly Layer[];
  /** What each node reads: other nodes by their numbers, inputs by their names; `input` where it has none. */
  readonly from?: readonly (readonly (number | string)[])[];
  /** The node that the output is, or several by the outputs' names; the last one by default. */
  readonly outputs?: number | Readonly<Record<string, number>>;
  /** Nodes that use the parameters of one before them. */
  readonly shared?: Readonly<Record<number, number>>;
}

/** A network whose layers follow one another. */
export interface Chain extends Architecture {
  readonly inputShape: Shape;
}

/** More than anyone builds; what it takes to plan a network is to have a bound. */
const MOST_LAYERS = 10_000;

/**
 * A network whose layers follow one another.
 *
 * @param inputShape the shape of one sample: `[784]`, `784` or `[28, 28]`
 * @param layers at least one layer; each takes the shape that the one before it gives
 * @throws TypeError where a layer cannot take the shape it is given; the message names both layers
 */
export function sequential(inputShape: number | readonly number[], layers: readonly Layer[]): Chain {
  const shape = checkShape('sequential: inputShape', inputShape);
  if (!isList(layers)) throw wrongType('sequential: layers', 'a list of layers', layers);
  return checkPlaces('sequential', Object.freeze({ inputShape: shape, layers: checkLayers('sequential', layers) }));
}

/** The input that a node reads, with nothing but flattening between; undefined where it reads what a layer made. */
export function inputOf({ layers, from }: Architecture, node: number): string | undefined {
  for (let source: number | string | undefined = node; source !== undefined; ) {
    const read: number | string | undefined = from?.[source]?.[0] ?? (source === 0 ? INPUT : source - 1);
    if (typeof read === 'string') return read;
    source = layers[read]?.kind === 'flatten' ? read : undefined;
  }
  return undefined;
}

/** Refuses layers that look up whole numbers behind others that make numbers of any kind. */
function refuseLateTables(where: string, architecture: Architecture): void {
  const late = architecture.layers.find((layer, node) => isTable(layer) && inputOf(architecture, node) === undefined);
  if (!late) return;
  const expected = `${late.kind} to come first, where whole numbers are`;
  throw wrongKind(where, expected, 'it behind another layer');
}

function isTable(layer: Layer): layer is Extract<Layer, { vocabulary: number }> {
  return 'vocabulary' in layer;
}

/** Which whole numbers an input takes; none where it takes any numbers. */
export function indexRule(architecture: Architecture, input: string): IndexRule | undefined {
  if (CHAINS_ONLY) return undefined;
  const [first, ...others] = architecture.layers.flatMap((layer, node) => {
    return isTable(layer) && inputOf(architecture, node) === input ? layer : [];
  });
  if (!first) return undefined;
  const vocabulary = others.reduce((least, layer) => Math.min(least, layer.vocabulary), first.vocabulary);
  return { vocabulary, pad: 'pad' in first ? first.pad : undefined };
}

function checkLayers(where: string, layers: readonly unknown[]): readonly Layer[] {
  if (layers.length === 0) throw wrongValue(`${where}: layers`, 'at least one layer', 'none', 'add dense(…)');
  if (layers.length > MOST_LAYERS) throw wrongValue(`${where}: layers`, `at most ${MOST_LAYERS}`, layers.length);
  // Not layers.map, which passes over holes.
  return Object.freeze(Array.from(layers, (layer, index) => checkLayer(`${where}: layer ${index}`, layer)));
}

/** Whether a value has the keys of a graph that is no chain. */
function isWired(value: object): boolean {
  return 'from' in value || 'outputs' in value || 'shared' in value;
}

/** Checks what a factory made or JSON held, and gives it back complete and frozen. */
export function checkArchitecture(where: string, value: object): Architecture {
  const { inputShape, layers } = value as Architecture;
  if (CHAINS_ONLY && isWired(value)) throw leftOut(where, 'a graph of layers');
  return isWired(value) ? checkGraph(where, value as Architecture) : sequential(inputShape as Shape, layers);
}

/**
 * Checks a graph: every node reads inputs and nodes before it, all of them lead to an output, and their shapes fit. The
 * one that is a chain becomes what {@link sequential} makes.
 */
export function checkGraph(where: string, graph: Architecture): Architecture {
  const inputShape = checkInputs(where, graph.inputShape);
  if (!isList(graph.layers)) throw wrongType(`${where}: layers`, 'a list of layers', graph.layers);
  const layers = checkLayers(where, graph.layers);
  // What was written was checked; what is amiss with it shows where layers are placed.
  const given = { ...graph, inputShape, layers };
  return FORWARD_ONLY ? checkPlaces(where, freeze(given)) : checkWiring(where, given);
}

function checkWiring(where: string, graph: Architecture): Architecture {
  const { inputShape, layers } = graph;
  const inputs = Array.isArray(inputShape) ? [INPUT] : Object.keys(inputShape);
  const from = checkSources(where, graph.from, layers, inputs);
  const outputs = checkOutputs(where, graph.outputs ?? layers.length - 1, layers.length);
  refuseUnread(where, { inputs, from, outputs, layers });
  const shared = checkShared(where, graph.shared ?? {}, layers);
  const isChain =
    Array.isArray(inputShape) &&
    outputs === layers.length - 1 &&
    Object.keys(shared).length === 0 &&
    from.every((sources, node) => sources.length === 1 && sources[0] === (node === 0 ? INPUT : node - 1));
  if (isChain) return sequential(inputShape as Shape, layers);
  const architecture = Object.freeze({
    inputShape,
    layers,
    from,
    outputs,
    ...(Object.keys(shared).length > 0 && { shared }),
  });
  return checkPlaces(where, architecture);
}

/** Refuses an architecture whose layers do not fit one another. */
function checkPlaces<A extends Architecture>(where: string, architecture: A): A {
  const placed = placedLayers(architecture);
  // Of a file parameters of one name would lack a tensor.
  if (!FORWARD_ONLY) {
    refuseSharedNames(where, placed);
    refuseHuge(where, placed);
  }
  if (!CHAINS_ONLY) refuseLateTables(where, architecture);
  return architecture;
}

/** More than a row of a value can have: memory has 4 GiB. */
const MOST_NUMBERS = 2 ** 30;

function refuseHuge(where: string, placed: readonly PlacedLayer[]): void {
  const huge = placed.find(({ outputShape }) => size(outputShape) >= MOST_NUMBERS);
  if (!huge) return;
  const expected = `fewer than ${MOST_NUMBERS} numbers of a row, which are 4 GiB`;
  throw wrongValue(`${where}: ${shorten(huge.name)}`, expected, batchShape(huge.outputShape));
}

/** What the input is called where nobody named it. */
const INPUT = 'input';

export function checkInputs(where: string, value: unknown): Architecture['inputShape'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return checkShape(`${where}: inputs`, value);
  const entries = Object.entries(value).map(([name, shape]) => {
    checkEndName(`${where}: inputs`, name);
    return [name, checkShape(`${where}: input ${quote(name)}`, shape)] as const;
  });
  if (entries.length === 0) throw wrongValue(`${where}: inputs`, 'at least one', 'none');
  return Object.freeze(Object.fromEntries(entries));
}

/** Refuses layers with one name, and parameters with one full name: `c` of a layer `a.b`, and `b.c` of a layer `a`. */
export function refuseSharedNames(where: string, layers: readonly Pick<PlacedLayer, 'name' | 'parameters'>[]): void {
  const refuseTwice = (what: string, names: readonly string[]) => {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) {
        throw wrongValue(
          `${where}: ${what} names`,
          'each name once',
          `${quote(name)} twice`,
          'give one layer another name',
        );
      }
      seen.add(name);
    }
  };
  refuseTwice(
    'layer',
    layers.map(({ name }) => name),
  );
  const specs = layers.flatMap(({ name, parameters }) =>
    parameters.map(({ name: own, shape }) => ({ name: `${name}.${own}`, shape })),
  );
  // With the scales that they would have if they were int8.
  refuseTwice(
    'parameter',
    specs.flatMap(spec => storedParts(spec, 'int8').map(part => part.name)),
  );
}

export const Architecture = {
  /** The architecture that `JSON.stringify` wrote. Throws TypeError or RangeError where the text is not one. */
  fromJSON(text: string): Architecture {
    const where = 'Architecture.fromJSON';
    if (typeof text !== 'string') throw wrongType(where, 'JSON as a string', text);
    let value: unknown;
    try {
      value = parseStrictly(where, text);
    } catch (cause) {
      throw new TypeError(messageOf(cause), { cause });
    }
    checkOptions(where, value, ['inputShape', 'layers', 'from', 'outputs', 'shared']);
    return checkArchitecture(where, value as object);
  },
};

/** A layer with what its place in the network gives it. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly index: number;
  readonly name: string;
  /** What it reads, and the shape of the first of them. */
  readonly from: readonly (number | string)[];
  readonly inputShape: Shape;
  readonly sourceShapes: readonly Shape[];
  readonly outputShape: Shape;
  /** None of its own where it uses those of the node `shared`. */
  readonly parameters: readonly ParameterSpec[];
  readonly shared: number | undefined;
}

/** Every layer with its name, shapes and parameters. */
export function placedLayers(architecture: Architecture): readonly PlacedLayer[] {
  const { layers, shared = {} } = architecture;
  const sources = new Map<number | string, Source>();
  for (const { key, shape } of inputsOf(architecture)) {
    sources.set(key, { name: key === INPUT ? 'the input' : `input ${quote(key)}`, shape });
  }
  const placed: PlacedLayer[] = [];
  for (const [index, layer] of layers.entries()) {
    const definition = definitionOf(layer);
    const from = architecture.from?.[index] ?? [index === 0 ? INPUT : index - 1];
    const read = from.flatMap(source => sources.get(source) ?? []);
    const [first] = read;
    if (!first || read.length < from.length) {
      throw wrongValue(`layer ${index}`, 'inputs and layers before it to read', listed(from));
    }
    const outputShape = definition.outputShape(layer, first.shape, first.name, read);
    sources.set(index, { name: `layer ${index} (${definition.describe(layer)})`, shape: outputShape });
    const own = 'name' in layer ? layer.name : undefined;
    const name = index in shared ? `${index}.${own ?? layer.kind}` : (own ?? `${index}.${layer.kind}`);
    const sourceShapes = read.map(({ shape }) => shape);
    const specs = definition.parameters(layer, first.shape, sourceShapes);
    const isFrozen = 'trainable' in layer && !layer.trainable;
    const parameters = isFrozen ? specs.map(spec => ({ ...spec, trainable: false })) : specs;
    const firstUse = placed[shared[index] ?? -1];
    if (firstUse && JSON.stringify(firstUse.parameters) !== JSON.stringify(parameters)) {
      const expected = `input ${batchShape(firstUse.inputShape)}, as where ${firstUse.name} was first used`;
      throw wrongKind(
        `shared ${definition.describe(layer)}`,
        expected,
        `${batchShape(first.shape)} from ${first.name}`,
      );
    }
    const shape = { inputShape: first.shape, sourceShapes, outputShape };
    placed.push({ layer, index, name, from, ...shape, parameters: firstUse ? [] : parameters, shared: shared[index] });
  }
  return placed;
}

/** One of the network's ends: whole where it has one, a part of each row where it has several, by their names. */
export interface End {
  /** Undefined where nobody named it. */
  readonly name: string | undefined;
  readonly shape: Shape;
  /** Where its numbers begin among all of a row. */
  readonly start: number;
}

/** The inputs; `key` is what nodes read them by. */
export function inputsOf({ inputShape }: Architecture): readonly (End & { key: string })[] {
  if (CHAINS_ONLY || Array.isArray(inputShape))
    return [{ key: INPUT, name: undefined, shape: inputShape as Shape, start: 0 }];
  let start = 0;
  return Object.entries(inputShape as Readonly<Record<string, Shape>>).map(([name, shape]) => {
    const input = { key: name, name, shape, start };
    start += size(shape);
    return input;
  });
}

/** Numbers of a row of all inputs. */
export function inputNumbers(architecture: Architecture): number {
  return inputsOf(architecture).reduce((sum, { shape }) => sum + size(shape), 0);
}

/** An output with the activation that it ends with; linear where its node has none. */
export interface Output extends End {
  readonly node: number;
  readonly activation: ActivationConfig;
}

/** The outputs; `placed` are the architecture's layers. */
export function outputsOf(architecture: Architecture, placed = placedLayers(architecture)): readonly Output[] {
  const { layers, outputs = layers.length - 1 } = architecture;
  const named = typeof outputs === 'number' ? [[undefined, outputs] as const] : Object.entries(outputs);
  let start = 0;
  return named.map(([name, node]) => {
    const layer = layers[node];
    const shape = placed[node]?.outputShape;
    if (!shape) throw wrongValue('outputs', 'nodes of the network', describe(node));
    const activation: ActivationConfig = layer && 'activation' in layer ? layer.activation : { kind: 'linear' };
    const output = { name, node, shape, start, activation };
    start += size(shape);
    return output;
  });
}

/** The shape of one sample's output, of a network with one. */
export function outputShape(architecture: Architecture): Shape {
  return outputsOf(architecture)[0]?.shape ?? [];
}

/** The activation that such a network ends with. */
export function outputActivation(architecture: Architecture): ActivationConfig {
  return outputsOf(architecture)[0]?.activation ?? { kind: 'linear' };
}

/** The input a network expects, as messages write it: `dense(128): expected input [rows, 784]`. */
export function firstLayer(architecture: Architecture): string {
  const first = architecture.layers[0];
  return first ? definitionOf(first).describe(first) : 'the network';
}
