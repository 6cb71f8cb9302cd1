/** The kinds of layers, going forward; `backward.ts` holds the other half, which predicting alone does not need. */
import { checkChoice, describe, leftOut, wrongType } from '../errors.js';
import { CHAINS_ONLY, FORWARD_ONLY } from '../forwardOnly.js';
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
import { type AugmentationLayer, augmentationLayer } from './augmentation.js';
import { type BatchNormalizationLayer, batchNormalizationLayer } from './batchNormalization.js';
import { type BidirectionalLayer, bidirectionalLayer } from './bidirectional.js';
import { type Conv1dLayer, type Conv2dLayer, convolutionLayer } from './convolution.js';
import { type DenseLayer, denseLayer } from './dense.js';
import {
  type DepthwiseConv1dLayer,
  type DepthwiseConv2dLayer,
  depthwiseLayer,
  type SeparableConv1dLayer,
  type SeparableConv2dLayer,
  separableLayer,
} from './depthwise.js';
import { type AlphaDropoutLayer, type DropoutLayer, dropoutLayer, type SpatialDropoutLayer } from './dropout.js';
import { type EmbeddingBagLayer, type EmbeddingLayer, embeddingLayer } from './embedding.js';
import { remake } from './factories.js';
import { type FlattenLayer, flattenLayer } from './flatten.js';
import { type GaussianNoiseLayer, gaussianNoiseLayer } from './gaussianNoise.js';
import { type GroupNormalizationLayer, groupNormalizationLayer } from './groupNorm.js';
import type { LayerDefinition } from './layer.js';
import { type ConcatenateLayer, concatenateLayer, type MergeLayer, mergeLayer } from './merge.js';
import { type NormalizationLayer, normalizationLayer } from './normalization.js';
import { type GlobalPoolLayer, type PoolLayer, poolLayer } from './pooling.js';
import {
  type PositionEmbeddingLayer,
  positionEmbeddingLayer,
  type SinusoidalPositionsLayer,
  sinusoidalPositionsLayer,
} from './positionEmbedding.js';
import {
  type BorderLayer,
  borderLayer,
  type ReshapeLayer,
  reshapeLayer,
  type UpSampling2dLayer,
  upSampling2dLayer,
} from './positions.js';
import { type RecurrentLayer, recurrentLayer } from './recurrent.js';
import { type LayerNormalizationLayer, type RmsNormalizationLayer, rowNormLayer } from './rowNorm.js';
import { type Conv2dTransposeLayer, conv2dTransposeLayer } from './transposed.js';
import { checkWritten } from './written.js';

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
  | SinusoidalPositionsLayer
  | AugmentationLayer;
export type LayerKind = Layer['kind'];

type Definitions = { readonly [K in LayerKind]: LayerDefinition<Extract<Layer, { kind: K }>> };

/** What chains for tables and images are made of. */
const ofChains = {
  dense: denseLayer,
  activation: activationLayer,
  dropout: dropoutLayer,
  flatten: flattenLayer,
  batchNormalization: batchNormalizationLayer,
  normalization: normalizationLayer,
  gaussianNoise: gaussianNoiseLayer,
  alphaDropout: dropoutLayer,
  layerNormalization: rowNormLayer,
  rmsNormalization: rowNormLayer,
  reshape: reshapeLayer,
  conv2d: convolutionLayer,
  conv1d: convolutionLayer,
  depthwiseConv2d: depthwiseLayer,
  depthwiseConv1d: depthwiseLayer,
  separableConv2d: separableLayer,
  separableConv1d: separableLayer,
  conv2dTranspose: conv2dTransposeLayer,
  maxPool2d: poolLayer,
  averagePool2d: poolLayer,
  maxPool1d: poolLayer,
  averagePool1d: poolLayer,
  globalMaxPool2d: poolLayer,
  globalAveragePool2d: poolLayer,
  globalMaxPool1d: poolLayer,
  globalAveragePool1d: poolLayer,
  zeroPadding2d: borderLayer,
  zeroPadding1d: borderLayer,
  cropping2d: borderLayer,
  upSampling2d: upSampling2dLayer,
  spatialDropout: dropoutLayer,
  groupNormalization: groupNormalizationLayer,
  randomFlip: augmentationLayer,
  randomTranslation: augmentationLayer,
  randomRotation: augmentationLayer,
  randomCrop: augmentationLayer,
  randomBrightness: augmentationLayer,
  cutout: augmentationLayer,
} satisfies Partial<Definitions>;

/** What `myelin/predict/chains` leaves out. */
const others: Omit<Definitions, keyof typeof ofChains> = {
  embedding: embeddingLayer,
  embeddingBag: embeddingLayer,
  add: mergeLayer,
  subtract: mergeLayer,
  multiply: mergeLayer,
  average: mergeLayer,
  maximum: mergeLayer,
  concatenate: concatenateLayer,
  slice: sliceLayer,
  permute: permuteLayer,
  repeatVector: repeatVectorLayer,
  simpleRnn: recurrentLayer,
  lstm: recurrentLayer,
  gru: recurrentLayer,
  bidirectional: bidirectionalLayer,
  multiHeadAttention: multiHeadAttentionLayer,
  positionEmbedding: positionEmbeddingLayer,
  sinusoidalPositions: sinusoidalPositionsLayer,
};

/** Their names, which chains know: a kind that is in neither is no entry's. */
const elsewhere: Readonly<Record<keyof typeof others, 1>> = {
  embedding: 1,
  embeddingBag: 1,
  add: 1,
  subtract: 1,
  multiply: 1,
  average: 1,
  maximum: 1,
  concatenate: 1,
  slice: 1,
  permute: 1,
  repeatVector: 1,
  simpleRnn: 1,
  lstm: 1,
  gru: 1,
  bidirectional: 1,
  multiHeadAttention: 1,
  positionEmbedding: 1,
  sinusoidalPositions: 1,
};

const definitions = (CHAINS_ONLY ? ofChains : { ...ofChains, ...others }) as Definitions;

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
  if (CHAINS_ONLY && Object.keys(elsewhere).includes(String(layer.kind))) throw leftOut(where, describe(layer.kind));
  checkChoice(`${where}: kind of layer`, layer.kind, layerKinds);
  return FORWARD_ONLY ? checkWritten(where, layer as Layer) : remake(where, layer as Layer);
}
