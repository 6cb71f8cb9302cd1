import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { local } from '../../src/entries/distributed.js';
import { adam, dense, sequential } from '../../src/entries/node.js';
import { startHosts, withoutHosts } from './hosts.js';
import { rows } from './programs/readers.js';
import { endAll, startWorker, titled, until } from './servers.js';

/** What programs/coordinate.js runs. */
const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const run = { id: 'run', architecture, shards: 6, rounds: 3, seed: 1, local: fit } as const;
const program = fileURLToPath(new URL('programs/coordinate.js', import.meta.url));
/** Seconds that a worker's job is its own. */
const LOCK = 2;

afterAll(endAll);

describe.skipIf(withoutHosts)(titled('hosts of their own, 20 ms from their broker', withoutHosts), () => {
  it('come to the bits of one process, also where one is cut off beyond its lock in the middle of a round', async () => {
    const { url, hosts } = await startHosts(3);
    const [first] = hosts.slice(1).map(({ within }) => startWorker(url, { lock: LOCK, within }));
    const [command = '', ...words] = [...(hosts[0]?.within ?? []), process.execPath, program, url];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', text => {
      told += text;
    });
    const ended = once(child, 'close');
    await until('a job is done', () => (first?.told.length ?? 0) > 0);
    hosts[1]?.cut();
    await new Promise(resolve => setTimeout(resolve, 3000 * LOCK));
    hosts[1]?.mend();
    await ended;
    const { hash } = await local().averageRounds({ ...run, data: rows });
    expect(JSON.parse(told.trim().split('\n').at(-1) ?? '{}')).toEqual({ hash });
  });
});
