/** Threads by node:worker_threads, which Bun and Deno have too. */
import { availableParallelism } from 'node:os';
import { clearTimeout, setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';
import type { FromWorker, ThreadHost, WorkerHandle } from '../runtime/workers.js';

export const nodeThreads: ThreadHost = {
  cores: availableParallelism(),
  spawn(): WorkerHandle {
    // Without the process's own --import and the like: the script needs none of it, and would wait for all of it.
    // From src/ and from dist/ this is the compiled file: not every runtime starts a worker from TypeScript.
    const worker = new Worker(new URL('../../dist/hosts/nodeWorker.js', import.meta.url), { execArgv: [] });
    return {
      post: message => worker.postMessage(message),
      listen(onMessage, onEnd) {
        let error: Error | undefined;
        worker.on('message', (message: FromWorker) => onMessage(message));
        worker.on('error', cause => {
          error = cause;
        });
        worker.on('exit', code => onEnd(error?.message ?? `exit code ${code}`));
      },
      keepAlive: on => (on ? worker.ref() : worker.unref()),
      terminate: () => void worker.terminate(),
    };
  },
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
