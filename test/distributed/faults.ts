/**
 * What becomes of a run on each installed broker where something ends in the middle of it: the hash of each, which is
 * that of one process. Takes some minutes, one of them for a broker that never comes back.
 *
 *     npm run build && npm run distributed:faults [-- Redis | PostgreSQL | hosts [PART OF A NAME]]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cluster, local, type RoundEvent } from '../../src/entries/distributed.js';
import { adam, dense, sequential } from '../../src/entries/node.js';
import { messageOf } from '../../src/errors.js';
import { startHosts, withoutHosts } from './hosts.js';
import { rows } from './programs/readers.js';
import { type BrokerServer, endAll, startPostgres, startRedis, startWorker, without } from './servers.js';

const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const run = { id: 'run', architecture, data: 'slow', shards: 6, rounds: 3, seed: 1, local: fit } as const;
/** Seconds; a loaded machine has to renew in time. */
const LOCK = 3;
const program = fileURLToPath(new URL('programs/coordinate.js', import.meta.url));

type Workers = readonly ReturnType<typeof startWorker>[];
type Fault = (server: BrokerServer, workers: Workers, total: () => number) => Promise<string>;

function coordinate(server: BrokerServer, more = {}): Promise<string> {
  const own = cluster(server.url, { name: 'test' });
  return own
    .averageRounds({ ...run, ...more })
    .then(({ hash }) => hash)
    .finally(() => own.close());
}

/** A coordinator of its own process, and its last line. */
function start({ url }: { readonly url: string }, within: readonly string[] = []) {
  const [command = '', ...words] = [...within, process.execPath, program, url];
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let last: { hash?: string } = {};
  createInterface({ input: child.stdout }).on('line', line => {
    last = JSON.parse(line);
  });
  return { child, hash: once(child, 'close').then(() => last.hash ?? 'none') };
}

/** Seconds in which something has to come of a run, however slow the machine is. */
const STUCK = 120;

