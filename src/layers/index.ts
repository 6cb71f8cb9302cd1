/** The kinds of layers, going forward; `backward.ts` holds the other half, which predicting alone does not need. */
import { checkChoice, checkOptions, wrongType } from '../errors.js';
import { hasKey } from '../kinds.js';
import { type ActivationLayer, activationLayer } from './activation.js';
import {
  type PermuteLayer,
  permuteLayer,
  type RepeatVectorLayer,
  repeatVectorLayer,
  type SliceLayer,
  sliceLayer,
} from './arrange.js';
import { type BatchNormalizationLayer, batchNormalizationLayer } from './batchNormalization.js';
import { type DenseLayer, denseLayer } from './dense.js';
import { type AlphaDropoutLayer, alphaDropoutLayer, type DropoutLayer, dropoutLayer } from './dropout.js';
import { type EmbeddingBagLayer, type EmbeddingLayer, embeddingBagLayer, embeddingLayer } from './embedding.js';
import { type FlattenLayer, flattenLayer } from './flatten.js';
import { type GaussianNoiseLayer, gaussianNoiseLayer } from './gaussianNoise.js';
import type { LayerDefinition } from './layer.js';
import {
  addLayer,
  averageLayer,
  type ConcatenateLayer,
  concatenateLayer,
  type MergeLayer,
  maximumLayer,
  multiplyLayer,
  subtractLayer,
} from './merge.js';
import { type NormalizationLayer, normalizationLayer } from './normalization.js';
import {
  type LayerNormalizationLayer,
  layerNormalizationLayer,
  type RmsNormalizationLayer,
  rmsNormalizationLayer,
} from './rowNorm.js';

/** A layer as plain frozen data. */
export type Layer =
  | DenseLayer
  | ActivationLayer
  | DropoutLayer
  | FlattenLayer
  | EmbeddingLayer
  | EmbeddingBagLayer
  | BatchNormalizationLayer
  | NormalizationLayer
  | GaussianNoiseLayer
  | AlphaDropoutLayer
  | LayerNormalizationLayer
  | RmsNormalizationLayer
  | MergeLayer
  | ConcatenateLayer
  | SliceLayer
  | PermuteLayer
  | RepeatVectorLayer;
export type LayerKind = Layer['kind'];

type Definitions = { readonly [K in LayerKind]: LayerDefinition<Extract<Layer, { kind: K }>> };

const definitions: Definitions = {
  dense: denseLayer,
  activation: activationLayer,
  dropout: dropoutLayer,
  flatten: flattenLayer,
  embedding: embeddingLayer,
  embeddingBag: embeddingBagLayer,
  batchNormalization: batchNormalizationLayer,
  normalization: normalizationLayer,
  gaussianNoise: gaussianNoiseLayer,
  alphaDropout: alphaDropoutLayer,
  layerNormalization: layerNormalizationLayer,
  rmsNormalization: rmsNormalizationLayer,
  add: addLayer,
  subtract: subtractLayer,
  multiply: multiplyLayer,
  average: averageLayer,
  maximum: maximumLayer,
  concatenate: concatenateLayer,
  slice: sliceLayer,
  permute: permuteLayer,
  repeatVector: repeatVectorLayer,
};

export const layerKinds = Object.keys(definitions) as LayerKind[];

/** How the layer's kind works. */
export function definitionOf(layer: Layer): LayerDefinition<Layer> {
  return definitions[layer.kind] as LayerDefinition<Layer>;
}

/** Refuses what no factory made, and gives the layer back complete and frozen. */
export function checkLayer(where: string, layer: unknown): Layer {
  if (!hasKey(layer, 'kind')) {
    throw wrongType(where, 'a layer, such as dense(10)', layer);
  }
  const definition = definitions[checkChoice(`${where}: kind of layer`, layer.kind, layerKinds)];
  checkOptions(where, layer, ['kind', ...definition.options]);
  return definition.check(layer) as Layer;
}
