/** Adam and AdamW. */
import { checkNumber, checkOptions } from '../errors.js';
import { adam as update } from '../plan/ops/optimizer.js';
import type { OptimizerDefinition } from './optimizer.js';

export interface AdamOptions {
  /** 0.001 unless told. */
  readonly learningRate?: number;
  /** Decay of the gradient's average; 0.9 unless told. */
  readonly beta1?: number;
  /** Decay of the squared gradient's average; 0.999 unless told. */
  readonly beta2?: number;
  /** Keeps the divisor from 0; 1e-8 unless told. The divisor is at least 1e-18, also where epsilon is 0. */
  readonly epsilon?: number;
  /** 0 for adam and 0.01 for adamW unless told. */
  readonly weightDecay?: number;
}

export interface Adam extends Required<AdamOptions> {
  readonly kind: 'adam';
}

export interface AdamW extends Required<AdamOptions> {
  readonly kind: 'adamW';
}

const names = ['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay'];

/** Adam (Kingma and Ba 2015) with PyTorch's definitions and defaults: weight decay is added to the gradient. */
export function adam(options: AdamOptions = {}): Adam {
  return Object.freeze({ kind: 'adam', ...check('adam', options, 0) });
}

/** AdamW (Loshchilov and Hutter 2019): weight decay shrinks the parameters themselves. */
export function adamW(options: AdamOptions = {}): AdamW {
  return Object.freeze({ kind: 'adamW', ...check('adamW', options, 0.01) });
}

function check(where: string, options: AdamOptions, decay: number): Required<AdamOptions> {
  checkOptions(where, options, names);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = decay } = options;
  return {
    learningRate: checkNumber(`${where}: learningRate`, learningRate, { min: 0 }),
    beta1: checkNumber(`${where}: beta1`, beta1, { min: 0, below: 1 }),
    beta2: checkNumber(`${where}: beta2`, beta2, { min: 0, below: 1 }),
    epsilon: checkNumber(`${where}: epsilon`, epsilon, { min: 0 }),
    weightDecay: checkNumber(`${where}: weightDecay`, weightDecay, { min: 0 }),
  };
}

function definition<C extends Adam | AdamW>(configure: (options: object) => C): OptimizerDefinition<C> {
  return {
    options: names,
    configure,
    state: () => ({ m: 'finite', v: 'notNegative' }),
    emit(builder, config) {
      for (const { state, ...places } of builder.stretches()) {
        builder.emit(update, config.kind, {
          ...places,
          m: state('m'),
          v: state('v'),
          epsilon: config.epsilon,
          beta1: config.beta1,
          beta2: config.beta2,
          weightDecay: config.weightDecay,
          decoupled: Number(config.kind === 'adamW'),
        });
      }
    },
  };
}

export const adamOptimizer = definition<Adam>(adam);
export const adamWOptimizer = definition<AdamW>(adamW);
