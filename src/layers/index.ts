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
import { type MultiHeadAttentionLayer, multiHeadAttentionLayer } from './attention.js';
import { type BatchNormalizationLayer, batchNormalizationLayer } from './batchNormalization.js';
import { type BidirectionalLayer, bidirectionalLayer } from './bidirectional.js';
import { type Conv1dLayer, type Conv2dLayer, conv1dLayer, conv2dLayer } from './convolution.js';
import { type DenseLayer, denseLayer } from './dense.js';
import {
  type DepthwiseConv1dLayer,
  type DepthwiseConv2dLayer,
  depthwiseConv1dLayer,
  depthwiseConv2dLayer,
  type SeparableConv1dLayer,
  type SeparableConv2dLayer,
  separableConv1dLayer,
  separableConv2dLayer,
} from './depthwise.js';
import {
  type AlphaDropoutLayer,
  alphaDropoutLayer,
  type DropoutLayer,
  dropoutLayer,
  type SpatialDropoutLayer,
  spatialDropoutLayer,
} from './dropout.js';
import { type EmbeddingBagLayer, type EmbeddingLayer, embeddingBagLayer, embeddingLayer } from './embedding.js';
import { type FlattenLayer, flattenLayer } from './flatten.js';
import { type GaussianNoiseLayer, gaussianNoiseLayer } from './gaussianNoise.js';
import { type GroupNormalizationLayer, groupNormalizationLayer } from './groupNorm.js';
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
  averagePool1dLayer,
  averagePool2dLayer,
  type GlobalPoolLayer,
  globalAveragePool1dLayer,
  globalAveragePool2dLayer,
  globalMaxPool1dLayer,
  globalMaxPool2dLayer,
  maxPool1dLayer,
  maxPool2dLayer,
  type PoolLayer,
} from './pooling.js';
import {
  type PositionEmbeddingLayer,
  positionEmbeddingLayer,
  type SinusoidalPositionsLayer,
  sinusoidalPositionsLayer,
} from './positionEmbedding.js';
import {
  type BorderLayer,
  cropping2dLayer,
  type ReshapeLayer,
  reshapeLayer,
  type UpSampling2dLayer,
  upSampling2dLayer,
  zeroPadding1dLayer,
  zeroPadding2dLayer,
} from './positions.js';
import { gruLayer, lstmLayer, type RecurrentLayer, simpleRnnLayer } from './recurrent.js';
import {
  type LayerNormalizationLayer,
  layerNormalizationLayer,
  type RmsNormalizationLayer,
  rmsNormalizationLayer,
} from './rowNorm.js';
import { type Conv2dTransposeLayer, conv2dTransposeLayer } from './transposed.js';

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
  | RepeatVectorLayer
  | ReshapeLayer
  | Conv2dLayer
  | Conv1dLayer
  | DepthwiseConv2dLayer
  | DepthwiseConv1dLayer
  | SeparableConv2dLayer
  | SeparableConv1dLayer
  | Conv2dTransposeLayer
  | PoolLayer
  | GlobalPoolLayer
  | BorderLayer
  | UpSampling2dLayer
  | SpatialDropoutLayer
  | GroupNormalizationLayer
  | RecurrentLayer
  | BidirectionalLayer
  | MultiHeadAttentionLayer
  | PositionEmbeddingLayer
  | SinusoidalPositionsLayer;
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
  reshape: reshapeLayer,
  conv2d: conv2dLayer,
  conv1d: conv1dLayer,
  depthwiseConv2d: depthwiseConv2dLayer,
  depthwiseConv1d: depthwiseConv1dLayer,
  separableConv2d: separableConv2dLayer,
  separableConv1d: separableConv1dLayer,
  conv2dTranspose: conv2dTransposeLayer,
  maxPool2d: maxPool2dLayer,
  averagePool2d: averagePool2dLayer,
  maxPool1d: maxPool1dLayer,
  averagePool1d: averagePool1dLayer,
  globalMaxPool2d: globalMaxPool2dLayer,
  globalAveragePool2d: globalAveragePool2dLayer,
  globalMaxPool1d: globalMaxPool1dLayer,
  globalAveragePool1d: globalAveragePool1dLayer,
  zeroPadding2d: zeroPadding2dLayer,
  zeroPadding1d: zeroPadding1dLayer,
  cropping2d: cropping2dLayer,
  upSampling2d: upSampling2dLayer,
  spatialDropout: spatialDropoutLayer,
  groupNormalization: groupNormalizationLayer,
  simpleRnn: simpleRnnLayer,
  lstm: lstmLayer,
  gru: gruLayer,
  bidirectional: bidirectionalLayer,
  multiHeadAttention: multiHeadAttentionLayer,
  positionEmbedding: positionEmbeddingLayer,
  sinusoidalPositions: sinusoidalPositionsLayer,
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
