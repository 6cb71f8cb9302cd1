/** The fully connected layer: y = f(x · w + b). */
import { checkBoolean, checkInteger, checkOptions, wrongKind, wrongValue } from '../errors.js';
import { type Initializer, type InitializerConfig, resolveInitializer } from '../initializers/index.js';
import type { Builder, Value } from '../plan/builder.js';
import { formatBytes, scaleName } from '../plan/formats.js';
import { denseForward, denseForwardQuantized, denseInputGradient, denseWeightGradient } from '../plan/ops/dense.js';
import { PANEL, panelBytes, panelCount } from '../plan/panels.js';
import { batchShape } from '../shape.js';
import { type ActivationConfig, type ActivationName, resolveActivation } from './activations.js';
import { emitActivation, emitActivationGradient, runsInPlace } from './elementwise.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';
import { checkName } from './name.js';

export interface DenseOptions {
  /** What acts on each output; none unless told. */
  readonly activation?: ActivationName | ActivationConfig;
  /** Whether a bias is added; true unless told. */
  readonly useBias?: boolean;
  /** How weights begin; `'glorotUniform'` unless told. */
  readonly weightInitializer?: Initializer;
  /** How biases begin; `'zeros'` unless told. */
  readonly biasInitializer?: Initializer;
  /** In place of `${index}.dense`. */
  readonly name?: string;
}

export interface DenseLayer {
  readonly kind: 'dense';
  readonly units: number;
  readonly activation: ActivationConfig;
  readonly useBias: boolean;
  readonly weightInitializer: InitializerConfig;
  readonly biasInitializer: InitializerConfig;
  readonly name?: string;
}

const optionNames = ['activation', 'useBias', 'weightInitializer', 'biasInitializer', 'name'] as const;

/**
 * A fully connected layer: `activation(x · weight + bias)` with weight `[inputs, units]` and bias `[units]`, from
 * `[rows, inputs]` to `[rows, units]`.
 *
 * @throws TypeError for an unknown option, RangeError where `units` is not a whole number from 1 up.
 */
export function dense(units: number, options: DenseOptions = {}): DenseLayer {
  const where = `dense(${typeof units === 'number' ? units : '?'})`;
  checkOptions(where, options, optionNames);
  const biasInitializer = resolveInitializer(`${where}: biasInitializer`, options.biasInitializer ?? 'zeros');
  if (biasInitializer.kind === 'orthogonal') {
    throw wrongValue(`${where}: biasInitializer`, 'an initialiser for a vector', `'orthogonal'`, `take 'zeros'`);
  }
  return Object.freeze({
    kind: 'dense',
    units: checkInteger(`${where}: units`, units, 1, 2 ** 24),
    activation: resolveActivation(`${where}: activation`, options.activation ?? 'linear'),
    useBias: checkBoolean(`${where}: useBias`, options.useBias ?? true),
    weightInitializer: resolveInitializer(`${where}: weightInitializer`, options.weightInitializer ?? 'glorotUniform'),
    biasInitializer,
    ...(options.name === undefined ? {} : { name: checkName(where, options.name) }),
  });
}

export const denseLayer: LayerDefinition<DenseLayer, Value> = {
  options: ['units', ...optionNames],
  check(layer) {
    const { kind: _, units, ...options } = layer as Partial<DenseLayer>;
    return dense(units as number, options);
  },

  describe: layer => `dense(${layer.units})`,

  outputShape(layer, input, from) {
    if (input.length !== 1) {
      throw wrongKind(
        `dense(${layer.units})`,
        'input [rows, features]',
        `${batchShape(input)} from ${from}`,
        'put flatten() before it',
      );
    }
    return [layer.units];
  },

  parameters(layer, input) {
    const weight = { name: 'weight', shape: [input[0] ?? 1, layer.units], initializer: layer.weightInitializer };
    const bias = { name: 'bias', shape: [layer.units], initializer: layer.biasInitializer };
    return layer.useBias ? [weight, bias] : [weight];
  },

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
      builder.emit(denseForward, name, { ...fields, byOutputs, ownBytes: input.ownBytes });
    } else {
      builder.emit(denseForwardQuantized, name, {
        ...fields,
        scale: site.parameters[scaleName('weight')]?.data ?? 0,
        bits: 8 * formatBytes[weight.format],
        ...builder.scratch(panelBytes(input.columns, PANEL)),
      });
    }
    if (rectified || activation.kind === 'linear') return { output: z, saved: z };
    const y = builder.value(place, layer.units);
    emitActivation(builder, name, activation, z, y);
    return { output: y, saved: z };
  },
};

const linear: ActivationConfig = { kind: 'linear' };

/** x · w + b: in the output's own place where nothing but the output is needed later. */
function preActivation(builder: Builder, site: Site<DenseLayer>, activation: ActivationConfig): Value {
  const { place, layer } = site;
  if (activation.kind === 'linear' || activation.kind === 'relu') {
    // The logits of a skipped softmax are not the layer's output, and have a place of their own.
    const role = site.skipActivation ? 'logits' : '';
    return builder.value(place, layer.units, { role, rectified: activation.kind === 'relu' });
  }
  const y = builder.value(place, layer.units);
  return builder.value(place, layer.units, { role: 'linear', ...(runsInPlace(activation) && { data: y.data }) });
}

export const denseBackward: LayerBackward<DenseLayer, Value> = (builder, site, { output, saved: z }, inputGradient) => {
  const { layer, name, input } = site;
  const activation = site.skipActivation ? linear : layer.activation;
  const dy = builder.gradientOf(output);
  if (activation.kind !== 'linear' && !builder.rectifiedGradients.has(output)) {
    // dz takes dy's place.
    emitActivationGradient(builder, name, activation, z, output, dy);
  }
  const sizes = { inputs: input.columns, outputs: layer.units, paired: builder.paired };
  // First the weights, of whose dy threads can mostly read what they wrote themselves; dx needs all of it.
  builder.emit(denseWeightGradient, name, {
    dw: site.parameters.weight?.gradient ?? 0,
    db: site.parameters.bias?.gradient ?? 0,
    x: input.data,
    dy,
    ...sizes,
    byOutputs: Number(builder.byOutputs(layer.units)),
    ownBytes: input.ownBytes,
  });
  if (inputGradient) {
    if (input.rectified) builder.rectifiedGradients.add(input);
    builder.emit(denseInputGradient, name, {
      dx: builder.gradientOf(input),
      dy,
      w: site.parameters.weight?.data ?? 0,
      rectified: input.rectified ? input.data : 0,
      ...builder.scratch(panelBytes(PANEL + panelCount(layer.units) * PANEL, PANEL)),
      ...sizes,
    });
  }
};
