import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cluster, local, work } from '../../src/entries/distributed.js';
import { adam, dense, sequential } from '../../src/entries/node.js';
import { certificates, withoutOpenssl } from './certificates.js';
import { rows } from './programs/readers.js';
import { endAll, startPostgres, startWorker, titled, until, without } from './servers.js';

const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const run = { id: 'run', architecture, shards: 6, rounds: 3, seed: 1, local: fit } as const;
const missing = without.postgres ?? withoutOpenssl;

afterAll(endAll);

describe.skipIf(missing)(titled('a cluster on PostgreSQL, by password and certificate', missing), () => {
  let at: (name: string) => string;
  let bare: string;
  let address: (password: string) => string;
  let url: string;

  beforeAll(async () => {
    at = certificates('ca', 'server', 'worker');
    bare = (await startPostgres({ password: 'secret', at })).url;
    const files = `sslrootcert=${at('ca.pem')}&sslcert=${at('worker.pem')}&sslkey=${at('worker.key')}`;
    address = password => `${bare.replace('@', `:${password}@`)}?sslmode=verify-full&${files}`;
    url = address('secret');
  });

  it('gives the bits of one process, round after round, and where a worker is killed', async () => {
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
  });

  it('leaves no job and no parameters, and says nothing above 4 KB', async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const ask = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows[0];
    expect(await ask('SELECT count(*)::int FROM myelin_test.job')).toEqual([0]);
    expect(await ask('SELECT count(*)::int FROM myelin_parameters')).toEqual([0]);
    const [events, largest] = (await ask('SELECT count(*)::int, max(length(data::text)) FROM myelin_test.event')) ?? [];
    await client.end();
    expect(events).toBeGreaterThan(38);
    expect(largest).toBeLessThan(4096);
  });

  it('keeps clusters apart whose names are alike, and takes long ones', async () => {
    const own = { ...run, rounds: 1, shards: 1 };
    const { hash } = await local().averageRounds({ ...own, data: rows });
    const stop = new AbortController();
    const idle = work(url, {
      name: 'TEST',
      readers: { rows: () => Promise.reject(new Error('of another cluster')) },
      signal: stop.signal,
    });
    await using workers = cluster(url, { name: 'test' });
    for (let i = 0; i < 5; i++) expect((await workers.averageRounds({ ...own, data: 'rows' })).hash).toBe(hash);
    stop.abort();
    await idle;
    const name = 'a'.repeat(64);
    await using long = cluster(url, { name });
    const stopLong = new AbortController();
    const working = work(url, { name, readers: { rows }, signal: stopLong.signal });
    expect((await long.averageRounds({ ...own, data: 'rows' })).hash).toBe(hash);
    stopLong.abort();
    await working;
  });

  it('says to those that are not let in what they lack', async () => {
    const refused = async (other: string, message: RegExp) => {
      await using workers = cluster(other, { name: 'test' });
      await expect(workers.averageRounds({ ...run, data: 'rows' })).rejects.toThrow(message);
    };
    const plain = bare.replace('@', ':secret@');
    const mend = 'give certificates in its address: docs/distributed.md';
    await refused(address('wrong'), /\/\/…@.*password authentication failed.*; give postgres:.*of an account that may/);
    await refused(plain, new RegExp(`no encryption; ${mend}`));
    await refused(`${plain}?sslmode=verify-full&sslrootcert=${at('ca.pem')}`, new RegExp(`certificate; ${mend}`));
    await refused(`${plain}?sslmode=verify-full`, new RegExp(`self-signed certificate in certificate chain; ${mend}`));
    await refused(url.replace(/:\d+\//, ':1/'), /the broker at .*ECONNREFUSED.*; is it running/);
  });
});
