/** Networks that are no chain: nodes, what they are made of others by, and the architecture that comes of them. */
import { type Architecture, checkGraph, checkInputs, placedLayers } from './architecture.js';
import { checkChoice, checkOptions, wrongKind, wrongType, wrongValue } from './errors.js';
import { kindOf } from './kinds.js';
import { permuteConfig, repeatVectorConfig, sliceConfig } from './layers/arrange.js';
import type { MultiHeadAttentionLayer } from './layers/attention.js';
import { checkLayer, definitionOf, type Layer } from './layers/index.js';
import type { Shape } from './shape.js';

/** A graph while its nodes are made. */
class Plot {
  readonly layers: Layer[] = [];
  readonly from: (readonly (number | string)[])[] = [];
  readonly shared: Record<number, number> = {};
  readonly #firstUses = new Map<SharedLayer, number>();
  isDone = false;

  add(given: Layer | SharedLayer, sources: readonly GraphNode[]): GraphNode {
    const index = this.layers.length;
    const where = `graph: node ${index}`;
    if (this.isDone) throw wrongValue(where, 'a node made while its graph is', 'one after that');
    for (const node of sources) {
      if (!(node instanceof GraphNode)) throw wrongType(where, 'nodes', node, 'a layer is applied by node.to(layer)');
      if (node.plot !== this) throw wrongValue(where, 'nodes of one graph', `${node.described}, of another graph`);
    }
    const layer = checkLayer(where, given instanceof SharedLayer ? given.layer : given);
    const definition = definitionOf(layer);
    const [first] = sources;
    if (!first) throw wrongValue(where, 'a node to read', 'none');
    if (definition.merges !== 'maybe' && sources.length > 1 !== (definition.merges ?? false)) {
      const mend = definition.merges ? `write ${layer.kind}(a, b)` : undefined;
      throw wrongValue(where, definition.merges ? 'several nodes' : 'one node', String(sources.length), mend);
    }
    const read = sources.map(({ described: name, shape }) => ({ name, shape }));
    const shape = definition.outputShape(layer, first.shape, first.described, read);
    this.layers.push(layer);
    this.from.push(sources.map(({ key }) => key));
    if (given instanceof SharedLayer) {
      const firstUse = this.#firstUses.get(given);
      if (firstUse === undefined) this.#firstUses.set(given, index);
      else this.shared[index] = firstUse;
    }
    return new GraphNode(this, index, shape, `node ${index} (${definition.describe(layer)})`);
  }
}

/** A value in a graph: an input, or what a layer makes of others. */
export class GraphNode {
  /** @internal */
  readonly plot: Plot;
  /** @internal What other nodes read it by. */
  readonly key: number | string;
  /** The shape of one sample. */
  readonly shape: Shape;
  /** @internal As messages name it. */
  readonly described: string;

  /** @internal Use {@link graph}. */
  constructor(plot: Plot, key: number | string, shape: Shape, described: string) {
    this.plot = plot;
    this.key = key;
    this.shape = shape;
    this.described = described;
  }

  /** What a layer makes of this node; of {@link shared} layers all uses have the same parameters. */
  to(layer: Layer | SharedLayer): GraphNode {
    return this.plot.add(layer, [this]);
  }
}

/** A layer that {@link shared} made. */
export class SharedLayer {
  readonly layer: Layer;

  /** @internal Use {@link shared}. */
  constructor(layer: Layer) {
    this.layer = layer;
  }
}

/** A layer whose parameters are the same wherever `node.to` puts it; they are named after the first place. */
export function shared(layer: Layer): SharedLayer {
  return new SharedLayer(checkLayer('shared', layer));
}

type InputShapes = number | readonly number[] | Readonly<Record<string, number | readonly number[]>>;
type InputNodes<I> = I extends number | readonly number[] ? GraphNode : { readonly [K in keyof I]: GraphNode };

type OutputNodes = GraphNode | Readonly<Record<string, GraphNode>>;

/** A network with the names of its inputs and outputs, where they have some. */
export type Graph<I, O> = Omit<Architecture, 'inputShape' | 'outputs'> & {
  readonly inputShape: I extends number | readonly number[] ? Shape : Readonly<Record<keyof I & string, Shape>>;
} & (O extends GraphNode
    ? { readonly outputs?: number }
    : { readonly outputs: Readonly<Record<keyof O & string, number>> });

/**
 * A network of any shape without cycles.
 *
 * @param inputs the shape of one sample; or where there are several inputs, each one's by its name
 * @param build makes the output of the input, or several by their names of the inputs by theirs. Nodes are named in the
 *   order they are made, as the layers of a chain are. Using one node twice is a branch.
 * @throws where shapes do not fit, naming both nodes; where a node is another graph's, or leads to no output
 */
export function graph<const I extends InputShapes, O extends OutputNodes>(
  inputs: I,
  build: (input: InputNodes<I>) => O,
): Graph<I, O>;
export function graph(inputs: InputShapes, build: (input: never) => OutputNodes): Architecture {
  if (typeof build !== 'function') throw wrongType('graph: build', 'a function of the input', build);
  const inputShape = checkInputs('graph', inputs);
  const plot = new Plot();
  const isNamed = !Array.isArray(inputShape);
  const nodes = isNamed
    ? Object.fromEntries(
        Object.entries(inputShape).map(([name, shape]) => [name, new GraphNode(plot, name, shape, `input '${name}'`)]),
      )
    : new GraphNode(plot, 'input', inputShape as Shape, 'the input');
  const made = build(nodes as never);
  plot.isDone = true;
  const { layers, from, shared } = plot;
  return checkGraph('graph', { inputShape, layers, from, outputs: outputsOf(plot, made), shared });
}

