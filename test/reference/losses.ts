/**
 * Costs in naive float64: value and gradient of the prediction.
 *
 * Regression and binary costs are means over every element, the others means over rows.
 */
import { at, logSoftmax, sigmoid, softmax, softplus, total } from './activations.js';

/** What a cost gives: one number, and its derivative by every element of the prediction. */
export interface Cost {
  value: number;
  gradient: Float64Array;
}

/** A cost of predictions (rows × columns); the target has as many numbers, or one class index a row. */
export type Loss = (prediction: Float64Array, target: Float64Array, columns: number) => Cost;

/** A mean over every element of f(p, t), given f and its derivative by p. */
function meanOfElements(f: (p: number, t: number) => number, derivative: (p: number, t: number) => number): Loss {
  return (prediction, target) => ({
    value: total(prediction.map((p, i) => f(p, at(target, i)))) / prediction.length,
    gradient: prediction.map((p, i) => derivative(p, at(target, i)) / prediction.length),
  });
}

/** A mean over rows of f(p, t), given f and its gradient by p. */
function meanOfRows(
  f: (p: Float64Array, t: Float64Array) => number,
  gradientOf: (p: Float64Array, t: Float64Array) => Float64Array,
): Loss {
  return (prediction, target, columns) => {
    const rows = prediction.length / columns;
    const gradient = new Float64Array(prediction.length);
    let sum = 0;
    for (let start = 0; start < prediction.length; start += columns) {
      const p = prediction.slice(start, start + columns);
      const t = target.slice(start, start + columns);
      sum += f(p, t);
      gradient.set(
        gradientOf(p, t).map(g => g / rows),
        start,
      );
    }
    return { value: sum / rows, gradient };
  };
}

export const meanSquaredError = meanOfElements(
  (p, t) => (p - t) ** 2,
  (p, t) => 2 * (p - t),
);

export const meanAbsoluteError = meanOfElements(
  (p, t) => Math.abs(p - t),
  (p, t) => Math.sign(p - t),
);

export const huber = (delta: number): Loss =>
  meanOfElements(
    (p, t) => (Math.abs(p - t) <= delta ? 0.5 * (p - t) ** 2 : delta * (Math.abs(p - t) - 0.5 * delta)),
    (p, t) => Math.min(Math.max(p - t, -delta), delta),
  );

/**
 * log cosh d = |d| + log(1 + e^(−2|d|)) − log 2, which does not overflow, or log(1 + 2 sinh²(d/2)), which cancels
 * nothing.
 */
export const logCosh = meanOfElements(
  (p, t) => {
    const d = Math.abs(p - t);
    return d < 1 ? Math.log1p(2 * Math.sinh(d / 2) ** 2) : d + Math.log1p(Math.exp(-2 * d)) - Math.LN2;
  },
  (p, t) => Math.tanh(p - t),
);

export const binaryCrossEntropy = meanOfElements(
  (p, t) => -xlogy(t, p) - xlogy(1 - t, 1 - p),
  (p, t) => (p - t) / (p * (1 - p)),
);

/** The same cost of logits: −t·log σ(z) − (1 − t)·log σ(−z). */
export const binaryCrossEntropyFromLogits = smoothedBinaryCrossEntropy(0);

/** With targets t·(1 − ε) + ε/2. */
export function smoothedBinaryCrossEntropy(epsilon: number): Loss {
  const smooth = (t: number) => t * (1 - epsilon) + epsilon / 2;
  return meanOfElements(
    (z, t) => smooth(t) * softplus.value(-z) + (1 - smooth(t)) * softplus.value(z),
    (z, t) => sigmoid.value(z) - smooth(t),
  );
}

export const hinge = meanOfElements(
  (p, t) => Math.max(0, 1 - t * p),
  (p, t) => (t * p < 1 ? -t : 0),
);

export const squaredHinge = meanOfElements(
  (p, t) => Math.max(0, 1 - t * p) ** 2,
  (p, t) => -2 * t * Math.max(0, 1 - t * p),
);

/** Keras's: the best of what is not the target, with 0 in the target's place, against what is. */
export const categoricalHinge = meanOfRows(
  (p, t) => Math.max(0, 1 + Math.max(...p.map((v, j) => (1 - at(t, j)) * v)) - dot(p, t)),
  (p, t) => {
    const others = p.map((v, j) => (1 - at(t, j)) * v);
    const rival = others.indexOf(Math.max(...others));
    if (1 + at(others, rival) - dot(p, t) <= 0) return p.map(() => 0);
    return p.map((_, j) => (j === rival ? 1 - at(t, j) : 0) - at(t, j));
  },
);

