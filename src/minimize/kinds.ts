/**
 * The registry of full-batch optimisers: every factory exported here is one that options know by name. An epoch is an
 * iteration over all rows, and the length of each step is searched for (`lineSearch.ts`).
 */
import { describe, wrongKind } from '../errors.js';
import { hasKey } from '../kinds.js';
import { type Config, defineSettings, positive, type SettingsFactory, whole } from '../optimizers/optimizer.js';

export interface MinimizerOptions {
  /**
   * Training has `'converged'` where the Euclidean norm of all gradients is not above this, or where ten iterations
   * lower the cost by no more than this share of it; 1e-5 by default.
   */
  readonly tolerance?: number;
}

export interface LbfgsOptions extends MinimizerOptions {
  /** Steps that the curvature is taken from, from 1 to 100; 10 by default. */
  readonly history?: number;
}

export type Lbfgs = Config<'lbfgs', LbfgsOptions>;
export type ConjugateGradient = Config<'conjugateGradient', MinimizerOptions>;

/** Says of a learning rate why there is none, and of other settings what is wrong with them. */
function withoutRate<K extends string, O extends object>(factory: SettingsFactory<K, O>, kind: K) {
  function configure(options?: O): Config<K, O> {
    if (!hasKey(options, 'learningRate')) return factory(options);
    const expected = 'none, as the length of each step is searched for';
    throw wrongKind(`${kind}: learningRate`, expected, describe(options.learningRate), 'leave it out');
  }
  return Object.assign(configure, { optionNames: [...factory.optionNames, 'learningRate'] });
}

const tolerance = positive(1e-5);

/**
 * Limited-memory BFGS (Nocedal 1980; Nocedal and Wright, «Numerical Optimization», 2006, algorithm 7.4), with steps
 * that satisfy the strong Wolfe conditions: for networks and data small enough that each step may take all rows. An
 * epoch is a step; the history has `gradientNorm` and `stepLength` of each, and `stopped` is `'converged'`, or
 * `'lineSearchFailed'` where no length of a step lowers the cost, as where it has kinks. Nothing that changes from
 * batch to batch or bends the gradient goes with it: `batchSize`, `shuffle`, dropout, noise, batch normalisation,
 * constraints, L1, clipping, accumulation, averages and schedules are refused.
 */
export const lbfgs = /* @__PURE__ */ withoutRate(
  /* @__PURE__ */ defineSettings<'lbfgs', LbfgsOptions>('lbfgs', { tolerance, history: whole(10, 1, 100) }),
  'lbfgs',
);

/**
 * Nonlinear conjugate gradients (Polak and Ribière 1969 with β not below 0, and Powell's restarts; Nocedal and Wright,
 * section 5.2): as {@link lbfgs}, with a sixth of its memory and more steps.
 */
export const conjugateGradient = /* @__PURE__ */ withoutRate(
  /* @__PURE__ */ defineSettings<'conjugateGradient', MinimizerOptions>('conjugateGradient', { tolerance }),
  'conjugateGradient',
);
