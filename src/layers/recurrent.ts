/** Recurrent layers: what a step gives goes into the next one. */
import { checkBoolean, checkInteger, checkOptions } from '../errors.js';
import { type Initializer, type InitializerConfig, resolveInitializer } from '../initializers/index.js';
import type { Builder, Extent, Value } from '../plan/builder.js';
import type { Gradients } from '../plan/gradients.js';
import type { Region } from '../plan/memory.js';
import { RecurrentKind } from '../plan/opcodes.js';
import { denseWeightGradient } from '../plan/ops/dense.js';
import { copyColumns } from '../plan/ops/merge.js';
import { recurrentForward, recurrentGradient } from '../plan/ops/sequence.js';
import { PANEL, panelBytes, panelCount } from '../plan/panels.js';
import type { TrainingBuilder } from '../plan/trainingBuilder.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import { emitProduct, emitProductGradients } from './dense.js';
import type { LayerBackward, LayerDefinition, ParameterSpec, Site } from './layer.js';
import { emitMoved } from './positions.js';
import { checkRegularization, type RegularizationOptions, regularizationNames } from './regularization.js';
import { checkBiasInitializer, floatWeights } from './weighted.js';
import { checkImage } from './window.js';

export interface RecurrentOptions extends CommonOptions, RegularizationOptions {
  /** Whether the output has every step's, or the last one's alone; false by default. */
  readonly returnSequences?: boolean;
  /** Whether steps are taken from the last to the first; false by default. */
  readonly goBackwards?: boolean;
  /** Whether biases are added; true by default. */
  readonly useBias?: boolean;
  /** How the weights of inputs begin; `'glorotUniform'` by default. */
  readonly weightInitializer?: Initializer;
  /** How the weights of the step before begin; `'orthogonal'` by default. */
  readonly recurrentWeightInitializer?: Initializer;
  /** How biases begin; `'zeros'` by default, and of lstm's forget gate always ones. */
  readonly biasInitializer?: Initializer;
}

export interface GruOptions extends RecurrentOptions {
  /** Whether the reset gate acts after the product with the step before, as in Keras and PyTorch; true by default. */
  readonly resetAfter?: boolean;
}

interface Recurrent<K extends string> extends Common, RegularizationOptions {
  readonly kind: K;
  readonly units: number;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  readonly useBias: boolean;
  readonly weightInitializer: InitializerConfig;
  readonly recurrentWeightInitializer: InitializerConfig;
  readonly biasInitializer: InitializerConfig;
}

export type SimpleRnnLayer = Recurrent<'simpleRnn'>;
export type LstmLayer = Recurrent<'lstm'>;
export interface GruLayer extends Recurrent<'gru'> {
  readonly resetAfter: boolean;
}
export type RecurrentLayer = SimpleRnnLayer | LstmLayer | GruLayer;

export const recurrentNames = [
  'returnSequences',
  'goBackwards',
  'useBias',
  'weightInitializer',
  'recurrentWeightInitializer',
  'biasInitializer',
  ...regularizationNames,
  ...commonNames,
] as const;
export const gruNames = ['resetAfter', ...recurrentNames] as const;

function recurrent<K extends string>(kind: K, units: number, options: RecurrentOptions): Recurrent<K> {
  const where = `${kind}(${typeof units === 'number' ? units : '?'})`;
  checkOptions(where, options, kind === 'gru' ? gruNames : recurrentNames);
  const { returnSequences = false, goBackwards = false, useBias = true } = options;
  const { weightInitializer = 'glorotUniform', recurrentWeightInitializer = 'orthogonal' } = options;
  return {
    kind,
    units: checkInteger(`${where}: units`, units, 1, 2 ** 20),
    returnSequences: checkBoolean(`${where}: returnSequences`, returnSequences),
    goBackwards: checkBoolean(`${where}: goBackwards`, goBackwards),
    useBias: checkBoolean(`${where}: useBias`, useBias),
    weightInitializer: resolveInitializer(`${where}: weightInitializer`, weightInitializer),
    recurrentWeightInitializer: resolveInitializer(`${where}: recurrentWeightInitializer`, recurrentWeightInitializer),
    biasInitializer: checkBiasInitializer(where, options.biasInitializer ?? 'zeros'),
    ...checkRegularization(where, options),
    ...checkCommon(where, options),
  };
}

