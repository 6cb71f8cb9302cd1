/** What a trainer's file says beside its tensors. */

import { readCallbacks, type SavedCallback } from '../callbacks/index.js';
import { checkBoolean, checkInteger, checkOptions, describe, wrongKind, wrongType, wrongValue } from '../errors.js';
import type { OutputGoal } from '../goals.js';
import { hasKey, isList, kindOf } from '../kinds.js';
import { MOST_COSTS } from '../minimize/minimization.js';
import { allByName } from '../names.js';
import { isMinimizer } from '../optimizers/index.js';
import type { LearningRate } from '../optimizers/schedules.js';
import { answersOf, type Sums } from '../sums.js';
import { checkTrainerOptions, rowsOfStep, type TrainerConfig, trainerConfigNames } from '../trainingOptions.js';
import { MOST_COUNTED, type Trained } from './modelFile.js';
import { parseStrictly } from './strictJson.js';

/**
 * The version of what it says. 1, which said nothing of it, knew no {@link TrainerState.order}: a trainer's epochs were
 * shuffled by their own numbers.
 */
export const TRAINER_FORMAT = 2;

/** All that training goes on from, but for the numbers of the tensors. */
export interface TrainerState extends TrainerConfig, Sums {
  readonly format: 1 | typeof TRAINER_FORMAT;
  readonly deterministic: boolean;
  /** Epochs finished. */
  readonly epoch: number;
  /** Rows that the epoch under way has taken, of how many; 0 where none is under way. */
  readonly position: number;
  readonly samples: number;
  /**
   * Whether the epoch under way takes its rows in an order of its own, and which: the model's how many-th epoch it is,
   * from 0.
   */
  readonly shuffled: boolean;
  readonly order: number;
  /** Updates made. */
  readonly step: number;
  /** Whether rows are weighed; false by default. */
  readonly weighs?: boolean;
  /** Of a full-batch optimiser, the last costs. */
  readonly costs?: readonly number[];
  /** What goes on with it; none where there is nothing. */
  readonly callbacks?: readonly SavedCallback[];
  /** What metrics have counted in the epoch under way. */
  readonly tallies?: unknown;
}

/** In place of a learning rate that is a function, which no file holds. */
const LOST = { kind: 'function' };

/** An epoch under way has rows, which have at most so many steps. */
const MOST_EPOCHS = MOST_COUNTED - 2 ** 31;

/**
 * It as text, with counts that {@link readState} and {@link checkProgress} let pass again, however large they have
 * become.
 */
export function writeState({ optimizer, batchSize, ...state }: TrainerState): string {
  const isMinimum = isMinimizer(optimizer);
  const isLost = !isMinimum && typeof optimizer.learningRate === 'function';
  return JSON.stringify({
    ...state,
    ...(!isMinimum && { batchSize }),
    optimizer: isLost ? { ...optimizer, learningRate: LOST } : optimizer,
    epoch: Math.min(state.epoch, MOST_EPOCHS),
    order: Math.min(state.order, MOST_COUNTED - 1),
    step: Math.min(state.step, MOST_COUNTED),
  });
}

/** A file's optimiser with the learning rate that is given in place of its own. */
function withRate(where: string, optimizer: unknown, given: LearningRate | undefined): unknown {
  if (!hasKey(optimizer, 'learningRate')) {
    if (given === undefined) return optimizer;
    throw wrongKind(`${where}: learningRate`, 'none, as the optimiser has none', 'one', 'leave it out');
  }
  if (given !== undefined) return { ...(optimizer as object), learningRate: given };
  const { learningRate } = optimizer;
  if (!hasKey(learningRate, 'kind') || learningRate.kind !== LOST.kind) return optimizer;
  const mend = 'give it again: { learningRate }';
  throw wrongKind(`${where}: learningRate`, 'a number or a schedule', 'a function, which a file cannot hold', mend);
}

type Named = readonly { readonly name: string }[];
type BufferNaming = (buffer: string, parameter: string) => string;

