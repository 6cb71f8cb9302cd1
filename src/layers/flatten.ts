/** Flattening: a matter of shapes alone. */
import { checkOptions } from '../errors.js';
import { size } from '../shape.js';
import type { LayerBackward, LayerDefinition } from './layer.js';

export interface FlattenLayer {
  readonly kind: 'flatten';
}

/** From `[rows, 28, 28]` to `[rows, 784]`, row-major. Nothing is moved. */
export function flatten(options: Record<string, never> = {}): FlattenLayer {
  checkOptions('flatten', options, []);
  return Object.freeze({ kind: 'flatten' });
}

export const flattenLayer: LayerDefinition<FlattenLayer, undefined> = {
  describe: () => 'flatten',
  outputShape: (_, input) => [size(input)],
  parameters: () => [],
  layout: () => 'flat',
  forward: (_, { input }) => ({ output: input, saved: undefined }),
};

export const flattenBackward: LayerBackward<unknown, undefined> = () => {};
