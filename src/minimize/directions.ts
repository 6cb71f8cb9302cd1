/** Where a full-batch optimiser goes, by what it has learned of the cost on the way: what its trainer's file holds. */
import type { MinimizerConfig } from '../optimizers/index.js';
import { ConjugateDirections } from './conjugateGradient.js';
import { LbfgsDirections } from './lbfgs.js';
import type { Vector } from './vectors.js';

export interface Directions {
  /** How flat the cost is to be at a step's end: c₂ of the Wolfe conditions. */
  readonly flatness: number;
  /** Writes where to go from a point with such a gradient; false where nothing is known but the gradient. */
  towards(direction: Float64Array, gradient: Vector): boolean;
  /** The length to try first along it. */
  firstLength(direction: Float64Array, slope: number): number;
  /** A step was made along a direction, between points with such gradients. */
  learn(step: Float64Array, direction: Float64Array, before: Vector, after: Vector): void;
  /** It knows nothing any more. */
  forget(): void;
  /** What it goes on from, a number for each parameter that learns, by names of their own; 0 where there is none. */
  buffers(): readonly (readonly [name: string, values: Float32Array])[];
}

export function directionsOf(config: MinimizerConfig, length: number): Directions {
  return config.kind === 'lbfgs' ? new LbfgsDirections(config.history, length) : new ConjugateDirections(length);
}

/** The names of what {@link Directions.buffers} gives. */
export function bufferNamesOf(config: MinimizerConfig): string[] {
  return directionsOf(config, 0)
    .buffers()
    .map(([name]) => name);
}
