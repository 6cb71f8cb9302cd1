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

/** Kingma and Ba 2015; weight decay is added to the gradient. With `amsgrad` v is the largest there ever was. */
export function adam({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  amsgrad = false,
} = {}): Optimizer {
  const vMax = new State();
  return moments({ beta1, beta2, weightDecay }, (w, { m, v, t }, _, key) => {
    if (amsgrad) vMax.set(key, Math.max(vMax.get(key), v));
    const mean = m / (1 - beta1 ** t);
    const square = (amsgrad ? vMax.get(key) : v) / (1 - beta2 ** t);
    return w - (learningRate * mean) / (Math.sqrt(square) + epsilon);
  });
}

interface Moments {
  readonly m: number;
  readonly v: number;
  readonly t: number;
}

/** What moves by averages of the gradient and of its square. */
function moments(
  { beta1, beta2, weightDecay }: { beta1: number; beta2: number; weightDecay: number },
  move: (w: number, moments: Moments, g: number, key: string) => number,
): Optimizer {
  const ms = new State();
  const vs = new State();
  let t = 0;
  return (parameters, gradients) => {
    t++;
    forEachElement(parameters, gradients, (w, gradient, key) => {
      const g = gradient + weightDecay * w;
      ms.set(key, beta1 * ms.get(key) + (1 - beta1) * g);
      vs.set(key, beta2 * vs.get(key) + (1 - beta2) * g * g);
      return move(w, { m: ms.get(key), v: vs.get(key), t }, g, key);
    });
  };
}

/** Dozat 2016, as PyTorch 1.13 has it. */
export function nadam({
  learningRate = 2e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  momentumDecay = 4e-3,
} = {}): Optimizer {
  const momentum = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  const product = (t: number): number => (t === 0 ? 1 : product(t - 1) * momentum(t));
  return moments({ beta1, beta2, weightDecay }, (w, { m, v, t }, g) => {
    const divisor = Math.sqrt(v / (1 - beta2 ** t)) + epsilon;
    const own = ((1 - momentum(t)) / (1 - product(t))) * g;
    return w - (learningRate * (own + (momentum(t + 1) / (1 - product(t + 1) * momentum(t))) * m)) / divisor;
  });
}

/** Liu et al. 2020. */
export function radam({
  learningRate = 1e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
} = {}): Optimizer {
  return moments({ beta1, beta2, weightDecay }, (w, { m, v, t }) => {
    const most = 2 / (1 - beta2) - 1;
    const length = most - (2 * t * beta2 ** t) / (1 - beta2 ** t);
    const mean = (learningRate * m) / (1 - beta1 ** t);
    if (length <= 5) return w - mean;
    const rectified = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
    return w - (mean * Math.sqrt(rectified * (1 - beta2 ** t))) / (Math.sqrt(v) + epsilon);
  });
}

/** Kingma and Ba 2015, section 7.1. */
export function adamax({
  learningRate = 2e-3,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
} = {}): Optimizer {
  const u = new State();
  return moments({ beta1, beta2, weightDecay }, (w, { m, t }, g, key) => {
    u.set(key, Math.max(beta2 * u.get(key), Math.abs(g) + epsilon));
    return w - (learningRate * m) / (1 - beta1 ** t) / u.get(key);
  });
}

/** Tieleman and Hinton 2012; centered as Graves 2013 has it. */
export function rmsprop({
  learningRate = 0.01,
  alpha = 0.99,
  epsilon = 1e-8,
  weightDecay = 0,
  momentum = 0,
  centered = false,
} = {}): Optimizer {
  const [squares, means, velocity] = [new State(), new State(), new State()];
  return (parameters, gradients) => {
    forEachElement(parameters, gradients, (w, gradient, key) => {
      const g = gradient + weightDecay * w;
      squares.set(key, alpha * squares.get(key) + (1 - alpha) * g * g);
      means.set(key, alpha * means.get(key) + (1 - alpha) * g);
      const square = squares.get(key) - (centered ? means.get(key) ** 2 : 0);
      velocity.set(key, momentum * velocity.get(key) + g / (Math.sqrt(square) + epsilon));
      return w - learningRate * velocity.get(key);
    });
  };
}

/** Duchi, Hazan and Singer 2011. */
export function adagrad({ learningRate = 0.01, epsilon = 1e-10, weightDecay = 0 } = {}): Optimizer {
  const squares = new State();
  return (parameters, gradients) => {
    forEachElement(parameters, gradients, (w, gradient, key) => {
      const g = gradient + weightDecay * w;
      squares.set(key, squares.get(key) + g * g);
      return w - (learningRate * g) / (Math.sqrt(squares.get(key)) + epsilon);
    });
  };
}

/** Zeiler 2012. */
export function adadelta({ learningRate = 1, rho = 0.9, epsilon = 1e-6, weightDecay = 0 } = {}): Optimizer {
  const squares = new State();
  const steps = new State();
  return (parameters, gradients) => {
    forEachElement(parameters, gradients, (w, gradient, key) => {
      const g = gradient + weightDecay * w;
      squares.set(key, rho * squares.get(key) + (1 - rho) * g * g);
      const step = (Math.sqrt(steps.get(key) + epsilon) / Math.sqrt(squares.get(key) + epsilon)) * g;
      steps.set(key, rho * steps.get(key) + (1 - rho) * step * step);
      return w - learningRate * step;
    });
  };
}

/** Riedmiller and Braun 1993. */
export function rprop({ learningRate = 0.01, etas = [0.5, 1.2], stepSizes = [1e-6, 50] } = {}): Optimizer {
  const sizes = new State(learningRate);
  const last = new State();
  return (parameters, gradients) => {
    forEachElement(parameters, gradients, (w, g, key) => {
      const turned = Math.sign(g * last.get(key));
      const factor = turned > 0 ? at(etas, 1) : turned < 0 ? at(etas, 0) : 1;
      sizes.set(key, Math.min(Math.max(sizes.get(key) * factor, at(stepSizes, 0)), at(stepSizes, 1)));
      last.set(key, turned < 0 ? 0 : g);
      return w - Math.sign(last.get(key)) * sizes.get(key);
    });
  };
}

/** Chen et al. 2023. */
export function lion({ learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0 } = {}): Optimizer {
  const m = new State();
  return (parameters, gradients) => {
    forEachElement(parameters, gradients, (w, g, key) => {
      const way = Math.sign(beta1 * m.get(key) + (1 - beta1) * g);
      m.set(key, beta2 * m.get(key) + (1 - beta2) * g);
      return w * (1 - learningRate * weightDecay) - learningRate * way;
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

/** One number a parameter element, 0 at first unless told. */
class State {
  readonly #values = new Map<string, number>();
  readonly #first: number;

  constructor(first = 0) {
    this.#first = first;
  }

  get(key: string): number {
    return this.#values.get(key) ?? this.#first;
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
