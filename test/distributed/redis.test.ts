import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { work } from '../../src/distributed/work.js';
import { type Cluster, cluster, local, nesterov, plainAverage } from '../../src/entries/distributed.js';
import { adam, dense, integer, Model, sequential } from '../../src/entries/node.js';
import { rows } from './programs/readers.js';
import {
  type BrokerServer,
  endAll,
  keysLeft,
  type StartedWorker,
  startRedis,
  startWorker,
  titled,
  until,
  type WorkerSettings,
  without,
} from './servers.js';

const architecture = sequential(8, [dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const run = { id: 'run', architecture, shards: 6, rounds: 3, seed: 1, local: fit } as const;

/** Where jobs are counted: no worker may lose one, also on a machine that has no time for it. */
const patient = { lock: 30 };

afterAll(endAll);

describe.skipIf(without.redis)(titled('a cluster on Redis', without.redis), () => {
  let redis: BrokerServer;
  let right: string;
  let workers: StartedWorker[] = [];
  let coordinator: Cluster<string>;

  beforeAll(async () => {
    right = (await local().averageRounds({ ...run, data: rows })).hash;
    redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
    coordinator = cluster(redis.url, { name: 'test' });
  });
  afterAll(() => coordinator.close());
  afterEach(async () => {
    for (const { process } of workers) process.kill('SIGKILL');
    await Promise.all(workers.map(({ ended }) => ended));
    workers = [];
  });

  const start = (count: number, { url = redis.url, ...settings }: WorkerSettings & { readonly url?: string } = {}) => {
    const more = Array.from({ length: count }, () => startWorker(url, settings));
    workers.push(...more);
    return more as [StartedWorker, ...StartedWorker[]];
  };
  const all = () => workers.flatMap(({ told }) => told);
  const done = () => all().filter(({ outcome }) => outcome === 'done').length;
  /** Whether nothing is left but the queue itself. */
  const isEmpty = async () => (await keysLeft(redis.url)).length === 0;

  it('gives the bits of one process for one worker and for three, and leaves nothing', async () => {
    start(1);
    const one = await coordinator.averageRounds({ ...run, data: 'rows' });
    expect(one.hash).toBe(right);
    expect(one.rounds.map(({ workers, shards }) => [workers, shards])).toEqual([
      [1, 6],
      [1, 6],
      [1, 6],
    ]);
    start(2);
    expect((await coordinator.averageRounds({ ...run, data: 'slow' })).hash).toBe(right);
    expect(await isEmpty()).toBe(true);
  });

  it('gives them where optimisers go on, whose moments go where parameters do', async () => {
    const kept = { ...run, id: 'kept', keepOptimizer: true };
    const { hash } = await local().averageRounds({ ...kept, data: rows });
    expect(hash).not.toBe(right);
    start(1);
    const one = await coordinator.averageRounds({ ...kept, data: 'rows' });
    start(2);
    expect([one.hash, (await coordinator.averageRounds({ ...kept, data: 'slow' })).hash]).toEqual([hash, hash]);
    // Of 195 parameters Adam has two numbers each: once to the broker, and back for each of six shards.
    const { rounds } = await coordinator.averageRounds({ ...run, data: 'rows' });
    expect((one.rounds[0]?.bytes ?? 0) - (rounds[0]?.bytes ?? 0)).toBeGreaterThan(7 * 4 * 2 * 195);
    expect(await isEmpty()).toBe(true);
  });

  it('searches and cross-validates as one process does', async () => {
    start(2);
    const own = { fit: { ...fit, threads: 1 }, folds: 3, seeds: [0, 1], metrics: ['accuracy'] } as const;
    const seen: number[] = [];
    const onProgress = (_: unknown, done: number) => void seen.push(done);
    const found = await coordinator.crossValidate(architecture, 'rows', { ...own, onProgress });
    const here = await local().crossValidate(architecture, rows, { ...own, workers: 1 });
    expect(found).toEqual(here);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    const space = { units: integer(2, 9) };
    const build = ({ units }: { units: number }) => sequential(8, [dense(units), dense(3, { activation: 'softmax' })]);
    const options = { trials: 5, method: 'halving', build, fit: own.fit, metric: 'accuracy', workers: 1 } as const;
    expect(await coordinator.search(space, 'rows', options)).toEqual(await local().search(space, rows, options));
    expect(await isEmpty()).toBe(true);
    const bad = { ...own, fit: { ...own.fit, optimizer: adam({ learningRate: () => 0.1 }) } };
    await expect(coordinator.crossValidate(architecture, 'rows', bad)).rejects.toThrow(
      'fit.fit.optimizer.learningRate: expected plain data, which can travel as JSON, got a function',
    );
  });

  it('puts no job and no event above 4 KB', async () => {
    const large = sequential(8, [dense(4096, { activation: 'relu' }), dense(3, { activation: 'softmax' })]);
    const client = new Redis(redis.url);
    const sizes: number[] = [];
    start(1);
    const look = async () => {
      for (const key of await client.keys('myelin:test:jobs:run-*')) {
        sizes.push(JSON.stringify(await client.hgetall(key).catch(() => '')).length);
      }
    };
    const timer = setInterval(() => void look(), 20);
    await coordinator.averageRounds({ ...run, architecture: large, data: 'slow', rounds: 1 });
    clearInterval(timer);
    const events = await client.xrange('myelin:test:jobs:events', '-', '+');
    sizes.push(...events.map(event => JSON.stringify(event).length));
    client.disconnect();
    expect(sizes.length).toBeGreaterThan(12);
    expect(Math.max(...sizes)).toBeLessThan(4096);
  });

  it('takes no notice of a worker that is killed in the middle of a round', async () => {
    const [first] = start(2);
    const running = coordinator.averageRounds({ ...run, data: 'slow' });
    await until('a job is done', () => first.told.length > 0);
    await new Promise(resolve => setTimeout(resolve, 100));
    first.process.kill('SIGKILL');
    expect((await running).hash).toBe(right);
  });

  it('refuses what a worker comes with that has slept beyond its lock', async () => {
    const [first] = start(2);
    const running = coordinator.averageRounds({ ...run, data: 'announced', rounds: 1 });
    await until('it is in the middle of a job', () => first.told.at(-1)?.outcome === 'begun');
    first.process.kill('SIGSTOP');
    const { hash } = await running;
    first.process.kill('SIGCONT');
    await until('its job is left', () => first.told.some(({ outcome }) => outcome === 'left'));
    const slept = first.told.find(({ outcome }) => outcome === 'left')?.job;
    expect(hash).toBe((await local().averageRounds({ ...run, data: rows, rounds: 1 })).hash);
    expect(first.told.filter(({ job }) => job === slept).map(({ outcome }) => outcome)).toEqual(['left']);
    expect(await isEmpty()).toBe(true);
  });

  it('goes on where a coordinator was killed, and trains no shard twice', async () => {
    start(2, patient);
    const program = fileURLToPath(new URL('programs/coordinate.js', import.meta.url));
    const coordinate = () => {
      const child = spawn(process.execPath, [program, redis.url], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines: { round?: number; hash?: string }[] = [];
      createInterface({ input: child.stdout }).on('line', line => lines.push(JSON.parse(line)));
      return { child, lines, ended: new Promise(resolve => child.once('exit', resolve)) };
    };
    const killed = coordinate();
    await until('a round and a job more are done', () => killed.lines.length > 0 && done() > 6);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const next = coordinate();
    await next.ended;
    expect(next.lines.at(-1)?.hash).toBe(right);
    expect(done()).toBe(18);
    expect(await isEmpty()).toBe(true);
  });

  it('goes on where Redis was killed and comes back with its file', async () => {
    start(2);
    const running = coordinator.averageRounds({ ...run, data: 'slow' });
    await until('some jobs are done', () => done() > 2);
    await redis.restart();
    expect((await running).hash).toBe(right);
  });

  it('begins a round again where Redis comes back with nothing', async () => {
    const forgetful = await startRedis('--appendonly', 'no');
    start(2, { url: forgetful.url });
    await using own = cluster(forgetful.url, { name: 'test' });
    const running = own.averageRounds({ ...run, data: 'slow' });
    await until('a round and a job more are done', () => done() > 6);
    await forgetful.restart();
    expect((await running).hash).toBe(right);
  });

  it('leaves all jobs within a second of an abort, and a later run goes on', async () => {
    start(2, patient);
    const stop = new AbortController();
    const options = { ...run, data: 'slow', signal: stop.signal };
    const running = coordinator.averageRounds(options);
    await until('a round and a job more are done', () => done() > 6);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    const client = new Redis(redis.url);
    // A job that was nearly done may end as such before its worker hears of it.
    await until('no job runs', async () => (await client.llen('myelin:test:jobs:active')) === 0, 10);
    client.disconnect();
    const before = done();
    const seen: number[] = [];
    const { hash } = await coordinator.averageRounds({
      ...run,
      data: 'slow',
      onRound: ({ round }) => void seen.push(round),
    });
    expect(hash).toBe(right);
    expect([[2, 3], [3]]).toContainEqual(seen);
    expect(done() - before).toBeLessThanOrEqual(12);
    expect(await isEmpty()).toBe(true);
  });

  it('ends a worker by SIGTERM when its job is done, and hands nothing back half done', async () => {
    const [first] = start(2, patient);
    const running = coordinator.averageRounds({ ...run, data: 'slow' });
    await until('a job is done', () => first.told.length > 0);
    first.process.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(first.told.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect((await running).hash).toBe(right);
    expect(done()).toBe(18);
  });

  it('ends a worker when npx does, which hands no signal on', async () => {
    const within = ['sh', '-c', '"$@"; true', 'sh'];
    const [worker] = start(1, { ...patient, within, environment: { npm_command: 'exec' } });
    await coordinator.averageRounds({ ...run, data: 'rows', rounds: 1 });
    const closed = once(worker.process, 'close');
    worker.process.kill('SIGTERM');
    // What it prints to is closed when nobody has it open any more.
    await closed;
  });

  it('refuses workers of another version, whose jobs others do', async () => {
    const other = work(Model, redis.url, { name: 'test', readers: { rows }, lock: 1 }, '9.9.9');
    const refused = expect(other).rejects.toThrow(
      'work: expected jobs of myelin 9.9.9, got those of 0.1.0; install the same',
    );
    const running = coordinator.averageRounds({ ...run, data: 'rows', rounds: 1 });
    await refused;
    start(1, patient);
    await running;
    expect(done()).toBe(6);
  });

  it('refuses wrong options before it needs a broker or a worker', async () => {
    await using nowhere = cluster('redis://127.0.0.1:1', { name: 'test' });
    const good = { ...run, data: 'rows' };
    await expect(nowhere.averageRounds({ ...good, shards: 0 })).rejects.toThrow('averageRounds: shards: expected a');
    await expect(nowhere.averageRounds({ ...good, data: rows as never })).rejects.toThrow(
      "data: expected a reader's name",
    );
    const validation = { x: new Float32Array(7), y: Int32Array.of(0) };
    await expect(nowhere.averageRounds({ ...good, validation })).rejects.toThrow(/expected .*got/);
    const judge = (options: object) => nowhere.crossValidate(architecture, 'rows', { fit, ...options } as never);
    await expect(judge({ folds: 3, seeds: [] })).rejects.toThrow('crossValidate: seeds: expected a list of seeds');
    await expect(nowhere.crossValidate(architecture, 'rows', undefined as never)).rejects.toThrow('crossValidate: ');
    const build = ({ units }: { units: number }) => {
      if (units > 2) throw new Error('no such width');
      return sequential(8, [dense(units)]);
    };
    const trying = nowhere.search({ units: integer(1, 9) }, 'rows', { build, fit, trials: 20 });
    await expect(trying).rejects.toThrow('no such width');
  });

  it('leaves a job whose reader never comes back, and tells a long error in short', async () => {
    const [worker] = start(1, patient);
    const stop = new AbortController();
    const options = { ...run, id: 'stuck', data: 'stuck', rounds: 1 };
    const running = coordinator.averageRounds({ ...options, signal: stop.signal });
    await until('it is in the middle of a job', () => worker.told.at(-1)?.outcome === 'begun');
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await until('its job is left', () => worker.told.at(-1)?.outcome === 'left');
    const verbose = coordinator.averageRounds({ ...options, id: 'verbose', data: 'verbose' });
    await expect(verbose).rejects.toThrow(/shard \d on \S+: reader 'verbose', part \d of 6: no rows, no rows, /);
  });

  it('ends a job that two workers were killed in as if nobody had been', async () => {
    const [first] = start(1);
    const running = coordinator.averageRounds({ ...run, shards: 1, rounds: 1, data: 'announced' });
    const kill = async (worker: StartedWorker) => {
      await until('it is in the middle of a job', () => worker.told.at(-1)?.outcome === 'begun');
      worker.process.kill('SIGKILL');
    };
    await kill(first);
    await kill(start(1)[0]);
    start(1);
    const alone = await local().averageRounds({ ...run, shards: 1, rounds: 1, data: rows });
    expect((await running).hash).toBe(alone.hash);
  });

  it('says which shard went wrong where and why', async () => {
    start(1);
    const bad = (data: string) => coordinator.averageRounds({ ...run, id: data, data, rounds: 2 });
    await expect(bad('missing')).rejects.toThrow(
      /shard \d on \S+: reader 'missing': expected one of this worker's, .*rows.*, got none of this name/,
    );
    await expect(bad('throwing')).rejects.toThrow(
      /shard \d on \S+: reader 'throwing', part \d of 6: the table is locked/,
    );
    await expect(bad('throwing')).rejects.toThrow('the table is locked');
  });

  it('refuses rows that differ from worker to worker', async () => {
    const [first] = start(1);
    const options = { ...run, data: 'shifting', shards: 1 };
    const onRound = async () => {
      if (workers.length > 1) return;
      first.process.kill('SIGTERM');
      await first.ended;
      start(1);
    };
    await expect(coordinator.averageRounds({ ...options, onRound })).rejects.toThrow(
      /round 2, shard 0 from \S+: expected the rows of the round before .*; a reader has to give the same rows/,
    );
    start(1, { environment: { WIDE: '1' } });
    workers[1]?.process.kill('SIGKILL');
    await expect(coordinator.averageRounds({ ...options, id: 'wide', data: 'wide' })).rejects.toThrow(
      /shard 0 on \S+: /,
    );
  });

  it('refuses an id that another run has, and says in what they differ', async () => {
    const running = coordinator.averageRounds({ ...run, id: 'taken', data: 'rows' });
    const client = new Redis(redis.url);
    await until('it has begun', async () => (await client.exists('myelin:test:runs:taken:config')) === 1);
    client.disconnect();
    await using second = cluster(redis.url, { name: 'test' });
    const other = (change: object) => second.averageRounds({ ...run, id: 'taken', data: 'rows', ...change });
    await expect(other({ seed: 2 })).rejects.toThrow(
      "cluster: run 'taken': expected the run that has this id, whose 'seed' is 1, got 2; wait for that run to end",
    );
    await expect(other({ outer: plainAverage() })).rejects.toThrow(
      `whose 'outer.kind' is "nesterov", got "plainAverage"`,
    );
    start(1);
    expect((await running).hash).toBe(right);
  });

  it('lets a run with other settings have the id of one that ended in its first round', async () => {
    start(2);
    const wrong = { ...run, id: 'mended', data: 'none', shards: 8 };
    await expect(coordinator.averageRounds(wrong)).rejects.toThrow("reader 'none'");
    const mended = await coordinator.averageRounds({ ...run, id: 'mended', data: 'rows' });
    expect(mended.hash).toBe(right);
    const far = { ...run.local, optimizer: adam({ learningRate: 1 }) };
    const wild = { ...run, id: 'wild', data: 'rows', local: far, outer: nesterov({ learningRate: 3e38 }) };
    await expect(coordinator.averageRounds(wild)).rejects.toThrow('finite numbers after the outer step');
    expect((await coordinator.averageRounds({ ...run, id: 'wild', data: 'rows' })).hash).toBe(right);
    const stop = new AbortController();
    const slow = coordinator.averageRounds({ ...run, id: 'left', data: 'slow', seed: 7, signal: stop.signal });
    const client = new Redis(redis.url);
    await until('a shard is trained', async () => (await client.keys('myelin:test:results:left*')).length > 0);
    stop.abort();
    await expect(slow).rejects.toThrow('abort');
    expect((await coordinator.averageRounds({ ...run, id: 'left', data: 'rows' })).hash).toBe(right);
    await until('nothing is left', async () => (await client.keys('myelin:test:*:left*')).length === 0);
    client.disconnect();
  });

  it('says what is wrong with a broker', async () => {
    const ask = (url: string, more = {}) => {
      const other = cluster(url, { name: 'test' });
      return other.averageRounds({ ...run, ...more, data: 'rows' }).finally(() => other.close());
    };
    expect(() => cluster('mysql://here', { name: 'test' })).toThrow(
      "cluster: url: expected an address such as redis://host, rediss://host or postgres://host/database, got 'mysql:'",
    );
    expect(() => cluster('redis://host:99999', { name: 'test' })).toThrow(
      /url: expected an address .*, got one that is none/,
    );
    expect(() => cluster('redis://host/digits', { name: 'test' })).toThrow(
      "cluster: url: expected a database's number as its path, got '/digits'",
    );
    expect(() => cluster(redis.url, { name: 'a b' })).toThrow('cluster: name: expected 1 to 64 letters');
    await expect(ask('redis://127.0.0.1:1')).rejects.toThrow('is it running and to be reached?');
    const locked = await startRedis('--requirepass', 'secret', '--maxmemory-policy', 'allkeys-lru');
    await expect(ask(locked.url)).rejects.toThrow('of an account that may use it');
    await expect(ask(locked.url.replace('//', '//:wrong@'))).rejects.toThrow(
      /\/\/…@.*WRONGPASS.*of an account that may use it/,
    );
    const warned = once(process, 'warning');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(ask(locked.url.replace('//', '//:secret@'), { signal })).rejects.toThrow('enough');
    expect(String(await warned)).toContain(
      'expected a Redis with maxmemory-policy noeviction, got allkeys-lru; a full',
    );
  });

  it('hears an abort, and can be closed, where its broker is gone for good', async () => {
    const gone = await startRedis();
    const other = cluster(gone.url, { name: 'test' });
    const [worker] = start(1, { url: gone.url });
    const stop = new AbortController();
    const running = other.averageRounds({ ...run, data: 'rows', signal: stop.signal });
    await until('a job is done', () => worker.told.length > 0);
    await gone.kill();
    stop.abort();
    await expect(running).rejects.toThrow('abort');
    await expect(other.close()).resolves.toBeUndefined();
  });
});
