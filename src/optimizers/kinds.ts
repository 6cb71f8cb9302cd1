/**
 * The registry: every factory exported here is an optimiser that options know by name. Their rules are classes of the
 * same names in assembly/ops/optimizers.ts. All have PyTorch's definitions and defaults.
 */

import { naturalExp, naturalLog } from '../elementary.js';
import { wrongValue } from '../errors.js';
import { UpdateKind } from '../plan/opcodes.js';
import {
  amount,
  type Config,
  defineOptimizer,
  finite,
  flag,
  notNegative,
  pair,
  type Rule,
  rate,
  share,
} from './optimizer.js';
import type { LearningRate } from './schedules.js';

export interface RateOptions {
  /** The step size: a number, a schedule such as `cosineDecay(…)`, or a function of the step, which counts from 0. */
  readonly learningRate?: LearningRate;
}

export interface DecayOptions extends RateOptions {
  /** Pulls parameters to zero, biases too. */
  readonly weightDecay?: number;
  /**
   * Whether `weightDecay` reaches biases and what normalising layers learn too, as in PyTorch; true by default. False:
   * it reaches tensors named `weight` or `…Weight` alone.
   */
  readonly decayBiasesAndNorms?: boolean;
}

const decay = (unlessTold: number) => ({ weightDecay: amount(unlessTold), decayBiasesAndNorms: flag(true) });

export interface SgdOptions extends DecayOptions {
  /** How much of the last update's direction is kept, from 0 up to, not with, 1; 0 by default. */
  readonly momentum?: number;
  /** Whether the gradient is taken a step ahead (Nesterov 1983); false by default, and only with momentum. */
  readonly nesterov?: boolean;
}

export type Sgd = Config<'sgd', SgdOptions>;

/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013): `learningRate` 0.01, no momentum and no weight
 * decay, which is added to the gradient, by default.
 */
export const sgd = /* @__PURE__ */ defineOptimizer<'sgd', SgdOptions>(
  'sgd',
  { learningRate: rate(0.01), momentum: share(0), nesterov: flag(false), ...decay(0) },
  ({ momentum, nesterov }) =>
    momentum > 0
      ? { kind: UpdateKind.momentum, first: finite('velocity'), settings: [Math.fround(momentum), Number(nesterov)] }
      : { kind: UpdateKind.sgd, settings: [] },
  ({ momentum, nesterov }) => {
    if (nesterov && momentum === 0) throw wrongValue('sgd: nesterov', 'momentum > 0 with it', 'momentum 0');
  },
);

export interface AdamOptions extends DecayOptions {
  /** Decay of the gradient's average; 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the squared gradient's average; 0.999 by default. */
  readonly beta2?: number;
  /** Keeps the divisor from 0; 1e-8 by default. The divisor is at least 1e-18, also where epsilon is 0. */
  readonly epsilon?: number;
}

export interface AmsgradOptions extends AdamOptions {
  /** Whether the largest v there ever was is taken in v's place (Reddi, Kale and Kumar 2018); false by default. */
  readonly amsgrad?: boolean;
}

export type Adam = Config<'adam', AmsgradOptions>;
export type AdamW = Config<'adamW', AmsgradOptions>;

const moments = {
  learningRate: rate(1e-3),
  beta1: share(0.9),
  beta2: share(0.999),
  epsilon: amount(1e-8),
} as const;

type Moments = Required<Pick<AdamOptions, 'beta1' | 'beta2' | 'epsilon'>>;

const momentsRule = (kind: UpdateKind, { beta1, beta2, epsilon }: Moments): Rule => ({
  kind,
  first: finite('m'),
  second: notNegative('v'),
  settings: [beta1, beta2, Math.fround(epsilon)],
});

const adamRule = (config: Moments & { readonly amsgrad: boolean }): Rule =>
  config.amsgrad
    ? { ...momentsRule(UpdateKind.amsgrad, config), third: notNegative('vMax') }
    : momentsRule(UpdateKind.adam, config);

