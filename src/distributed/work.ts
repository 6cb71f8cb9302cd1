/** A cluster's worker: trains what coordinators give, on rows that its own readers read. */
import { hostname } from 'node:os';
import type { Job as QueueJob, Worker } from 'bullmq';
import { orAbort } from '../abort.js';
import type { Architecture } from '../architecture.js';
import {
  checkNumber,
  checkOptions,
  listed,
  MOST_CHARACTERS,
  messageOf,
  placed,
  quote,
  shorten,
  wrongState,
  wrongType,
  wrongValue,
} from '../errors.js';
import { isList, isNumberArray, kindOf } from '../kinds.js';
import type { Signal } from '../platform.js';
import { rowsFor, trainAndJudge } from '../search/judged.js';
import { checkFunction, checkSignal, type TrainingData } from '../trainingOptions.js';
import { VERSION } from '../version.js';
import { answered, type Broker, isRefusal } from './broker.js';
import { openBroker } from './brokers.js';
import type { Part, Reader, WorkEvent, WorkOptions } from './cluster.js';
import { digestOf, readPart } from './data.js';
import {
  configKey,
  type Job,
  type JobError,
  type JudgeTask,
  type Result,
  type RowsTask,
  resultKey,
  type ShardJob,
} from './jobs.js';
import { deterministic, type Models, type RoundsConfig, trainShard } from './shard.js';
import { hashOf } from './tensors.js';

/** Milliseconds after which a worker looks whether its job is still wanted. */
const LOOK = 200;
/** A job whose worker dies goes to the next one, however often that happens: spot machines come and go. */
const MOST_STALLS = 1000;
/** Milliseconds after which a broker that could not be reached is tried again. */
const RETRY = 500;

/** Works until the signal is aborted; rejects where this worker cannot work for its cluster. */
export async function work(models: Models, url: string, options: WorkOptions, version = VERSION): Promise<void> {
  const where = 'work';
  checkOptions(where, options, ['name', 'readers', 'lock', 'onJob', 'signal']);
  const { lock = 30, onJob, signal } = options;
  const readers = checkReaders(`${where}: readers`, options.readers);
  checkNumber(`${where}: lock`, lock, { min: 1 });
  checkFunction(`${where}: onJob`, onJob);
  checkSignal(`${where}: signal`, signal);
  const broker = await openBroker(where, url, options.name);
  try {
    await new Hand(models, broker, { readers, lock, onJob, version }).work(signal);
  } finally {
    await broker.close();
  }
}

/** Refuses what has no reader in it; a module of them may export other things too. */
function checkReaders(where: string, given: unknown): Readonly<Record<string, Reader>> {
  const all = /^(Object|Module)$/.test(kindOf(given)) ? Object.entries(given as object) : [];
  const readers = all.filter(([, value]) => typeof value === 'function');
  if (readers.length > 0) return Object.fromEntries(readers);
  throw wrongType(where, 'functions ({ part, parts }) => ({ x, y }) by their names', given);
}

/** A job that is nobody's business here any more. */
class Left extends Error {}

/** What BullMQ knows a job by that is waiting again. */
function handedBack(): Error {
  return Object.assign(new Error('handed back'), { name: 'WaitingError' });
}

interface Skill {
  readonly readers: Readonly<Record<string, Reader>>;
  readonly lock: number;
  readonly onJob: WorkOptions['onJob'];
  readonly version: string;
}

class Hand {
  readonly #models: Models;
  readonly #broker: Broker;
  readonly #skill: Skill;
  readonly #self = `${hostname()}:${process.pid}`;
  /** The last run's configuration, by its hash. */
  #config: { readonly hash: string; readonly value: RoundsConfig } | undefined;

  constructor(models: Models, broker: Broker, skill: Skill) {
    this.#models = models;
    this.#broker = broker;
    this.#skill = skill;
  }

