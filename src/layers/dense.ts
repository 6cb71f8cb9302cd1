/** The fully connected layer: y = f(x · w + b). */
import { checkBoolean, checkInteger, checkOptions, wrongValue } from '../errors.js';
import { type Initializer, type InitializerConfig, resolveInitializer } from '../initializers/index.js';
import type { Builder, Extent, Value } from '../plan/builder.js';
import { formatBytes, scaleName } from '../plan/formats.js';
import type { Region } from '../plan/memory.js';
import { denseForward, denseForwardQuantized, denseInputGradient, denseWeightGradient } from '../plan/ops/dense.js';
import { PANEL, panelBytes, panelCount } from '../plan/panels.js';
import { type ActivationConfig, type ActivationName, resolveActivation } from './activations.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import { emitActivation, emitActivationGradient, runsInPlace } from './elementwise.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';
import { checkRegularization, type RegularizationOptions, regularizationNames } from './regularization.js';

export interface DenseOptions extends CommonOptions, RegularizationOptions {
  /** What acts on each output; none unless told. */
  readonly activation?: ActivationName | ActivationConfig;
  /** Whether a bias is added; true unless told. */
  readonly useBias?: boolean;
  /** How weights begin; `'glorotUniform'` unless told. */
  readonly weightInitializer?: Initializer;
  /** How biases begin; `'zeros'` unless told. */
  readonly biasInitializer?: Initializer;
}

export interface DenseLayer extends Common, RegularizationOptions {
  readonly kind: 'dense';
  readonly units: number;
  readonly activation: ActivationConfig;
  readonly useBias: boolean;
  readonly weightInitializer: InitializerConfig;
  readonly biasInitializer: InitializerConfig;
}

const optionNames = [
  ...(['activation', 'useBias', 'weightInitializer', 'biasInitializer'] as const),
  ...regularizationNames,
  ...commonNames,
] as const;

/**
 * A fully connected layer: `activation(x · weight + bias)` with weight `[inputs, units]` and bias `[units]`, from
 * `[rows, inputs]` to `[rows, units]`. Of a longer shape it acts on the last axis, with the same weights at each
 * position.
 *
 * @throws TypeError for an unknown option, RangeError where `units` is not a whole number from 1 up.
 */
export function dense(units: number, options: DenseOptions = {}): DenseLayer {
  const where = `dense(${typeof units === 'number' ? units : '?'})`;
  checkOptions(where, options, optionNames);
  const {
    activation = 'linear',
    useBias = true,
    weightInitializer = 'glorotUniform',
    biasInitializer = 'zeros',
  } = options;
  const bias = resolveInitializer(`${where}: biasInitializer`, biasInitializer);
  if (bias.kind === 'orthogonal') {
    throw wrongValue(`${where}: biasInitializer`, 'an initialiser for a vector', `'orthogonal'`, `take 'zeros'`);
  }
  return Object.freeze({
    kind: 'dense',
    units: checkInteger(`${where}: units`, units, 1, 2 ** 24),
    activation: resolveActivation(`${where}: activation`, activation),
    useBias: checkBoolean(`${where}: useBias`, useBias),
    weightInitializer: resolveInitializer(`${where}: weightInitializer`, weightInitializer),
    biasInitializer: bias,
    ...checkRegularization(where, options),
    ...checkCommon(where, options),
  });
}

