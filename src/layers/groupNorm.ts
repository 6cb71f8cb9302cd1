/** Group normalisation: each sample by itself, its channels in groups over all positions. */
import { checkInteger, checkNumber, checkOptions, wrongValue } from '../errors.js';
import type { Builder, Extent, Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { rearrange } from '../plan/ops/batch.js';
import { columnNormForward, columnNormGradient, rowNormForward, rowNormGradient } from '../plan/ops/norm.js';
import { PANEL, panelCount } from '../plan/panels.js';
import { batchShape } from '../shape.js';
import { emitSums } from './batchNormalization.js';
import { type Common, checkCommon, commonNames } from './common.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';
import type { RowNormOptions } from './rowNorm.js';

export interface GroupNormalizationLayer extends Common {
  readonly kind: 'groupNormalization';
  readonly groups: number;
  readonly epsilon: number;
}

export const groupNormNames = ['epsilon', ...commonNames] as const;

/**
 * Each sample's channels in `groups` of neighbours, over all positions less their mean and divided by their deviation,
 * then times `gamma` plus `beta`, which are `[channels]` and begin at 1 and 0. `epsilon`, added to the variance, is
 * 1e-3 by default. Wu and He, «Group normalization», 2018.
 *
 * @throws TypeError for an unknown option; RangeError where groups do not divide the channels
 */
export function groupNormalization(groups: number, options: RowNormOptions = {}): GroupNormalizationLayer {
  const where = 'groupNormalization';
  checkOptions(where, options, groupNormNames);
  return Object.freeze({
    kind: where,
    groups: checkInteger(`${where}: groups`, groups, 1, 2 ** 24),
    epsilon: checkNumber(`${where}: epsilon`, options.epsilon ?? 1e-3, { above: 0 }),
    ...checkCommon(where, options),
  });
}

/** What the way back needs: the groups as rows, them normalised, and each one's mean and 1 / deviation. */
interface Rows {
  readonly rows: Value;
  readonly normal: Value;
  readonly moments: Region;
}

export const groupNormalizationLayer: LayerDefinition<GroupNormalizationLayer, Rows> = {
  describe: ({ kind, groups }) => `${kind}(${groups})`,

  outputShape({ kind, groups }, input, from) {
    if ((input.at(-1) ?? 1) % groups === 0) return input;
    throw wrongValue(`${kind}: groups`, `a divisor of the channels of ${batchShape(input)} from ${from}`, groups);
  },

  parameters: (_, input) => [
    { name: 'gamma', shape: input.slice(-1), initializer: { kind: 'ones' } },
    { name: 'beta', shape: input.slice(-1), initializer: { kind: 'zeros' } },
  ],
  layout: () => 'lastAxis',

  // A group becomes a row, which is normalised as layer normalisation does; then columns are scaled and shifted.
  forward(builder, site) {
    const { layer, place, name, input, parameters } = site;
    const extent = rowsOf(site);
    const [rows, normal] = [
      builder.value(place, extent, { role: 'groups' }),
      builder.value(place, extent, { role: 'normal groups' }),
    ];
    const moments = builder.value(place, { ...extent, columns: 2 }, { role: 'moments' }).data;
    emitGrouped(builder, site, 'there', input, rows);
    const fields = { y: normal.data, x: rows.data, gamma: constantOf(builder, site, 1), beta: 0, moments } as const;
    const settings = { columns: extent.columns, centered: 1, epsilon: layer.epsilon };
    builder.emit(rowNormForward, name, { ...fields, ...settings }, extent.positions);
    const back = builder.value(place, input, { role: 'normal' });
    emitGrouped(builder, site, 'back', normal, back);
    const y = builder.value(place, input);
    const { gamma, beta } = parameters;
    const places = { y: y.data, x: back.data, gamma: gamma?.data ?? 0, beta: beta?.data ?? 0 } as const;
    builder.emit(columnNormForward, name, { ...places, ...standard(builder, site) }, input.positions);
    return { output: y, saved: { rows, normal, moments } };
  },
};

/** Each group's numbers as a row. */
function rowsOf({ layer, input }: Site<GroupNormalizationLayer>): Extent {
  return { positions: layer.groups, columns: (input.positions * input.columns) / layer.groups };
}

/** One number for as many columns as a row or a value has. */
function constantOf(builder: Builder, site: Site<GroupNormalizationLayer>, number: 0 | 1): Region {
  const length = panelCount(Math.max(rowsOf(site).columns, site.input.columns)) * PANEL;
  const make = () => new Int32Array(new Float32Array(length).fill(number).buffer);
  return builder.constant(site.place, number === 1 ? 'ones' : 'zeros', make);
}

/** What leaves columns as they are before they are scaled and shifted. */
function standard(builder: Builder, site: Site<GroupNormalizationLayer>) {
  const moments = { mean: constantOf(builder, site, 0), variance: constantOf(builder, site, 1) };
  return { ...moments, columns: site.input.columns, epsilon: 0, invert: 0 } as const;
}

/** Between positions × channels and a row for each group. */
function emitGrouped(
  builder: Builder,
  { place, name, input, layer }: Site<GroupNormalizationLayer>,
  way: 'there' | 'back',
  x: Extent & { data: Region },
  y: Extent & { data: Region },
): void {
  const { positions, columns } = input;
  const width = columns / layer.groups;
  const table = builder.constant(place, way, () =>
    Int32Array.from({ length: positions * columns }, (_, place) => {
      if (way === 'there') {
        const [group, inside] = [Math.floor(place / (positions * width)), place % (positions * width)];
        return Math.floor(inside / width) * columns + group * width + (inside % width);
      }
      const [position, channel] = [Math.floor(place / columns), place % columns];
      return (Math.floor(channel / width) * positions + position) * width + (channel % width);
    }),
  );
  const sizes = { columns: y.columns, from: x.columns, fromPositions: x.positions };
  builder.emit(rearrange, name, { y: y.data, x: x.data, table, ...sizes }, y.positions);
}

export const groupNormalizationBackward: LayerBackward<GroupNormalizationLayer, Rows> = (
  builder,
  site,
  { output, saved: { rows, moments } },
  gradients,
) => {
  const { place, name, input, parameters } = site;
  const { gamma, beta } = parameters;
  const back = builder.value(place, input, { role: 'normal' });
  const dNormal = gradients.of(back);
  const dy = gradients.of(output);
  const { mean, variance, epsilon, ...rest } = standard(builder, site);
  const norm = { dy, x: back.data, mean, variance, epsilon } as const;
  gradients.learn(name, { gamma, beta }, learned => {
    emitSums(builder, site, norm, learned.gamma ?? 'dgamma', learned.beta ?? 'dbeta');
  });
  const fields = { dx: dNormal, dgamma: 0, dbeta: 0, gamma: gamma?.data ?? 0, ...norm, ...rest, fixed: 1 } as const;
  builder.emit(columnNormGradient, name, fields, input.positions);
  gradients.give(input, name, data => {
    const dRows = { ...rows, data: gradients.of(rows) };
    emitGrouped(builder, site, 'there', { ...input, data: dNormal }, dRows);
    const places = { dx: dRows.data, dy: dRows.data, x: rows.data, gamma: constantOf(builder, site, 1), moments };
    builder.emit(rowNormGradient, name, { ...places, columns: rows.columns, centered: 1 }, rows.positions);
    emitGrouped(builder, site, 'back', dRows, { ...input, data });
  });
};
