/** Gives jobs to a cluster's workers and waits for what they come to. */
import type { Queue, QueueEvents } from 'bullmq';
import { orAbort } from '../abort.js';
import { describe, placed, shorten, wrongValue } from '../errors.js';
import { hasKey } from '../kinds.js';
import type { Signal } from '../platform.js';
import { again, answered, type Broker, KEPT_SECONDS } from './broker.js';
import {
  checkResult,
  configKey,
  type Job,
  type JobError,
  parametersKey,
  type Result,
  resultKey,
  type ShardJob,
  type ShardResult,
  shardJob,
  shardJobId,
  stateKey,
} from './jobs.js';
import { difference } from './plain.js';
import type { RoundCrew, RoundTask, ShardReport } from './rounds.js';
import type { RoundsConfig } from './shard.js';
import { hashOf } from './tensors.js';

/** Jobs that are looked at where no event came: the first ones that are not done. */
const MOST_LOOKED_AT = 16;
/** Seconds for what is under way when nobody gives jobs any more. */
const MOST_CLOSING = 5;
/** Seconds for taking away what a run leaves. */
const MOST_TIDYING = 15;
const WHERE = 'cluster';

/** A job of the queue as long as somebody waits for it. */
export interface Wanted<J extends Job = Job> {
  readonly id: string;
  readonly data: J;
}

/** What a job came to. */
export interface Done {
  readonly result: Result;
  /** What lies under its result's key; nothing where there is no such. */
  readonly bytes: Uint8Array;
}

export class Coordinator implements RoundCrew<string> {
  readonly #broker: Broker;
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  /** Who waits for an event. */
  readonly #waiting = new Set<() => void>();
  /** What is left of the last round of each run. */
  readonly #left = new Map<string, { jobs: readonly string[]; keys: readonly string[] }>();

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#queue = broker.queue();
    this.#events = broker.events();
    // Connections come back by themselves; where they do not, what asks the broker says so.
    this.#queue.on('error', () => {});
    this.#events.on('error', () => {});
    const wake = () => {
      for (const each of this.#waiting) each();
    };
    this.#events.on('completed', wake);
    this.#events.on('failed', wake);
  }

  load(run: string): Promise<Uint8Array | undefined> {
    return this.#broker.get(stateKey(run));
  }

  async keep(run: string, state: Uint8Array): Promise<void> {
    await this.#broker.set(stateKey(run), state);
    await this.#clear(run);
  }

  async finish(run: string): Promise<void> {
    await this.#clear(run);
    await this.#broker.remove([stateKey(run), configKey(run)]);
  }

  async train(task: RoundTask): Promise<{ shards: ShardReport[]; bytes: number; waited: number }> {
    const { id: run, config, round, carried, signal } = task;
    const told = new TextEncoder().encode(JSON.stringify(config));
    const hash = hashOf(told);
    const wanted = Array.from({ length: config.shards }, (_, shard) => {
      const data = shardJob(run, hash, round, shard);
      return { id: shardJobId(data), data };
    });
    if (!this.#left.has(run)) await this.#claim(run, config, round, wanted);
    const keys = [parametersKey(run, round), ...wanted.map(({ id }) => resultKey(id))];
    this.#left.set(run, { jobs: wanted.map(({ id }) => id), keys });
    const give = async () => {
      await this.#broker.set(configKey(run), told);
      await this.#broker.set(parametersKey(run, round), carried);
    };
    try {
      const { results, waited } = await this.done(wanted, give, signal);
      const shards = results.map(({ result, bytes }) => ({ ...(result as ShardResult), bytes }));
      return { shards, waited, bytes: shards.reduce((sum, { bytes }) => sum + bytes.length, carried.length) };
    } catch (error) {
      // Where parameters are gone, workers leave their jobs; what is done already stays for the next run of this id.
      // A run that ends in its first round has nothing to hold its id for: another may have it, with other settings.
      await this.leave(wanted, round === 0 ? [configKey(run)] : []).catch(() => {});
      this.#left.delete(run);
      throw error;
    }
  }

  /**
   * Refuses a run's id that another one has, and clears away what an earlier run of this id has left: its last round,
   * and what went wrong in this one.
   */
  async #claim(run: string, config: RoundsConfig, round: number, wanted: readonly Wanted<ShardJob>[]): Promise<void> {
    const bytes = await this.#broker.get(configKey(run));
    const found = bytes && difference(JSON.parse(new TextDecoder().decode(bytes)), config);
    if (found) {
      const expected = `the run that has this id, whose '${found.path}' is ${describe(found.a)}`;
      const mend = 'wait for that run to end, or give another id';
      throw wrongValue(`${WHERE}: run '${run}'`, expected, describe(found.b), mend);
    }
    if (round > 0) {
      const before = wanted.map(({ data }) => shardJobId({ ...data, round: round - 1 }));
      this.#left.set(run, { jobs: before, keys: [parametersKey(run, round - 1), ...before.map(resultKey)] });
      await this.#clear(run);
    }
    for (const { id } of wanted) {
      const job = await this.#asked(() => this.#queue.getJob(id));
      if (job?.finishedOn && hasKey(job.returnvalue, 'error')) await this.#asked(() => this.#queue.remove(id));
    }
  }

  forget(run: string, round: number): Promise<void> {
    return this.#clear(run, round === 0 ? [configKey(run)] : []);
  }