export const denseLayer: LayerDefinition<DenseLayer, Value> = {
  options: ['units', ...optionNames],
  check(layer) {
    const { kind: _, units, ...options } = layer as Partial<DenseLayer>;
    return dense(units as number, options);
  },

  describe: layer => `dense(${layer.units})`,

  outputShape: (layer, input) => [...input.slice(0, -1), layer.units],

  parameters(layer, input) {
    const weight = { name: 'weight', shape: [input.at(-1) ?? 1, layer.units], initializer: layer.weightInitializer };
    const bias = { name: 'bias', shape: [layer.units], initializer: layer.biasInitializer };
    return layer.useBias ? [weight, bias] : [weight];
  },

  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, place, name, input } = site;
    const activation = site.skipActivation ? linear : layer.activation;
    const rectified = activation.kind === 'relu';
    const z = preActivation(builder, site, activation);
    const { weight, bias } = site.parameters;
    const fields = {
      y: z.data,
      x: input.data,
      w: weight?.data ?? 0,
      b: bias?.data ?? 0,
      inputs: input.columns,
      outputs: layer.units,
      floor: rectified ? 0 : Number.NEGATIVE_INFINITY,
      paired: builder.paired,
    } as const;
    if (weight === undefined || weight.format === 'float32') {
      // Only the first layer's: those after it would wait for all of their input, and mostly have fewer weights.
      const byOutputs = Number(site.first && builder.byOutputs(layer.units));
      builder.emit(denseForward, name, { ...fields, byOutputs, ownBytes: input.ownBytes }, input.positions);
    } else {
      const quantized = {
        ...fields,
        scale: site.parameters[scaleName('weight')]?.data ?? 0,
        bits: 8 * formatBytes[weight.format],
        ...builder.scratch(panelBytes(input.columns, PANEL)),
      } as const;
      builder.emit(denseForwardQuantized, name, quantized, input.positions);
    }
    if (rectified || activation.kind === 'linear') return { output: z, saved: z };
    const y = builder.value(place, extentOf(site));
    emitActivation(builder, name, activation, z, y);
    return { output: y, saved: z };
  },
};

const linear: ActivationConfig = { kind: 'linear' };

function extentOf({ layer, input }: Site<DenseLayer>): Extent {
  return { positions: input.positions, columns: layer.units };
}

/** x · w + b: in the output's own place where nothing but the output is needed later. */
function preActivation(builder: Builder, site: Site<DenseLayer>, activation: ActivationConfig): Value {
  const { place } = site;
  const extent = extentOf(site);
  if (activation.kind === 'linear' || activation.kind === 'relu') {
    // The logits of a skipped softmax are not the layer's output, and have a place of their own.
    const role = site.skipActivation ? 'logits' : '';
    return builder.value(place, extent, { role, rectified: activation.kind === 'relu' });
  }
  const y = builder.value(place, extent);
  return builder.value(place, extent, { role: 'linear', ...(runsInPlace(activation) && { data: y.data }) });
}

export const denseBackward: LayerBackward<DenseLayer, Value> = (builder, site, { output, saved: z }, gradients) => {
  const { layer, name, input } = site;
  const activation = site.skipActivation ? linear : layer.activation;
  const dy = gradients.of(output);
  if (activation.kind !== 'linear' && !gradients.isStopped(output)) {
    // dz takes dy's place.
    emitActivationGradient(builder, name, activation, z, output, { dx: dy, dy });
  }
  const sizes = { inputs: input.columns, outputs: layer.units, paired: builder.paired };
  const { weight, bias } = site.parameters;
  // First the weights, of whose dy threads can mostly read what they wrote themselves; dx needs all of it.
  gradients.learn(name, { weight, bias }, d => {
    const weightGradient = {
      dw: d.weight ?? 0,
      db: d.bias ?? 0,
      x: input.data,
      dy,
      ...sizes,
      byOutputs: Number(builder.byOutputs(layer.units)),
      ownBytes: input.ownBytes,
    } as const;
    builder.emit(denseWeightGradient, name, weightGradient, input.positions);
  });
  const emit = (dx: Region) => {
    const inputGradient = {
      dx,
      dy,
      w: weight?.data ?? 0,
      rectified: input.rectified ? input.data : 0,
      ...builder.scratch(panelBytes(PANEL + panelCount(layer.units) * PANEL, PANEL)),
      ...sizes,
    } as const;
    builder.emit(denseInputGradient, name, inputGradient, input.positions);
  };
  gradients.give(input, name, emit, input.rectified);
};
