/**
 * Batch normalisation: each column by the batch's own mean and deviation, and while predicting by moving averages of
 * them.
 */
import { checkBoolean, checkNumber, checkOptions } from '../errors.js';
import type { Builder } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { columnChunks, columnNormForward, columnNormGradient, columnSums, moveAverages } from '../plan/ops/norm.js';
import { panelBytes } from '../plan/panels.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import type { LayerBackward, LayerDefinition, LayerForward, ParameterSpec, Past, Site } from './layer.js';

export interface BatchNormalizationOptions extends CommonOptions {
  /** Added to the variance; 1e-3 by default. */
  readonly epsilon?: number;
  /** How much of the moving averages stays at each step; 0.99 by default. */
  readonly momentum?: number;
  /** Whether `beta` is added; true by default. */
  readonly center?: boolean;
  /** Whether it is multiplied by `gamma`; true by default. */
  readonly scale?: boolean;
}

export interface BatchNormalizationLayer extends Common {
  readonly kind: 'batchNormalization';
  readonly epsilon: number;
  readonly momentum: number;
  readonly center: boolean;
  readonly scale: boolean;
}

export const batchNormalizationNames = ['epsilon', 'momentum', 'center', 'scale', ...commonNames] as const;

/**
 * Each feature less its mean over the batch, divided by its deviation there, then times `gamma` plus `beta`:
 * `(x − mean) / √(variance + epsilon) · gamma + beta`, from `[rows, …, features]` to the same; positions count as rows.
 * Moving averages of mean and (biased) variance, `momentum` of the old and the rest of the batch's at each step of
 * training, take their place while predicting, judging and evaluating. `gamma`, `beta` and the state `movingMean` and
 * `movingVariance` are `[features]`. One that is not `trainable` takes the moving averages while training too. Ioffe
 * and Szegedy, «Batch normalization», 2015; Keras's defaults.
 *
 * @throws TypeError for an unknown option, RangeError where `epsilon` is not above 0 or `momentum` not from 0 to below
 *   1
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): BatchNormalizationLayer {
  const where = 'batchNormalization';
  checkOptions(where, options, batchNormalizationNames);
  const { epsilon = 1e-3, momentum = 0.99, center = true, scale = true } = options;
  return Object.freeze({
    kind: where,
    epsilon: checkNumber(`${where}: epsilon`, epsilon, { above: 0 }),
    momentum: checkNumber(`${where}: momentum`, momentum, { min: 0, below: 1 }),
    center: checkBoolean(`${where}: center`, center),
    scale: checkBoolean(`${where}: scale`, scale),
    ...checkCommon(where, options),
  });
}

/** What columns were normalised by: the batch's own numbers, or fixed ones. */
interface Moments {
  readonly mean: Region | 0;
  readonly variance: Region | 0;
  readonly isFixed: boolean;
}

export const batchNormalizationLayer: LayerDefinition<BatchNormalizationLayer, Moments> = {
  describe: ({ kind }) => kind,
  outputShape: (_, input) => input,

  parameters({ center, scale }, input): readonly ParameterSpec[] {
    const shape = input.slice(-1);
    const [zeros, ones] = [{ kind: 'zeros' }, { kind: 'ones' }] as const;
    return [
      ...(scale ? [{ name: 'gamma', shape, initializer: ones }] : []),
      ...(center ? [{ name: 'beta', shape, initializer: zeros }] : []),
      { name: 'movingMean', shape, initializer: zeros, trainable: false },
      { name: 'movingVariance', shape, initializer: ones, trainable: false },
    ];
  },

  layout: () => 'lastAxis',

  forward: (builder, site) => {
    const { movingMean, movingVariance } = site.parameters;
    return emitNorm(builder, site, { mean: movingMean?.data ?? 0, variance: movingVariance?.data ?? 0, isFixed: true });
  },
};

