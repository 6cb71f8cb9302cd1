/** Shapes of one sample: `[784]`, `[28, 28]`. */
import { checkInteger, listed, wrongType, wrongValue } from './errors.js';
import { isList } from './kinds.js';

const MOST_DIMENSIONS = 64;

export type Shape = readonly number[];

/** The number of elements in a shape. */
export function size(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** `[rows, 28, 28]`, as messages write the shape of a batch. */
export function batchShape(shape: Shape): string {
  return `[rows, ${listed(shape)}]`;
}

/** A shape from a number or a list of numbers, each at least 1. */
export function checkShape(where: string, value: unknown): Shape {
  const shape: unknown = typeof value === 'number' ? [value] : value;
  if (!isList(shape) || shape.length === 0) {
    throw wrongType(where, 'a number of inputs, or a list of lengths such as [28, 28]', value);
  }
  // As many as a file's tensors may have.
  if (shape.length > MOST_DIMENSIONS) throw wrongValue(where, `at most ${MOST_DIMENSIONS} lengths`, shape.length);
  // Not shape.map, which passes over holes.
  return Object.freeze(Array.from(shape, length => checkInteger(where, length, 1, 2 ** 24)));
}