export const poisson = meanOfElements(
  (p, t) => p - xlogy(t, p),
  (p, t) => 1 - t / p,
);

export const quantile = (q = 0.5): Loss =>
  meanOfElements(
    (p, t) => Math.max(q * (t - p), (q - 1) * (t - p)),
    (p, t) => (p === t ? 0 : p > t ? 1 - q : -q),
  );

export const meanAbsolutePercentageError = meanOfElements(
  (p, t) => Math.abs(p - t) / Math.max(Math.abs(t), 2 ** -52),
  (p, t) => Math.sign(p - t) / Math.max(Math.abs(t), 2 ** -52),
);

/**
 * −w (1 − pₜ)^γ ln pₜ of the logit z, where pₜ is what goes to the target; soft targets mix both, as in torchvision.
 */
export const focal = (gamma = 2, alpha?: number): Loss => {
  const weight = (t: number) => (alpha === undefined ? 1 : alpha * t + (1 - alpha) * (1 - t));
  const off = (z: number, t: number) => t * sigmoid.value(-z) + (1 - t) * sigmoid.value(z);
  const entropy = (z: number, t: number) => t * softplus.value(-z) + (1 - t) * softplus.value(z);
  return meanOfElements(
    (z, t) => weight(t) * off(z, t) ** gamma * entropy(z, t),
    (z, t) => {
      const turn = (1 - 2 * t) * sigmoid.derivative(z);
      const bent = gamma === 0 || turn === 0 ? 0 : gamma * off(z, t) ** (gamma - 1) * turn * entropy(z, t);
      return weight(t) * (bent + off(z, t) ** gamma * (sigmoid.value(z) - t));
    },
  );
};

export const klDivergence = meanOfRows(
  (p, t) => total(t.map((q, j) => xlogy(q, q) - xlogy(q, at(p, j)))),
  (p, t) => p.map((v, j) => -at(t, j) / v),
);

/** 1 − cos of the angle between prediction and target. */
export const cosineSimilarity = meanOfRows(
  (p, t) => 1 - dot(p, t) / (norm(p) * norm(t)),
  (p, t) => p.map((v, j) => (dot(p, t) * v) / (norm(p) ** 3 * norm(t)) - at(t, j) / (norm(p) * norm(t))),
);

export const categoricalCrossEntropy = (labelSmoothing = 0): Loss =>
  meanOfRows(
    (p, t) => -total(smooth(t, labelSmoothing).map((q, j) => xlogy(q, at(p, j)))),
    (p, t) => smooth(t, labelSmoothing).map((q, j) => -q / at(p, j)),
  );

export const categoricalCrossEntropyFromLogits = (labelSmoothing = 0): Loss =>
  meanOfRows(
    (z, t) => {
      const logP = logSoftmax.forward(z, z.length);
      return -total(smooth(t, labelSmoothing).map((q, j) => q * at(logP, j)));
    },
    (z, t) => {
      const q = smooth(t, labelSmoothing);
      const mass = total(q);
      return softmax.forward(z, z.length).map((p, j) => p * mass - at(q, j));
    },
  );

export const sparseCategoricalCrossEntropy =
  (labelSmoothing = 0): Loss =>
  (prediction, classes, columns) =>
    categoricalCrossEntropy(labelSmoothing)(prediction, oneHot(classes, columns), columns);

export const sparseCategoricalCrossEntropyFromLogits =
  (labelSmoothing = 0): Loss =>
  (prediction, classes, columns) =>
    categoricalCrossEntropyFromLogits(labelSmoothing)(prediction, oneHot(classes, columns), columns);

/** One row a class index, 1 at the class and 0 elsewhere. */
export function oneHot(classes: ArrayLike<number>, columns: number): Float64Array {
  const out = new Float64Array(classes.length * columns);
  for (let row = 0; row < classes.length; row++) out[row * columns + at(classes, row)] = 1;
  return out;
}

/** t·(1 − ε) + ε/n: a share ε of the certainty is spread over all n classes (Szegedy et al. 2016). */
function smooth(t: Float64Array, epsilon: number): Float64Array {
  return t.map(v => v * (1 - epsilon) + epsilon / t.length);
}

/** x·log y, with 0·log y = 0. */
function xlogy(x: number, y: number): number {
  return x === 0 ? 0 : x * Math.log(y);
}

function dot(a: Float64Array, b: Float64Array): number {
  return total(a.map((v, i) => v * at(b, i)));
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
