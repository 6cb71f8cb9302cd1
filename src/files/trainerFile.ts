/** What a trainer's file says beside its tensors. */
import { checkBoolean, checkInteger, checkOptions, wrongType, wrongValue } from '../errors.js';
import { checkTrainerOptions, type TrainerConfig } from '../trainingOptions.js';

/** All that training goes on from, but for the numbers of the tensors. */
export interface TrainerState extends TrainerConfig {
  readonly deterministic: boolean;
  readonly epoch: number;
  readonly position: number;
  readonly samples: number;
  readonly costSum: number;
  readonly correct: number;
  readonly shuffled: boolean;
  readonly step: number;
}

/** What stands between a buffer's and a parameter's name: no layer may have a colon in its name, so that no parameter is ever called as a buffer is. */
const SEPARATOR = ':';

/** How a file calls an optimiser's buffer for a parameter. Those of version 0.1.0 had a dot between. */
export function bufferNaming(tensors: readonly { readonly name: string }[]): typeof bufferName {
  const old = !tensors.some(({ name }) => name.includes(SEPARATOR));
  return old ? (buffer, parameter) => `${buffer}.${parameter}` : bufferName;
}

export function bufferName(buffer: string, parameter: string): string {
  return `${buffer}${SEPARATOR}${parameter}`;
}

export function readState(text: string | undefined): TrainerState {
  const where = 'Trainer.fromBytes: trainer';
  if (text === undefined) {
    throw wrongValue(where, `a trainer's file`, `one without it`, 'read a model with Model.fromBytes');
  }
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch (cause) {
    throw new RangeError(`${where}: expected JSON, got text that does not parse`, { cause });
  }
  const counts = ['epoch', 'position', 'samples', 'correct', 'step'] as const;
  const names = ['loss', 'optimizer', 'metrics', 'batchSize', ...counts, 'deterministic', 'shuffled', 'costSum'];
  checkOptions(where, state, names);
  const { loss, optimizer, metrics, batchSize, ...rest } = state as Partial<TrainerState>;
  const { threads: _, ...config } = checkTrainerOptions(where, { loss, optimizer, metrics, batchSize });
  const count = (name: (typeof counts)[number]) => checkInteger(`${where}: ${name}`, rest[name], 0, 2 ** 31 - 1);
  const [position, samples] = [count('position'), count('samples')];
  if (position > samples) throw wrongValue(`${where}: position`, `at most its ${samples} samples`, position);
  if (typeof rest.costSum !== 'number') throw wrongType(`${where}: costSum`, 'a number', rest.costSum);
  return {
    ...config,
    deterministic: checkBoolean(`${where}: deterministic`, rest.deterministic),
    epoch: count('epoch'),
    position,
    samples,
    correct: count('correct'),
    step: count('step'),
    shuffled: checkBoolean(`${where}: shuffled`, rest.shuffled),
    costSum: rest.costSum,
  };
}