/** Rows that a thread sums up at a time: `CHUNK` in `assembly/ops/columnNorm.ts`. */
const CHUNK = 64;

/** What is summed up over a value's rows. */
type Summed = { readonly x: Region; readonly dy: Region | 0; readonly epsilon: number } & Omit<Moments, 'isFixed'>;

/**
 * Emits sums of each chunk of a value's rows, in room that all layers share, and what they come to, which lies in these
 * two places, or in vectors of the layer's own of these names.
 */
export function emitSums(
  builder: Builder,
  { place, name, input: { columns, positions } }: Site<unknown>,
  summed: Summed,
  ...places: readonly [Region | string, Region | string]
): [Region, Region] {
  const chunks = builder.region('chunks', 0);
  chunks.growTo(2 * panelBytes(Math.ceil((builder.capacity * positions) / CHUNK), columns));
  const at = (where: Region | string) =>
    typeof where === 'string' ? builder.room(place, panelBytes(1, columns), where) : where;
  const [first, second] = [at(places[0]), at(places[1])];
  builder.emit(columnChunks, name, { chunks, ...summed, columns }, positions);
  builder.emit(columnSums, name, { chunks, first, second, columns, moments: Number(!summed.dy) }, positions);
  return [first, second];
}

function emitNorm(builder: Builder, site: Site<BatchNormalizationLayer>, moments: Moments): Past<Moments> {
  const { layer, place, name, input, parameters } = site;
  const { mean, variance } = moments;
  const y = builder.value(place, input);
  const fields = {
    y: y.data,
    x: input.data,
    mean,
    variance,
    gamma: parameters.gamma?.data ?? 0,
    beta: parameters.beta?.data ?? 0,
    columns: input.columns,
    epsilon: layer.epsilon,
    invert: 0,
  } as const;
  builder.emit(columnNormForward, name, fields, input.positions);
  return { output: y, saved: moments };
}

export const batchNormalizationForwardInTraining: LayerForward<BatchNormalizationLayer, Moments> = (builder, site) => {
  const { layer, name, input, parameters } = site;
  if (layer.trainable === false) return batchNormalizationLayer.forward(builder, site);
  const { columns } = input;
  const summed = { x: input.data, dy: 0, mean: 0, variance: 0, epsilon: 0 } as const;
  const [mean, variance] = emitSums(builder, site, summed, 'mean', 'variance');
  builder.later(() => {
    const [movingMean, movingVariance] = [
      parameters.movingMean?.data ?? 0,
      parameters.movingVariance?.data ?? 0,
    ] as const;
    builder.emit(moveAverages, name, { movingMean, movingVariance, mean, variance, columns, momentum: layer.momentum });
  });
  return emitNorm(builder, site, { mean, variance, isFixed: false });
};

export const batchNormalizationBackward: LayerBackward<BatchNormalizationLayer, Moments> = (
  builder,
  site,
  { output, saved: { mean, variance, isFixed } },
  gradients,
) => {
  const { layer, name, input, parameters } = site;
  const { gamma, beta } = parameters;
  const dy = gradients.of(output);
  const norm = { x: input.data, mean, variance, epsilon: layer.epsilon } as const;
  const goBack = (learned: { readonly gamma?: Region; readonly beta?: Region }) => {
    const [dgamma, dbeta] =
      isFixed && !learned.gamma && !learned.beta
        ? ([0, 0] as const)
        : emitSums(builder, site, { ...norm, dy }, learned.gamma ?? 'dgamma', learned.beta ?? 'dbeta');
    gradients.give(input, name, dx => {
      const fields = { dx, dgamma, dbeta, dy, ...norm, gamma: gamma?.data ?? 0, columns: input.columns } as const;
      builder.emit(columnNormGradient, name, { ...fields, invert: 0, fixed: Number(isFixed) }, input.positions);
    });
  };
  if (!gradients.learn(name, { gamma, beta }, goBack)) goBack({});
};