const withDot: BufferNaming = (buffer, parameter) => `${buffer}.${parameter}`;
/** No layer may have a colon in its name, so that no parameter is ever called as such a buffer is. */
const withColon: BufferNaming = (buffer, parameter) => `${buffer}:${parameter}`;

/** How a file with these parameters calls an optimiser's buffer for one of them: so that no parameter can be meant. */
export function bufferNaming(parameters: Named): BufferNaming {
  return parameters.some(({ name }) => name.startsWith('optimizer.')) ? withColon : withDot;
}

/** How the file with these tensors calls them. */
export function namingOf(tensors: Named): BufferNaming {
  return tensors.some(({ name }) => name.includes(':')) ? withColon : withDot;
}

const counts = ['epoch', 'position', 'samples', 'correct', 'order', 'step'] as const;
const names = [
  ...trainerConfigNames,
  ...([
    'format',
    'deterministic',
    'weighs',
    'shuffled',
    'costSum',
    'outputs',
    'callbacks',
    'tallies',
    'costs',
  ] as const),
  ...counts,
];

/** Every number of it by its own rule; {@link checkProgress} has those that hang on others of the file. */
export function readState(text: string | undefined, learningRate?: LearningRate): TrainerState {
  const where = 'Trainer.fromBytes: trainer';
  if (text === undefined) {
    throw wrongValue(where, `a trainer's file`, `one without it`, 'read a model with Model.fromBytes');
  }
  const given = parseStrictly(where, text);
  checkOptions(where, given, names);
  const { format = 1, outputs, ...rest } = given as Partial<Record<string, unknown>>;
  const { loss, optimizer } = rest;
  if (format !== 1 && format !== TRAINER_FORMAT) {
    throw wrongValue(
      `${where}: format`,
      `at most ${TRAINER_FORMAT}`,
      describe(format),
      'update myelin to read newer files',
    );
  }
  // Where outputs have names, the loss is an object by those: whether they are the network's is seen to with its
  // losses.
  const byName = kindOf(loss) === 'Object' && !(hasKey(loss, 'kind') && typeof loss.kind === 'string');
  const outputNames = byName ? Object.keys(loss as object) : undefined;
  const saved = Object.fromEntries(trainerConfigNames.map(name => [name, rest[name]]));
  const options = { ...saved, optimizer: withRate(where, optimizer, learningRate) };
  const { threads: _, callbacks: __, ...config } = checkTrainerOptions(where, options, outputNames);
  const count = (name: (typeof counts)[number], most: number) => checkInteger(`${where}: ${name}`, rest[name], 0, most);
  const samples = count('samples', 2 ** 31 - 1);
  const position = count('position', samples);
  const ofStep = rowsOfStep(config);
  if (position % ofStep !== 0 && position !== samples) {
    const expected = `whole batches of ${ofStep} rows, or all ${samples}`;
    throw wrongValue(`${where}: position`, expected, position);
  }
  const costSum = checkCostSum(`${where}: costSum`, rest.costSum);
  const [epoch, step] = [count('epoch', MOST_COUNTED), count('step', MOST_COUNTED)];
  return {
    ...config,
    format,
    deterministic: checkBoolean(`${where}: deterministic`, rest.deterministic),
    epoch,
    position,
    samples,
    costSum,
    correct: count('correct', 2 ** 31 - 1),
    ...(outputs !== undefined && { outputs: readSums(`${where}: outputs`, outputs, outputNames ?? []) }),
    shuffled: checkBoolean(`${where}: shuffled`, rest.shuffled),
    callbacks: readCallbacks(`${where}: callbacks`, rest.callbacks),
    tallies: rest.tallies,
    ...(rest.costs !== undefined && { costs: checkCosts(`${where}: costs`, rest.costs) }),
    ...(rest.weighs !== undefined && { weighs: checkBoolean(`${where}: weighs`, rest.weighs) }),
    order: format === 1 ? epoch : count('order', MOST_COUNTED),
    step,
  };
}

