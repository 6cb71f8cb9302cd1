/** What layers with weights, a bias and an activation have in common. */
import { checkBoolean, wrongValue } from '../errors.js';
import { type Initializer, type InitializerConfig, resolveInitializer } from '../initializers/index.js';
import type { Builder, Extent, Value } from '../plan/builder.js';
import { formatBytes, scaleName } from '../plan/formats.js';
import type { Gradients } from '../plan/gradients.js';
import type { Region } from '../plan/memory.js';
import { widenWeights } from '../plan/ops/dense.js';
import { panelBytes } from '../plan/panels.js';
import { type ActivationConfig, type ActivationName, resolveActivation } from './activations.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import { emitActivation, emitActivationGradient, runsInPlace } from './elementwise.js';
import type { ParameterSpec, Past, Site } from './layer.js';
import { checkRegularization, type RegularizationOptions, regularizationNames } from './regularization.js';

export interface WeightedOptions extends CommonOptions, RegularizationOptions {
  /** What acts on each output; none by default. */
  readonly activation?: ActivationName | ActivationConfig;
  /** Whether a bias is added; true by default. */
  readonly useBias?: boolean;
  /** How weights begin; `'glorotUniform'` by default. */
  readonly weightInitializer?: Initializer;
  /** How biases begin; `'zeros'` by default. */
  readonly biasInitializer?: Initializer;
}

export interface Weighted extends Common, RegularizationOptions {
  readonly activation: ActivationConfig;
  readonly useBias: boolean;
  readonly weightInitializer: InitializerConfig;
  readonly biasInitializer: InitializerConfig;
}

export const weightedNames = [
  ...(['activation', 'useBias', 'weightInitializer', 'biasInitializer'] as const),
  ...regularizationNames,
  ...commonNames,
] as const;

/** The same, checked, of a layer as plain data. */
export function checkWeighted(where: string, options: WeightedOptions): Weighted {
  const {
    activation = 'linear',
    useBias = true,
    weightInitializer = 'glorotUniform',
    biasInitializer = 'zeros',
  } = options;
  return {
    activation: resolveActivation(`${where}: activation`, activation),
    useBias: checkBoolean(`${where}: useBias`, useBias),
    weightInitializer: resolveInitializer(`${where}: weightInitializer`, weightInitializer),
    biasInitializer: checkBiasInitializer(where, biasInitializer),
    ...checkRegularization(where, options),
    ...checkCommon(where, options),
  };
}

export function checkBiasInitializer(where: string, initializer: Initializer): InitializerConfig {
  const bias = resolveInitializer(`${where}: biasInitializer`, initializer);
  if (bias.kind === 'orthogonal') {
    throw wrongValue(`${where}: biasInitializer`, 'an initialiser for a vector', `'orthogonal'`, `take 'zeros'`);
  }
  return bias;
}

/** The bias of so many outputs, where the layer has one. */
export function biasOf({ useBias, biasInitializer }: Weighted, outputs: number): ParameterSpec[] {
  return useBias ? [{ name: 'bias', shape: [outputs], initializer: biasInitializer }] : [];
}

const linear: ActivationConfig = { kind: 'linear' };

function activationOf({ layer, skipActivation }: Site<Weighted>): ActivationConfig {
  return skipActivation ? linear : layer.activation;
}

/**
 * The layer's output, of what `emit` emits: `z`, the sums before the activation, none of them below `floor`. They lie
 * in the output's own place where nothing but the output is needed later.
 */
export function forwardWeighted(
  builder: Builder,
  site: Site<Weighted>,
  extent: Extent,
  emit: (z: Value, floor: number) => void,
): Past<Value> {
  const { place, name, skipActivation } = site;
  const activation = activationOf(site);
  const rectified = activation.kind === 'relu';
  if (rectified || activation.kind === 'linear') {
    // The logits of a skipped softmax are not the layer's output, and have a place of their own.
    const z = builder.value(place, extent, { role: skipActivation ? 'logits' : '', rectified });
    emit(z, rectified ? 0 : Number.NEGATIVE_INFINITY);
    return { output: z, saved: z };
  }
  const y = builder.value(place, extent);
  const z = builder.value(place, extent, { role: 'linear', ...(runsInPlace(activation) && { data: y.data }) });
  emit(z, Number.NEGATIVE_INFINITY);
  emitActivation(builder, name, activation, z, y);
  return { output: y, saved: z };
}

/** The gradient of the sums before the activation, in the place of the output's. */
export function backThroughActivation(
  builder: Builder,
  site: Site<Weighted>,
  { output, saved: z }: Past<Value>,
  gradients: Gradients,
): Region {
  const activation = activationOf(site);
  const dy = gradients.of(output);
  if (activation.kind !== 'linear' && !gradients.isStopped(output)) {
    emitActivationGradient(builder, site.name, activation, z, output, { dx: dy, dy });
  }
  return dy;
}

/** The layer's weights as float32, made of those of fewer bits where a model has such. */
export function floatWeights(
  builder: Builder,
  { place, name, parameters }: Site<unknown>,
  which: string,
  prefix = '',
): Region | 0 {
  const weight = parameters[which];
  if (weight === undefined || weight.format === 'float32') return weight?.data ?? 0;
  const { rows: inputs, columns: outputs, data: w, format } = weight;
  const to = builder.room(place, panelBytes(inputs, outputs), prefix + which);
  const scale = parameters[scaleName(which)]?.data ?? 0;
  builder.emit(widenWeights, name, { to, w, scale, inputs, outputs, bits: 8 * formatBytes[format] });
  return to;
}

/** A site with one of its layer's weights as `weight`, and as `bias` its bias, where it has one. */
export function partOf<L>(site: Site<L>, weightName: string, biasName: string): Site<L> {
  const { [weightName]: weight, [biasName]: bias, [scaleName(weightName)]: scale } = site.parameters;
  const parameters = {
    ...(weight && { weight }),
    ...(bias && { bias }),
    ...(scale && { [scaleName('weight')]: scale }),
  };
  return { ...site, parameters, first: false };
}
