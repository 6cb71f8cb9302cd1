/** Step 1 of a network, its architecture: an input shape and a list of layers, checked, frozen, and JSON both ways. */

import type { IndexRule } from './data/indices.js';
import { checkOptions, messageOf, quote, wrongKind, wrongType, wrongValue } from './errors.js';
import { parseStrictly } from './files/strictJson.js';
import { isList } from './kinds.js';
import type { ActivationConfig } from './layers/activations.js';
import { checkLayer, definitionOf, type Layer } from './layers/index.js';
import type { ParameterSpec } from './layers/layer.js';
import { storedParts } from './plan/formats.js';
import { checkShape, type Shape } from './shape.js';

/** What a network is made of. Plain data: `JSON.stringify` writes it, {@link Architecture.fromJSON} reads it. */
export interface Architecture {
  /** The shape of one sample. */
  readonly inputShape: Shape;
  readonly layers: readonly Layer[];
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
export function sequential(inputShape: number | readonly number[], layers: readonly Layer[]): Architecture {
  const shape = checkShape('sequential: inputShape', inputShape);
  if (!isList(layers)) throw wrongType('sequential: layers', 'a list of layers', layers);
  if (layers.length === 0) throw wrongValue('sequential: layers', 'at least one layer', 'none', 'add dense(…)');
  if (layers.length > MOST_LAYERS) throw wrongValue('sequential: layers', `at most ${MOST_LAYERS}`, layers.length);
  // Not layers.map, which passes over holes.
  const checked = Array.from(layers, (layer: unknown, index) => checkLayer(`sequential: layer ${index}`, layer));
  const architecture = Object.freeze({ inputShape: shape, layers: Object.freeze(checked) });
  refuseSharedNames('sequential', placedLayers(architecture));
  refuseLateTables('sequential', architecture);
  return architecture;
}

/** The layer that the samples come to first. */
function firstOf({ layers }: Architecture): Layer | undefined {
  return layers.find(({ kind }) => kind !== 'flatten');
}

/** Refuses layers that look up whole numbers behind others that make numbers of any kind. */
function refuseLateTables(where: string, architecture: Architecture): void {
  const late = architecture.layers.find(layer => isTable(layer) && layer !== firstOf(architecture));
  if (!late) return;
  const expected = `${late.kind} to come first, where whole numbers are`;
  throw wrongKind(where, expected, 'it behind another layer');
}

function isTable(layer: Layer): layer is Extract<Layer, { vocabulary: number }> {
  return 'vocabulary' in layer;
}

/** Which whole numbers a network takes for samples; none where it takes any numbers. */
export function indexRule(architecture: Architecture): IndexRule | undefined {
  const first = firstOf(architecture);
  if (!first || !isTable(first)) return undefined;
  return { vocabulary: first.vocabulary, pad: 'pad' in first ? first.pad : undefined };
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
    specs.flatMap(({ name, shape }) => storedParts(name, shape, 'int8').map(part => part.name)),
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
    checkOptions(where, value, ['inputShape', 'layers']);
    const { inputShape, layers } = value as Partial<Architecture>;
    return sequential(inputShape as Shape, layers as Layer[]);
  },
};

/** A layer with what its place in the network gives it. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly index: number;
  readonly name: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly ParameterSpec[];
}

/** Every layer with its name, shapes and parameters. */
export function placedLayers(architecture: Architecture): readonly PlacedLayer[] {
  let shape = architecture.inputShape;
  let from = 'the input';
  return architecture.layers.map((layer, index) => {
    const definition = definitionOf(layer);
    const inputShape = shape;
    shape = definition.outputShape(layer, inputShape, from);
    from = `layer ${index} (${definition.describe(layer)})`;
    const name = ('name' in layer ? layer.name : undefined) ?? `${index}.${layer.kind}`;
    const specs = definition.parameters(layer, inputShape);
    const isFrozen = 'trainable' in layer && !layer.trainable;
    const parameters = isFrozen ? specs.map(spec => ({ ...spec, trainable: false })) : specs;
    return { layer, index, name, inputShape, outputShape: shape, parameters };
  });
}

/** The shape of one sample's output. */
export function outputShape(architecture: Architecture): Shape {
  return placedLayers(architecture).at(-1)?.outputShape ?? architecture.inputShape;
}

/** The activation that the network ends with; linear where its last layer has none. */
export function outputActivation(architecture: Architecture): ActivationConfig {
  const last = architecture.layers.at(-1);
  return last && 'activation' in last ? last.activation : { kind: 'linear' };
}

/** The input a network expects, as messages write it: `dense(128): expected input [rows, 784]`. */
export function firstLayer(architecture: Architecture): string {
  const first = architecture.layers[0];
  return first ? definitionOf(first).describe(first) : 'the network';
}