/** Waits until workers have done so many jobs; where none of them does any more, it says so. */
async function untilDone(count: number, total: () => number): Promise<void> {
  let [known, since] = [0, performance.now()];
  while (total() < count) {
    if (total() > known) [known, since] = [total(), performance.now()];
    if (performance.now() - since > 1000 * STUCK) throw new Error(`${known} jobs, and no more in ${STUCK} s`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

/** A round and a job more. */
const SOME = 7;

/** Something that is done to what takes part while a round and more are done. */
function during(act: (server: BrokerServer, workers: Workers) => unknown): Fault {
  return async (server, workers, total) => {
    const running = coordinate(server);
    await untilDone(SOME, total);
    await act(server, workers);
    return running;
  };
}

const faults: Readonly<Record<string, Fault>> = {
  '1 worker': server => coordinate(server),
  '2 workers': server => coordinate(server),
  '3 workers': server => coordinate(server),
  'a worker is killed': during((_, [first]) => first?.process.kill('SIGKILL')),
  'a worker sleeps beyond its lock': during((_, [first]) => {
    first?.process.kill('SIGSTOP');
    setTimeout(() => first?.process.kill('SIGCONT'), 3000 * LOCK);
  }),
  'a worker is told to end': during((_, [first]) => first?.process.kill('SIGTERM')),
  'the coordinator is killed': async (server, _, total) => {
    const first = start(server);
    await untilDone(SOME, total);
    first.child.kill('SIGKILL');
    await first.hash;
    return start(server).hash;
  },
  'the run is aborted': async (server, _, total) => {
    const stop = new AbortController();
    const running = coordinate(server, { signal: stop.signal }).catch(messageOf);
    await untilDone(SOME, total);
    stop.abort(new Error('enough'));
    await running;
    return coordinate(server);
  },
  'the broker is killed': during(server => server.restart()),
};

const servers = [
  ['Redis', without.redis, () => startRedis('--appendonly', 'yes', '--appendfsync', 'always')],
  ['PostgreSQL', without.postgres, startPostgres],
] as const;
const [only, part = ''] = process.argv.slice(2);
const right = (await local().averageRounds({ ...run, data: rows })).hash;
const print = (broker: string, what: string, hash: string, seconds = '') =>
  console.log(`${broker.padEnd(12)}${what.padEnd(34)}${hash.slice(0, 16).padEnd(18)}${seconds}`);
print('local()', 'one process', right);

const countOf = (workers: Workers) => workers.reduce((sum, { told }) => sum + told.length, 0);

async function end(workers: Workers): Promise<void> {
  for (const { process } of workers) process.kill('SIGKILL');
  await Promise.all(workers.map(({ ended }) => ended));
}

async function withWorkers<T>(server: BrokerServer, count: number, act: (workers: Workers) => Promise<T>): Promise<T> {
  const workers = Array.from({ length: count }, () => startWorker(server.url, { lock: LOCK }));
  try {
    return await act(workers);
  } finally {
    await end(workers);
  }
}

let wrong = 0;
function judge(broker: string, what: string, hash: string, began: number): void {
  if (hash !== right) wrong++;
  print(broker, what, hash, `${((performance.now() - began) / 1000).toFixed(1)} s`);
}

process.on('exit', endAll);

async function judgeFault(broker: string, server: BrokerServer, what: string, count: number, fault: Fault) {
  const began = performance.now();
  const hash = await withWorkers(server, count, workers => fault(server, workers, () => countOf(workers)));
  judge(broker, what, hash, began);
}

/**
 * How long rounds take that are nearly nothing, the longest of which is what an event that comes late costs. Workers
 * take part first: how long those take to start is no round's time.
 */
async function judgeRounds(broker: string, server: BrokerServer, what: string): Promise<void> {
  const seconds: number[] = [];
  let took = 0;
  const onRound = (event: RoundEvent) => {
    seconds.push(event.seconds);
    took = event.workers;
  };
  const quick = { id: 'quick', data: 'rows', shards: 2, rounds: 100, onRound };
  await withWorkers(server, 2, async () => {
    while (took < 2) await coordinate(server, { ...quick, data: 'slow', rounds: 1 });
    seconds.length = 0;
    await coordinate(server, quick);
  });
  const longest = Math.max(...seconds);
  const at = seconds.indexOf(longest) + 1;
  const median = seconds.sort((a, b) => a - b)[50] ?? 0;
  const [middle, most] = [median, longest].map(each => (1000 * each).toFixed(0));
  print(broker, what, '', `median ${middle} ms, most ${most} ms, in round ${at}`);
}

async function judgeEnd(broker: string, server: BrokerServer, what: string): Promise<void> {
  const began = performance.now();
  const told = await withWorkers(server, 2, async workers => {
    const running = coordinate(server).catch(messageOf);
    await untilDone(1, () => countOf(workers));
    await server.kill();
    return running;
  });
  print(broker, what, told, `${((performance.now() - began) / 1000).toFixed(1)} s`);
  console.log(`  ${told}`);
}

for (const [broker, missing, open] of servers) {
  if (only !== undefined && only !== broker) continue;
  if (missing) {
    print(broker, missing, '');
    continue;
  }
  const server = await open();
  for (const [what, fault] of Object.entries(faults)) {
    const count = Number(what[0]) || 2;
    if (what.includes(part)) await judgeFault(broker, server, what, count, fault);
  }
  for (const [what, judge] of [
    ['100 rounds of 2 shards', judgeRounds],
    ['it never comes back', judgeEnd],
  ] as const) {
    if (what.includes(part)) await judge(broker, server, what);
  }
}

/** A coordinator, a broker and two workers on hosts of their own, one of which is cut off in the middle of a round. */
async function judgeHosts(): Promise<void> {
  const { url, hosts } = await startHosts(3);
  for (const [index, what] of ['the coordinator is cut off', 'a worker is cut off', 'nobody is cut off'].entries()) {
    const began = performance.now();
    const workers = hosts.slice(1).map(({ within }) => startWorker(url, { lock: LOCK, within }));
    const { hash } = start({ url }, hosts[0]?.within);
    await untilDone(SOME, () => countOf(workers));
    if (index < 2) {
      hosts[index]?.cut();
      await new Promise(resolve => setTimeout(resolve, 3000 * LOCK));
      hosts[index]?.mend();
    }
    judge('hosts', what, await hash, began);
    await end(workers);
  }
}

if (only === undefined || only === 'hosts') {
  if (withoutHosts) print('hosts', withoutHosts, '');
  else await judgeHosts();
}
process.exit(wrong > 0 ? 1 : 0);
