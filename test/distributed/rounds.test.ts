import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPart } from '../../src/distributed/data.js';
import { shardSeed } from '../../src/distributed/shard.js';
import { local, nesterov, type Part, plainAverage } from '../../src/entries/distributed.js';
import {
  adam,
  batchNormalization,
  choice,
  cosineDecay,
  dense,
  lbfgs,
  Model,
  normalization,
  sequential,
  sgd,
  Trainer,
} from '../../src/entries/node.js';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { labels, numbers } from '../reference/data.js';
import * as digits from './digits.js';

const folder = mkdtempSync(join(tmpdir(), 'myelin-rounds-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [x, y] = [numbers(3 * 48, 1), labels(48, 2, 2)];
const network = sequential(3, [
  dense(5, { activation: 'tanh' }),
  batchNormalization(),
  dense(2, { activation: 'softmax' }),
]);
const fit = { loss: 'sparseCategoricalCrossEntropy', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const run = { id: 'run', architecture: network, data: { x, y }, shards: 3, rounds: 4, seed: 5, local: fit } as const;
const half = (part: number) => ({ x: x.slice(72 * part, 72 * (part + 1)), y: y.slice(24 * part, 24 * (part + 1)) });

/** The parameters after a shard's training, by what users call. */
async function trained(seed: number, start: Model | undefined, data: { x: Float32Array; y: Int32Array }) {
  const model = await Model.create(network, { seed, deterministic: true });
  if (start) model.setParameters(Object.fromEntries(start.parameters.map(({ name, data }) => [name, data])));
  await model.fit(data, fit);
  return model;
}

describe('averageRounds', () => {
  it('is a fit where there is one shard, one round and a plain average', async () => {
    const options = { ...run, shards: 1, rounds: 1, outer: plainAverage() };
    const { model, rounds } = await local().averageRounds(options);
    const start = await Model.create(network, { seed: 5, deterministic: true });
    const alone = await trained(shardSeed(5, 0, 0), start, { x, y });
    expect(model.parameters).toEqual(alone.parameters);
    expect(rounds).toHaveLength(1);
  });

  it('steps by Nesterov in float64 where parameters learn, and averages moving statistics', async () => {
    const outer = nesterov({ learningRate: 0.5, momentum: 0.75 });
    const events: number[] = [];
    const { model } = await local().averageRounds({
      ...run,
      shards: 2,
      rounds: 2,
      outer,
      onRound: ({ round, shards, workers }) => void events.push(round, shards, workers),
    });
    expect(events).toEqual([1, 2, 1, 2, 2, 1]);
    let at = await Model.create(network, { seed: 5, deterministic: true });
    const speed = new Map<string, Float32Array>();
    for (const round of [0, 1]) {
      const [a, b] = [
        await trained(shardSeed(5, round, 0), at, half(0)),
        await trained(shardSeed(5, round, 1), at, half(1)),
      ];
      const next = at.parameters.map(({ name, data, trainable }, index) => {
        const mean = (i: number) => ((a.parameters[index]?.data[i] ?? 0) + (b.parameters[index]?.data[i] ?? 0)) / 2;
        if (!trainable) return [name, data.map((_, i) => mean(i))] as const;
        const velocity = speed.get(name) ?? new Float32Array(data.length);
        speed.set(name, velocity);
        const step = (old: number, i: number) => {
          velocity[i] = 0.75 * (velocity[i] ?? 0) + old - mean(i);
          return old - 0.5 * (old - mean(i) + 0.75 * (velocity[i] ?? 0));
        };
        return [name, data.map(step)] as const;
      });
      at = await Model.create(network, { seed: 5, deterministic: true });
      at.setParameters(Object.fromEntries(next));
    }
    expect(model.parameters).toEqual(at.parameters);
    expect(model.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name)).toEqual([
      '1.batchNormalization.movingMean',
      '1.batchNormalization.movingVariance',
    ]);
  });

  it('asks a reader for each part, and judges the rows for validation', async () => {
    const asked: string[] = [];
    const reader = async ({ part, parts }: { part: number; parts: number }) => {
      asked.push(`${part}/${parts}`);
      return half(part);
    };
    const judged = {
      ...run,
      shards: 2,
      rounds: 2,
      local: { ...fit, metrics: ['accuracy'] as const },
      validation: { x, y },
    };
    const { model, rounds, hash } = await local().averageRounds({ ...judged, data: reader });
    expect(asked).toEqual(['0/2', '1/2']);
    const { loss, accuracy } = model.evaluate({ x, y }, { loss: fit.loss, metrics: ['accuracy'] });
    expect(rounds.at(-1)).toMatchObject({ round: 2, of: 2, valLoss: loss, valAccuracy: accuracy });
    expect((await local().averageRounds({ ...judged, data: { x, y } })).hash).toBe(hash);
  });

  it('takes rows in memory apart whatever they are: bytes, wide targets, by name', async () => {
    const pixels = Uint8Array.from(x, value => 100 * Math.abs(value));
    const targets = numbers(96, 3);
    const wide = {
      ...run,
      architecture: sequential(3, [dense(2)]),
      local: { loss: 'meanSquaredError', optimizer: 'sgd' },
    };
    const part = (p: number) => ({
      x: pixels.slice(48 * p, 48 * p + 48),
      y: targets.slice(32 * p, 32 * p + 32),
      scale: 0.01,
    });
    const whole = { x: { x: pixels, scale: 0.01 }, y: targets };
    const { hash } = await local().averageRounds({ ...wide, data: whole } as never);
    expect((await local().averageRounds({ ...wide, data: ({ part: p }: Part) => part(p) } as never)).hash).toBe(hash);
    const judge = local().crossValidate(network, 'digits' as never, { fit });
    await expect(judge).rejects.toThrow('crossValidate: data: expected { x, y }, or a function that reads a part, got');
  });

  it('asks a reader again for parts that there is no room for', async () => {
    const asked: number[] = [];
    const reader = ({ part }: Part) => {
      asked.push(part);
      return { x: new Uint8Array(2 ** 26), y: [] };
    };
    for (const part of [0, 1, 2, 3, 0, 4, 0, 1]) {
      await readPart('reader', reader, { part, parts: 5 }, network);
      await new Promise(setImmediate);
    }
    expect(asked).toEqual([0, 1, 2, 3, 4, 1]);
  });

  it('goes on from its checkpoint to the same bits', async () => {
    const whole = await local().averageRounds(run);
    const checkpoint = join(folder, 'run.safetensors');
    const stop = new AbortController();
    const seen: number[] = [];
    const options = {
      ...run,
      checkpoint,
      signal: stop.signal,
      onRound: ({ round }: { round: number }) => {
        seen.push(round);
        if (round === 2) stop.abort(new Error('enough'));
      },
    };
    await expect(local().averageRounds(options)).rejects.toThrow('enough');
    const { hash, rounds } = await local().averageRounds({ ...options, signal: new AbortController().signal });
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(hash).toBe(whole.hash);
    expect(rounds.map(({ loss }) => loss)).toEqual(whole.rounds.map(({ loss }) => loss));
    const other = local().averageRounds({ ...options, shards: 4 });
    await expect(other).rejects.toThrow(
      "run 'run': expected the same run, whose 'shards' is 4, got 3; give it another id",
    );
  });

  it('ends with an abort while its callback still waits, and goes on from there', async () => {
    const checkpoint = join(folder, 'waiting.safetensors');
    const stop = new AbortController();
    const onRound = () => {
      setTimeout(() => stop.abort(new Error('enough')), 20);
      return new Promise<void>(() => {});
    };
    const waiting = local().averageRounds({ ...run, id: 'waiting', checkpoint, signal: stop.signal, onRound });
    await expect(waiting).rejects.toThrow('enough');
    const seen: number[] = [];
    const again = {
      ...run,
      id: 'waiting',
      checkpoint,
      onRound: ({ round }: { round: number }) => void seen.push(round),
    };
    const { hash } = await local().averageRounds(again);
    expect(seen).toEqual([2, 3, 4]);
    expect(hash).toBe((await local().averageRounds({ ...run, id: 'waiting' })).hash);
  });

  it('begins at parameters that are given, which a normalization needs', async () => {
    const architecture = sequential(3, [normalization(), ...network.layers]);
    const model = await Model.create(architecture, { seed: 5, deterministic: true });
    const options = { ...run, architecture, rounds: 1 };
    await expect(local().averageRounds(options)).rejects.toThrow(
      'averageRounds: 0.normalization: expected a normalization that is adapted, got one that is not; give parameters with',
    );
    model.adapt({ x });
    const parameters = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
    const averaged = await local().averageRounds({ ...options, parameters });
    expect(averaged.model.parameters.slice(0, 2)).toEqual(model.parameters.slice(0, 2));
  });

  it('refuses what cannot be before any work', async () => {
    const cases: [object, string][] = [
      [{ shard: 3 }, "averageRounds: expected known options only, got 'shard'; did you mean 'shards'?"],
      [{ id: 'a b' }, "averageRounds: id: expected 1 to 64 letters, digits, _, - and ., got 'a b'"],
      [{ architecture: [] }, 'averageRounds: architecture: expected what sequential(…) makes, got an array of 0'],
      [{ data: 'digits' }, 'averageRounds: data: expected { x, y }, or a function that reads a part, got "digits"'],
      [{ shards: 0 }, 'averageRounds: shards: expected a whole number from 1 to 4096, got 0'],
      [{ shards: 49 }, 'averageRounds: shards: expected 48 at most, one for each row, got 49'],
      [{ validation: { x, y: y.subarray(1) } }, 'expected 48'],
      [{ outer: adam() }, "averageRounds: outer: kind: expected a known name, got 'adam'"],
      [{ local: { ...fit, epochs: 0 } }, 'averageRounds: local: epochs: expected a whole number >= 1, got 0'],
      [{ local: { ...fit, loss: 'rmse' } }, "loss: expected a known name, got 'rmse'"],
      [
        { local: { ...fit, optimizer: sgd({ learningRate: () => 0.1 }) } },
        'averageRounds: local.optimizer.learningRate: expected plain data, which can travel as JSON, got a function; ',
      ],
      [{ checkpoint: folder }, 'a folder'],
      [{ keepOptimizer: 1 }, 'averageRounds: keepOptimizer: expected true or false, got 1'],
      [
        {
          keepOptimizer: true,
          architecture: sequential(3, [dense(2)]),
          local: { loss: 'meanSquaredError', optimizer: lbfgs() },
        },
        "averageRounds: keepOptimizer: expected an optimiser that takes batches, got 'lbfgs'; what it knows",
      ],
    ];
    for (const [change, message] of cases) {
      await expect(local().averageRounds({ ...run, ...change } as never), message).rejects.toThrow(message);
    }
  });

  it('names the part whose reader throws or gives nothing', async () => {
    const bad = (data: never) => local().averageRounds({ ...run, data });
    const throwing = () => {
      throw new Error('no such table');
    };
    await expect(bad(throwing as never)).rejects.toThrow('data, part 0 of 3: no such table');
    await expect(bad((() => ({ x })) as never)).rejects.toThrow(
      'data, part 0 of 3: expected { x, y, scale? }, got an object',
    );
  });

  it('keeps optimisers so that one shard trains as if it had never stopped', async () => {
    const learningRate = cosineDecay({ initial: 0.1, steps: 12 });
    for (const optimizer of [adam({ amsgrad: true }), sgd({ momentum: 0.9, learningRate })]) {
      const own = { ...fit, optimizer, epochs: 1, shuffle: false };
      const one = { ...run, shards: 1, outer: plainAverage(), keepOptimizer: true, local: own };
      const { model } = await local().averageRounds(one);
      const alone = await Model.create(network, { seed: 5, deterministic: true });
      await alone.fit({ x, y }, { ...own, epochs: 4 });
      expect(model.parameters).toEqual(alone.parameters);
      const forgetful = await local().averageRounds({ ...one, keepOptimizer: false });
      expect(forgetful.model.parameters).not.toEqual(alone.parameters);
    }
  });

  it("goes on from the mean of the shards' optimisers, from a checkpoint too", async () => {
    const own = { ...fit, epochs: 1, shuffle: false };
    const checkpoint = join(folder, 'kept.safetensors');
    const kept = { ...run, id: 'kept', shards: 2, outer: plainAverage(), keepOptimizer: true, local: own, checkpoint };
    await local().averageRounds({ ...kept, rounds: 2 });
    const { model } = await local().averageRounds({ ...kept, rounds: 3 });
    const start = await Model.create(network, { seed: 5, deterministic: true });
    const { epochs: _, shuffle, ...trainer } = own;
    let at: Uint8Array = (await start.trainer(trainer)).toBytes();
    for (let round = 0; round < 3; round++) {
      const shards = [];
      for (const part of [0, 1]) {
        const resumed = await Trainer.fromBytes(at);
        await resumed.fit(half(part), { shuffle });
        shards.push(readSafetensors(resumed.toBytes()));
      }
      const [a, b] = shards.map(({ tensors }) => tensors.map(({ data }) => data as Float32Array));
      const mean = (index: number) => a?.[index]?.map((value, i) => (value + (b?.[index]?.[i] ?? 0)) / 2);
      const tensors = shards[0]?.tensors.map((each, index) => ({ ...each, data: mean(index) ?? each.data })) ?? [];
      at = writeSafetensors(tensors, shards[0]?.metadata ?? {});
    }
    expect(model.parameters).toEqual((await Trainer.fromBytes(at)).model.parameters);
  });

  it('ends where the outer step leaves the finite numbers', async () => {
    const options = { ...run, rounds: 400, outer: nesterov({ learningRate: 1e30 }) };
    await expect(local().averageRounds(options)).rejects.toThrow(/finite|not finite/);
  });

  it('learns the digits, with Nesterov better than by the plain average', async () => {
    const { architecture, train, sorted, test: validation, fit } = digits;
    const accuracy = async (data: typeof train, outer: ReturnType<typeof nesterov>) => {
      const options = { id: 'digits', architecture, data, shards: 4, rounds: 12, seed: 0, outer, validation };
      const { rounds } = await local().averageRounds({ ...options, local: { ...fit, epochs: 1 } });
      return rounds.at(-1)?.valAccuracy ?? 0;
    };
    expect(await accuracy(train, nesterov())).toBeGreaterThan(0.95);
    const [fast, plain] = [await accuracy(sorted, nesterov()), await accuracy(sorted, plainAverage())];
    expect(fast).toBeGreaterThan(0.9);
    expect(fast).toBeGreaterThan(plain);
  });
});

describe('local', () => {
  it('searches and cross-validates with deterministic models', async () => {
    await using cluster = local();
    const own = { fit, folds: 3, stratify: false };
    const found = await cluster.crossValidate(network, () => ({ x, y }), own);
    expect(found).toEqual(await cluster.crossValidate(network, { x, y }, own));
    const { best } = await cluster.search(
      { units: choice(2, 4) },
      { x, y },
      {
        trials: 2,
        method: 'grid',
        build: ({ units }) => sequential(3, [dense(units), dense(2, { activation: 'softmax' })]),
        fit,
      },
    );
    expect([2, 4]).toContain(best.settings.units);
  });
});
