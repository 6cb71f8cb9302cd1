/** What a table's network is given and gives, where that is not the columns' and the target's own. */
import { restore, standardise } from '../data/scaling.js';
import {
  columnWidth,
  inputWidth,
  isLookedUp,
  isOutside,
  lookedUpWidth,
  PREPROCESSING,
  type Preprocessing,
  TABLE_FORMAT,
} from './preprocessing.js';

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

/** The input of all that is not looked up, where something is. */
export const PLAIN = 'numbers';

/** The input of the column that stands at such a place among the others. */
export function lookedUp(index: number): string {
  return `column${index}`;
}

/** Rows of encoded columns as a table's network takes them: where some are looked up, each is an input of its own. */
export function networkInputs(
  x: Float32Array,
  { columns }: Pick<Preprocessing, 'columns'>,
): Float32Array | Record<string, Float32Array> {
  if (!columns.some(isLookedUp)) return x;
  const width = inputWidth({ columns });
  const rows = x.length / width;
  const inputs: Record<string, Float32Array> = {};
  const plain: number[] = [];
  let at = 0;
  for (const [index, column] of columns.entries()) {
    const own = Array.from({ length: columnWidth(column) }, (_, i) => at + i);
    at += own.length;
    if (isLookedUp(column)) inputs[lookedUp(index)] = columnsOf(x, rows, width, own.splice(0, lookedUpWidth(column)));
    plain.push(...own);
  }
  if (plain.length > 0) inputs[PLAIN] = columnsOf(x, rows, width, plain);
  return inputs;
}

/** Some columns of rows. */
function columnsOf(x: Float32Array, rows: number, width: number, places: readonly number[]): Float32Array {
  const values = new Float32Array(rows * places.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (const place of places) values[at++] = x[row * width + place] ?? 0;
  }
  return values;
}

/** What predicts: a model, or the network carried out in JavaScript. */
interface Predicting {
  predict(x: never): unknown;
}

/** A table's network's outputs for rows of encoded columns. */
export function outputsFor(model: Predicting, x: Float32Array, preprocessing: Pick<Preprocessing, 'columns'>) {
  return model.predict(networkInputs(x, preprocessing) as never) as Float32Array;
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
