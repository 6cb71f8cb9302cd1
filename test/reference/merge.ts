/**
 * The nodes of graphs that take several others, or move numbers about, in plain float64: forward, and back to each of
 * what they take.
 */
import type { Layer } from '../../src/layers/index.js';
import { at } from './activations.js';

/** One of a node's inputs: row-major numbers, and the shape of a sample. */
export interface Operand {
  readonly x: Float64Array;
  readonly shape: readonly number[];
}

const width = ({ shape }: Operand) => shape.at(-1) ?? 1;
const count = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** Where each of a sample's numbers comes from: which operand, and which of its numbers there. */
function sources(layer: Layer, operands: readonly Operand[]): (sample: number, i: number) => [number, number] {
  const [first] = operands as [Operand];
  const own = count(first.shape);
  if (layer.kind === 'concatenate') {
    const all = operands.reduce((sum, operand) => sum + width(operand), 0);
    return (sample, i) => {
      let column = i % all;
      const k = operands.findIndex(operand => {
        if (column < width(operand)) return true;
        column -= width(operand);
        return false;
      });
      const operand = operands[k] ?? first;
      return [k, sample * count(operand.shape) + Math.floor(i / all) * width(operand) + column];
    };
  }
  if (layer.kind === 'slice') {
    const columns = layer.end - layer.start;
    const from = (i: number) => Math.floor(i / columns) * width(first) + layer.start + (i % columns);
    return (sample, i) => [0, sample * own + from(i)];
  }
  if (layer.kind === 'repeatVector') return (sample, i) => [0, sample * own + (i % own)];
  if (layer.kind !== 'permute') throw new Error(`${layer.kind} moves nothing`);
  const lengths = layer.axes.map(axis => first.shape[axis] ?? 1);
  return (sample, i) => {
    // The place along each axis, from the last to the first.
    const along: number[] = [];
    let rest = i;
    for (const length of lengths.toReversed()) {
      along.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    const place = first.shape.reduce((sum, length, axis) => sum * length + (along[layer.axes.indexOf(axis)] ?? 0), 0);
    return [0, sample * own + place];
  };
}

const elementwise = ['add', 'subtract', 'multiply', 'average', 'maximum'] as const;
const isElementwise = ({ kind }: Layer) => (elementwise as readonly string[]).includes(kind);
const moves = ({ kind }: Layer) => ['concatenate', 'slice', 'permute', 'repeatVector'].includes(kind);

export const isMerge = (layer: Layer) => isElementwise(layer) || moves(layer);

function combine(kind: string, values: readonly number[]): number {
  if (kind === 'subtract') return at(values, 0) - at(values, 1);
  if (kind === 'multiply') return values.reduce((product, value) => product * value, 1);
  if (kind === 'maximum') return Math.max(...values);
  const sum = values.reduce((total, value) => total + value, 0);
  return kind === 'average' ? sum / values.length : sum;
}

/** ∂/∂ the k-th; of equal ones the first is the largest. */
function slope(kind: string, values: readonly number[], k: number): number {
  if (kind === 'subtract') return k === 0 ? 1 : -1;
  if (kind === 'multiply') return values.reduce((product, value, i) => (i === k ? product : product * value), 1);
  if (kind === 'maximum') return values.indexOf(Math.max(...values)) === k ? 1 : 0;
  return kind === 'average' ? 1 / values.length : 1;
}

/** What the node makes, each sample of `outputShape`. */
export function mergeForward(layer: Layer, operands: readonly Operand[], outputShape: readonly number[]): Float64Array {
  const [first] = operands as [Operand];
  if (isElementwise(layer))
    return first.x.map((_, i) =>
      combine(
        layer.kind,
        operands.map(({ x }) => at(x, i)),
      ),
    );
  const numbers = count(outputShape);
  const source = sources(layer, operands);
  const samples = first.x.length / count(first.shape);
  return Float64Array.from({ length: samples * numbers }, (_, i) => {
    const [k, place] = source(Math.floor(i / numbers), i % numbers);
    return at(operands[k]?.x ?? [], place);
  });
}

/** The gradient of each operand. */
export function mergeBackward(
  layer: Layer,
  operands: readonly Operand[],
  outputShape: readonly number[],
  dy: Float64Array,
): Float64Array[] {
  if (isElementwise(layer)) {
    return operands.map((_, k) =>
      dy.map(
        (value, i) =>
          value *
          slope(
            layer.kind,
            operands.map(({ x }) => at(x, i)),
            k,
          ),
      ),
    );
  }
  const numbers = count(outputShape);
  const source = sources(layer, operands);
  const gradients = operands.map(({ x }) => new Float64Array(x.length));
  dy.forEach((value, i) => {
    const [k, place] = source(Math.floor(i / numbers), i % numbers);
    const gradient = gradients[k];
    if (gradient) gradient[place] = at(gradient, place) + value;
  });
  return gradients;
}
