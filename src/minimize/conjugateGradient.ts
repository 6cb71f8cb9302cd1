/** Nonlinear conjugate gradients: Nocedal and Wright, section 5.2. */
import type { Directions } from './directions.js';
import { addScaled, dot, setScaled, type Vector } from './vectors.js';

/** Neighbouring gradients this far from orthogonal begin anew (Powell 1977; their 5.52). */
const ALIKE = 0.2;

export class ConjugateDirections implements Directions {
  readonly flatness = 0.1;
  /** Where it last went, the step that it made there, and the gradient before that; all 0 where it knows nothing. */
  readonly #direction: Float32Array;
  readonly #step: Float32Array;
  readonly #gradient: Float32Array;
  #curvature = 0;

  constructor(length: number) {
    this.#direction = new Float32Array(length);
    this.#step = new Float32Array(length);
    this.#gradient = new Float32Array(length);
  }

  towards(direction: Float64Array, gradient: Vector): boolean {
    setScaled(direction, -1, gradient);
    const before = dot(this.#gradient, this.#gradient);
    if (before === 0) return false;
    const square = dot(gradient, gradient);
    const product = dot(gradient, this.#gradient);
    const moved = dot(this.#step, gradient) - dot(this.#step, this.#gradient);
    this.#curvature = moved / dot(this.#step, this.#step);
    const isAlike = Math.abs(product) >= ALIKE * square;
    if (!isAlike) addScaled(direction, Math.max(0, (square - product) / before), this.#direction);
    return true;
  }

  /** Where the slope would be 0 if the cost were curved along it as along the last step. */
  firstLength(direction: Float64Array, slope: number): number {
    return -slope / (this.#curvature * dot(direction, direction));
  }

  learn(step: Float64Array, direction: Float64Array, before: Vector): void {
    this.#step.set(step);
    this.#direction.set(direction);
    this.#gradient.set(before);
  }

  forget(): void {
    this.#gradient.fill(0);
  }

  buffers(): [string, Float32Array][] {
    return [
      ['direction', this.#direction],
      ['step', this.#step],
      ['gradient', this.#gradient],
    ];
  }
}
