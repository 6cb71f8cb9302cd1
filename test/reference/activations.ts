/**
 * Activations in naive float64: every formula as it stands in the textbook, nothing shared with the library.
 *
 * Where the derivative jumps, the side is PyTorch's: relu'(0) = 0, leakyRelu'(0) = slope, hardSwish'(3) = 1.
 */

/** An activation over rows of `columns` numbers. */
export interface Activation {
  /** y from x. */
  forward(x: Float64Array, columns: number): Float64Array;
  /** dx from x and dy. */
  backward(x: Float64Array, dy: Float64Array, columns: number): Float64Array;
}

/** A function of one number, and its derivative. */
export interface Scalar {
  value(x: number): number;
  derivative(x: number): number;
}

/** Applies a function of one number to every element. */
export function elementwise(f: Scalar): Activation {
  return {
    forward: x => x.map(v => f.value(v)),
    backward: (x, dy) => x.map((v, i) => f.derivative(v) * at(dy, i)),
  };
}

export const linear: Scalar = { value: x => x, derivative: () => 1 };

export const relu: Scalar = { value: x => Math.max(x, 0), derivative: x => (x > 0 ? 1 : 0) };

export const leakyRelu = (slope: number): Scalar => ({
  value: x => (x > 0 ? x : slope * x),
  derivative: x => (x > 0 ? 1 : slope),
});

export const elu = (alpha: number): Scalar => ({
  value: x => (x > 0 ? x : alpha * Math.expm1(x)),
  derivative: x => (x > 0 ? 1 : alpha * Math.exp(x)),
});

/** Klambauer et al. 2017 give the two constants. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;
export const selu: Scalar = {
  value: x => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
  derivative: x => seluScale * (x > 0 ? 1 : seluAlpha * Math.exp(x)),
};

/** x·Φ(x), Φ being the distribution function of the standard normal distribution. */
export const geluErf: Scalar = {
  value: x => x * 0.5 * (1 + erf(x / Math.SQRT2)),
  derivative: x => 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
};

export const geluTanh: Scalar = {
  value: x => 0.5 * x * (1 + Math.tanh(geluInner(x))),
  derivative: x => {
    const t = Math.tanh(geluInner(x));
    const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
  },
};

export const sigmoid: Scalar = {
  value: x => 1 / (1 + Math.exp(-x)),
  derivative: x => 1 / ((1 + Math.exp(-x)) * (1 + Math.exp(x))),
};

export const silu: Scalar = {
  value: x => x * sigmoid.value(x),
  derivative: x => sigmoid.value(x) + x * sigmoid.derivative(x),
};

/** log(1 + eˣ), written so that eˣ cannot overflow. */
export const softplus: Scalar = {
  value: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  derivative: x => sigmoid.value(x),
};

export const mish: Scalar = {
  value: x => x * Math.tanh(softplus.value(x)),
  derivative: x => {
    const t = Math.tanh(softplus.value(x));
    return t + x * (1 - t * t) * sigmoid.value(x);
  },
};

export const softsign: Scalar = { value: x => x / (1 + Math.abs(x)), derivative: x => 1 / (1 + Math.abs(x)) ** 2 };

export const tanh: Scalar = { value: x => Math.tanh(x), derivative: x => 1 / Math.cosh(x) ** 2 };

/** PyTorch's: relu6(x + 3) / 6. */
export const hardSigmoid: Scalar = {
  value: x => Math.min(Math.max(x + 3, 0), 6) / 6,
  derivative: x => (x > -3 && x < 3 ? 1 / 6 : 0),
};

export const hardSwish: Scalar = {
  value: x => x * hardSigmoid.value(x),
  derivative: x => (x < -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1),
};

export const exponential: Scalar = { value: x => Math.exp(x), derivative: x => Math.exp(x) };

/** Each row becomes eˣ / Σ eˣ; the row's maximum is taken off first, which changes nothing but the range. */
export const softmax: Activation = {
  forward: (x, columns) =>
    eachRow(x, columns, row => {
      const top = Math.max(...row);
      const exps = row.map(v => Math.exp(v - top));
      const sum = total(exps);
      return exps.map(e => e / sum);
    }),
  backward: (x, dy, columns) => {
    const y = softmax.forward(x, columns);
    return eachRow(y, columns, (row, start) => {
      const dot = total(row.map((p, j) => p * at(dy, start + j)));
      return row.map((p, j) => p * (at(dy, start + j) - dot));
    });
  },
};

/** Each row becomes x − log Σ eˣ. */
export const logSoftmax: Activation = {
  forward: (x, columns) =>
    eachRow(x, columns, row => {
      const top = Math.max(...row);
      const logSum = top + Math.log(total(row.map(v => Math.exp(v - top))));
      return row.map(v => v - logSum);
    }),
  backward: (x, dy, columns) => {
    const y = logSoftmax.forward(x, columns);
    return eachRow(y, columns, (row, start) => {
      const sum = total(row.map((_, j) => at(dy, start + j)));
      return row.map((logP, j) => at(dy, start + j) - Math.exp(logP) * sum);
    });
  },
};

/** The error function: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms all have the same sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The number at `i`; outside the array is a mistake in the test. */
export function at(values: ArrayLike<number>, i: number): number {
  const value = values[i];
  if (value === undefined) throw new RangeError(`reference: index ${i} is outside an array of ${values.length}`);
  return value;
}

/** The plain sum. */
export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += at(values, i);
  return sum;
}

/** Maps a matrix row by row; `f` is also told where its row starts. */
export function eachRow(
  x: Float64Array,
  columns: number,
  f: (row: Float64Array, start: number) => Float64Array,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += columns) out.set(f(x.slice(start, start + columns), start), start);
  return out;
}

function geluInner(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
}
