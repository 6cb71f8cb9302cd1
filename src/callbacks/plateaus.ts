/** What watches a number that is to get better: it ends training, or lowers its rate, where that happens no more. */
import { checkBoolean, checkChoice, checkInteger, checkNumber, checkOptions, wrongKind } from '../errors.js';
import { type CallbackDefinition, checkText, isLess, type Mode, modes, monitored } from './callback.js';

export interface MonitorOptions {
  /** A name of the history; `'valLoss'` by default. */
  readonly monitor?: string;
  /** Whether less is better, `'min'`, or more, `'max'`; by the name by default. */
  readonly mode?: Mode;
  /** Epochs without anything better that are waited for; 10 by default. */
  readonly patience?: number;
}

export interface EarlyStoppingOptions extends MonitorOptions {
  /** By how much better counts as better; 0 by default. */
  readonly minDelta?: number;
  /** Whether the parameters of the best epoch are put back when the fit has ended; true by default. */
  readonly restoreBest?: boolean;
}

export type EarlyStopping = { readonly kind: 'earlyStopping' } & Required<EarlyStoppingOptions>;

function checkMonitor(where: string, { monitor = 'valLoss', mode = 'auto', patience = 10 }: MonitorOptions) {
  return {
    monitor: checkText(`${where}: monitor`, monitor),
    mode: checkChoice(`${where}: mode`, mode, modes),
    patience: checkInteger(`${where}: patience`, patience, 0),
  };
}

const stoppingNames = ['monitor', 'mode', 'patience', 'minDelta', 'restoreBest'] as const;

/**
 * Ends a fit where the monitored number has not got better for `patience` epochs, as Keras does: `stopped` is then
 * `'earlyStopping'`. A further fit of the same trainer ends at once, unless it is given callbacks anew.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): EarlyStopping {
  const where = 'earlyStopping';
  checkOptions(where, options, stoppingNames);
  const { minDelta = 0, restoreBest = true } = options;
  return Object.freeze({
    kind: where,
    ...checkMonitor(where, options),
    minDelta: checkNumber(`${where}: minDelta`, minDelta, { min: 0 }),
    restoreBest: checkBoolean(`${where}: restoreBest`, restoreBest),
  });
}

export const earlyStoppingCallback: CallbackDefinition<EarlyStopping> = {
  options: stoppingNames,
  configure: earlyStopping,
  monitors: ({ monitor }) => monitor,
  watch({ monitor, mode, patience, minDelta, restoreBest }, saved) {
    const sign = isLess(monitor, mode) ? 1 : -1;
    let best = saved?.state.best;
    let wait = saved?.state.wait ?? 0;
    let over = (saved?.state.over ?? 0) === 1;
    return {
      get state() {
        return { wait, over: Number(over), ...(best !== undefined && { best }) };
      },
      kept: saved?.kept,
      epoch(event, training) {
        const value = monitored('earlyStopping', event, monitor);
        if (restoreBest) this.kept ??= training.parameters();
        wait += 1;
        if (sign * value + minDelta < (best === undefined ? Infinity : sign * best)) {
          best = value;
          wait = 0;
          if (restoreBest) this.kept = training.parameters();
        }
        over = wait >= patience && wait > 0 && event.epoch > 1;
        return over;
      },
      end(training) {
        if (this.kept) training.restore(this.kept);
      },
    };
  },
};

export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by; 0.1 by default. */
  readonly factor?: number;
  /** By what share better counts as better; 1e-4 by default. */
  readonly threshold?: number;
  /** Epochs after a reduction in which none are counted; 0 by default. */
  readonly cooldown?: number;
  /** The least that the rate becomes; 0 by default. */
  readonly minLearningRate?: number;
}

export type ReduceOnPlateau = { readonly kind: 'reduceOnPlateau' } & Required<ReduceOnPlateauOptions>;

const reducingNames = ['monitor', 'mode', 'patience', 'factor', 'threshold', 'cooldown', 'minLearningRate'] as const;

/**
 * Lowers the learning rate where the monitored number has not got better for more than `patience` epochs: PyTorch's.
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): ReduceOnPlateau {
  const where = 'reduceOnPlateau';
  checkOptions(where, options, reducingNames);
  const { factor = 0.1, threshold = 1e-4, cooldown = 0, minLearningRate = 0 } = options;
  return Object.freeze({
    kind: where,
    ...checkMonitor(where, options),
    factor: checkNumber(`${where}: factor`, factor, { above: 0, below: 1 }),
    threshold: checkNumber(`${where}: threshold`, threshold, { min: 0 }),
    cooldown: checkInteger(`${where}: cooldown`, cooldown, 0),
    minLearningRate: checkNumber(`${where}: minLearningRate`, minLearningRate, { min: 0 }),
  });
}

/** Reductions by less than that are none, as PyTorch has it. */
const LEAST_REDUCTION = 1e-8;

export const reduceOnPlateauCallback: CallbackDefinition<ReduceOnPlateau> = {
  options: reducingNames,
  configure: reduceOnPlateau,
  monitors: ({ monitor }) => monitor,
  watch({ monitor, mode, patience, factor, threshold, cooldown, minLearningRate }, saved) {
    const less = isLess(monitor, mode);
    let { best, bad = 0, rest = 0 } = saved?.state ?? {};
    let rate = saved?.state.rate;
    return {
      get state() {
        return { bad, rest, ...(best !== undefined && { best }), ...(rate !== undefined && { rate }) };
      },
      begin(training) {
        if (!training.hasFixedRate) {
          const got = 'a schedule, or an optimiser whose steps have lengths of their own';
          throw wrongKind('fit: reduceOnPlateau', 'a learningRate that is a number', got, 'leave one of the two out');
        }
        if (rate !== undefined) training.setLearningRate(rate);
      },
      epoch(event, training) {
        const value = monitored('reduceOnPlateau', event, monitor);
        const isBetter = less
          ? value < (best === undefined ? Infinity : best * (1 - threshold))
          : value > (best === undefined ? -Infinity : best * (1 + threshold));
        bad += 1;
        if (isBetter) {
          best = value;
          bad = 0;
        }
        if (rest > 0) {
          rest -= 1;
          bad = 0;
        }
        if (bad > patience) {
          const lower = Math.max(training.learningRate * factor, minLearningRate);
          if (training.learningRate - lower > LEAST_REDUCTION) {
            rate = lower;
            training.setLearningRate(lower);
          }
          rest = cooldown;
          bad = 0;
        }
        return false;
      },
    };
  },
};