/**
 * `h = tanh(x · weight + h of the step before · recurrentWeight + bias)`, from `[rows, steps, features]` to `[rows,
 * units]`, or with `returnSequences` `[rows, steps, units]`. `weight` is `[features, units]`, `recurrentWeight`
 * `[units, units]`. Elman 1990.
 *
 * @throws TypeError for an unknown option, RangeError where `units` is not a whole number from 1 up
 */
export function simpleRnn(units: number, options: RecurrentOptions = {}): SimpleRnnLayer {
  return Object.freeze(recurrent('simpleRnn', units, options));
}

/**
 * Long short-term memory, from `[rows, steps, features]` to `[rows, units]`, or with `returnSequences` `[rows, steps,
 * units]`. Its four gates i, f, g and o lie side by side in `weight`, `[features, 4 · units]`, `recurrentWeight`,
 * `[units, 4 · units]`, and `bias`, which begins at 1 for f. Hochreiter and Schmidhuber 1997; Keras's definition and
 * defaults.
 *
 * @throws as {@link simpleRnn}
 */
export function lstm(units: number, options: RecurrentOptions = {}): LstmLayer {
  return Object.freeze(recurrent('lstm', units, options));
}

/**
 * A gated recurrent unit, from `[rows, steps, features]` to `[rows, units]`, or with `returnSequences` `[rows, steps,
 * units]`. Its gates z, r and h lie side by side in `weight`, `[features, 3 · units]`, `recurrentWeight`, `[units, 3 ·
 * units]`, `bias`, and where it resets after the product `recurrentBias`. Cho et al. 2014; Keras's definition.
 *
 * @throws as {@link simpleRnn}
 */
export function gru(units: number, options: GruOptions = {}): GruLayer {
  const checked = recurrent('gru', units, options);
  return Object.freeze({ ...checked, resetAfter: checkBoolean('gru: resetAfter', options.resetAfter ?? true) });
}

/** A recurrent layer of plain data through its factory again. */
export function remakeRecurrent(where: string, { kind, ...settings }: RecurrentLayer): RecurrentLayer {
  checkOptions(where, settings, ['units', ...(kind === 'gru' ? gruNames : recurrentNames)]);
  const { units, ...options } = settings;
  return { simpleRnn, lstm, gru }[kind](units, options);
}

const gates = { simpleRnn: 1, lstm: 4, gru: 3 } as const;

/** The parameters of one direction. */
export function recurrentParameters(layer: RecurrentLayer, features: number): ParameterSpec[] {
  const { kind, units, useBias, weightInitializer, recurrentWeightInitializer, biasInitializer } = layer;
  const width = gates[kind] * units;
  const bias = { shape: [width], initializer: biasInitializer };
  const forget = kind === 'lstm' && { ones: [units, 2 * units] as const };
  return [
    { name: 'weight', shape: [features, width], initializer: weightInitializer },
    { name: 'recurrentWeight', shape: [units, width], initializer: recurrentWeightInitializer },
    ...(useBias ? [{ name: 'bias', ...bias, ...forget }] : []),
    ...(useBias && resetsAfter(layer) ? [{ name: 'recurrentBias', ...bias }] : []),
  ];
}

function resetsAfter(layer: RecurrentLayer): boolean {
  return layer.kind === 'gru' && layer.resetAfter;
}

function kindOf(layer: RecurrentLayer): RecurrentKind {
  if (layer.kind === 'simpleRnn') return RecurrentKind.simple;
  if (layer.kind === 'lstm') return RecurrentKind.lstm;
  return layer.resetAfter ? RecurrentKind.gruAfter : RecurrentKind.gruBefore;
}

/** A layer's parameters under other names: those that begin with `prefix`, without it. */
function within(site: Site<unknown>, prefix: string): Site<unknown> {
  const own = Object.entries(site.parameters).filter(([name]) => name.startsWith(prefix));
  const parameters = Object.fromEntries(own.map(([name, parameter]) => [name.slice(prefix.length), parameter]));
  return { ...site, parameters, first: false };
}

/** Everything that one direction makes. */
interface Direction {
  readonly x: Value;
  readonly z: Value;
  readonly h: Value;
  readonly c: Value | undefined;
}

