/** Sums over whole vectors, in float64 and in the order of their numbers: the same bits on every engine. */

export type Vector = Float32Array | Float64Array;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

export function norm(a: Vector): number {
  return Math.sqrt(dot(a, a));
}

/** to += factor · a */
export function addScaled(to: Float64Array, factor: number, a: Vector): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] ?? 0) + factor * (a[i] ?? 0);
}

/** to = factor · a */
export function setScaled(to: Float64Array, factor: number, a: Vector): void {
  for (let i = 0; i < to.length; i++) to[i] = factor * (a[i] ?? 0);
}
