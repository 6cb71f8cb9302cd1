/** How weights are stored, in model files and in linear memory: as they are, or in fewer bits. */
import type { Shape } from '../shape.js';

/** The kinds of number that a model's weights may be. */
export type WeightFormat = 'float32' | 'float16' | 'int8';

/** Numbers as they lie in memory: float32, the bits of float16, or int8. */
export type StoredNumbers = Float32Array | Uint16Array | Int8Array;

export const weightFormats = ['float32', 'float16', 'int8'] as const satisfies readonly WeightFormat[];

/** Bytes of one number. */
export const formatBytes: Readonly<Record<WeightFormat, number>> = { float32: 4, float16: 2, int8: 1 };

/** The format of an array of numbers. */
export function formatOf(numbers: StoredNumbers): WeightFormat {
  return numbers instanceof Float32Array ? 'float32' : numbers instanceof Uint16Array ? 'float16' : 'int8';
}

/** A parameter, or the scales of one, as it is stored. */
export interface StoredPart {
  readonly name: string;
  readonly shape: Shape;
  readonly columns?: number | undefined;
  readonly format: WeightFormat;
}

/** What is stored of a parameter: `columns` of its matrix are those of the last axis by default. */
interface Stored {
  readonly name: string;
  readonly shape: Shape;
  readonly columns?: number | undefined;
}

/**
 * What is stored for a parameter of a model with such weights. Matrices have the model's format; an int8 one has a
 * float32 scale for each of its columns beside it. Vectors, such as biases, are small and stay float32.
 */
export function storedParts({ name, shape, columns }: Stored, weights: WeightFormat): readonly StoredPart[] {
  if (shape.length < 2) return [{ name, shape, format: 'float32' }];
  const matrix = { name, shape, columns, format: weights };
  if (weights !== 'int8') return [matrix];
  return [matrix, { name: scaleName(name), shape: [columns ?? shape.at(-1) ?? 1], format: 'float32' }];
}

/** What the scales of that int8 parameter are called. */
export function scaleName(parameter: string): string {
  return `${parameter}.scale`;
}