/** One direction's values, all of whose rows lie step by step; `prefix` tells two of one layer apart. */
function valuesOf(builder: Builder, site: Site<unknown>, layer: RecurrentLayer, prefix: string): Direction {
  const { place, input } = site;
  const { positions } = input;
  const value = (role: string, columns: number) =>
    builder.value(place, { positions, columns }, { role: prefix + role });
  return {
    x: value('steps', input.columns),
    z: value('gates', gates[layer.kind] * layer.units),
    h: value('states', layer.units),
    c: layer.kind === 'simpleRnn' ? undefined : value('cells', layer.units),
  };
}

/** What is said from the end of the steps that count. */
function fromEnd({ lengths }: Site<unknown>) {
  return { lengths: lengths[0] ?? 0 };
}

/**
 * Emits that y is x with its rows step by step where they lay sample by sample, `turned` 1, or the other way round, 2;
 * where `backwards`, the last step that counts comes first.
 */
export function emitTurned(
  builder: Builder,
  site: Site<unknown>,
  x: Extent & { data: Region },
  y: Extent & { data: Region },
  turned: 1 | 2,
  backwards: boolean,
): void {
  const last = x.positions - 1;
  const table = () => Int32Array.from({ length: last + 1 }, (_, step) => (backwards ? last - step : step));
  emitMoved(builder, site, backwards ? 'backwards' : 'forwards', x, y, table, {
    ...(backwards && fromEnd(site)),
    turned,
  });
}

/**
 * Emits one direction; gives the states of all steps, in the order that they are made, whose rows lie step by step.
 */
export function emitRecurrent(builder: Builder, whole: Site<unknown>, layer: RecurrentLayer, prefix = ''): Value {
  const site = within(whole, prefix);
  const { name, input } = site;
  const { units } = layer;
  const values = valuesOf(builder, whole, layer, prefix);
  const { x, z, h, c } = values;
  emitTurned(builder, site, input, x, 1, layer.goBackwards);
  emitProduct(builder, site, x, z);
  const fields = {
    h: h.data,
    z: z.data,
    u: floatWeights(builder, site, 'recurrentWeight', prefix),
    b: site.parameters.recurrentBias?.data ?? 0,
    c: c?.data ?? 0,
    // The state before and the sums with it, and both gates and sums in panels of their own.
    ...builder.scratch(
      panelBytes(builder.capacity, z.columns + (1 + 2 * gates[layer.kind]) * panelCount(units) * PANEL),
    ),
    units,
    kind: kindOf(layer),
    paired: builder.paired,
    lengths: site.lengths[0] ?? 0,
    carries: builder.carries,
  } as const;
  if (builder.carries) builder.carried.push(h.data, ...(c ? [c.data] : []));
  builder.emit(recurrentForward, name, fields, h.positions);
  return h;
}

