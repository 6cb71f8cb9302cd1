/** Tables of rows that whole numbers name: `embedding` has one for each, `embeddingBag` their sum or mean. */
import { checkChoice, checkInteger, checkOptions, wrongKind } from '../errors.js';
import { type Initializer, type InitializerConfig, resolveInitializer } from '../initializers/index.js';
import { formatBytes, scaleName } from '../plan/formats.js';
import { embeddingForward, embeddingGradient, nameRows, rowsGradient } from '../plan/ops/embedding.js';
import { rowwiseOf } from '../plan/rowwise.js';
import { batchShape } from '../shape.js';
import { type Common, type CommonOptions, checkCommon, commonNames } from './common.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';
import { checkRegularization, type WeightRegularization } from './regularization.js';

export interface EmbeddingOptions extends CommonOptions, WeightRegularization {
  /** How rows begin; `'randomUniform'` by default. */
  readonly weightInitializer?: Initializer;
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** What becomes of a sample's rows; `'mean'` by default. */
  readonly mode?: 'mean' | 'sum';
  /** An index that counts as nothing, from −1 up; none by default. */
  readonly pad?: number;
}

interface Table extends Common, WeightRegularization {
  readonly vocabulary: number;
  readonly units: number;
  readonly weightInitializer: InitializerConfig;
}

export interface EmbeddingLayer extends Table {
  readonly kind: 'embedding';
}

export interface EmbeddingBagLayer extends Table {
  readonly kind: 'embeddingBag';
  readonly mode: 'mean' | 'sum';
  readonly pad?: number;
}

export const tableNames = ['weightInitializer', 'weightRegularizer', 'weightConstraint', ...commonNames] as const;
export const bagNames = ['mode', 'pad', ...tableNames] as const;
/** Whole numbers that float32 holds. */
const MOST_ROWS = 2 ** 24;

function checkTable(where: string, vocabulary: number, units: number, options: EmbeddingOptions): Table {
  const { weightInitializer = 'randomUniform' } = options;
  return {
    vocabulary: checkInteger(`${where}: vocabulary`, vocabulary, 1, MOST_ROWS),
    units: checkInteger(`${where}: units`, units, 1, 2 ** 24),
    weightInitializer: resolveInitializer(`${where}: weightInitializer`, weightInitializer),
    ...checkRegularization(where, options),
    ...checkCommon(where, options),
  };
}

/**
 * A row of `weight`, `[vocabulary, units]`, for each whole number from 0 to vocabulary − 1: from `[rows, steps]` to
 * `[rows, steps, units]`. It comes first in a network, and takes Int32Array, Uint16Array and Uint8Array beside whole
 * floats; others are refused with their row and column. A step of training reads and writes only the rows that its
 * batch names, whatever the optimiser: momentum, moments and weight decay of all others rest until they are named again
 * (lazily, as PyTorch's SparseAdam). A table that {@link shared} puts at several places, or one with a penalty or a
 * constraint, is updated whole.
 *
 * @throws TypeError for an unknown option, RangeError where `vocabulary` or `units` is not a whole number from 1 up
 */
export function embedding(vocabulary: number, units: number, options: EmbeddingOptions = {}): EmbeddingLayer {
  checkOptions('embedding', options, tableNames);
  return Object.freeze({ kind: 'embedding', ...checkTable('embedding', vocabulary, units, options) });
}

/**
 * The mean, or with `mode: 'sum'` the sum, of the rows of `weight`, `[vocabulary, units]`, that a sample's whole
 * numbers name: from `[rows, steps]` to `[rows, units]`. An index that equals `pad` counts as nothing; where all do,
 * the output is
 * 0. Otherwise as {@link embedding}.
 *
 * @throws as {@link embedding}, and RangeError for an unknown mode or a pad that no index can be
 */
