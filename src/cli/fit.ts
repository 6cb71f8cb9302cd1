import type { Task } from '../data/preprocessing.js';
import { adam, adamW, Model } from '../entries/node.js';
import { createProgress, type Output } from './output.js';
import type { Samples } from './prepare.js';

export interface FitSettings {
  epochs: number;
  batchSize: number;
  learningRate: number;
  weightDecay: number;
  keep: 'best' | 'last';
  /** Epochs without a lower validation loss after which the training ends. */
  patience?: number;
  json?: boolean;
}

/** What a run of training leaves: the model to keep, the epoch it is from, and how far the run came. */
export interface Run {
  model: Model;
  keptEpoch: number;
  doneEpochs: number;
  /** Whether the user ended it. */
  stopped: boolean;
  /** Whether it ended because the validation loss fell no more. */
  settled: boolean;
}

/** What a model is trained on; the losses of `shown` are shown, and choose the epoch where the best is kept. */
export interface Trained {
  readonly task: Task;
  readonly training: Pick<Samples, 'x' | 'y'>;
  readonly shown?: Pick<Samples, 'x' | 'y'>;
  /** What `shown` is called: validation or held-out. */
  readonly name?: string;
}

/** Epochs without a lower validation loss after which a training of so many ends, unless told. */
export function defaultPatience(epochs: number): number {
  return Math.max(10, Math.ceil(epochs / 10));
}

/**
 * Trains, shows the progress, and keeps the best or the last epoch; Ctrl-C or SIGTERM ends it early with what there is.
 */
export async function fitModel(
  model: Model,
  { task, training, shown, name }: Trained,
  settings: FitSettings,
  output: Output,
): Promise<Run> {
  const { epochs, batchSize, learningRate, weightDecay, keep } = settings;
  const patience = settings.patience ?? defaultPatience(epochs);
  const interrupt = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const release = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  // A second signal ends the program at once, as without a handler.
  const stop = () => {
    release();
    interrupt.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  const progress = createProgress(output, epochs, settings.json, name);
  let best: { loss: number; epoch: number; bytes: Uint8Array } | undefined;
  let doneEpochs = 0;
  let isSettled = false;
  try {
    await model.fit(
      { x: training.x, y: training.y },
      {
        loss: task === 'classification' ? 'sparseCategoricalCrossEntropy' : 'meanSquaredError',
        optimizer: weightDecay > 0 ? adamW({ learningRate, weightDecay }) : adam({ learningRate }),
        epochs,
        batchSize,
        signal: interrupt.signal,
        ...(task === 'classification' ? { metrics: ['accuracy'] as const } : {}),
        ...(shown === undefined ? {} : { validation: { x: shown.x, y: shown.y } }),
        onEpoch: end => {
          doneEpochs++;
          if (keep === 'best' && end.valLoss !== undefined && end.valLoss < (best?.loss ?? Infinity)) {
            best = { loss: end.valLoss, epoch: doneEpochs, bytes: model.toBytes() };
          }
          progress.epoch(end);
          if (best !== undefined && doneEpochs - best.epoch >= patience && doneEpochs < epochs) {
            isSettled = true;
            interrupt.abort();
          }
        },
      },
    );
  } finally {
    progress.stop();
    release();
  }
  if (doneEpochs === 0) throw new Error('stopped before the first epoch was done: there is no model to save');
  return {
    // Also where the best epoch was the last: a stop may have come in the middle of the next.
    model: best === undefined ? model : await Model.fromBytes(best.bytes),
    keptEpoch: best?.epoch ?? doneEpochs,
    doneEpochs,
    stopped: interrupt.signal.aborted && !isSettled,
    settled: isSettled,
  };
}
