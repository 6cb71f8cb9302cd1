/** Layers that normalise each row by itself: layer normalisation, and without the mean RMS normalisation. */
import { checkNumber, checkOptions } from '../errors.js';
import type { Region } from '../plan/memory.js';
import { rowNormForward, rowNormGradient, rowNormParameterGradient } from '../plan/ops/norm.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import type { LayerBackward, LayerDefinition, ParameterSpec } from './layer.js';

export interface RowNormOptions extends CommonOptions {
  /** Added to the variance, or to the mean square, so that nothing is divided by 0. */
  readonly epsilon?: number;
}

interface RowNormLayer<K extends string> extends Common {
  readonly kind: K;
  readonly epsilon: number;
}

export type LayerNormalizationLayer = RowNormLayer<'layerNormalization'>;
export type RmsNormalizationLayer = RowNormLayer<'rmsNormalization'>;

export const rowNormNames = ['epsilon', ...commonNames] as const;

function rowNorm<K extends string>(kind: K, options: RowNormOptions, epsilon: number): RowNormLayer<K> {
  checkOptions(kind, options, rowNormNames);
  return Object.freeze({
    kind,
    epsilon: checkNumber(`${kind}: epsilon`, options.epsilon === undefined ? epsilon : options.epsilon, { above: 0 }),
    ...checkCommon(kind, options),
  });
}

/**
 * Each row less its mean, divided by its deviation, then times `gamma` plus `beta`: `(x − mean) / √(variance + epsilon)
 * · gamma + beta`, along the last axis. `gamma` and `beta` are `[features]` and begin at 1 and 0; `epsilon` is 1e-3
 * by default. Ba, Kiros and Hinton, «Layer normalization», 2016.
 *
 * @throws TypeError for an unknown option, RangeError where `epsilon` is not above 0
 */
export function layerNormalization(options: RowNormOptions = {}): LayerNormalizationLayer {
  return rowNorm('layerNormalization', options, 1e-3);
}

/**
 * Each row divided by the root of its mean square, then times `gamma`: `x / √(mean x² + epsilon) · gamma`, along
 * the last axis. `gamma` is `[features]` and begins at 1; `epsilon` is 1e-6 by default. Zhang and
 * Sennrich, «Root mean square layer normalization», 2019.
 *
 * @throws TypeError for an unknown option, RangeError where `epsilon` is not above 0
 */
export function rmsNormalization(options: RowNormOptions = {}): RmsNormalizationLayer {
  return rowNorm('rmsNormalization', options, 1e-6);
}

/** Each row's mean and 1 / deviation. */
type Moments = Region;

type AnyRowNorm = LayerNormalizationLayer | RmsNormalizationLayer;

const isCentered = ({ kind }: AnyRowNorm) => kind === 'layerNormalization';

export const rowNormLayer: LayerDefinition<AnyRowNorm, Moments> = {
  describe: ({ kind }) => kind,

  outputShape: (_, input) => input,

  parameters(layer, input): readonly ParameterSpec[] {
    const shape = input.slice(-1);
    const gamma: ParameterSpec = { name: 'gamma', shape, initializer: { kind: 'ones' } };
    return isCentered(layer) ? [gamma, { name: 'beta', shape, initializer: { kind: 'zeros' } }] : [gamma];
  },

  steps: () => 'each',
  layout: () => 'lastAxis',

  forward(builder, { layer, place, name, input, parameters }) {
    const { positions, columns } = input;
    const y = builder.value(place, input);
    const moments = builder.value(place, { positions, columns: 2 }, { role: 'moments' }).data;
    const fields = {
      y: y.data,
      x: input.data,
      gamma: parameters.gamma?.data ?? 0,
      beta: parameters.beta?.data ?? 0,
      moments,
      columns,
      centered: Number(isCentered(layer)),
      epsilon: layer.epsilon,
    } as const;
    builder.emit(rowNormForward, name, fields, positions);
    return { output: y, saved: moments };
  },
};

export const rowNormBackward: LayerBackward<AnyRowNorm, Moments> = (builder, site, past, gradients) => {
  const { layer, name, input, parameters } = site;
  const { positions, columns } = input;
  const places = { dy: gradients.of(past.output), x: input.data, moments: past.saved, columns };
  const { gamma, beta } = parameters;
  gradients.learn(name, { gamma, beta }, d => {
    const parts = { dgamma: d.gamma ?? 0, dbeta: d.beta ?? 0 } as const;
    builder.emit(rowNormParameterGradient, name, { ...places, ...parts }, positions);
  });
  gradients.give(input, name, dx => {
    const settings = { gamma: gamma?.data ?? 0, centered: Number(isCentered(layer)) } as const;
    builder.emit(rowNormGradient, name, { ...places, ...settings, dx }, positions);
  });
};
