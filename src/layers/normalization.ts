/** Features less their mean, divided by their deviation, inside the model; or outputs the other way round. */
import { checkBoolean, checkOptions } from '../errors.js';
import { columnNormForward, columnNormGradient } from '../plan/ops/norm.js';
import { type Common, checkCommon } from './common.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';

export interface NormalizationOptions {
  /** Whether it is the way back: at an output, from normal numbers to the targets' own. False by default. */
  readonly invert?: boolean;
  /** In place of `${index}.normalization`. */
  readonly name?: string;
}

export interface NormalizationLayer extends Pick<Common, 'name'> {
  readonly kind: 'normalization';
  readonly invert: boolean;
}

export const normalizationNames = ['invert', 'name'] as const;

/**
 * Each feature of the last axis less its mean, divided by its standard deviation: `(x − mean) / √variance`; with
 * `invert`, at an output, `x · √variance + mean`. The state `mean` and `variance`, `[features]`, is set by
 * `model.adapt`, and by a `fit` of a model where it is not set: from the training rows. Until then it is 0, and the
 * layer does nothing: a deviation of 0 counts as 1.
 *
 * @throws TypeError for an unknown option
 */
export function normalization(options: NormalizationOptions = {}): NormalizationLayer {
  const where = 'normalization';
  checkOptions(where, options, normalizationNames);
  const { invert = false, name } = options;
  return Object.freeze({
    kind: where,
    invert: checkBoolean(`${where}: invert`, invert),
    ...checkCommon(where, name === undefined ? {} : { name }),
  });
}

export const normalizationLayer: LayerDefinition<NormalizationLayer, undefined> = {
  describe: ({ kind, invert }) => (invert ? `${kind}(invert)` : kind),
  outputShape: (_, input) => input,

  parameters(_, input) {
    const state = { shape: input.slice(-1), initializer: { kind: 'zeros' }, trainable: false } as const;
    return [
      { name: 'mean', ...state },
      { name: 'variance', ...state },
    ];
  },

  steps: () => 'each',
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { place, name, input } = site;
    const y = builder.value(place, input);
    const fields = { ...fieldsOf(site), y: y.data, beta: 0 } as const;
    builder.emit(columnNormForward, name, fields, input.positions);
    return { output: y, saved: undefined };
  },
};

export const normalizationBackward: LayerBackward<NormalizationLayer, undefined> = (
  builder,
  site,
  { output },
  gradients,
) => {
  const { name, input } = site;
  gradients.give(input, name, dx => {
    const fields = { ...fieldsOf(site), dx, dy: gradients.of(output), dgamma: 0, dbeta: 0, fixed: 1 } as const;
    builder.emit(columnNormGradient, name, fields, input.positions);
  });
};

function fieldsOf({ layer, input, parameters }: Site<NormalizationLayer>) {
  return {
    x: input.data,
    mean: parameters.mean?.data ?? 0,
    variance: parameters.variance?.data ?? 0,
    gamma: 0,
    columns: input.columns,
    epsilon: 0,
    invert: Number(layer.invert),
  } as const;
}