/**
 * Adam (Kingma and Ba 2015): `learningRate` 0.001 and no weight decay, which is added to the gradient, by default.
 */
export const adam = /* @__PURE__ */ defineOptimizer<'adam', AmsgradOptions>(
  'adam',
  { ...moments, ...decay(0), amsgrad: flag(false) },
  adamRule,
);

/** AdamW (Loshchilov and Hutter 2019): weight decay, 0.01 by default, shrinks the parameters themselves. */
export const adamW = /* @__PURE__ */ defineOptimizer<'adamW', AmsgradOptions>(
  'adamW',
  { ...moments, ...decay(0.01), amsgrad: flag(false) },
  config => ({ ...adamRule(config), decoupled: true }),
);

export interface NadamOptions extends AdamOptions {
  /** How soon momentum reaches beta1; 0.004 by default. */
  readonly momentumDecay?: number;
}

export type Nadam = Config<'nadam', NadamOptions>;

/**
 * Adam with Nesterov's momentum (Dozat 2016), whose momentum in step t is beta1 · (1 − ½ · 0.96^(t · momentumDecay)),
 * as in PyTorch: `learningRate` 0.002 and no weight decay by default.
 */
export const nadam = /* @__PURE__ */ defineOptimizer<'nadam', NadamOptions>(
  'nadam',
  { ...moments, learningRate: rate(2e-3), ...decay(0), momentumDecay: amount(4e-3) },
  config => {
    const { settings, ...rule } = momentsRule(UpdateKind.nadam, config);
    return { ...rule, settings: [...settings, naturalExp(config.momentumDecay * naturalLog(0.96))] };
  },
);

export type Radam = Config<'radam', AdamOptions>;

/** Adam whose first steps do without a variance that is hardly known (Liu et al. 2020); `learningRate` 0.001. */
export const radam = /* @__PURE__ */ defineOptimizer<'radam', AdamOptions>(
  'radam',
  { ...moments, ...decay(0) },
  config => momentsRule(UpdateKind.radam, config),
);

export type Adamax = Config<'adamax', AdamOptions>;

/** Adam by the largest gradient that fades, in place of the mean square (Kingma and Ba 2015); `learningRate` 0.002. */
export const adamax = /* @__PURE__ */ defineOptimizer<'adamax', AdamOptions>(
  'adamax',
  { ...moments, learningRate: rate(2e-3), ...decay(0) },
  config => ({ ...momentsRule(UpdateKind.adamax, config), second: notNegative('u') }),
);

export interface RmspropOptions extends DecayOptions {
  /** Decay of the average of squares; 0.99 by default. */
  readonly alpha?: number;
  /** Keeps the divisor from 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** How much of the last update is kept, from 0 up to, not with, 1; 0 by default. */
  readonly momentum?: number;
  /** Whether the average gradient's square is taken from the average square (Graves 2013); false by default. */
  readonly centered?: boolean;
}

export type Rmsprop = Config<'rmsprop', RmspropOptions>;

/** RMSProp (Tieleman and Hinton 2012): `learningRate` 0.01, and no weight decay by default. */
export const rmsprop = /* @__PURE__ */ defineOptimizer<'rmsprop', RmspropOptions>(
  'rmsprop',
  {
    learningRate: rate(0.01),
    alpha: share(0.99),
    epsilon: amount(1e-8),
    momentum: share(0),
    centered: flag(false),
    ...decay(0),
  },
  ({ alpha, epsilon, momentum, centered }) => {
    const [plain, heavy] = centered
      ? [UpdateKind.centeredRmsprop, UpdateKind.centeredRmspropMomentum]
      : [UpdateKind.rmsprop, UpdateKind.rmspropMomentum];
    return {
      kind: momentum > 0 ? heavy : plain,
      first: notNegative('squares'),
      ...(centered && { second: finite('mean') }),
      ...(momentum > 0 && { third: finite('velocity') }),
      settings: [alpha, epsilon, momentum],
    };
  },
);

