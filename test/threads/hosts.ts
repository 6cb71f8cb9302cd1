/**
 * Models of runtimes that are watched or broken: each has threads of its own, so that nothing is known about them yet.
 */
import { Model, Trainer } from '../../src/entries/node.js';
import { nodeHost } from '../../src/hosts/node.js';
import { nodeThreads } from '../../src/hosts/nodeThreads.js';
import { type Backend, type Host, plainBackend } from '../../src/runtime/binaries.js';
import type { ThreadHost, WorkerHandle } from '../../src/runtime/workers.js';

/** Node with these threads, or with none. */
export function hostWith(threads: ThreadHost | undefined): Host {
  const { threads: _, ...rest } = nodeHost;
  return threads ? { ...rest, threads } : rest;
}

/** The class of models on a host. */
export function modelOn(host: Host): typeof Model {
  class OwnTrainer extends Trainer {
    static override get modelClass() {
      return OwnModel;
    }
  }
  class OwnModel extends Model {
    static override get host() {
      return host;
    }
    static override get trainerClass() {
      return OwnTrainer;
    }
  }
  return OwnModel;
}

/** Node whose kernels take tiles in pairs, as with turbo on engines that pack them; here the engine does not. */
export function pairing(host: Host): Host {
  const turbo = async (deterministic: boolean): Promise<Backend> => {
    return { ...(await plainBackend(host, deterministic)), turbo: true, paired: true };
  };
  return { ...host, turbo };
}

/** Node's threads, with `wrap` around every worker; counts those that are running and the runs they were sent. */
export function watchedThreads(wrap: (handle: WorkerHandle) => WorkerHandle = handle => handle) {
  const running = new Set<WorkerHandle>();
  let runs = 0;
  const host: ThreadHost = {
    ...nodeThreads,
    spawn() {
      const handle = nodeThreads.spawn();
      running.add(handle);
      handle.listen(
        () => {},
        () => running.delete(handle),
      );
      const { post, ...rest } = wrap(handle);
      return {
        ...rest,
        post(message) {
          if (message.kind === 'run') runs += 1;
          post(message);
        },
      };
    },
  };
  return {
    host,
    running,
    /** Messages that told a worker to run. */
    get runs() {
      return runs;
    },
  };
}
