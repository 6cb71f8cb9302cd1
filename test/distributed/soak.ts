/**
 * Runs of all kinds, some of them aborted and started again, while workers are killed, told to end and put to sleep at
 * random: each has to come to what one process comes to and to leave nothing at the broker. Prints every half a minute
 * how far it came and what coordinator and worker take of memory.
 *
 *     npm run build && npm run distributed:soak [-- SECONDS [Redis | PostgreSQL]]
 */
import { execFileSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { cluster, local } from '../../src/entries/distributed.js';
import { adam, dense, integer, sequential } from '../../src/entries/node.js';
import { rows } from './programs/readers.js';
import {
  endAll,
  keysLeft,
  type StartedWorker,
  startPostgres,
  startRedis,
  startWorker,
  until,
  without,
} from './servers.js';

const [seconds = '300', broker = 'Redis'] = process.argv.slice(2);
const missing = broker === 'Redis' ? without.redis : without.postgres;
if (missing) {
  console.log(`${broker}: ${missing}`);
  process.exit();
}
/** Seconds; a loaded machine has to renew in time. */
const LOCK = 2;
const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const optimizer = adam({ learningRate: 0.01 });
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer, epochs: 2, threads: 1 } as const;
const run = { id: 'run', architecture, shards: 6, rounds: 3, seed: 1, local: fit, keepOptimizer: true } as const;
const judged = { fit, folds: 3, seeds: [0, 1], metrics: ['accuracy'], workers: 1 } as const;
const space = { units: integer(2, 9) };
const build = ({ units }: { units: number }) => sequential(8, [dense(units), dense(3, { activation: 'softmax' })]);
const tried = { trials: 5, method: 'halving', build, fit, metric: 'accuracy', workers: 1 } as const;

process.on('exit', endAll);
const { url } = await (broker === 'Redis' ? startRedis() : startPostgres());
await using coordinator = cluster(url, { name: 'test' });
const kinds = {
  averageRounds: async () => (await coordinator.averageRounds({ ...run, data: 'slow' })).hash,
  abortedRounds: async () => {
    // Later each time: on a slow machine nothing would ever be done.
    for (let most = 2000; ; most *= 1.5) {
      const signal = AbortSignal.timeout(Math.floor(most * Math.random()));
      try {
        return (await coordinator.averageRounds({ ...run, id: 'aborted', data: 'slow', signal })).hash;
      } catch (error) {
        if (!signal.aborted) throw error;
        count('abort');
      }
    }
  },
  search: () => coordinator.search(space, 'slow', tried),
  crossValidate: () => coordinator.crossValidate(architecture, 'slow', judged),
};
const { hash } = await local().averageRounds({ ...run, data: rows });
const right = {
  averageRounds: hash,
  abortedRounds: hash,
  search: await local().search(space, rows, tried),
  crossValidate: await local().crossValidate(architecture, rows, judged),
};

const done: Record<string, number> = {};
const count = (what: string) => {
  done[what] = (done[what] ?? 0) + 1;
};
const wait = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
let over = false;

/** Jobs that workers have told of, those that have ended too. */
let known = 0;
const start = () => {
  const worker = startWorker(url, { lock: LOCK });
  worker.process.stdout?.on('data', () => {
    known++;
  });
  return worker;
};
const workers: StartedWorker[] = Array.from({ length: 4 }, start);

/**
 * Something happens to one of the workers every second or so, and not before a job has come to something since: where
 * all are slow to start nothing would ever be done. Who ends is followed by another; the first one only sleeps, so that
 * one is seen to grow old.
 */
async function suffer(): Promise<void> {
  for (let before = 0; !over; before = known) {
    await wait(300 + 1500 * Math.random());
    while (known === before && !over) await wait(20);
    const index = Math.floor(workers.length * Math.random());
    const all = ['SIGSTOP', 'SIGKILL', 'SIGTERM'] as const;
    const signal = all[index === 0 ? 0 : Math.floor(3 * Math.random())] ?? 'SIGKILL';
    const worker = workers[index];
    worker?.process.kill(signal);
    count(signal);
    if (signal === 'SIGSTOP') setTimeout(() => worker?.process.kill('SIGCONT'), 2500 * LOCK * Math.random());
    else workers[index] = start();
  }
}

const suffering = suffer();
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
let wrong = 0;
/** Also where nothing ends any more: it says then how far it came. */
const telling = setInterval(() => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const worker = 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', `${workers[0]?.process.pid}`]));
  const [heap, buffers, all, its] = [heapUsed, arrayBuffers, rss, worker].map(bytes => (bytes / 2 ** 20).toFixed(1));
  const memory = `heap ${heap} MiB, buffers ${buffers}, all ${all}; a worker ${its}`;
  console.log(`${elapsed().toFixed(0)} s`, JSON.stringify(done), memory);
}, 30_000);
while (elapsed() < Number(seconds)) {
  for (const [kind, act] of Object.entries(kinds)) {
    const found = await act();
    if (!isDeepStrictEqual(found, right[kind as keyof typeof right])) {
      wrong++;
      console.log(`${kind}: other than in one process`);
    }
    count(kind);
  }
}
clearInterval(telling);
over = true;
await suffering;
const left = await coordinator.averageRounds({ ...run, data: 'rows' }).then(({ hash }) => hash);
if (left !== right.averageRounds) wrong++;
// Jobs of the dead are found out when their locks end.
if (broker === 'Redis') await until('nothing is left', async () => (await keysLeft(url)).length === 0, 10 * LOCK);
console.log(`${wrong} wrong`);
process.exit(wrong > 0 ? 1 : 0);