export function embeddingBag(vocabulary: number, units: number, options: EmbeddingBagOptions = {}): EmbeddingBagLayer {
  const where = 'embeddingBag';
  checkOptions(where, options, bagNames);
  const { mode = 'mean', pad } = options;
  return Object.freeze({
    kind: where,
    ...checkTable(where, vocabulary, units, options),
    mode: checkChoice(`${where}: mode`, mode, ['mean', 'sum'] as const),
    ...(pad === undefined ? {} : { pad: checkInteger(`${where}: pad`, pad, -1, MOST_ROWS) }),
  });
}

type AnyTable = EmbeddingLayer | EmbeddingBagLayer;

export const embeddingLayer: LayerDefinition<AnyTable, undefined> = {
  describe: ({ kind, vocabulary, units }) => `${kind}(${vocabulary}, ${units})`,

  outputShape(layer, input, from) {
    if (input.length !== 1) {
      const got = `${batchShape(input)} from ${from}`;
      throw wrongKind(layer.kind, 'input [rows, steps]', got, 'put flatten() before it');
    }
    return layer.kind === 'embedding' ? [...input, layer.units] : [layer.units];
  },

  parameters({ vocabulary, units, weightInitializer: initializer, weightRegularizer, weightConstraint }) {
    // What holds down a whole table moves all of its rows.
    const rowwise = weightRegularizer === undefined && weightConstraint === undefined;
    return [{ name: 'weight', shape: [vocabulary, units], initializer, rowwise }];
  },

  steps: ({ kind }) => (kind === 'embedding' ? 'each' : 'all'),
  layout: () => 'flat',

  forward(builder, site) {
    const { layer, place, name, input, parameters } = site;
    const { kind, units: columns } = layer;
    const positions = kind === 'embedding' ? input.columns : 1;
    const y = builder.value(place, { positions, columns });
    const fields = {
      ...fieldsOf(site),
      y: y.data,
      w: parameters.weight?.data ?? 0,
      scale: parameters[scaleName('weight')]?.data ?? 0,
      bits: 8 * formatBytes[parameters.weight?.format ?? 'float32'],
    } as const;
    builder.emit(embeddingForward, name, fields, positions);
    return { output: y, saved: undefined };
  },
};

export const embeddingBackward: LayerBackward<AnyTable, undefined> = (builder, site, { output }, gradients) => {
  const { place, name, input, parameters } = site;
  const { weight } = parameters;
  const { vocabulary, ...fields } = fieldsOf(site);
  const dy = gradients.of(output);
  const byOutputs = Number(builder.byOutputs(output.columns));
  const isWhole = gradients.learn(name, { weight }, d => {
    const whole = { ...fields, vocabulary, dw: d.weight ?? 0, dy, byOutputs } as const;
    builder.emit(embeddingGradient, name, whole, output.positions);
  });
  if (isWhole || !weight?.trainable) return;
  const places = builder.capacity * input.columns;
  const rowwise = rowwiseOf(builder, place, weight, builder.parts * places);
  builder.rowwise.push(rowwise);
  const { steps, bag, pad, x, columns } = fields;
  const slots = builder.room(place, 4 * places, 'slots');
  const found = builder.room(place, 4 * vocabulary, 'found');
  builder.emit(nameRows, name, { x, found, list: rowwise.list, slots, steps, bag, pad });
  const { gradients: dw, rows, unit } = rowwise.stretch;
  builder.emit(rowsGradient, name, { dw, dy, x, slots, columns, steps, bag, pad, rows, unit }, output.positions);
};

/** No index is this. */
const NO_PAD = -2;

function fieldsOf({ layer, input }: Site<AnyTable>) {
  const isBag = layer.kind === 'embeddingBag';
  return {
    x: input.data,
    vocabulary: layer.vocabulary,
    columns: layer.units,
    steps: input.columns,
    bag: isBag ? { sum: 1, mean: 2 }[layer.mode] : 0,
    pad: isBag && layer.pad !== undefined ? layer.pad : NO_PAD,
  } as const;
}
