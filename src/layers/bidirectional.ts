/** A recurrent layer twice, once from each end. */
import { checkChoice, checkOptions, wrongType, wrongValue } from '../errors.js';
import { hasKey } from '../kinds.js';
import type { Value } from '../plan/builder.js';
import { MergeKind } from '../plan/opcodes.js';
import { copyColumns, mergeForward, mergeGradient } from '../plan/ops/merge.js';
import { type Common, checkCommon, commonNames } from './common.js';
import type { LayerBackward, LayerDefinition } from './layer.js';
import {
  emitOutput,
  emitOutputBack,
  emitRecurrent,
  emitRecurrentBack,
  type RecurrentLayer,
  recurrentLayer,
  recurrentParameters,
  remakeRecurrent,
} from './recurrent.js';
import { checkImage } from './window.js';

export interface BidirectionalOptions {
  /** What becomes of both outputs; `'concatenate'` by default. */
  readonly merge?: 'concatenate' | 'sum' | 'average' | 'multiply';
  /** In place of `${index}.bidirectional`. */
  readonly name?: string;
}

export interface BidirectionalLayer extends Common {
  readonly kind: 'bidirectional';
  readonly layer: RecurrentLayer;
  readonly merge: 'concatenate' | 'sum' | 'average' | 'multiply';
}

/**
 * A recurrent layer twice, each with its own parameters, `forward.…` and `backward.…`: from the first step to the last,
 * and from the last to the first. Their outputs come side by side, or with `merge` `'sum'`, `'average'` or
 * `'multiply'` into one; with `returnSequences` both are in the order of the steps. Schuster and Paliwal 1997.
 *
 * @throws TypeError where the layer is not recurrent, RangeError where it goes backwards by itself
 */
export function bidirectional(layer: RecurrentLayer, options: BidirectionalOptions = {}): BidirectionalLayer {
  const where = 'bidirectional';
  checkOptions(where, options, ['merge', ...commonNames]);
  if (!hasKey(layer, 'kind') || !/^(simpleRnn|lstm|gru)$/.test(String(layer.kind))) {
    throw wrongType(where, 'a recurrent layer, such as lstm(32)', layer);
  }
  const checked = remakeRecurrent(`${where}: ${(layer as RecurrentLayer).kind}`, layer);
  const { trainable, learningRateFactor, name, ...inner } = checked;
  if (inner.goBackwards) throw wrongValue(where, 'a layer without goBackwards', recurrentLayer.describe(checked));
  const { merge = 'concatenate' } = options;
  const given = options as Common;
  const own = given.name ?? name;
  const factor = learningRateFactor ?? given.learningRateFactor ?? 1;
  return Object.freeze({
    kind: where,
    layer: Object.freeze(inner as RecurrentLayer),
    merge: checkChoice(`${where}: merge`, merge, ['concatenate', 'sum', 'average', 'multiply'] as const),
    ...checkCommon(where, {
      trainable: trainable ?? given.trainable ?? true,
      learningRateFactor: factor,
      ...(own && { name: own }),
    }),
  });
}

/** Both directions' layers. */
function directionsOf({ layer }: BidirectionalLayer): readonly (readonly [prefix: string, layer: RecurrentLayer])[] {
  return [
    ['forward.', layer],
    ['backward.', { ...layer, goBackwards: true }],
  ];
}

/** What each direction made, before both are merged. */
interface Ends {
  readonly states: readonly Value[];
  readonly ends: readonly Value[];
}

export const bidirectionalLayer: LayerDefinition<BidirectionalLayer, Ends> = {
  describe: ({ kind, layer }) => `${kind}(${layer.kind}(${layer.units}))`,

  outputShape({ kind, layer, merge }, input, from) {
    const [steps = 1] = checkImage(kind, input, from, 1);
    const columns = merge === 'concatenate' ? 2 * layer.units : layer.units;
    return layer.returnSequences ? [steps, columns] : [columns];
  },

  parameters(layer, input) {
    return directionsOf(layer).flatMap(([prefix, one]) =>
      recurrentParameters(one, input.at(-1) ?? 1).map(spec => ({ ...spec, name: prefix + spec.name })),
    );
  },

  steps: () => 'all',
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, place, name } = site;
    const states = directionsOf(layer).map(([prefix, one]) => emitRecurrent(builder, site, one, prefix));
    const ends = states.map((h, k) => emitOutput(builder, site, layer.layer, h, k === 1, `end ${k}`));
    const [a, b] = ends;
    if (!a || !b) throw new Error('two directions');
    const { positions, columns: units } = a;
    if (layer.merge === 'concatenate') {
      const columns = 2 * units;
      const y = builder.value(place, { positions, columns });
      // The last one first, as of a concatenation.
      for (const [x, to] of [
        [b, units],
        [a, 0],
      ] as const) {
        const fields = { y: y.data, x: x.data, columns, from: 0, to, count: units, alone: 0 };
        builder.emit(copyColumns, name, fields, positions);
      }
      return { output: y, saved: { states, ends } };
    }
    const y = builder.value(place, a);
    const places = { y: y.data, a: a.data, b: b.data };
    builder.emit(mergeForward, name, { ...places, columns: units, ...mergeOf(layer) }, positions);
    return { output: y, saved: { states, ends } };
  },
};

function mergeOf({ merge }: BidirectionalLayer) {
  return { kind: merge === 'multiply' ? MergeKind.multiply : MergeKind.add, scale: merge === 'average' ? 0.5 : 1 };
}

export const bidirectionalBackward: LayerBackward<BidirectionalLayer, Ends> = (builder, site, past, gradients) => {
  const { layer, name } = site;
  const { states, ends } = past.saved;
  const dy = gradients.of(past.output);
  ends.forEach((own, k) => {
    const { columns, positions, data: x } = own;
    const dx = gradients.of(own);
    if (layer.merge === 'concatenate') {
      const fields = { y: dx, x: dy, columns, from: k * columns, to: 0, count: columns, alone: 0 };
      builder.emit(copyColumns, name, fields, positions);
    } else {
      const places = { dx, dy, x, other: ends[1 - k]?.data ?? 0 } as const;
      builder.emit(mergeGradient, name, { ...places, columns, second: k, ...mergeOf(layer) }, positions);
    }
  });
  directionsOf(layer).forEach(([prefix, one], k) => {
    const [h, end] = [states[k], ends[k]];
    if (!h || !end) return;
    const dh = emitOutputBack(builder, site, layer.layer, h, k === 1, end, gradients);
    emitRecurrentBack(builder, site, one, gradients, dh, prefix);
  });
};
