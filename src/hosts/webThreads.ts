/** Threads by Web Workers. Only pages that are cross-origin isolated may share memory with them. */
import type { Host } from '../runtime/binaries.js';
import type { FromWorker, ThreadHost, WorkerHandle } from '../runtime/workers.js';

const isolatedThreads: ThreadHost = {
  cores: globalThis.navigator?.hardwareConcurrency ?? 1,
  spawn(): WorkerHandle {
    // Bundlers look for exactly this expression.
    const worker = new Worker(new URL('../hosts/webWorker.js', import.meta.url), { type: 'module' });
    return {
      post: message => worker.postMessage(message),
      listen(onMessage, onEnd) {
        worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => onMessage(data));
        const end = (reason: string) => {
          worker.terminate();
          onEnd(reason);
        };
        worker.addEventListener('error', ({ message }) =>
          end(message || 'its script could not be loaded, which a Content-Security-Policy allows by worker-src'),
        );
        worker.addEventListener('messageerror', () => end('it sent what could not be read'));
      },
      // A page does not wait for its workers.
      keepAlive() {},
      terminate: () => worker.terminate(),
    };
  },
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

const headers = 'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';

/** The threads, or why there are none. */
export const webThreads: Pick<Host, 'threads' | 'alone'> = globalThis.crossOriginIsolated
  ? { threads: isolatedThreads }
  : globalThis.crossOriginIsolated === false
    ? { alone: `this page is not cross-origin isolated: send ${headers} with it` }
    : {};
