/** What does not go with a full-batch optimiser, refused before any work. */
import type { Architecture } from '../architecture.js';
import { placedLayers } from '../architecture.js';
import { describe, quote, wrongKind } from '../errors.js';
import type { Layer } from '../layers/index.js';
import type { Regularizer } from '../layers/regularization.js';

const allRows = 'an iteration takes all rows: leave it out';
const asItIs = 'its line search needs the gradient as it is: leave it out';
const mends = {
  batchSize: allRows,
  shuffle: allRows,
  accumulationSteps: allRows,
  clipValue: asItIs,
  clipNorm: asItIs,
  averageDecay: 'it ends at a minimum: leave it out',
};

/** Refuses options that have no meaning where every step takes all rows and is searched for. */
export function refuseOptions(
  where: string,
  kind: string,
  options: Partial<Record<keyof typeof mends, unknown>>,
): void {
  for (const [name, mend] of Object.entries(mends)) {
    const given = options[name as keyof typeof mends];
    if (given !== undefined) throw wrongKind(`${where}: ${name}`, `none with ${kind}`, describe(given), mend);
  }
}

/** Whatever a layer may have that the cost would be no smooth function of the parameters with. */
type Asked = Partial<Record<'rate' | 'deviation' | 'dropout' | 'learningRateFactor', number>> &
  Partial<Record<'weightRegularizer' | 'biasRegularizer', Regularizer>> & { weightConstraint?: unknown };

/** Refuses networks whose cost changes from one time to the next, or is not smooth. */
export function refuseLayers(where: string, kind: string, architecture: Architecture): void {
  for (const { layer: own, name } of placedLayers(architecture)) {
    const layer = 'layer' in own ? (own.layer as Layer) : own;
    const { rate = 0, deviation = 0, dropout = 0, learningRateFactor = 1, ...asked } = layer as Asked;
    const place = `${where}: layer ${quote(name)}`;
    const refuse = (what: string, mend: string) => {
      throw wrongKind(place, `none with ${what} where ${kind} trains`, `one with ${what}`, mend);
    };
    const noise = 'each time the cost would be another: leave it out, or take adam';
    if (rate > 0 || dropout > 0) refuse('dropout', noise);
    if (deviation > 0) refuse('noise', noise);
    if (/^(random|cutout)/.test(layer.kind)) refuse('augmentation', noise);
    if (layer.kind === 'batchNormalization') refuse('statistics of batches', 'take layerNormalization, or adam');
    const { weightRegularizer, biasRegularizer, weightConstraint } = asked;
    if (weightRegularizer?.l1 || biasRegularizer?.l1) refuse('L1', 'it has kinks: take l2, or adam');
    if (weightConstraint !== undefined) refuse('a constraint', 'steps would leave it: leave it out, or take adam');
    if (learningRateFactor !== 1) refuse('a learningRateFactor', 'there is no learning rate: leave it out');
  }
}
