/** How much each class of a table's target counts while it is learned. */
import { checkNumber, quote, suggestion, wrongKind, wrongType, wrongValue } from '../errors.js';
import { kindOf } from '../kinds.js';
import type { Samples } from './prepare.js';
import type { TargetColumn } from './preprocessing.js';

/**
 * `'balanced'`: all classes as much, however many rows they have (rows / (classes · rows of the class)); or numbers by
 * the classes' names, 1 for those that are not named.
 */
export type TableClassWeights = 'balanced' | Readonly<Record<string, number>>;

/** @internal */
export function checkTableWeights(where: string, weights: unknown): TableClassWeights {
  if (weights === 'balanced') return weights;
  if (kindOf(weights) !== 'Object') {
    throw wrongType(where, "'balanced', or numbers by the classes' names, such as { yes: 5 }", weights);
  }
  const entries = Object.entries(weights as object);
  if (entries.length === 0) throw wrongValue(where, 'at least one class', 'none');
  return Object.fromEntries(
    entries.map(([name, weight]) => [name, checkNumber(`${where}: ${quote(name)}`, weight, { min: 0 })]),
  );
}

/** @internal A number for each class, in their order. */
export function weightsOf(
  wish: TableClassWeights | undefined,
  target: TargetColumn,
  { y, cells }: Pick<Samples, 'y' | 'cells'>,
): number[] | undefined {
  if (wish === undefined) return undefined;
  const where = cells.ways.option('fitTable', 'classWeights');
  if (target.kind === 'number') throw wrongKind(where, 'classes', 'a target of numbers');
  const { values } = target;
  if (wish === 'balanced') {
    const rows = values.map(() => 0);
    for (const label of y) rows[label] = (rows[label] ?? 0) + 1;
    return rows.map(count => (count === 0 ? 1 : y.length / (values.length * count)));
  }
  for (const name of Object.keys(wish)) {
    if (!values.includes(name)) throw wrongValue(where, 'names of classes', quote(name), suggestion(name, values));
  }
  const weights = values.map(name => (Object.hasOwn(wish, name) ? (wish[name] ?? 1) : 1));
  if (weights.every(weight => weight === 0)) throw wrongValue(where, 'some class that counts', '0 for all of them');
  return weights;
}
