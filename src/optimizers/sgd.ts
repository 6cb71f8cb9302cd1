/** Stochastic gradient descent. */
import { checkBoolean, checkNumber, checkOptions, wrongValue } from '../errors.js';
import { sgd as update } from '../plan/ops/optimizer.js';
import type { OptimizerDefinition } from './optimizer.js';

export interface SgdOptions {
  /** 0.01 unless told. */
  readonly learningRate?: number;
  /** How much of the last update's direction is kept, from 0 up to, not with, 1; 0 unless told. */
  readonly momentum?: number;
  /** Whether the gradient is taken a step ahead (Nesterov 1983); false unless told, and only with momentum. */
  readonly nesterov?: boolean;
  /** Added to the gradient, times the parameter; 0 unless told. */
  readonly weightDecay?: number;
}

export interface Sgd extends Required<SgdOptions> {
  readonly kind: 'sgd';
}

const names = ['learningRate', 'momentum', 'nesterov', 'weightDecay'];

/** Stochastic gradient descent with momentum (Sutskever et al. 2013), with PyTorch's definitions and defaults. */
export function sgd(options: SgdOptions = {}): Sgd {
  checkOptions('sgd', options, names);
  const { learningRate = 0.01, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  checkNumber('sgd: momentum', momentum, { min: 0, below: 1 });
  checkBoolean('sgd: nesterov', nesterov);
  if (nesterov && momentum === 0) throw wrongValue('sgd: nesterov', 'momentum > 0 with it', 'momentum 0');
  return Object.freeze({
    kind: 'sgd',
    learningRate: checkNumber('sgd: learningRate', learningRate, { min: 0 }),
    momentum,
    nesterov,
    weightDecay: checkNumber('sgd: weightDecay', weightDecay, { min: 0 }),
  });
}

export const sgdOptimizer: OptimizerDefinition<Sgd> = {
  options: names,
  configure: sgd,
  state: ({ momentum }): ReturnType<OptimizerDefinition<Sgd>['state']> => {
    return momentum > 0 ? { velocity: 'finite' } : {};
  },
  emit(builder, config) {
    for (const { state, ...places } of builder.stretches()) {
      builder.emit(update, config.kind, {
        ...places,
        velocity: config.momentum > 0 ? state('velocity') : 0,
        momentum: config.momentum,
        nesterov: Number(config.nesterov),
        weightDecay: config.weightDecay,
      });
    }
  },
};
