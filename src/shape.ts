/** Shapes of one sample: `[784]`, `[28, 28]`. */
import { checkInteger, listed, wrongType } from './errors.js';

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
  if (!Array.isArray(shape) || shape.length === 0) {
    throw wrongType(where, 'a number of inputs, or a list of lengths such as [28, 28]', value);
  }
  return Object.freeze(shape.map((length: unknown) => checkInteger(where, length, 1, 2 ** 24)));
}
