/** The kinds of layers, going backward, and forward where a training step is another thing than predicting. */
import { activationBackward } from './activation.js';
import { permuteBackward, repeatVectorBackward, sliceBackward } from './arrange.js';
import { batchNormalizationBackward, batchNormalizationForwardInTraining } from './batchNormalization.js';
import { denseBackward } from './dense.js';
import { dropoutBackward, dropoutForwardInTraining } from './dropout.js';
import { embeddingBackward } from './embedding.js';
import { flattenBackward } from './flatten.js';
import { gaussianNoiseBackward, gaussianNoiseForwardInTraining } from './gaussianNoise.js';
import type { Layer, LayerKind } from './index.js';
import type { LayerBackward, LayerForward } from './layer.js';
import { concatenateBackward, mergeBackward } from './merge.js';
import { normalizationBackward } from './normalization.js';
import { rowNormBackward } from './rowNorm.js';

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
};

/** How the layer's kind goes forward in a training step, where that is not as while predicting. */
export function trainingForwardOf(layer: Layer): LayerForward<Layer, unknown> | undefined {
  return trainingForwards[layer.kind] as LayerForward<Layer, unknown> | undefined;
}