function checkCosts(where: string, given: unknown): number[] {
  if (!isList(given) || given.length > MOST_COSTS) throw wrongType(where, `up to ${MOST_COSTS} numbers`, given);
  return Array.from(given, cost => checkCostSum(where, cost));
}

function checkCostSum(where: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(where, 'a number', value);
  if (!Number.isFinite(value)) throw wrongValue(where, 'a finite number', value);
  return value;
}

/** What the epoch under way has added up for each output that has a name. */
function readSums(where: string, value: unknown, outputs: readonly string[]): NonNullable<Sums['outputs']> {
  const sums = allByName(where, 'output', value, outputs).map((sum, i) => {
    const place = `${where}: ${outputs[i]}`;
    checkOptions(place, sum, ['costSum', 'correct']);
    const { costSum, correct } = sum as Partial<Record<string, unknown>>;
    return {
      costSum: checkCostSum(`${place}: costSum`, costSum),
      correct: checkInteger(`${place}: correct`, correct, 0),
    };
  });
  return Object.fromEntries(outputs.map((name, i) => [name, sums[i] ?? { costSum: 0, correct: 0 }]));
}

/** How much a trainer's model was ever trained; in files of format 1 that is what the trainer did. */
export function trainedBy({ format, epoch, position, step }: TrainerState, trained: Trained): Trained {
  return format === 1 ? { epochs: epoch + Number(position > 0), steps: step } : trained;
}

/**
 * Refuses counts that cannot be true together: of epochs and steps that the model was not trained, or fewer steps than
 * those epochs have; and sums that the rows of the epoch under way cannot have.
 */
export function checkProgress(state: TrainerState, trained: Trained, goals: readonly OutputGoal[]): void {
  const where = 'Trainer.fromBytes: trainer';
  const { position, order, epoch, step, outputs } = state;
  const begun = epoch + Number(position > 0);
  if (begun > trained.epochs)
    throw wrongValue(`${where}: epoch`, `at most the model's ${trained.epochs} epochs`, begun);
  if (position > 0 && order >= trained.epochs) {
    throw wrongValue(`${where}: order`, `less than the model's ${trained.epochs} epochs`, order);
  }
  const least = epoch + Math.ceil(position / rowsOfStep(state));
  if (step < least || step > trained.steps) {
    throw wrongValue(`${where}: step`, `from ${least} to ${trained.steps}, the model's steps`, step);
  }
  const costly = (goal: OutputGoal) => position * goal.columns * 2 ** 128;
  const whole = goals.reduce((sum, goal) => sum + Math.max(1, goal.weight) * costly(goal), 0);
  const isSigned = goals.some(goal => goal.isSigned);
  refuseWrongCost(`${where}: costSum`, state.costSum, position, whole, isSigned);
  for (const goal of goals) {
    const { name, accuracy, loss } = goal;
    const own = name === undefined ? state : outputs?.[name];
    const place = name === undefined ? where : `${where}: outputs: ${name}`;
    if (!own) {
      if (position > 0) throw wrongValue(place, `a sum of ${position} rows' costs`, 'none');
      continue;
    }
    refuseWrongCost(`${place}: costSum`, own.costSum, position, costly(goal), goal.isSigned);
    const most = accuracy ? position * answersOf(loss) : 0;
    if (own.correct > most) throw wrongValue(`${place}: correct`, `at most ${most}`, own.correct);
  }
}

function refuseWrongCost(where: string, costSum: number, position: number, most: number, isSigned: boolean): void {
  if (costSum <= most && costSum >= (isSigned ? -most : 0)) return;
  throw wrongValue(where, `a sum of ${position} rows' costs`, costSum);
}

/** Refuses numbers that no training leaves in an optimiser's buffer. */
export function checkBuffer(name: string, values: ArrayLike<number>, rule: 'finite' | 'notNegative'): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value - value === 0 && (rule === 'finite' || value >= 0)) continue;
    const expected = rule === 'finite' ? 'a finite number' : 'a finite number that is not negative';
    throw wrongValue(`model file: ${name}[${i}]`, expected, value, 'the file is damaged');
  }
}
