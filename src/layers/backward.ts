/** The kinds of layers, going backward. */
import { activationBackward } from './activation.js';
import { denseBackward } from './dense.js';
import { dropoutBackward } from './dropout.js';
import { flattenBackward } from './flatten.js';
import type { Layer, LayerKind } from './index.js';
import type { LayerBackward } from './layer.js';
import { rowNormBackward } from './rowNorm.js';

const backwards: { readonly [K in LayerKind]: LayerBackward<Extract<Layer, { kind: K }>, never> } = {
  dense: denseBackward,
  activation: activationBackward,
  dropout: dropoutBackward,
  flatten: flattenBackward,
  layerNormalization: rowNormBackward,
  rmsNormalization: rowNormBackward,
};

/** How the layer's kind goes backward, from what its own way forward saved. */
export function backwardOf(layer: Layer): LayerBackward<Layer, unknown> {
  return backwards[layer.kind] as LayerBackward<Layer, unknown>;
}
