/** The network of a table: it standardises its own inputs, and gives numbers in the target's own unit. */
import { type Architecture, sequential } from '../architecture.js';
import { concatenate, type GraphNode, graph } from '../graph.js';
import type { ActivationName } from '../layers/activations.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { embedding, embeddingBag } from '../layers/embedding.js';
import { flatten } from '../layers/flatten.js';
import type { Layer } from '../layers/index.js';
import { normalization } from '../layers/normalization.js';
import type { Model } from '../model.js';
import { lookedUp, PLAIN } from './encoded.js';
import {
  columnWidth,
  type InputColumn,
  inputWidth,
  isLookedUp,
  isOutside,
  type LookedUpColumn,
  lookedUpWidth,
  outputWidth,
  type Preprocessing,
  placesOf,
} from './preprocessing.js';

/** What lies between the inputs and the output. */
export interface HiddenLayers {
  /** Units of each; none for a linear model. */
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  /** The fraction of hidden units dropped in training. */
  readonly dropout: number;
}

/** The variance that makes 0 of whatever comes: of columns that never varied. */
const NO_WEIGHT = 3e38;

interface Moment {
  readonly mean: number;
  readonly variance: number;
}

const AS_IT_IS: Moment = { mean: 0, variance: 0 };

/** The mean and variance of each of a column's inputs but places; of what is to stay as it is, 0. */
function momentsOf(column: InputColumn, preprocessing: Preprocessing): Moment[] {
  const width = columnWidth(column) - lookedUpWidth(column);
  const moments = Array.from({ length: width }, () => AS_IT_IS);
  const own = (mean: number, scale: number) => ({ mean, variance: scale === 0 ? NO_WEIGHT : scale ** 2 });
  if (column.kind === 'constant') return [own(column.mean, 0)];
  if (column.kind === 'number' && !isOutside(column, preprocessing)) moments[0] = own(column.mean, column.scale);
  if (column.kind === 'date') {
    for (const [i, { mean, scale }] of column.parts.entries()) moments[i] = own(mean, scale);
  }
  return moments;
}

/** The architecture for a table's columns and target. */
export function tableNetwork(
  preprocessing: Preprocessing,
  { hidden, activation, dropout: rate }: HiddenLayers,
): Architecture {
  const { columns, target } = preprocessing;
  const isScaled = columns.some(column => momentsOf(column, preprocessing).some(moment => moment !== AS_IT_IS));
  const body: Layer[] = hidden.flatMap(units => {
    const layer = dense(units, { activation });
    return rate > 0 ? [layer, dropout(rate)] : [layer];
  });
  const isClassifier = target.kind === 'classes';
  body.push(dense(outputWidth(preprocessing), isClassifier ? { activation: 'softmax' } : {}));
  if (target.kind === 'number' && !isOutside(target, preprocessing)) body.push(normalization({ invert: true }));
  const width = inputWidth(preprocessing);
  const tables = columns.flatMap((column, index) => (isLookedUp(column) ? [{ column, name: lookedUp(index) }] : []));
  if (tables.length === 0) return sequential(width, isScaled ? [normalization(), ...body] : body);
  const own = Object.fromEntries(tables.map(({ column, name }) => [name, lookedUpWidth(column)]));
  const plain = width - Object.values(own).reduce((sum, count) => sum + count, 0);
  const inputs = { ...(plain > 0 && { [PLAIN]: plain }), ...own };
  return graph(inputs, (given: Readonly<Record<string, GraphNode>>) => {
    const { [PLAIN]: numbers } = given;
    const parts = numbers ? [isScaled ? numbers.to(normalization()) : numbers] : [];
    for (const { column, name } of tables) parts.push(lookUp(given[name] as GraphNode, column));
    return body.reduce((node, layer) => node.to(layer), joined(parts));
  });
}

/**
 * The few numbers that are learned for each value of a category, or word of a text, of which they are the mean; those
 * of what training did not see are one.
 */
function lookUp(input: GraphNode, column: LookedUpColumn): GraphNode {
  const { unseen, end } = placesOf(column);
  const size = Math.max(unseen + 1, end);
  if (column.kind === 'text') return input.to(embeddingBag(size, column.embedding, { pad: 0 }));
  return input.to(embedding(size, column.embedding)).to(flatten());
}

function joined(parts: readonly GraphNode[]): GraphNode {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concatenate(...parts);
}

/** Gives the network the columns' and the target's means and variances. */
export function setScaling(model: Pick<Model, 'architecture' | 'setParameters'>, preprocessing: Preprocessing): void {
  const { columns, target } = preprocessing;
  const moments = columns.flatMap(column => momentsOf(column, preprocessing));
  const state: Record<string, number[]> = {};
  for (const [index, layer] of model.architecture.layers.entries()) {
    if (layer.kind !== 'normalization') continue;
    const own =
      layer.invert && target.kind === 'number' ? [{ mean: target.mean, variance: target.scale ** 2 }] : moments;
    state[`${index}.normalization.mean`] = own.map(({ mean }) => mean);
    state[`${index}.normalization.variance`] = own.map(({ variance }) => variance);
  }
  if (Object.keys(state).length > 0) model.setParameters(state);
}
