/** Where threads do not work, training falls back to the caller's thread and says why. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dense, sequential } from '../../src/entries/node.js';
import type { Host } from '../../src/runtime/binaries.js';
import type { ThreadHost, WorkerHandle } from '../../src/runtime/workers.js';
import { labels, numbers } from '../reference/data.js';
import { hostWith, modelOn, watchedThreads } from './hosts.js';

const architecture = sequential([100], [dense(90, { activation: 'relu' }), dense(10, { activation: 'softmax' })]);
const data = { x: numbers(1001 * 100, 1), y: labels(1001, 10, 2) };
const options = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'adam', threads: 2 } as const;

afterEach(() => vi.useRealTimers());

const silent: WorkerHandle = { post() {}, listen() {}, keepAlive() {}, terminate() {} };

function broken(spawn: ThreadHost['spawn']): ThreadHost {
  return { cores: 4, spawn, after: () => () => {} };
}

/** A host whose workers write to shared memory what nobody else sees. */
function forgetful(): ThreadHost {
  return watchedThreads(handle => {
    let memory: WebAssembly.Memory | undefined;
    return {
      ...handle,
      post(message) {
        if (message.kind === 'join') memory = message.memory;
        handle.post(message);
      },
      listen: (onMessage, onEnd) =>
        handle.listen(message => {
          if (message.kind === 'finished' && memory) new Uint8Array(memory.buffer).fill(0, 2 ** 14, 2 ** 15);
          onMessage(message);
        }, onEnd),
    };
  }).host;
}

const prefix = 'one thread, as threads did not pass the self-test (';

describe('a model falls back to one thread', () => {
  const cases: readonly (readonly [string, ThreadHost | undefined, string])[] = [
    ['the runtime has none', undefined, 'one thread, as this runtime offers no others'],
    [
      'they cannot be started',
      broken(() => {
        throw new Error('no permission');
      }),
      `${prefix}no permission)`,
    ],
    [
      'the second cannot be started',
      (() => {
        let started = 0;
        return broken(() => {
          if (++started > 1) throw new Error('too many');
          return silent;
        });
      })(),
      `${prefix}too many)`,
    ],
    [
      'they end at once',
      broken(() => ({ ...silent, listen: (_, onEnd) => queueMicrotask(() => onEnd('no such script')) })),
      `${prefix}threads: expected 2 workers to the end, got one that ended (worker 0: no such script); try again)`,
    ],
    ['their writes do not arrive', forgetful(), 'one thread, as what workers wrote to shared memory did not arrive'],
  ];

  it.each(cases)('where %s', async (_, threads, reason) => {
    const model = await modelOn(hostWith(threads)).create(architecture);
    await model.fit(data, options);
    expect(model.backend.threads).toBe(1);
    expect(model.backend.reason).toContain(reason);
    const alone = await modelOn(hostWith(undefined)).create(architecture);
    await alone.fit(data, options);
    expect(model.parameters).toEqual(alone.parameters);
    expect(await model.predictAsync(data.x)).toEqual(alone.predict(data.x));
  });

  it.each(['never answer', 'join but never finish'])('where workers %s, after ten seconds', async how => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const ended: unknown[] = [];
    const kept = new Set<unknown>();
    const threads = broken(() => {
      let answer: Parameters<WorkerHandle['listen']>[0] = () => {};
      const handle: WorkerHandle = {
        post(message) {
          if (how === 'join but never finish' && message.kind === 'join') {
            queueMicrotask(() => answer({ kind: 'joined' }));
          }
        },
        listen(onMessage) {
          answer = onMessage;
        },
        keepAlive: on => void (on ? kept.add(handle) : kept.delete(handle)),
        terminate: () => void ended.push(handle),
      };
      return handle;
    });
    const model = await modelOn(hostWith(threads)).create(architecture);
    const fitting = model.fit(data, options);
    // The threads' binary is compiled first, in no time that the fake clock knows of.
    while (vi.getTimerCount() === 0) await new Promise(resolve => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(10_000);
    await fitting;
    expect(model.backend.reason).toContain(
      `${prefix}threads: expected 2 workers to the end, got no answer in 10 seconds`,
    );
    expect(ended).toHaveLength(2);
    expect(kept.size).toBe(0);
  });

  it('and tests them once, not for every model', async () => {
    let started = 0;
    const Class = modelOn(
      hostWith(
        broken(() => {
          started += 1;
          throw new Error('no permission');
        }),
      ),
    );
    for (let seed = 0; seed < 3; seed++) await (await Class.create(architecture, { seed })).fit(data, options);
    expect(started).toBe(1);
  });
});

describe('a model without the binary for threads', () => {
  it('trains on the caller and says so', async () => {
    const host = hostWith(watchedThreads().host);
    const compile: Host['compile'] = async name => {
      if (name.endsWith('-threads')) throw new Error(`${name}.wasm: not found`);
      return host.compile(name);
    };
    const model = await modelOn({ ...host, compile }).create(architecture);
    await model.fit(data, options);
    expect(model.backend.reason).toMatch(/self-test \(\w+-threads.wasm: not found\)$/);
  });
});

describe('a model says how many threads it takes', () => {
  it.each([
    [1, 'one thread, as there is one core'],
    [4, 'up to 4 threads'],
    [99, 'up to 16 threads'],
  ])('on %i cores', async (cores, reason) => {
    const host = hostWith({ ...watchedThreads().host, cores });
    const model = await modelOn(host).create(architecture);
    expect(model.backend.reason).toContain(reason);
  });
});