function outputsOf(plot: Plot, made: unknown): number | Record<string, number> {
  const where = 'graph: what build returns';
  const indexOf = (node: unknown): number => {
    if (!(node instanceof GraphNode)) throw wrongType(where, 'a node, or an object of nodes', node);
    if (node.plot !== plot) throw wrongValue(where, 'nodes of this graph', `${node.described}, of another graph`);
    if (typeof node.key === 'string') throw wrongValue(where, 'what a layer makes', node.described);
    return node.key;
  };
  if (made instanceof GraphNode || kindOf(made) !== 'Object') return indexOf(made);
  return Object.fromEntries(Object.entries(made as object).map(([name, node]) => [name, indexOf(node)]));
}

/**
 * The part of a network up to a layer of that name, whose value is its output; and for each of its nodes the name of
 * the one that it was.
 */
export function partUpTo(architecture: Architecture, name: unknown): { part: Architecture; names: readonly string[] } {
  const placed = placedLayers(architecture);
  const known = placed.map(layer => layer.name);
  const last = known.indexOf(checkChoice('upTo: layer', name, known));
  const needed = new Set<number | string>([last]);
  for (const { index, from } of placed.toReversed())
    if (needed.has(index)) for (const source of from) needed.add(source);
  const kept = placed.filter(({ index }) => needed.has(index));
  const numberOf = new Map(kept.map(({ index }, number) => [index, number]));
  const firstUses = new Map<number, number>();
  const shared: Record<number, number> = {};
  kept.forEach(({ index, shared: firstUse = index }, number) => {
    const known = firstUses.get(firstUse);
    if (known === undefined) firstUses.set(firstUse, number);
    else shared[number] = known;
  });
  const { inputShape } = architecture;
  const inputs = Object.entries(inputShape).filter(([input]) => needed.has(input));
  const part = checkGraph('upTo', {
    inputShape: Array.isArray(inputShape) ? (inputShape as Shape) : Object.fromEntries<Shape>(inputs),
    layers: kept.map(({ layer }) => layer),
    from: kept.map(({ from }) =>
      from.map(source => (typeof source === 'number' ? (numberOf.get(source) ?? 0) : source)),
    ),
    outputs: kept.length - 1,
    shared,
  });
  return { part, names: kept.map(({ index, shared: firstUse = index }) => placed[firstUse]?.name ?? '') };
}

function merge(kind: Extract<Layer['kind'], 'add' | 'multiply' | 'average' | 'maximum' | 'subtract' | 'concatenate'>) {
  return (nodes: readonly GraphNode[]): GraphNode => {
    const [first] = nodes;
    if (!(first instanceof GraphNode)) throw wrongType(kind, `nodes: ${kind}(a, b)`, first);
    return first.plot.add({ kind }, nodes);
  };
}

/** The sum of nodes of one shape, element by element. */
export function add(...nodes: GraphNode[]): GraphNode {
  return merge('add')(nodes);
}

/** `a − b`, of nodes of one shape. */
export function subtract(a: GraphNode, b: GraphNode): GraphNode;
export function subtract(...nodes: GraphNode[]): GraphNode {
  if (nodes.length !== 2) throw wrongKind('subtract', 'two nodes: subtract(a, b)', `${nodes.length}`);
  return merge('subtract')(nodes);
}

/** The product of nodes of one shape, element by element. */
export function multiply(...nodes: GraphNode[]): GraphNode {
  return merge('multiply')(nodes);
}

/** The mean of nodes of one shape, element by element. */
export function average(...nodes: GraphNode[]): GraphNode {
  return merge('average')(nodes);
}

/** The largest of nodes of one shape, element by element; the gradient goes to the first of equal ones. */
export function maximum(...nodes: GraphNode[]): GraphNode {
  return merge('maximum')(nodes);
}

/** Nodes side by side along the last axis; their other axes are the same. */
export function concatenate(...nodes: GraphNode[]): GraphNode {
  return merge('concatenate')(nodes);
}

/** The numbers of the last axis from `start` (0 by default) up to, not with, `end` (all by default). */
export function slice(a: GraphNode, options: { start?: number; end?: number } = {}): GraphNode {
  const { shape } = nodeOf('slice', a);
  checkOptions('slice', options, ['start', 'end']);
  const { start = 0, end = shape.at(-1) ?? 1 } = options;
  return a.plot.add(sliceConfig({ start, end }), [a]);
}

/** The axes of a sample in another order: of shape `[2, 3]`, `permute(a, [1, 0])` is `[3, 2]`. */
export function permute(a: GraphNode, axes: readonly number[]): GraphNode {
  return nodeOf('permute', a).plot.add(permuteConfig(axes), [a]);
}

/** From `[features]` to `[n, features]`, the same at each position. */
export function repeatVector(a: GraphNode, n: number): GraphNode {
  return nodeOf('repeatVector', a).plot.add(repeatVectorConfig(n), [a]);
}

/**
 * What an attention layer makes of one sequence's steps, `query`, by those of another, `source`: cross-attention.
 *
 * @param layer of {@link shared} ones all uses have the same parameters
 * @throws where the layer is no `multiHeadAttention`
 */
export function attend(query: GraphNode, source: GraphNode, layer: MultiHeadAttentionLayer | SharedLayer): GraphNode {
  const { kind } = checkLayer('attend', layer instanceof SharedLayer ? layer.layer : layer);
  if (kind === 'multiHeadAttention') return nodeOf('attend', query).plot.add(layer, [query, source]);
  throw wrongValue('attend: layer', 'a multiHeadAttention(…)', kind);
}

function nodeOf(where: string, a: unknown): GraphNode {
  if (!(a instanceof GraphNode)) throw wrongType(where, 'a node', a);
  return a;
}
