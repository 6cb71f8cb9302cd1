import { afterAll, describe, expect, it } from 'vitest';
import { cluster, local } from '../../src/entries/distributed.js';
import { adam, dense, sequential } from '../../src/entries/node.js';
import { rows } from './programs/readers.js';
import { endAll, startPostgres, startWorker, titled, until, without } from './servers.js';

const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const run = { id: 'run', architecture, shards: 6, rounds: 3, seed: 1, local: fit } as const;

afterAll(endAll);

describe.skipIf(without.postgres)(titled('a cluster on PostgreSQL', without.postgres), () => {
  it('gives the bits of one process, round after round, and where a worker is killed', async () => {
    const { url } = await startPostgres();
    const [first] = [startWorker(url), startWorker(url)];
    await using workers = cluster(url, { name: 'test' });
    const running = workers.averageRounds({ ...run, data: 'slow' });
    await until('a job is done', () => (first?.told.length ?? 0) > 0);
    await new Promise(resolve => setTimeout(resolve, 100));
    first?.process.kill('SIGKILL');
    expect((await running).hash).toBe((await local().averageRounds({ ...run, data: rows })).hash);

    const many = { ...run, shards: 1, rounds: 20, local: { ...fit, epochs: 1 } };
    const { hash, rounds } = await workers.averageRounds({ ...many, data: 'rows' });
    expect(hash).toBe((await local().averageRounds({ ...many, data: rows })).hash);
    expect(rounds).toHaveLength(20);

    const wrong = cluster(url.replace(/:\d+\//, ':1/'), { name: 'test' });
    await expect(wrong.averageRounds({ ...run, data: 'rows' })).rejects.toThrow(/the broker at \/\/…@|is it running/);
  });
});
