/** Whole runs by node:worker_threads, which Bun and Deno have too. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ABORTED, unlessAborted } from '../abort.js';
import { shorten } from '../errors.js';
import type { RunCrew, RunHost } from '../search/crewRuns.js';
import type { FromRunWorker } from './nodeRunWorker.js';

export const nodeRuns: RunHost = {
  cores: availableParallelism(),
  async open(kind, common, count, signal) {
    const crew = new NodeRunCrew();
    try {
      for (let i = 0; i < count; i++) crew.hire({ kind, common });
      if ((await unlessAborted(signal, crew.ready)) !== ABORTED) return crew;
    } catch {
      // No script beside a bundle, no right to start one, or data that cannot travel.
    }
    void crew.close();
    return undefined;
  },
};

/** A job, and who waits for it. */
interface Waiting {
  readonly job: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class NodeRunCrew implements RunCrew {
  readonly #workers: Worker[] = [];
  readonly #free: Worker[] = [];
  readonly #queue: Waiting[] = [];
  readonly #running = new Map<Worker, Waiting>();
  readonly #starts: Promise<void>[] = [];
  #lost: Error | undefined;

  /** All have loaded what they need. */
  get ready(): Promise<unknown> {
    return Promise.all(this.#starts);
  }

  /** Starts a worker; as a fit does, without what the process itself was started with. */
  hire(workerData: { kind: string; common: unknown }): void {
    // From src/ and from dist/ this is the compiled file: not every runtime starts a worker from TypeScript.
    const script = new URL('../../dist/hosts/nodeRunWorker.js', import.meta.url);
    const worker = new Worker(script, { execArgv: [], workerData });
    this.#workers.push(worker);
    const start = new Promise<void>((resolve, reject) => {
      let reason = 'it ended';
      worker.on('message', (message: FromRunWorker) => {
        if (message.kind === 'ready') resolve();
        else this.#heard(worker, message);
        this.#next(worker);
      });
      worker.on('error', error => {
        reason = error.message;
      });
      worker.on('exit', () => {
        reject(new Error(reason));
        this.#ended(worker, reason);
      });
    });
    start.catch(() => {});
    this.#starts.push(start);
  }

  run(job: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      const worker = this.#free.pop();
      if (worker) this.#next(worker);
    });
  }

  #heard(worker: Worker, message: Exclude<FromRunWorker, { kind: 'ready' }>): void {
    const waiting = this.#running.get(worker);
    this.#running.delete(worker);
    if (message.kind === 'done') waiting?.resolve(message.value);
    else waiting?.reject(Object.assign(message.error as Error, message.about));
  }

  #next(worker: Worker): void {
    if (this.#lost) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) {
      this.#free.push(worker);
      return;
    }
    this.#running.set(worker, waiting);
    worker.postMessage(waiting.job);
  }

  /** Ends all that is asked for: what one worker had no memory for the next would not have either. */
  #ended(worker: Worker, reason: string): void {
    if (!this.#workers.includes(worker)) return;
    this.#lost ??= new Error(
      `workers: expected worker threads to the end, got one that ended (${shorten(reason, 120)}); try workers: 1`,
    );
    for (const { reject } of [...this.#running.values(), ...this.#queue.splice(0)]) reject(this.#lost);
    this.#running.clear();
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map(worker => worker.terminate()));
  }
}
