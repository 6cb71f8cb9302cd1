/** Saves the trainer while it trains, so that another process can go on where this one was killed. */
import { checkInteger, checkOptions, wrongType, wrongValue } from '../errors.js';
import type { Bytes } from '../kinds.js';
import { type CallbackDefinition, checkText, filesOf, isLess, monitored } from './callback.js';

export interface CheckpointOptions {
  /** A file's path, or what takes the bytes. */
  readonly to: string | ((bytes: Bytes) => void | Promise<void>);
  /** Epochs from one to the next; 1 by default. */
  readonly every?: number;
  /** How many are kept, older ones under the path with `.1`, `.2` … behind it; 1 by default. */
  readonly keep?: number;
  /** A name of the history: only epochs that are the best by it are saved. */
  readonly best?: string;
}

export type Checkpoint = {
  readonly kind: 'checkpoint';
  /** None where a file has it: functions are given again. */
  readonly to?: CheckpointOptions['to'] | undefined;
  readonly every: number;
  readonly keep: number;
  readonly best?: string | undefined;
};

const names = ['to', 'every', 'keep', 'best'] as const;

/**
 * Saves the trainer's file every so many epochs, when everything else is done with the epoch; `Trainer.load(path)` goes
 * on from it, bit for bit. Each is written beside the one before and takes its place whole.
 */
export function checkpoint(options: CheckpointOptions): Checkpoint {
  const where = 'checkpoint';
  checkOptions(where, options, names);
  const { to, every = 1, keep = 1, best } = options;
  if (typeof to !== 'string' && typeof to !== 'function') throw wrongType(`${where}: to`, 'a path or a function', to);
  checkInteger(`${where}: keep`, keep, 1, 1000);
  if (typeof to !== 'string' && keep > 1) {
    throw wrongValue(`${where}: keep`, '1 where a function takes the bytes', keep, 'keep them there');
  }
  return Object.freeze({
    kind: where,
    to: typeof to === 'string' ? checkText(`${where}: to`, to) : to,
    every: checkInteger(`${where}: every`, every, 1),
    keep,
    ...(best !== undefined && { best: checkText(`${where}: best`, best) }),
  });
}

export const checkpointCallback: CallbackDefinition<Checkpoint> = {
  options: names,
  configure: options => checkpoint(options as CheckpointOptions),
  monitors: ({ best }) => best,
  watch({ to, every, keep, best }, saved) {
    const sign = best !== undefined && isLess(best, 'auto') ? 1 : -1;
    let reached = saved?.state.reached;
    let isDue = false;
    return {
      get state(): Record<string, number> {
        return reached === undefined ? {} : { reached };
      },
      begin: async training => {
        if (typeof to !== 'string') return;
        await filesOf(training, 'checkpoint: to', 'give a function that takes the bytes').check(to);
      },
      epoch(event) {
        isDue = event.epoch % every === 0;
        if (isDue && best !== undefined) {
          const value = monitored('checkpoint', event, best);
          isDue = sign * value < (reached === undefined ? Infinity : sign * reached);
          if (isDue) reached = value;
        }
        return false;
      },
      save: async (_, training) => {
        if (!isDue) return;
        const bytes = training.toBytes();
        if (typeof to === 'function') await to(bytes);
        else if (to !== undefined) await training.files?.write(to, bytes, keep);
      },
    };
  },
};
