/**
 * Temperature scaling: one number that the logits are divided by, so that probabilities say how often they are right.
 *
 * Source: Guo, Pleiss, Sun and Weinberger, «On calibration of modern neural networks», ICML 2017.
 */
import type { Model } from '../model.js';

const LEAST = 0.05;
const MOST = 20;
/** The golden section. */
const SHARE = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature with the lowest log loss of rows × classes probabilities, from 0.05 to 20. It has three digits behind
 * the point, far more than some rows tell and fewer than engines' logarithms differ in, so that a model stays the same
 * everywhere.
 */
export function fitTemperature(probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  const logits = Float64Array.from(probabilities, probability => Math.log(Math.max(probability, 1e-38)));
  const loss = (logarithm: number) => lossAt(Math.exp(logarithm), logits, labels, classes);
  let low = Math.log(LEAST);
  let high = Math.log(MOST);
  // In the temperature's inverse the loss is convex, so that it has one minimum, which each step brackets closer.
  while (high - low > 1e-6) {
    const left = high - SHARE * (high - low);
    const right = low + SHARE * (high - low);
    if (loss(left) <= loss(right)) high = right;
    else low = left;
  }
  return Math.round(Math.exp((low + high) / 2) * 1000) / 1000;
}

/** The mean of −ln of each row's class's probability, once its logits are divided by the temperature. */
function lossAt(temperature: number, logits: Float64Array, labels: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const largest = Math.max(...own);
    let total = 0;
    for (const logit of own) total += Math.exp((logit - largest) / temperature);
    sum += Math.log(total) - ((own[labels[row] ?? 0] ?? 0) - largest) / temperature;
  }
  return sum / labels.length;
}

/** Divides the logits of a network by the temperature for good: its last layer's weights and biases. */
export function applyTemperature(model: Model, temperature: number): void {
  const last = model.parameters.slice(-2);
  model.setParameters(Object.fromEntries(last.map(({ name, data }) => [name, data.map(value => value / temperature)])));
}
