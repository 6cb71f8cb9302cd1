/** Optimisers in naive float64, by PyTorch's definitions. */
import { at } from './activations.js';

/** Moves every parameter array in place by its gradient; keeps its own state from step to step. */
export type Optimizer = (parameters: Float64Array[], gradients: Float64Array[]) => void;

/** With momentum μ: v ← μ·v + g, then w ← w − η·v, or w − η·(g + μ·v) where Nesterov's. Weight decay is added to g. */
export function sgd({ learningRate = 0.01, momentum = 0, nesterov = false, weightDecay = 0 } = {}): Optimizer {
  const velocity = new State();
  return (parameters, gradients) => {
    forEachElement(parameters, gradients, (w, gradient, key) => {
      const g = gradient + weightDecay * w;
      const v = momentum * velocity.get(key) + g;
      velocity.set(key, v);
      return w - learningRate * (nesterov ? g + momentum * v : v);
    });
  };
}

/** Kingma and Ba 2015; weight decay is added to the gradient. */
export function adam({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
} = {}): Optimizer {
  const m = new State();
  const v = new State();
  let t = 0;
  return (parameters, gradients) => {
    t++;
    forEachElement(parameters, gradients, (w, gradient, key) => {
      const g = gradient + weightDecay * w;
      m.set(key, beta1 * m.get(key) + (1 - beta1) * g);
      v.set(key, beta2 * v.get(key) + (1 - beta2) * g * g);
      const mean = m.get(key) / (1 - beta1 ** t);
      const square = v.get(key) / (1 - beta2 ** t);
      return w - (learningRate * mean) / (Math.sqrt(square) + epsilon);
    });
  };
}

/** Loshchilov and Hutter 2019: the weights shrink by η·λ first, then Adam's step without decay. */
export function adamW({ learningRate = 1e-3, weightDecay = 0.01, ...rest } = {}): Optimizer {
  const step = adam({ learningRate, ...rest });
  return (parameters, gradients) => {
    for (const w of parameters) w.set(w.map(value => value * (1 - learningRate * weightDecay)));
    step(parameters, gradients);
  };
}

/** One number a parameter element, 0 at first. */
class State {
  readonly #values = new Map<string, number>();

  get(key: string): number {
    return this.#values.get(key) ?? 0;
  }

  set(key: string, value: number): void {
    this.#values.set(key, value);
  }
}

function forEachElement(
  parameters: Float64Array[],
  gradients: Float64Array[],
  update: (w: number, g: number, key: string) => number,
): void {
  parameters.forEach((w, p) => {
    const g = gradients[p];
    if (g === undefined) throw new RangeError(`reference: parameter ${p} has no gradient`);
    for (let i = 0; i < w.length; i++) w[i] = update(at(w, i), at(g, i), `${p}/${i}`);
  });
}
