/** The network of a table: it standardises its own inputs, and gives numbers in the target's own unit. */
import { type Architecture, sequential } from '../architecture.js';
import { concatenate, type GraphNode, graph, slice } from '../graph.js';
import type { ActivationName } from '../layers/activations.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import type { Layer } from '../layers/index.js';
import { normalization } from '../layers/normalization.js';
import type { Model } from '../model.js';
import {
  columnWidth,
  type InputColumn,
  inputWidth,
  isOutside,
  outputWidth,
  type Preprocessing,
  valueWidth,
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

/** The mean and variance of each of a column's inputs; of what is to stay as it is, 0. */
function momentsOf(column: InputColumn, preprocessing: Preprocessing): Moment[] {
  const moments = Array.from({ length: columnWidth(column) }, () => AS_IT_IS);
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
  if (!columns.some(isEmbedded)) return sequential(width, isScaled ? [normalization(), ...body] : body);
  return graph(width, input => {
    const x = isScaled ? input.to(normalization()) : input;
    return body.reduce((node, layer) => node.to(layer), joined(partsOf(x, columns)));
  });
}

function isEmbedded(column: InputColumn): boolean {
  return column.kind === 'category' && column.embedding !== undefined;
}

/** Stretches of inputs as they are, and between them the few numbers that are learned for each value of a category. */
function partsOf(x: GraphNode, columns: readonly InputColumn[]): GraphNode[] {
  const parts: GraphNode[] = [];
  let [start, at] = [0, 0];
  for (const column of columns) {
    const end = at + valueWidth(column);
    if (column.kind === 'category' && column.embedding !== undefined) {
      if (start < at) parts.push(slice(x, { start, end: at }));
      const options = { useBias: false, weightInitializer: 'randomUniform' } as const;
      parts.push(slice(x, { start: at, end }).to(dense(column.embedding, options)));
      start = end;
    }
    at += columnWidth(column);
  }
  if (start < at) parts.push(slice(x, { start, end: at }));
  return parts;
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