export interface AdagradOptions extends DecayOptions {
  /** Keeps the divisor from 0; 1e-10 by default. */
  readonly epsilon?: number;
}

export type Adagrad = Config<'adagrad', AdagradOptions>;

/** Adagrad (Duchi, Hazan and Singer 2011): `learningRate` 0.01, and no weight decay by default. */
export const adagrad = /* @__PURE__ */ defineOptimizer<'adagrad', AdagradOptions>(
  'adagrad',
  { learningRate: rate(0.01), epsilon: amount(1e-10), ...decay(0) },
  ({ epsilon }) => ({ kind: UpdateKind.adagrad, first: notNegative('squares'), settings: [epsilon] }),
);

export interface AdadeltaOptions extends DecayOptions {
  /** Decay of both averages of squares; 0.9 by default. */
  readonly rho?: number;
  /** Begins the first step, and keeps the divisor from 0; 1e-6 by default. */
  readonly epsilon?: number;
}

export type Adadelta = Config<'adadelta', AdadeltaOptions>;

/** Adadelta (Zeiler 2012): `learningRate` 1, and no weight decay by default. */
export const adadelta = /* @__PURE__ */ defineOptimizer<'adadelta', AdadeltaOptions>(
  'adadelta',
  { learningRate: rate(1), rho: share(0.9), epsilon: amount(1e-6), ...decay(0) },
  ({ rho, epsilon }) => ({
    kind: UpdateKind.adadelta,
    first: notNegative('squares'),
    second: notNegative('steps'),
    settings: [rho, epsilon],
  }),
);

export interface RpropOptions {
  /** The first step size of each parameter; 0.01 by default. */
  readonly learningRate?: number;
  /** What a step size is multiplied by where the gradient turned, and where it did not; `[0.5, 1.2]` by default. */
  readonly etas?: readonly [number, number];
  /** The least and the largest step size; `[1e-6, 50]` by default. */
  readonly stepSizes?: readonly [number, number];
}

export type Rprop = Config<'rprop', RpropOptions>;

/**
 * Resilient propagation (Riedmiller and Braun 1993), for whole batches: each parameter has a step size of its own,
 * which begins at `learningRate`, 0.01 by default, and goes by the signs of its gradients.
 */
export const rprop = /* @__PURE__ */ defineOptimizer<'rprop', RpropOptions>(
  'rprop',
  {
    learningRate: amount(0.01),
    etas: pair([0.5, 1.2], '0 < the first < 1 < the second', ([down, up]) => down > 0 && down < 1 && up > 1),
    stepSizes: pair([1e-6, 50], '0 < the first <= the second', ([least, most]) => least > 0 && least <= most),
  },
  ({ etas, stepSizes }) => ({
    kind: UpdateKind.rprop,
    first: notNegative('stepSize'),
    second: finite('gradient'),
    settings: [...etas, ...stepSizes],
  }),
);

export interface LionOptions extends DecayOptions {
  /** How much of m is in the direction of a step; 0.9 by default. */
  readonly beta1?: number;
  /** Decay of m; 0.99 by default. */
  readonly beta2?: number;
}

export type Lion = Config<'lion', LionOptions>;

/**
 * Lion (Chen et al. 2023), whose steps are all of one size: `learningRate` 1e-4 and no weight decay, which shrinks the
 * parameters themselves, by default.
 */
export const lion = /* @__PURE__ */ defineOptimizer<'lion', LionOptions>(
  'lion',
  { learningRate: rate(1e-4), beta1: share(0.9), beta2: share(0.99), ...decay(0) },
  ({ beta1, beta2 }) => ({ kind: UpdateKind.lion, first: finite('m'), settings: [beta1, beta2], decoupled: true }),
);
