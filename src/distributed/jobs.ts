/** What coordinator and workers say to each other: a job's data and result, and the keys beside them. */
import type { Architecture } from '../architecture.js';
import { describe, wrongValue } from '../errors.js';
import { kindOf } from '../kinds.js';
import type { Judged, JudgedRun } from '../search/judged.js';
import { VERSION } from '../version.js';

/** What every job says: JSON of some hundred bytes, as the rest lies under keys. */
interface Asked {
  /** Of the package: workers of another one leave the job alone. */
  readonly version: string;
  readonly run: string;
  /** The key of what it works on; while that is there, the job is wanted. */
  readonly needs: string;
}

/** A shard's training in a round, from the parameters that it needs. */
export interface ShardJob extends Asked {
  readonly kind: 'shard';
  /** SHA-256 of what lies under {@link configKey}. */
  readonly config: string;
  readonly round: number;
  readonly shard: number;
}

/** A new model's training and judgement; it needs a {@link JudgeTask}. */
export interface JudgeJob extends Asked {
  readonly kind: 'judge';
}

/** How many rows a reader gives, and their classes; it needs a {@link RowsTask}. */
export interface RowsJob extends Asked {
  readonly kind: 'rows';
}

export type Job = ShardJob | JudgeJob | RowsJob;

export interface RowsTask {
  readonly reader: string;
  readonly architecture: Architecture;
}

export interface JudgeTask extends RowsTask, Omit<JudgedRun, 'train' | 'test'> {
  readonly rows: number;
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** A job's result; where it has a hash, what it is of lies under {@link resultKey}. */
export interface ShardResult {
  readonly worker: string;
  readonly hash: string;
  readonly loss: number;
  readonly digest: string;
}

export interface JudgeResult {
  readonly worker: string;
  readonly scores: Readonly<Judged>;
}

export interface RowsResult {
  readonly worker: string;
  readonly rows: number;
  /** Of the classes as an Int32Array, where rows have some. */
  readonly hash?: string;
}

export type Result = ShardResult | JudgeResult | RowsResult;

/** What went wrong on a worker and would go wrong again. */
export interface JobError {
  readonly worker: string;
  readonly error: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= 1000;
const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const resultKinds: Readonly<Record<Job['kind'], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  shard: { hash: isHash, loss: Number.isFinite, digest: isText },
  judge: { scores: value => kindOf(value) === 'Object' },
  rows: {
    rows: value => Number.isInteger(value) && Number(value) > 0,
    hash: value => value === undefined || isHash(value),
  },
};

/** Refuses what is no result of such a job, as whoever reaches the broker may write one. */
export function checkResult(where: string, kind: Job['kind'], given: unknown): Result | JobError {
  const told = (kindOf(given) === 'Object' ? given : {}) as Readonly<Record<string, unknown>>;
  const isError = 'error' in told;
  const members = { worker: isText, ...(isError ? { error: isText } : resultKinds[kind]) };
  const bad = Object.entries(members).find(([name, holds]) => !holds(told[name]));
  if (!bad) return told as unknown as Result | JobError;
  throw wrongValue(`${where}: its result's '${bad[0]}'`, 'what a worker tells', describe(told[bad[0]]));
}

export function shardJob(run: string, config: string, round: number, shard: number): ShardJob {
  return { kind: 'shard', version: VERSION, run, needs: parametersKey(run, round), config, round, shard };
}

/** The same job has the same id: added again, it is not done again. */
export function shardJobId({ run, round, shard }: Pick<ShardJob, 'run' | 'round' | 'shard'>): string {
  return `${run}-round${round}-shard${shard}`;
}

/** Coordinators write below `runs:`, workers below `results:`. */
export const configKey = (run: string): string => `runs:${run}:config`;
export const stateKey = (run: string): string => `runs:${run}:state`;
export const parametersKey = (run: string, round: number): string => `runs:${run}:parameters:${round}`;
export const resultKey = (jobId: string): string => `results:${jobId}`;
export const taskKey = (run: string, task: number): string => `runs:${run}:task:${task}`;
