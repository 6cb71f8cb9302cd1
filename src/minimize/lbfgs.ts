/** Limited-memory BFGS: Nocedal and Wright, algorithm 7.4, with the initial matrix of their 7.20. */
import type { Directions } from './directions.js';
import { addScaled, dot, setScaled, type Vector } from './vectors.js';

/** Pairs whose curvature is less than that of rounding are not learned. */
const LEAST_CURVATURE = 2 ** -40;

export class LbfgsDirections implements Directions {
  readonly flatness = 0.9;
  readonly #history: number;
  readonly #length: number;
  /** Steps and how the gradient changed with each, the latest first; those that are all 0 say nothing. */
  #steps: Float32Array[] = [];
  #changes: Float32Array[] = [];

  constructor(history: number, length: number) {
    this.#history = history;
    this.#length = length;
  }

  towards(direction: Float64Array, gradient: Vector): boolean {
    setScaled(direction, -1, gradient);
    const pairs = this.#steps.flatMap((step, i) => {
      const change = this.#changes[i] as Float32Array;
      const product = dot(step, change);
      return product > 0 ? [{ step, change, product, alpha: 0 }] : [];
    });
    const [latest] = pairs;
    if (!latest) return false;
    for (const pair of pairs) {
      pair.alpha = dot(pair.step, direction) / pair.product;
      addScaled(direction, -pair.alpha, pair.change);
    }
    setScaled(direction, latest.product / dot(latest.change, latest.change), direction);
    for (const { step, change, product, alpha } of pairs.reverse()) {
      addScaled(direction, alpha - dot(change, direction) / product, step);
    }
    return true;
  }

  firstLength(): number {
    return 1;
  }

  learn(step: Float64Array, _: Float64Array, before: Vector, after: Vector): void {
    const change = new Float32Array(this.#length);
    for (let i = 0; i < change.length; i++) change[i] = (after[i] ?? 0) - (before[i] ?? 0);
    if (!(dot(step, change) > LEAST_CURVATURE * dot(change, change))) return;
    this.#steps = [Float32Array.from(step), ...this.#steps].slice(0, this.#history);
    this.#changes = [change, ...this.#changes].slice(0, this.#history);
  }

  forget(): void {
    this.#steps = [];
    this.#changes = [];
  }

  buffers(): [string, Float32Array][] {
    while (this.#steps.length < this.#history) {
      this.#steps.push(new Float32Array(this.#length));
      this.#changes.push(new Float32Array(this.#length));
    }
    return this.#steps.flatMap((step, i): [string, Float32Array][] => {
      return [
        [`step${i}`, step],
        [`change${i}`, this.#changes[i] as Float32Array],
      ];
    });
  }
}
