/** The kinds of layers, going backward, and forward where a training step is another thing than predicting. */
import { activationBackward } from './activation.js';
import { permuteBackward, repeatVectorBackward, sliceBackward } from './arrange.js';
import { multiHeadAttentionBackward, multiHeadAttentionForwardInTraining } from './attention.js';
import { augmentationBackward, augmentationForwardInTraining } from './augmentation.js';
import { batchNormalizationBackward, batchNormalizationForwardInTraining } from './batchNormalization.js';
import { bidirectionalBackward } from './bidirectional.js';
import { convolutionBackward } from './convolution.js';
import { denseBackward } from './dense.js';
import { depthwiseBackward, separableBackward } from './depthwise.js';
import { dropoutBackward, dropoutForwardInTraining } from './dropout.js';
import { embeddingBackward } from './embedding.js';
import { flattenBackward } from './flatten.js';
import { gaussianNoiseBackward, gaussianNoiseForwardInTraining } from './gaussianNoise.js';
import { groupNormalizationBackward } from './groupNorm.js';
import type { Layer, LayerKind } from './index.js';
import type { LayerBackward, LayerForward } from './layer.js';
import { concatenateBackward, mergeBackward } from './merge.js';
import { normalizationBackward } from './normalization.js';
import { poolBackward } from './pooling.js';
import { positionsBackward } from './positionEmbedding.js';
import { borderBackward, upSampling2dBackward } from './positions.js';
import { recurrentBackward } from './recurrent.js';
import { rowNormBackward } from './rowNorm.js';
import { conv2dTransposeBackward } from './transposed.js';

const backwards: { readonly [K in LayerKind]: LayerBackward<Extract<Layer, { kind: K }>, never> } = {
  dense: denseBackward,
  activation: activationBackward,
  dropout: dropoutBackward,
  flatten: flattenBackward,
  embedding: embeddingBackward,
  embeddingBag: embeddingBackward,
  batchNormalization: batchNormalizationBackward,
  normalization: normalizationBackward,
  gaussianNoise: gaussianNoiseBackward,
  alphaDropout: dropoutBackward,
  layerNormalization: rowNormBackward,
  rmsNormalization: rowNormBackward,
  add: mergeBackward,
  subtract: mergeBackward,
  multiply: mergeBackward,
  average: mergeBackward,
  maximum: mergeBackward,
  concatenate: concatenateBackward,
  slice: sliceBackward,
  permute: permuteBackward,
  repeatVector: repeatVectorBackward,
  reshape: flattenBackward,
  conv2d: convolutionBackward,
  conv1d: convolutionBackward,
  depthwiseConv2d: depthwiseBackward,
  depthwiseConv1d: depthwiseBackward,
  separableConv2d: separableBackward,
  separableConv1d: separableBackward,
  conv2dTranspose: conv2dTransposeBackward,
  maxPool2d: poolBackward,
  averagePool2d: poolBackward,
  maxPool1d: poolBackward,
  averagePool1d: poolBackward,
  globalMaxPool2d: poolBackward,
  globalAveragePool2d: poolBackward,
  globalMaxPool1d: poolBackward,
  globalAveragePool1d: poolBackward,
  zeroPadding2d: borderBackward,
  zeroPadding1d: borderBackward,
  cropping2d: borderBackward,
  upSampling2d: upSampling2dBackward,
  spatialDropout: dropoutBackward,
  groupNormalization: groupNormalizationBackward,
  simpleRnn: recurrentBackward,
  lstm: recurrentBackward,
  gru: recurrentBackward,
  bidirectional: bidirectionalBackward,
  multiHeadAttention: multiHeadAttentionBackward,
  positionEmbedding: positionsBackward,
  sinusoidalPositions: positionsBackward,
  randomFlip: augmentationBackward,
  randomTranslation: augmentationBackward,
  randomRotation: augmentationBackward,
  randomCrop: augmentationBackward,
  randomBrightness: augmentationBackward,
  cutout: augmentationBackward,
};

/** How the layer's kind goes backward, from what its own way forward saved. */
export function backwardOf(layer: Layer): LayerBackward<Layer, unknown> {
  return backwards[layer.kind] as LayerBackward<Layer, unknown>;
}

const trainingForwards: { readonly [K in LayerKind]?: LayerForward<Extract<Layer, { kind: K }>, unknown> } = {
  batchNormalization: batchNormalizationForwardInTraining,
  dropout: dropoutForwardInTraining,
  gaussianNoise: gaussianNoiseForwardInTraining,
  alphaDropout: dropoutForwardInTraining,
  spatialDropout: dropoutForwardInTraining,
  multiHeadAttention: multiHeadAttentionForwardInTraining,
  randomFlip: augmentationForwardInTraining,
  randomTranslation: augmentationForwardInTraining,
  randomRotation: augmentationForwardInTraining,
  randomCrop: augmentationForwardInTraining,
  randomBrightness: augmentationForwardInTraining,
  cutout: augmentationForwardInTraining,
};

/** How the layer's kind goes forward in a training step, where that is not as while predicting. */
export function trainingForwardOf(layer: Layer): LayerForward<Layer, unknown> | undefined {
  return trainingForwards[layer.kind] as LayerForward<Layer, unknown> | undefined;
}
