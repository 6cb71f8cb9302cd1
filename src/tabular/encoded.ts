/** What a table's network is given and gives, where that is not the columns' and the target's own. */
import { restore, standardise } from '../data/scaling.js';
import { inputWidth, isOutside, PREPROCESSING, type Preprocessing, TABLE_FORMAT } from './preprocessing.js';

/**
 * What the inner model is told: that its inputs are encoded, and what its targets' unit is. Its costs are then in the
 * unit that it learns in.
 */
export function markEncoded(model: { metadata: Record<string, string> }, preprocessing: Preprocessing): void {
  const { target } = preprocessing;
  if (target.kind === 'classes' || isOutside(target, preprocessing)) return;
  const columns = Array.from({ length: inputWidth(preprocessing) }, (_, input) => {
    return { name: String(input), kind: 'number', mean: 0, scale: 1 };
  });
  model.metadata[PREPROCESSING] = JSON.stringify({ format: TABLE_FORMAT, columns, target });
}

/** Targets as the network learns them, which scales them itself where it ends in their own unit. */
export function learnedTargets(y: Int32Array | Float64Array, preprocessing: Preprocessing): Int32Array | Float64Array {
  const { target } = preprocessing;
  if (target.kind === 'classes' || y instanceof Int32Array || !isOutside(target, preprocessing)) return y;
  return y.map(value => standardise(value, target));
}

/** The network's outputs in the target's own unit. */
export function inOwnUnit(outputs: Float32Array, preprocessing: Preprocessing): Float64Array {
  const { target } = preprocessing;
  const isDone = target.kind === 'classes' || !isOutside(target, preprocessing);
  return Float64Array.from(outputs, value => (isDone ? value : restore(value, target)));
}
