/** Attention of several heads: each step's mean of others' values, by how well its query fits their keys. */
import { checkBoolean, checkInteger, checkNumber, checkOptions, wrongKind } from '../errors.js';
import { FORWARD_ONLY } from '../forwardOnly.js';
import type { Builder, Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { AttentionKind } from '../plan/opcodes.js';
import { dropoutForward } from '../plan/ops/noise.js';
import { attention } from '../plan/ops/sequence.js';
import { PANEL, panelBytes, panelCount } from '../plan/panels.js';
import { Purpose } from '../random.js';
import { batchShape } from '../shape.js';
import { emitProduct, emitProductGradients } from './dense.js';
import type { LayerBackward, LayerDefinition, LayerForward, ParameterSpec, Past, Site } from './layer.js';
import { checkWeighted, partOf, type Weighted, type WeightedOptions, weightedNames } from './weighted.js';
import { checkImage } from './window.js';

export interface MultiHeadAttentionOptions extends Omit<WeightedOptions, 'activation'> {
  /** Whether a step sees none that come after it; false by default. */
  readonly causal?: boolean;
  /** How many of the weights are dropped while training, as by `dropout`; 0 by default. */
  readonly dropout?: number;
}

export interface MultiHeadAttentionLayer extends Omit<Weighted, 'activation'> {
  readonly kind: 'multiHeadAttention';
  readonly heads: number;
  readonly keySize: number;
  readonly causal: boolean;
  readonly dropout: number;
}

export const attentionNames = ['causal', 'dropout', ...weightedNames.filter(name => name !== 'activation')] as const;

/**
 * Attention among the steps of a sequence, `[rows, steps, features]` to the same; or with `attend(query, source,
 * layer)` in a graph, of one sequence to another. For each of `heads` a weighted mean of values, `softmax(q · kᵀ /
 * √keySize) · v`, with queries, keys and values by `queryWeight`, `keyWeight` and `valueWeight`, `[features, heads ·
 * keySize]`; their means side by side go through `outputWeight`, `[heads · keySize, features]`. Each has its bias,
 * `queryBias` and so on. Vaswani et al., «Attention is all you need», 2017.
 *
 * @throws TypeError for an unknown option, RangeError for numbers out of range
 */
export function multiHeadAttention(
  heads: number,
  keySize: number,
  options: MultiHeadAttentionOptions = {},
): MultiHeadAttentionLayer {
  const where = 'multiHeadAttention';
  checkOptions(where, options, attentionNames);
  const { activation: _, ...weighted } = checkWeighted(where, options);
  return Object.freeze({
    kind: where,
    heads: checkInteger(`${where}: heads`, heads, 1, 2 ** 12),
    keySize: checkInteger(`${where}: keySize`, keySize, 1, 2 ** 12),
    causal: checkBoolean(`${where}: causal`, options.causal ?? false),
    dropout: checkNumber(`${where}: dropout`, options.dropout ?? 0, { min: 0, below: 1 }),
    ...weighted,
  });
}

/** What the way back needs: the weights, and what dropout made of them. */
interface Weights {
  readonly kept: Value;
  readonly dropped: Value;
  readonly mask: Region | undefined;
}

type Part = 'query' | 'key' | 'value' | 'output';

export const multiHeadAttentionLayer: LayerDefinition<MultiHeadAttentionLayer, Weights> = {
  describe: ({ kind, heads, keySize }) => `${kind}(${heads}, ${keySize})`,
  merges: 'maybe',

  outputShape({ kind }, input, from, sources) {
    checkImage(kind, input, from, 1);
    const [, source, ...others] = sources;
    if (source) checkImage(kind, source.shape, source.name, 1);
    if (others.length > 0)
      throw wrongKind(kind, 'a query and a source', `${sources.length} nodes, ${batchShape(input)}`);
    return input;
  },

  parameters(layer, input, sources): ParameterSpec[] {
    const features = input.at(-1) ?? 1;
    const sourceFeatures = sources[1]?.at(-1) ?? features;
    const width = layer.heads * layer.keySize;
    const both = (part: Part, inputs: number, outputs: number) => [
      { name: `${part}Weight`, shape: [inputs, outputs], initializer: layer.weightInitializer },
      ...(layer.useBias ? [{ name: `${part}Bias`, shape: [outputs], initializer: layer.biasInitializer }] : []),
    ];
    return [
      ...both('query', features, width),
      ...both('key', sourceFeatures, width),
      ...both('value', sourceFeatures, width),
      ...both('output', width, features),
    ];
  },

  steps: () => 'all',
  layout: () => 'lastAxis',
  forward: (builder, site) => goForward(builder, site, 0),
};

export const multiHeadAttentionForwardInTraining: LayerForward<MultiHeadAttentionLayer, Weights> = (builder, site) =>
  goForward(builder, site, site.layer.dropout);

function valuesOf(builder: Builder, { layer, place, inputs, input }: Site<MultiHeadAttentionLayer>) {
  const source = inputs[1] ?? input;
  const columns = layer.heads * layer.keySize;
  const value = (role: string, positions: number) => builder.value(place, { positions, columns }, { role });
  return {
    source,
    query: value('query', input.positions),
    key: value('key', source.positions),
    value: value('value', source.positions),
    context: value('context', input.positions),
  };
}

/** Emits y of a and b, each columns of heads or the weights between them. */
function emitAttention(
  builder: Builder,
  site: Site<MultiHeadAttentionLayer>,
  kind: AttentionKind,
  y: { data: Region; positions: number },
  a: Region,
  b: Region,
  options: { scale?: number; causal?: number; lengths?: number; weights?: Region; mask?: Region | 0 } = {},
): void {
  const { layer, input, name } = site;
  const { heads, keySize: size } = layer;
  const [queries, keys] = [input.positions, (site.inputs[1] ?? input).positions];
  // Keys are turned over four of their columns at a time.
  const room = 2 * panelBytes(Math.max(queries, keys), size) + panelBytes(size + 3, keys);
  const { scale = 1, causal = 0, lengths = 0, weights = 0 as const, mask = 0 as const } = options;
  const sizes = { queries, keys, heads, columns: size, scale, causal, paired: builder.paired, lengths };
  const fields = { y: y.data, a, b, weights, mask, ...builder.scratch(room), kind, ...sizes };
  builder.emit(attention, name, fields, y.positions);
}

const scaleOf = ({ keySize }: MultiHeadAttentionLayer) => 1 / Math.sqrt(keySize);

function goForward(builder: Builder, site: Site<MultiHeadAttentionLayer>, rate: number): Past<Weights> {
  const { layer, place, name, index, input } = site;
  const { source, query, key, value, context } = valuesOf(builder, site);
  for (const [part, x, y] of [
    ['query', input, query],
    ['key', source, key],
    ['value', source, value],
  ] as const) {
    emitProduct(builder, partOf(site, `${part}Weight`, `${part}Bias`), x, y);
  }
  // A matrix for each head, one after another: panel by panel, each of a row for each query, and an odd number of them.
  const extent = { positions: layer.heads * panelCount(source.positions) * (input.positions | 1), columns: PANEL };
  const { positions, columns } = extent;
  const kept = builder.value(place, extent, { role: 'weights' });
  const options = { scale: scaleOf(layer), causal: Number(layer.causal), lengths: site.lengths.at(-1) ?? 0 };
  emitAttention(builder, site, AttentionKind.weights, kept, query.data, key.data, options);
  let dropped = kept;
  let mask: Region | undefined;
  if (!FORWARD_ONLY && rate > 0) {
    dropped = builder.value(place, extent, { role: 'dropped' });
    mask = builder.value(place, extent, { role: 'mask' }).data;
    const places = { x: kept.data, y: dropped.data, mask };
    const stream = index * 256 + Purpose.dropout;
    const draws = { stream, threshold: Math.floor(rate * 2 ** 32) | 0, keepScale: 1 / (1 - rate), spread: 1 };
    builder.emit(dropoutForward, name, { ...places, columns, ...draws }, positions);
  }
  emitAttention(builder, site, AttentionKind.values, context, dropped.data, value.data);
  const y = builder.value(place, input);
  emitProduct(builder, partOf(site, 'outputWeight', 'outputBias'), context, y);
  return { output: y, saved: { kept, dropped, mask } };
}

export const multiHeadAttentionBackward: LayerBackward<MultiHeadAttentionLayer, Weights> = (
  builder,
  site,
  { output, saved: { kept, dropped, mask } },
  gradients,
) => {
  const { layer, input } = site;
  const { source, query, key, value, context } = valuesOf(builder, site);
  const of = (each: Value) => ({ ...each, data: gradients.of(each) });
  emitProductGradients(builder, partOf(site, 'outputWeight', 'outputBias'), context, of(output), gradients, true);
  const [dContext, dKept] = [of(context).data, of(kept)];
  const weights = { weights: kept.data, mask: mask ?? 0 } as const;
  emitAttention(builder, site, AttentionKind.weightsGradient, dKept, dContext, value.data, weights);
  emitAttention(builder, site, AttentionKind.keys, of(value), dropped.data, dContext);
  const scale = { scale: scaleOf(layer) };
  emitAttention(builder, site, AttentionKind.values, of(query), dKept.data, key.data, scale);
  emitAttention(builder, site, AttentionKind.keys, of(key), dKept.data, query.data, scale);
  for (const [part, x, y] of [
    ['query', input, query],
    ['key', source, key],
    ['value', source, value],
  ] as const) {
    emitProductGradients(builder, partOf(site, `${part}Weight`, `${part}Bias`), x, of(y), gradients);
  }
};
