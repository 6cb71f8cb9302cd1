/** A trainer's run as the bytes of a file, and how one goes on from them. */
import {
  bufferOf,
  type Callback,
  Callbacks,
  isIncomplete,
  resolveCallbacks,
  type SavedCallback,
} from './callbacks/index.js';
import { fileBytes } from './conversions.js';
import { shorten, wrongKind } from './errors.js';
import { modelMetadata, readModelMetadata } from './files/modelFile.js';
import { readSafetensors, type Tensor, writeSafetensors } from './files/safetensors.js';
import {
  bufferNaming,
  checkBuffer,
  checkProgress,
  namingOf,
  readState,
  TRAINER_FORMAT,
  type TrainerState,
  trainedBy,
  writeState,
} from './files/trainerFile.js';
import type { Bytes } from './kinds.js';
import { isMinimizer } from './optimizers/index.js';
import type { Parameter } from './plan/builder.js';
import { fromPanels, toPanels } from './plan/panels.js';
import type { Run } from './run.js';
import { type ResumeOptions, trainerConfigNames } from './trainingOptions.js';
import { bufferNames } from './workspace.js';

/** Everything that a run goes on from, with its model. */
export function runBytes(run: Run): Bytes {
  run.lead();
  const { parameters } = run.workspace.network.plan;
  const tensors: Tensor[] = [];
  const nameOf = bufferNaming(parameters);
  for (const parameter of parameters) {
    const { name, shape, rows, columns } = parameter;
    tensors.push({ name, shape, data: fromPanels(run.workspace.panelsOf(parameter), rows, columns) });
    for (const moments of run.momentsOf(parameter)) {
      tensors.push({ name: nameOf(moments.name, name), shape, data: fromPanels(moments.values, rows, columns) });
    }
    for (const [buffer, values] of run.callbacks.kept) {
      tensors.push({ name: nameOf(buffer, name), shape, data: fromPanels(partOf(values, parameter), rows, columns) });
    }
  }
  const { config, deterministic, progress } = run;
  const callbacks = run.callbacks.none ? {} : { callbacks: run.callbacks.saved };
  const { numbers } = run.measuring;
  const tallies = numbers && progress.position > 0 ? { tallies: numbers } : {};
  const state: TrainerState = {
    format: TRAINER_FORMAT,
    ...config,
    deterministic,
    ...(run.weighs && { weighs: true }),
    ...progress,
    ...(run.costs.length > 0 && { costs: run.costs }),
    ...callbacks,
    ...tallies,
  };
  return writeSafetensors(tensors, { ...modelMetadata(run.model), trainer: writeState(state) });
}

/** What {@link runBytes} wrote: a model, how it is trained, and what a run of both takes over. */
export function readRun(where: string, bytes: Uint8Array, given: ResumeOptions) {
  const { tensors, metadata } = readSafetensors(fileBytes(where, bytes));
  const state = readState(metadata.trainer, given.learningRate);
  const saved = state.callbacks ?? [];
  const callbacks = callbacksAgain(where, given.callbacks, saved);
  const names = bufferNames(state);
  const minimizes = isMinimizer(state.optimizer);
  const configNames = trainerConfigNames.filter(name => !(minimizes && name === 'batchSize'));
  const kept = saved.flatMap(({ keeps }, index) => (keeps ? bufferOf(index) : []));
  const nameOf = namingOf(tensors);
  const { users, ...model } = readModelMetadata(tensors, metadata, (name, trainable) => {
    return [...(trainable ? names : []), ...kept].map(buffer => nameOf(buffer, name));
  });
  const stored = new Map(tensors.map(({ name, data }) => [name, data]));
  return {
    tensors,
    users,
    deterministic: state.deterministic,
    model: { ...model, trained: trainedBy(state, model.trained) },
    config: Object.fromEntries(configNames.map(name => [name, state[name]])),
    restore: (run: Run) => {
      restore(run, state, callbacks, (buffer, parameter) => stored.get(nameOf(buffer, parameter)) ?? []);
    },
  };
}

function restore(
  run: Run,
  state: TrainerState,
  callbacks: readonly Callback[],
  stored: (buffer: string, parameter: string) => ArrayLike<number>,
): void {
  if (state.weighs && !run.weighs) run.weigh();
  const { workspace, goals, measuring, progress, model } = run;
  const { parameters } = workspace.network.plan;
  // The file's parameters are the trainer's own.
  if (workspace.averages) run.lead();
  for (const parameter of parameters) {
    const { name, rows, columns } = parameter;
    for (const moments of run.momentsOf(parameter)) {
      const values = stored(moments.name, name);
      checkBuffer(`${moments.name} of ${shorten(name)}`, values, moments.rule);
      toPanels(moments.values, values, rows, columns);
    }
  }
  const flat = (buffer: string) => {
    const values = new Float32Array(workspace.parameters.length);
    for (const parameter of parameters) {
      const { name, rows, columns } = parameter;
      const numbers = stored(buffer, name);
      checkBuffer(`${buffer} of ${shorten(name)}`, numbers, 'finite');
      toPanels(partOf(values, parameter), numbers, rows, columns);
    }
    return values;
  };
  const saved = (state.callbacks ?? []).map(({ callback: { kind }, state: own, keeps }, index) => {
    return { kind, state: own, kept: keeps ? flat(bufferOf(index)) : undefined };
  });
  run.callbacks = new Callbacks(callbacks, saved);
  checkProgress(state, model.held.trained, goals);
  if (workspace.averages) model.held.publish(run.published, model.held.trained);
  if (state.position > 0) measuring.resume('Trainer.fromBytes: trainer: tallies', state.tallies, state.position);
  run.costs = state.costs ?? [];
  const { epoch, position, samples, costSum, correct, outputs, shuffled, order, step } = state;
  Object.assign(progress, { epoch, position, samples, costSum, correct, outputs, shuffled, order, step });
}

/** A parameter's panels among all of them. */
function partOf(flat: Float32Array, { data: { offset, bytes } }: Parameter): Float32Array {
  return flat.subarray(offset / 4, (offset + bytes) / 4);
}

/** A file's callbacks, or those that are given in their place. */
function callbacksAgain(where: string, given: unknown, saved: readonly SavedCallback[]): readonly Callback[] {
  if (given !== undefined) return resolveCallbacks(`${where}: callbacks`, given);
  return saved.map(({ callback }) => {
    if (!isIncomplete(callback)) return callback;
    const got = `none in place of ${callback.kind}, which a file cannot hold`;
    throw wrongKind(`${where}: callbacks`, 'functions to be given again', got, 'give { callbacks: […] }');
  });
}