  async #clear(run: string, more: readonly string[] = []): Promise<void> {
    const { jobs, keys } = this.#left.get(run) ?? { jobs: [], keys: [] };
    await this.#broker.remove([...keys, ...more]);
    await this.#asked(() => Promise.all(jobs.map(id => this.#queue.remove(id))));
    this.#left.set(run, { jobs: [], keys: [] });
  }

  /** Takes back jobs that are not done, and what they need; and other keys at once with that. */
  leave(wanted: readonly Wanted[], keys: readonly string[] = []): Promise<void> {
    // Those under way are locked by their workers, which leave them by themselves.
    const remove = async ({ id }: Wanted) => {
      const job = await this.#asked(() => this.#queue.getJob(id));
      if (job && !job.finishedOn) await this.#queue.remove(id).catch(() => {});
    };
    const removed = this.#broker.remove([...keys, ...wanted.map(({ data }) => data.needs)]);
    return this.#tidied(removed.then(() => Promise.all(wanted.map(remove))));
  }

  /** Leaves nothing of jobs, and of what they needed. */
  clear(wanted: readonly Wanted[]): Promise<void> {
    const removed = this.#broker.remove(wanted.flatMap(({ id, data }) => [data.needs, resultKey(id)]));
    const remove = () => Promise.all(wanted.map(({ id }) => this.#queue.remove(id)));
    return this.#tidied(removed.then(() => this.#asked(remove)));
  }

  /** What tidies up after a run is not waited for long: its broker may be gone, which has been told then. */
  async #tidied(work: Promise<unknown>): Promise<void> {
    await answered(WHERE, work, MOST_TIDYING);
  }

  /** Puts what a job needs where workers look for it. */
  give({ data }: Wanted, value: unknown): Promise<void> {
    return this.#broker.set(data.needs, new TextEncoder().encode(JSON.stringify(value)));
  }

  /**
   * What all jobs came to in their order, each told as soon as it is known; jobs and what they need are given again
   * where a broker lost them.
   */
  async done(
    wanted: readonly Wanted[],
    give: (which: readonly Wanted[]) => Promise<void>,
    signal: Signal | undefined,
    heard?: (done: Done, index: number) => void,
  ): Promise<{ results: readonly Done[]; waited: number }> {
    const results = new Map<string, Done>();
    let waited = 0;
    await orAbort(
      signal,
      give(wanted).then(() => this.#add(wanted)),
    );
    for (;;) {
      const event = this.#nextEvent(signal);
      signal?.throwIfAborted();
      const some = wanted.filter(({ id }) => !results.has(id)).slice(0, MOST_LOOKED_AT);
      const found = await orAbort(signal, Promise.all(some.map(each => this.#look(each, give))));
      found.forEach((result, index) => {
        const { id } = some[index] ?? { id: '' };
        if (!result) return;
        results.set(id, result);
        heard?.(
          result,
          wanted.findIndex(each => each.id === id),
        );
      });
      if (results.size === wanted.length) break;
      if (found.every(result => result)) continue;
      const began = performance.now();
      await event;
      waited += (performance.now() - began) / 1000;
      signal?.throwIfAborted();
    }
    return { results: wanted.flatMap(({ id }) => results.get(id) ?? []), waited };
  }

  /** What a job came to, once it is done. */
  async #look(each: Wanted, give: (which: readonly Wanted[]) => Promise<void>): Promise<Done | undefined> {
    const { id, data } = each;
    const job = await this.#asked(() => this.#queue.getJob(id));
    // Of a run with other settings that ended in its first round.
    const isOther = data.kind === 'shard' && job && (job.data as ShardJob).config !== data.config;
    if (job?.finishedOn && isOther) await this.#asked(() => this.#queue.remove(id));
    else if (job?.finishedOn) {
      const what = data.kind === 'shard' ? `round ${data.round + 1}, shard ${data.shard}` : 'a run';
      let result: Result | JobError;
      try {
        result = checkResult(what, data.kind, job.returnvalue);
      } catch (error) {
        await this.#asked(() => this.#queue.remove(id));
        throw error;
      }
      if ('error' in result) throw placed(`${what} on ${shorten(result.worker)}`, new Error(result.error));
      if (!('hash' in result)) return { result, bytes: new Uint8Array() };
      const bytes = await this.#broker.get(resultKey(id));
      if (bytes) return { result, bytes };
      await this.#asked(() => this.#queue.remove(id));
    } else if (job) return undefined;
    // The broker began anew, or threw something away.
    if (!(await this.#broker.has(data.needs))) await give([each]);
    await this.#add([each]);
    return undefined;
  }

  async #add(wanted: readonly Wanted[]): Promise<void> {
    // What nobody comes back for goes with its parameters.
    const options = { removeOnFail: true, removeOnComplete: { age: KEPT_SECONDS }, stackTraceLimit: 1 };
    const jobs = wanted.map(({ id, data }) => ({ name: data.kind, data, opts: { ...options, jobId: id } }));
    await this.#asked(() => this.#queue.addBulk(jobs));
  }

  /** What may be asked again where a connection was lost. */
  #asked<T>(ask: () => Promise<T>): Promise<T> {
    return answered(`${WHERE}: the broker`, again(ask));
  }

  /** Resolves when a job may be done: of an event, after a while, or of an abort. */
  #nextEvent(signal: Signal | undefined): Promise<void> {
    return new Promise(resolve => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, this.#broker.patience);
      this.#waiting.add(end);
      signal?.addEventListener('abort', end);
    });
  }

  async close(): Promise<void> {
    // BullMQ lets through what is under way, and waits for ever where nobody answers.
    const closing = Promise.allSettled([this.#events.close(), this.#queue.close()]);
    await answered(WHERE, closing, MOST_CLOSING).catch(() => {});
    await this.#broker.close();
  }
}
