/** Training with an end: the best epoch on rows that do not train is kept, and where that rises the training ends. */
import type { Model } from '../model.js';
import type { Optimizer } from '../optimizers/index.js';
import type { Signal } from '../platform.js';
import type { EpochEvent, History, TrainerOptions, TrainingData } from '../trainingOptions.js';
import { learnedTargets, networkInputs } from './encoded.js';
import type { Samples } from './prepare.js';
import type { Preprocessing } from './preprocessing.js';
import { settleUnseen } from './unseen.js';

/** @internal */
export interface FitSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** How much each class counts, in training and where the epoch is chosen. */
  readonly classWeights?: readonly number[] | undefined;
  readonly keep: 'best' | 'last';
  /** Epochs without a lower validation loss after which the training ends. */
  readonly patience?: number;
  readonly threads?: number | undefined;
  readonly signal?: Signal | undefined;
  readonly onEpoch?: ((event: EpochEvent) => void) | undefined;
}

/** What a run of training leaves: the epoch whose parameters the model has, and how far the run came. */
export interface Run {
  readonly keptEpoch: number;
  readonly doneEpochs: number;
  /** Whether the user ended it. */
  readonly stopped: boolean;
  /** Whether it ended because the validation loss fell no more. */
  readonly settled: boolean;
  readonly history: History;
}

/** @internal Epochs without a lower validation loss after which a training of so many ends, by default. */
export function defaultPatience(epochs: number): number {
  return Math.max(10, Math.ceil(epochs / 10));
}

/** @internal As many epochs as make about 2000 steps, which small tables need, but from 20 to 300. */
export function defaultEpochs(rows: number, batchSize: number): number {
  return Math.min(Math.max(Math.round(2000 / Math.ceil(rows / batchSize)), 20), 300);
}

/** @internal Rows as a fit takes them. */
export function dataOf({ x, y }: Pick<Samples, 'x' | 'y'>, preprocessing: Preprocessing) {
  return { x: networkInputs(x, preprocessing), y: learnedTargets(y, preprocessing) };
}

/** @internal Trains a table's model, see {@link fitWithEnd}. */
export async function fitModel(
  model: Model,
  preprocessing: Preprocessing,
  training: Pick<Samples, 'x' | 'y'>,
  shown: Pick<Samples, 'x' | 'y'> | undefined,
  settings: FitSettings,
): Promise<Run> {
  const isClassifier = preprocessing.target.kind === 'classes';
  const { classWeights, ...others } = settings;
  // Else the epoch would be chosen by another cost than the one that is learned.
  const weighed = (rows: Pick<Samples, 'x' | 'y'>) => ({
    ...dataOf(rows, preprocessing),
    ...(classWeights && { sampleWeights: Float32Array.from(rows.y, label => classWeights[label] ?? 1) }),
  });
  const run = await fitWithEnd(model, dataOf(training, preprocessing), shown && weighed(shown), {
    ...others,
    ...(classWeights && { classWeights }),
    loss: isClassifier ? 'sparseCategoricalCrossEntropy' : 'meanSquaredError',
    ...(isClassifier && { metrics: ['accuracy'] as const }),
  });
  settleUnseen(model, preprocessing, training.x);
  return run;
}

/**
 * @internal Trains a model; the losses of `shown` choose the epoch where the best is kept.
 *
 * @throws where it is stopped before the first epoch is done
 */
export async function fitWithEnd(
  model: Model,
  training: TrainingData,
  shown: TrainingData | undefined,
  settings: FitSettings & Pick<TrainerOptions, 'loss' | 'metrics'>,
): Promise<Run> {
  const { loss, metrics, epochs, batchSize, optimizer, classWeights, keep, threads, signal, onEpoch } = settings;
  const patience = settings.patience ?? defaultPatience(epochs);
  const ending = new AbortController();
  const end = () => ending.abort();
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  let best: { loss: number; epoch: number; parameters: Record<string, Float32Array> } | undefined;
  let doneEpochs = 0;
  let isSettled = false;
  let history: History;
  try {
    history = await model.fit(training, {
      loss,
      optimizer,
      epochs,
      batchSize,
      signal: ending.signal,
      ...(metrics && { metrics }),
      ...(threads && { threads }),
      ...(classWeights && { classWeights }),
      ...(shown && { validation: shown }),
      onEpoch: event => {
        doneEpochs++;
        if (keep === 'best' && event.valLoss !== undefined && event.valLoss < (best?.loss ?? Infinity)) {
          const parameters = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
          best = { loss: event.valLoss, epoch: doneEpochs, parameters };
        }
        onEpoch?.(event);
        if (best !== undefined && doneEpochs - best.epoch >= patience && doneEpochs < epochs) {
          isSettled = true;
          ending.abort();
        }
      },
    });
  } finally {
    signal?.removeEventListener('abort', end);
  }
  if (doneEpochs === 0) throw new Error('stopped before the first epoch was done: there is no model to save');
  // Also where the best epoch was the last: a stop may have come in the middle of the next.
  if (best !== undefined) model.setParameters(best.parameters);
  return {
    keptEpoch: best?.epoch ?? doneEpochs,
    doneEpochs,
    stopped: ending.signal.aborted && !isSettled,
    settled: isSettled,
    history,
  };
}
