/**
 * What a cluster needs of Redis or PostgreSQL beside BullMQ's queue: a place for parameters, which are bytes under keys
 * of their own that pass away by themselves.
 */
import type { BackendFactory, Processor, Queue, QueueBaseOptions, QueueEvents, Worker, WorkerOptions } from 'bullmq';
import { messageOf, shorten, wrongState } from '../errors.js';

/** A queue of BullMQ's on a broker, seen by who gives jobs and who does them. */
export interface QueueHome {
  queue(): Queue;
  events(): QueueEvents;
  worker(processor: Processor, options: Omit<WorkerOptions, 'connection'>): Worker;
}

export interface Broker extends QueueHome {
  /** Milliseconds after which a coordinator looks by itself: how late events may be. */
  readonly patience: number;
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, bytes: Uint8Array): Promise<void>;
  has(key: string): Promise<boolean>;
  remove(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Seconds that parameters are kept for where nobody removes them: a day. */
export const KEPT_SECONDS = 86_400;
/** The one queue of a cluster. */
const QUEUE = 'jobs';
/** Events are looked at as they come. */
const MOST_EVENTS = 1000;

type Connected = QueueBaseOptions & { readonly prefix?: string };

/**
 * BullMQ's classes on a connection; `factory` where it is not Redis's, whose kind of connection they otherwise take.
 */
export function queueHome(
  bullmq: typeof import('bullmq'),
  options: Connected,
  factory?: BackendFactory<never, never>,
): QueueHome {
  const own = factory as undefined;
  return {
    queue: () => new bullmq.Queue(QUEUE, { ...options, streams: { events: { maxLen: MOST_EVENTS } } }, own),
    events: () => new bullmq.QueueEvents(QUEUE, options, own),
    worker: (processor, more) => new bullmq.Worker(QUEUE, processor, { ...options, ...more }, own),
  };
}

/** What a peer exports; the package says how to come by it where it is not there. */
export async function peer<T>(where: string, load: () => Promise<T>, packages: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw Object.assign(wrongState(where, `the packages ${packages}`, messageOf(cause), `npm install ${packages}`), {
      cause,
    });
  }
}

/** Seconds in which a broker has to answer: it may be restarted meanwhile. */
const MOST_SECONDS = 60;

/** What a broker answers, or an error where it does not: nothing waits for ever. */
export async function answered<T>(where: string, answer: Promise<T>, seconds = MOST_SECONDS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        wrongState(where, `an answer of the broker within ${seconds} s`, 'none', 'is it running and to be reached?'),
      );
    }, seconds * 1000);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is answered, on another connection where one is lost; a server that is restarted is waited for. */
export async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const { code } = error as { code?: unknown };
      // Connections that ended, servers that start or stop; anything else stays what it is.
      const passing =
        /^(ECONN|EPIPE|ENOTFOUND|57P0|08)/.test(String(code)) || /terminated|timeout/i.test(messageOf(error));
      if (!passing) throw error;
      const mend = 'is it running and to be reached?';
      if (tries === 60) throw wrongState('cluster', 'a broker that answers', messageOf(error), mend);
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  }
}

/** Whether a Redis says that an account or its password will not do, which does not pass. */
export function isRefusal(told: string): boolean {
  return /WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(told);
}

/** What to do where a broker, an address of which `example` is, lets nobody in and says why. */
export function mendOf(told: string, example: string): string {
  if (/certificate|SSL|TLS|pg_hba/i.test(told)) return 'give certificates in its address: docs/distributed.md';
  return isRefusal(told) || /password/i.test(told)
    ? `give ${example} of an account that may use it: docs/distributed.md`
    : 'is it running and to be reached?';
}

/** An address without what may be secret, for messages: a password may also stand behind its question mark. */
export function shownAddress(address: string): string {
  return shorten(address.replace(/\?.*$/s, '').replace(/\/\/.*@/s, '//…@'));
}
