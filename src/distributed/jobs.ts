/** What coordinator and workers say to each other: a job's data and result, and the keys beside them. */
import { VERSION } from '../version.js';

/** A shard's training in a round; all of it is JSON of some hundred bytes, as the rest lies under keys. */
export interface ShardJob {
  readonly kind: 'shard';
  /** Of the package: workers of another one leave the job alone. */
  readonly version: string;
  readonly run: string;
  /** SHA-256 of what lies under {@link configKey}. */
  readonly config: string;
  readonly round: number;
  readonly shard: number;
}

export type Job = ShardJob;

export interface ShardResult {
  readonly worker: string;
  /** Of the bytes under {@link resultKey}. */
  readonly hash: string;
  readonly loss: number;
  readonly digest: string;
}

/** What went wrong on a worker and would go wrong again. */
export interface JobError {
  readonly worker: string;
  readonly error: string;
}

export function shardJob(run: string, config: string, round: number, shard: number): ShardJob {
  return { kind: 'shard', version: VERSION, run, config, round, shard };
}

/** The same job has the same id: added again, it is not done again. */
export function shardJobId({ run, round, shard }: Pick<ShardJob, 'run' | 'round' | 'shard'>): string {
  return `${run}-round${round}-shard${shard}`;
}

/** Coordinators write below `runs:`, workers below `results:`. */
export const configKey = (run: string): string => `runs:${run}:config`;
export const stateKey = (run: string): string => `runs:${run}:state`;
/** While these are there, their round is wanted. */
export const parametersKey = (run: string, round: number): string => `runs:${run}:parameters:${round}`;
export const resultKey = (jobId: string): string => `results:${jobId}`;
