/**
 * What a round costs on a cluster of this machine beside `local()`, where shards train a step alone: four shards, 0.4
 * MB and 10 MB of parameters, one to four workers, and the brokers that are installed. Milliseconds are medians over
 * the rounds of a run.
 *
 *     npm run build && npx tsx bench/distributed/overhead.ts
 */
import { fileURLToPath } from 'node:url';
import { dense, sequential } from 'myelin';
import { cluster, local, type RoundEvent } from 'myelin/distributed';
import { endAll, startPostgres, startRedis, startWorker, without } from '../../test/distributed/servers.js';
import { rows } from './readers.js';

const readers = fileURLToPath(new URL('readers.js', import.meta.url));
const sizes = [
  { size: '0.4 MB', hidden: 128, rounds: 100 },
  { size: '10 MB', hidden: 3200, rounds: 10 },
].map(({ size, hidden, rounds }) => {
  const layers = [dense(hidden, { activation: 'relu' }), dense(10, { activation: 'softmax' })] as const;
  const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: 'sgd', threads: 1 } as const;
  return { size, run: { id: size.slice(0, -3), architecture: sequential(784, layers), shards: 4, rounds, local: fit } };
});
const brokers = [
  ['Redis', without.redis, () => startRedis()],
  ['PostgreSQL', without.postgres, startPostgres],
] as const;

/** The middle and the most of all rounds but the first, in which code runs for the first time. */
function milliseconds(rounds: readonly RoundEvent[]): [median: number, most: number] {
  const all = rounds.slice(1).map(({ seconds }) => 1000 * seconds);
  all.sort((a, b) => a - b);
  return [all[all.length >> 1] ?? 0, all.at(-1) ?? 0];
}

function print(...[broker, size, workers, rate, median, most, bytes]: readonly string[]): void {
  const numbers = [workers, rate, median, most, bytes].map((text = '') => text.padStart(10));
  console.log(`${broker?.padEnd(12)}${size?.padEnd(8)}${numbers.join('')}`);
}

function printRun(broker: string, size: string, workers: string, rounds: readonly RoundEvent[]): void {
  const [median, most] = milliseconds(rounds);
  const megabytes = (rounds[0]?.bytes ?? 0) / 1e6;
  const numbers = [(1000 / median).toFixed(2), median.toFixed(0), most.toFixed(0), megabytes.toFixed(1)];
  print(broker, size, workers, ...numbers);
}

print('broker', 'size', 'workers', 'rounds/s', 'ms', 'most ms', 'MB');
for (const { size, run } of sizes) {
  printRun('local()', size, '-', (await local().averageRounds({ ...run, data: rows })).rounds);
}
for (const [broker, missing, start] of brokers) {
  if (missing) {
    console.log(`${broker.padEnd(12)}${missing}`);
    continue;
  }
  const { url } = await start();
  await using workers = cluster(url, { name: 'test' });
  for (let count = 1; count <= 4; count++) {
    startWorker(url, { lock: 30, readers });
    for (const { size, run } of sizes) {
      // A worker takes part once it has started, and trains fast once it has trained.
      let ready = 0;
      while (ready < count)
        ready = (await workers.averageRounds({ ...run, rounds: 2, data: 'rows' })).rounds[1]?.workers ?? 0;
      printRun(broker, size, String(count), (await workers.averageRounds({ ...run, data: 'rows' })).rounds);
    }
  }
}
endAll();
process.exit();
