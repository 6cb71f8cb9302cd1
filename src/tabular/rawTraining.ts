/** What raw rows and their targets become where a model is trained on them or judged by them; see `rawRows.ts`. */
import { restore, standardise } from '../data/scaling.js';
import { wrongKind } from '../errors.js';
import { isList, isNumberArray } from '../kinds.js';
import { AS_IT_IS, type RawRows } from './rawRows.js';

/**
 * Refuses rows that are standardised before the network.
 *
 * @throws naming TableModel, which does that
 */
export function refuseOutside(where: string, raw: RawRows | undefined): void {
  if (raw?.plain ?? true) return;
  const got = 'some that are standardised before it, as float32 does not hold them well';
  throw wrongKind(
    where,
    'a model whose network takes its rows as they are',
    got,
    'rescale these columns and train again',
  );
}

/** The gradient of raw rows from that of what the network takes, in place. */
export function toRawGradient({ inputs, plain }: RawRows, values: Float32Array): void {
  if (plain) return;
  for (let i = 0; i < values.length; i++) {
    const { scale } = inputs[i % inputs.length] ?? AS_IT_IS;
    values[i] = scale === 0 ? 0 : (values[i] ?? 0) / scale;
  }
}

/** Targets in the unit that the network learns in; classes stay, and so do those of a network that is no table's. */
export function learntTargets(raw: RawRows | undefined, y: unknown): unknown {
  const target = raw?.target;
  if (target === undefined) return y;
  if (isNumberArray(y)) return Float32Array.from(y, value => standardise(value, target));
  if (!isList(y)) return y;
  const scaled = (value: unknown) => (typeof value === 'number' ? standardise(value, target) : value);
  return y.map((value: unknown) => {
    return isList(value) || isNumberArray(value) ? Array.from(value as ArrayLike<unknown>, scaled) : scaled(value);
  });
}

/** What {@link learntTargets} gave, in the target's own unit again. */
export function trueTargets({ target }: RawRows, targets: Float32Array): Float32Array {
  return target === undefined ? targets : targets.map(value => restore(value, target));
}
