import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optimizerState } from '../../src/distributed/optimizerState.js';
import { hashOf, pack } from '../../src/distributed/tensors.js';
import { type Cluster, cluster, local } from '../../src/entries/distributed.js';
import { adam, dense, Model, sequential } from '../../src/entries/node.js';
import { messageOf } from '../../src/errors.js';
import { certificates, withoutOpenssl } from './certificates.js';
import { rows } from './programs/readers.js';
import { type BrokerServer, endAll, freePort, startRedis, startWorker, titled, without } from './servers.js';

const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }) } as const;
const run = { id: 'run', architecture, data: 'rows', shards: 2, rounds: 2, local: fit } as const;

/** The rule of docs/distributed.md. */
const rule = [
  ...['on', '>secret', 'resetkeys', '%R~myelin:test:runs:*', '~myelin:test:results:*', '~myelin:test:jobs:*', '&*'],
  ...['-@all', '+@read', '+@write', '+@blocking', '+@connection', '+@scripting', '+@transaction', '+publish'],
  ...['-@dangerous', '+info'],
];

afterAll(endAll);

describe.skipIf(without.redis)(titled('a cluster on Redis that lets few in', without.redis), () => {
  let redis: BrokerServer;
  let admin: Redis;
  let workers: Cluster<string>;
  let right: string;

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    workers = cluster(redis.url, { name: 'test' });
    right = (await local().averageRounds({ ...run, data: rows })).hash;
  });
  afterAll(async () => {
    admin.disconnect();
    await workers.close();
  });

  it("has workers train whose account can do nothing but a worker's work", async () => {
    await admin.acl('SETUSER', 'worker', ...rule);
    const own = redis.url.replace('//', '//worker:secret@');
    const worker = startWorker(own);
    const limited = new Redis(own);
    const refused = async (what: Promise<unknown>) => await expect(what).rejects.toThrow('NOPERM');
    const { hash } = await workers.averageRounds({
      ...run,
      onRound: async () => {
        await refused(limited.set('myelin:test:runs:run:parameters:0', 'mine'));
        await refused(limited.set('myelin:test:runs:run:state', 'mine'));
      },
    });
    expect(hash).toBe(right);
    await refused(limited.flushall());
    await refused(limited.config('GET', 'maxmemory'));
    await refused(limited.acl('LIST'));
    await refused(limited.hgetall('myelin:other:jobs:meta'));
    await refused(limited.del('myelin:other:jobs:meta'));
    limited.disconnect();
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  });

  it('has workers of too narrow an account say so and end', async () => {
    await admin.acl('SETUSER', 'mute', ...rule, '-info');
    await admin.acl('SETUSER', 'blind', 'on', '>secret', '+@all', '~elsewhere:*', '&*');
    const started = ['mute', 'blind'].map(user => startWorker(redis.url.replace('//', `//${user}:secret@`)));
    for (const worker of started) {
      expect(await worker.ended).toBe(1);
      expect(worker.errors).toMatch(/expected .*broker.*, got NOPERM .*docs\/distributed\.md/);
    }
  });

  it('names and refuses shards that are not what they have to be, and trains them anew', async () => {
    const model = await Model.create(architecture);
    const values = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
    const name = '0.dense.weight';
    const { [name]: weight = new Float32Array(), ...others } = values;
    const turned = model.parameters.map(({ name: own, shape }) => ({
      name: own,
      shape: own === name ? [16, 8] : shape,
    }));
    const told = { worker: 'forger:1', loss: 0, digest: 'rows' };
    const whole = pack(model.parameters, values);
    const packed = (bytes: Uint8Array) => ({ bytes, result: { ...told, hash: hashOf(bytes) } });
    const kept = [...model.parameters, ...optimizerState('', fit.optimizer, model.parameters)];
    const moments = kept.map(({ name, shape }) => {
      return [name, values[name] ?? new Float32Array(shape.reduce((all, length) => all * length, 1)).fill(-1)];
    });
    const cases: [forged: { bytes: Uint8Array; result: unknown }, message: string, more?: object][] = [
      [
        { bytes: whole, result: { ...told, hash: hashOf(new Uint8Array()) } },
        'expected the bytes that the worker sent, got others',
      ],
      [packed(whole.subarray(0, -4)), `expected ${whole.length} bytes, as went to it, got ${whole.length - 4}`],
      [packed(whole.map(value => value ^ 1)), 'model file: expected '],
      [
        packed(pack(turned, values)),
        `${name}: expected float32 numbers of shape [8, 16], got others, of shape [16, 8]`,
      ],
      [
        packed(pack(model.parameters, { ...others, [name]: weight.map(() => Number.NaN) })),
        `${name}: expected finite numbers`,
      ],
      [
        { bytes: whole, result: { ...told, hash: hashOf(whole), loss: 'low' } },
        "its result's 'loss': expected what a worker tells",
      ],
      [
        packed(pack(kept, Object.fromEntries(moments))),
        `optimizer.v:${name}: expected numbers that are not negative`,
        { id: 'kept', keepOptimizer: true },
      ],
      [{ bytes: whole, result: 0 }, "its result's 'worker': expected what a worker tells, got undefined"],
    ];
    const connection = { host: '127.0.0.1', port: redis.port };
    for (const [{ bytes, result }, message, more = {}] of cases) {
      const forge = async ({ id }: Job) => {
        await admin.set(`myelin:test:results:${id}`, Buffer.from(bytes));
        return result;
      };
      const forger = new Worker('jobs', forge, { connection, prefix: 'myelin:test', drainDelay: 1 });
      forger.on('error', () => {});
      const running = workers.averageRounds({ ...run, id: 'forged', shards: 1, ...more });
      const error = await running.catch(messageOf);
      await forger.close(true);
      expect(error).toMatch(/^round 1, shard 0( from forger:1)?: /);
      expect(error).toContain(message);
    }
    startWorker(redis.url);
    const { hash } = await workers.averageRounds({ ...run, id: 'forged', shards: 1 });
    expect(hash).toBe((await local().averageRounds({ ...run, data: rows, shards: 1 })).hash);
  });
});

const openssl = without.redis ?? withoutOpenssl;

describe.skipIf(openssl)(titled('a cluster on Redis with certificates of both sides', openssl), () => {
  it('lets in who has one, and nobody else', async () => {
    const at = certificates('ca', 'server', 'worker');
    const port = await freePort();
    const own = [
      '--tls-ca-cert-file',
      at('ca.pem'),
      '--tls-cert-file',
      at('server.pem'),
      '--tls-key-file',
      at('server.key'),
    ];
    await startRedis('--port', '0', '--tls-port', String(port), ...own);
    const stranger = `rediss://127.0.0.1:${port}?sslrootcert=${at('ca.pem')}`;
    const url = `${stranger}&sslcert=${at('worker.pem')}&sslkey=${at('worker.key')}`;
    startWorker(url);
    await using workers = cluster(url, { name: 'test' });
    const { hash } = await workers.averageRounds(run);
    expect(hash).toBe((await local().averageRounds({ ...run, data: rows })).hash);
    await using refused = cluster(stranger, { name: 'test' });
    await expect(refused.averageRounds(run)).rejects.toThrow('cluster: url: expected the broker at rediss://');
    await using doubting = cluster(`rediss://127.0.0.1:${port}`, { name: 'test' });
    await expect(doubting.averageRounds(run)).rejects.toThrow(/certificate.*; give certificates in its address/);
  });
});