  async work(signal: Signal | undefined): Promise<void> {
    const { lock, version } = this.#skill;
    const milliseconds = lock * 1000;
    let unfit: Error | undefined;
    let end = () => {};
    const ended = new Promise<void>(resolve => {
      end = resolve;
    });
    const refuse = (error: Error) => {
      unfit ??= error;
      end();
    };
    const worker: Worker = this.#broker.worker(
      async (job, token, lost) => {
        const { version: wanted } = job.data as Job;
        if (wanted === version) return this.#perform(job, token ?? '', lost, refuse);
        const got = `those of ${shorten(String(wanted))}`;
        // Back to the others, as it was; a worker that ends takes no other.
        refuse(wrongValue('work', `jobs of myelin ${version}`, got, 'install the same version on all machines'));
        await job.moveToWait(token);
        throw handedBack();
      },
      {
        lockDuration: milliseconds,
        stalledInterval: milliseconds / 2,
        maxStalledCount: MOST_STALLS,
        runRetryDelay: RETRY,
        drainDelay: 1,
      },
    );
    // Told as jobs' outcomes where it matters; what is lost with a connection is done again. Who is not let in waits in
    // vain.
    worker.on('error', error => {
      const told = messageOf(error);
      if (!isRefusal(told)) return;
      const mend = 'docs/distributed.md has the rule for the account of a worker';
      refuse(wrongState('work', 'a broker that lets this worker in', shorten(told), mend));
    });
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end);
    await ended;
    signal?.removeEventListener('abort', end);
    const closing = worker.close(unfit !== undefined);
    // Where the broker refuses all, BullMQ waits for it.
    await (unfit ? answered('work', closing, 1).catch(() => {}) : closing);
    if (unfit) throw unfit;
  }

  /** What a job comes to, told to the coordinator; a job that is left fails, and is nobody's. */
  async #perform(
    job: QueueJob,
    token: string,
    lost: AbortSignal | undefined,
    refuse: (error: Error) => void,
  ): Promise<Result | JobError> {
    const { lock, onJob } = this.#skill;
    const began = performance.now();
    const stop = new AbortController();
    const leave = () => stop.abort(new Left());
    lost?.addEventListener('abort', leave);
    const { needs } = job.data as Job;
    const looking = setInterval(async () => {
      if (!(await this.#broker.has(needs).catch(() => true))) leave();
    }, LOOK);
    const held = async () => {
      // A worker that slept has lost its job: what it has then is not written.
      await job.extendLock(token, lock * 1000).catch(leave);
      stop.signal.throwIfAborted();
    };
    const tell = (outcome: WorkEvent['outcome'], error?: string) => {
      const seconds = (performance.now() - began) / 1000;
      const event = { worker: this.#self, job: job.id ?? '', outcome, seconds, ...(error !== undefined && { error }) };
      try {
        onJob?.(event);
      } catch (cause) {
        refuse(placed('work: onJob', cause));
      }
    };
    try {
      const result = await this.#do(job.id ?? '', job.data, stop.signal, held);
      tell('done');
      return result;
    } catch (error) {
      if (error instanceof Left || stop.signal.aborted) {
        tell('left');
        throw new Left();
      }
      const message = shorten(messageOf(error), MOST_CHARACTERS);
      tell('failed', message);
      return { worker: this.#self, error: message };
    } finally {
      clearInterval(looking);
    }
  }

  async #do(id: string, job: Job, signal: Signal, held: () => Promise<void>): Promise<Result> {
    const needed = await this.#broker.get(job.needs);
    if (!needed) throw new Left();
    if (job.kind === 'shard') return this.#train(id, job, needed, signal, held);
    const task = JSON.parse(new TextDecoder().decode(needed)) as RowsTask | JudgeTask;
    const data = await this.#rows(task.reader, { part: 0, parts: 1 }, task.architecture, signal);
    if ('train' in task) {
      const scores = await trainAndJudge(deterministic(this.#models), { data, rows: task.rows }, task, signal);
      await held();
      return { worker: this.#self, scores };
    }
    const rows = rowsFor(`reader ${quote(task.reader)}`, data, task.architecture);
    const classes = classesOf(data.y, rows);
    await held();
    if (!classes) return { worker: this.#self, rows };
    const bytes = new Uint8Array(classes.buffer);
    await this.#broker.set(resultKey(id), bytes);
    return { worker: this.#self, rows, hash: hashOf(bytes) };
  }

  async #train(
    id: string,
    job: ShardJob,
    parameters: Uint8Array,
    signal: Signal,
    held: () => Promise<void>,
  ): Promise<Result> {
    const config = await this.#configOf(job);
    if (!config) throw new Left();
    const which = { part: job.shard, parts: config.shards };
    const rows = await this.#rows(config.data ?? '', which, config.architecture, signal);
    const { bytes, loss } = await trainShard(this.#models, config, job, parameters, rows, signal);
    await held();
    await this.#broker.set(resultKey(id), bytes);
    return { worker: this.#self, hash: hashOf(bytes), loss, digest: digestOf(rows) };
  }

  async #configOf({ run, config: hash }: ShardJob): Promise<RoundsConfig | undefined> {
    if (this.#config?.hash === hash) return this.#config.value;
    const bytes = await this.#broker.get(configKey(run));
    if (!bytes || hashOf(bytes) !== hash) return undefined;
    const value = JSON.parse(new TextDecoder().decode(bytes)) as RoundsConfig;
    this.#config = { hash, value };
    return value;
  }

  /** What a reader gives; one that takes its time holds up no worker whose job is not wanted any more. */
  #rows(name: string, part: Part, architecture: Architecture, signal: Signal): Promise<TrainingData> {
    const { readers } = this.#skill;
    const where = `reader ${quote(name)}`;
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader) throw wrongValue(where, `one of this worker's, ${listed(Object.keys(readers))}`, 'none of this name');
    return orAbort(signal, readPart(where, reader, part, architecture));
  }
}

/** The class of each row, where y has one. */
function classesOf(y: unknown, rows: number): Int32Array | undefined {
  if (!(isList(y) || isNumberArray(y)) || y.length !== rows) return undefined;
  const classes = Int32Array.from(y as ArrayLike<number>);
  return classes.every((value, row) => value === y[row]) ? classes : undefined;
}
