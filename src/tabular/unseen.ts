/** What a table's network makes of values that training did not see, where it looks values up. */
import type { Model } from '../model.js';
import { lookedUp, networkInputs } from './encoded.js';
import { isLookedUp, type Preprocessing, placesOf } from './preprocessing.js';

/**
 * Values, and words, that training did not see share a row of their column's embedding. Where some of the training rows
 * had it, for their values were rare, it has learned; where none had, it becomes the mean of the others in place of
 * what chance began with.
 */
export function settleUnseen(
  model: Pick<Model, 'architecture' | 'parameters' | 'setParameters'>,
  preprocessing: Preprocessing,
  x: Float32Array,
): void {
  const { columns } = preprocessing;
  const inputs = networkInputs(x, preprocessing);
  if (inputs instanceof Float32Array) return;
  // A column's layer is as many embeddings in as the column is.
  const layers = [...model.architecture.layers.entries()].filter(([, { kind }]) => /^embedding/.test(kind));
  const { parameters } = model;
  for (const [index, column] of columns.entries()) {
    if (!isLookedUp(column)) continue;
    const [layer, { kind } = { kind: '' }] = layers.shift() ?? [];
    const { unseen, first, end } = placesOf(column);
    if (inputs[lookedUp(index)]?.includes(unseen)) continue;
    const name = `${layer}.${kind}.weight`;
    const weight = parameters.find(parameter => parameter.name === name)?.data;
    if (weight === undefined) throw new Error(`expected a parameter ${name}`);
    const units = column.embedding;
    for (let unit = 0; unit < units; unit++) {
      let sum = 0;
      for (let place = first; place < end; place++) sum += weight[place * units + unit] ?? 0;
      weight[unseen * units + unit] = sum / (end - first);
    }
    model.setParameters({ [name]: weight });
  }
}