/** What goes back through {@link emitRecurrent} from dh, the gradient of all states, where these lie. */
export function emitRecurrentBack(
  builder: TrainingBuilder,
  whole: Site<unknown>,
  layer: RecurrentLayer,
  gradients: Gradients,
  dh: Region,
  prefix = '',
): void {
  const site = within(whole, prefix);
  const { name, input, place } = site;
  const { units } = layer;
  const { x, z, h, c } = valuesOf(builder, whole, layer, prefix);
  const isBefore = kindOf(layer) === RecurrentKind.gruBefore;
  // Gates are read once more alone, and give their place to their gradients: less goes through memory.
  const dz = isBefore ? gradients.of(z) : z.data;
  const du = isBefore ? builder.gradientOf(z, 'recurrent ') : dz;
  const { recurrentWeight, recurrentBias } = site.parameters;
  const { capacity } = builder;
  // Weights are turned over four outputs at a time.
  const turned = panelBytes(z.columns + 3, units);
  const fields = {
    h: h.data,
    z: z.data,
    u: recurrentWeight?.data ?? 0,
    c: c?.data ?? 0,
    dh,
    dz,
    du,
    // What comes from the step behind, and gates and their sums' gradients in panels of their own.
    ...builder.scratch(
      (3 + 2 * gates[layer.kind]) * panelBytes(capacity, units) + panelBytes(capacity, z.columns) + turned,
    ),
    units,
    kind: kindOf(layer),
    paired: builder.paired,
  } as const;
  builder.emit(recurrentGradient, name, fields, h.positions);
  emitProductGradients(builder, site, x, { ...z, data: dz }, gradients, gradients.wants(input));
  gradients.give(input, name, data => {
    emitTurned(builder, site, { ...x, data: gradients.of(x) }, { ...input, data }, 2, layer.goBackwards);
  });
  const learn = (from: Extent & { data: Region }, dy: Region, bias = recurrentBias) =>
    gradients.learn(name, { recurrentWeight, recurrentBias: bias }, d => {
      const sizes = { inputs: units, outputs: z.columns, paired: builder.paired, ownBytes: 0 };
      const places = { dw: d.recurrentWeight ?? 0, db: d.recurrentBias ?? 0, x: from.data, dy } as const;
      const byOutputs = Number(builder.byOutputs(z.columns));
      builder.emit(denseWeightGradient, name, { ...places, ...sizes, byOutputs }, h.positions);
    });
  if (!recurrentWeight?.gradient) return;
  const before = builder.value(place, h, { role: `${prefix}before` });
  const earlier = () => Int32Array.from({ length: h.positions }, (_, step) => step - 1);
  emitMoved(builder, site, 'before', h, before, earlier, { turned: 3 });
  if (resetsAfter(layer) && c) {
    // The last gate's sums with u have a gradient of their own, which takes the place of the one for x.
    const fields = { y: dz, x: c.data, columns: z.columns, from: 0, to: 2 * units, count: units, alone: 0 };
    builder.emit(copyColumns, name, fields, h.positions);
  }
  learn(before, du);
  if (isBefore && c) learn(c, z.data, undefined);
}

export const recurrentLayer: LayerDefinition<RecurrentLayer, Value> = {
  describe: ({ kind, units }) => `${kind}(${units})`,

  outputShape({ kind, units, returnSequences }, input, from) {
    const [steps = 1] = checkImage(kind, input, from, 1);
    return returnSequences ? [steps, units] : [units];
  },

  parameters: (layer, input) => recurrentParameters(layer, input.at(-1) ?? 1),
  steps: ({ goBackwards }) => (goBackwards ? 'all' : 'before'),
  layout: () => 'lastAxis',

  forward(builder, site) {
    const h = emitRecurrent(builder, site, site.layer);
    return { output: emitOutput(builder, site, site.layer, h, false), saved: h };
  },
};

/** What a direction gives: all states, where `backwards` from the last one on, or the last one alone. */
export function emitOutput(
  builder: Builder,
  site: Site<unknown>,
  { returnSequences }: RecurrentLayer,
  h: Value,
  backwards: boolean,
  role = '',
): Value {
  const { positions, columns } = h;
  const y = builder.value(site.place, { positions: returnSequences ? positions : 1, columns }, { role });
  if (returnSequences) emitTurned(builder, site, h, y, 2, backwards);
  else emitMoved(builder, site, 'last', h, y, () => Int32Array.of(positions - 1), { ...fromEnd(site), turned: 2 });
  return y;
}

/** The gradient of all states, from that of {@link emitOutput}'s y. */
export function emitOutputBack(
  builder: Builder,
  site: Site<unknown>,
  { returnSequences }: RecurrentLayer,
  h: Value,
  backwards: boolean,
  y: Value,
  gradients: Gradients,
): Region {
  const data = gradients.of(h);
  const [from, to] = [
    { ...y, data: gradients.of(y) },
    { ...h, data },
  ];
  const table = () => new Int32Array(h.positions).fill(-1).fill(0, -1);
  if (returnSequences) emitTurned(builder, site, from, to, 1, backwards);
  else emitMoved(builder, site, 'only the last', from, to, table, { ...fromEnd(site), places: 1, turned: 1 });
  return data;
}

export const recurrentBackward: LayerBackward<RecurrentLayer, Value> = (
  builder,
  site,
  { output, saved: h },
  gradients,
) => {
  const dh = emitOutputBack(builder, site, site.layer, h, false, output, gradients);
  emitRecurrentBack(builder, site, site.layer, gradients, dh);
};
