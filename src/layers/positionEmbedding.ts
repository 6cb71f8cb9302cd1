/** What tells steps apart: a row of its own for each, learnt or of sines, is added to their features. */
import { checkInteger, checkOptions, wrongValue } from '../errors.js';
import { type Initializer, type InitializerConfig, resolveInitializer } from '../initializers/index.js';
import type { Builder } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { copyColumns } from '../plan/ops/merge.js';
import { addSteps, stepsGradient } from '../plan/ops/sequence.js';
import { panelBytes, toPanels } from '../plan/panels.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import type { LayerBackward, LayerDefinition, Past, Site } from './layer.js';
import { checkRegularization, type WeightRegularization } from './regularization.js';
import { floatWeights } from './weighted.js';
import { checkImage } from './window.js';

export interface PositionEmbeddingOptions extends CommonOptions, WeightRegularization {
  /** How rows begin; `'glorotUniform'` by default. */
  readonly weightInitializer?: Initializer;
}

export interface PositionEmbeddingLayer extends Common, WeightRegularization {
  readonly kind: 'positionEmbedding';
  readonly steps: number;
  readonly weightInitializer: InitializerConfig;
}

export interface SinusoidalPositionsLayer {
  readonly kind: 'sinusoidalPositions';
}

export const positionEmbeddingNames = [
  'weightInitializer',
  'weightRegularizer',
  'weightConstraint',
  ...commonNames,
] as const;

/**
 * Adds a row of `weight`, `[steps, features]`, to each step of `[rows, steps, features]`, or of fewer steps.
 *
 * @throws TypeError for an unknown option, RangeError for a sequence of more steps
 */
export function positionEmbedding(steps: number, options: PositionEmbeddingOptions = {}): PositionEmbeddingLayer {
  const where = 'positionEmbedding';
  checkOptions(where, options, positionEmbeddingNames);
  const { weightInitializer = 'glorotUniform' } = options;
  return Object.freeze({
    kind: where,
    steps: checkInteger(`${where}: steps`, steps, 1, 2 ** 24),
    weightInitializer: resolveInitializer(`${where}: weightInitializer`, weightInitializer),
    ...checkRegularization(where, options),
    ...checkCommon(where, options),
  });
}

/**
 * Adds to feature 2i of step t, of `[rows, steps, features]`, sin(t / 10000^(2i / features)), and to the one behind it
 * the cosine. Vaswani et al., «Attention is all you need», 2017.
 */
export function sinusoidalPositions(options: Record<string, never> = {}): SinusoidalPositionsLayer {
  checkOptions('sinusoidalPositions', options, []);
  return Object.freeze({ kind: 'sinusoidalPositions' });
}

function emitAdded(
  builder: Builder,
  { place, name, input }: Site<unknown>,
  w: Region | 0,
  steps: number,
): Past<undefined> {
  const { positions, columns } = input;
  const y = builder.value(place, input);
  builder.emit(addSteps, name, { y: y.data, x: input.data, w, columns, steps }, positions);
  return { output: y, saved: undefined };
}

export const positionEmbeddingLayer: LayerDefinition<PositionEmbeddingLayer, undefined> = {
  describe: ({ kind, steps }) => `${kind}(${steps})`,

  outputShape({ kind, steps }, input, from) {
    const [length = 1] = checkImage(kind, input, from, 1);
    if (length > steps) throw wrongValue(kind, `at most ${steps} steps`, `${length} from ${from}`);
    return input;
  },

  parameters: ({ steps, weightInitializer: initializer }, input) => [
    { name: 'weight', shape: [steps, input.at(-1) ?? 1], initializer },
  ],
  steps: () => 'all',
  layout: () => 'lastAxis',
  forward: (builder, site) => emitAdded(builder, site, floatWeights(builder, site, 'weight'), site.layer.steps),
};

export const sinusoidalPositionsLayer: LayerDefinition<SinusoidalPositionsLayer, undefined> = {
  describe: ({ kind }) => kind,
  outputShape({ kind }, input, from) {
    checkImage(kind, input, from, 1);
    return input;
  },
  parameters: () => [],
  steps: () => 'all',
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { positions, columns } = site.input;
    const table = builder.constant(site.place, 'positions', () => {
      const panels = new Float32Array(panelBytes(positions, columns) / 4);
      toPanels(panels, sines(positions, columns), positions, columns);
      return new Int32Array(panels.buffer);
    });
    return emitAdded(builder, site, table, positions);
  },
};

function sines(steps: number, features: number): Float32Array {
  return Float32Array.from({ length: steps * features }, (_, i) => {
    const feature = i % features;
    const pair = feature - (feature % 2);
    const angle = Math.floor(i / features) * exponential((-LN_10000 * pair) / features);
    return sine(feature % 2 === 0 ? angle : angle + HALF_PI);
  });
}

const LN_10000 = 9.210340371976184;
const HALF_PI = 1.5707963267948966;

// Engines differ in the last bits of their own. Taylor's series near 0, to float64's precision.

function sine(angle: number): number {
  const x = angle - 4 * HALF_PI * Math.round(angle / (4 * HALF_PI));
  let sum = 1;
  for (let k = 28, square = x * x; k >= 2; k -= 2) sum = 1 - (square / (k * (k + 1))) * sum;
  return x * sum;
}

/** e to the power of x from −10 to 0. */
function exponential(x: number): number {
  let sum = 1;
  for (let k = 16; k >= 1; k--) sum = 1 + ((x / 16) * sum) / k;
  for (let k = 0; k < 4; k++) sum *= sum;
  return sum;
}

export const positionsBackward: LayerBackward<PositionEmbeddingLayer | SinusoidalPositionsLayer, undefined> = (
  builder,
  { layer, name, input, parameters },
  { output },
  gradients,
) => {
  const { positions, columns } = input;
  const dy = gradients.of(output);
  if (layer.kind === 'positionEmbedding') {
    gradients.learn(name, { weight: parameters.weight }, d => {
      builder.emit(stepsGradient, name, { dw: d.weight ?? 0, dy, columns, steps: layer.steps }, positions);
    });
  }
  gradients.give(input, name, y => {
    builder.emit(copyColumns, name, { y, x: dy, columns, from: 0, to: 0, count: columns, alone: 1 }, positions);
  });
};
