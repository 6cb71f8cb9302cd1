import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { networkOf } from '../../src/bench/networks.js';
import { choosePeers, entrantsOf, ownEntrants, peers } from '../../src/bench/peers.js';
import { labelOf } from '../../src/bench/result.js';
import { chooseSuites, suites } from '../../src/bench/suites.js';

const settings = {
  network: networkOf([784, 128, 10]),
  batches: [32],
  threads: [1, 2],
  optimizer: 'adam',
  seconds: 1,
} as const;

describe('suites', () => {
  it('are found by name, and the nearest is named', () => {
    expect(chooseSuites(['gemm', 'ops']).map(({ name }) => name)).toEqual(['gemm', 'ops']);
    expect(() => chooseSuites(['traning'])).toThrow("got 'traning'; did you mean 'training'?");
  });

  it.each(suites)('$name has cases, each by a name of its own', suite => {
    const cases = suite.cases(settings);
    expect(cases.length).toBeGreaterThan(0);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { at } of cases) if (suite.axis === undefined) expect(at).toBeUndefined();
  });

  it('train whole batches in epochs that are neither moments nor minutes', () => {
    for (const { name } of [...chooseSuites(['training', 'width', 'batch', 'depth'])]) {
      for (const { task } of chooseSuites([name]).flatMap(suite => suite.cases(settings))) {
        if (!('rows' in task) || task.kind !== 'training') throw new Error(`${name} trains`);
        expect(task.rows % task.batchSize).toBe(0);
        expect(task.rows).toBeGreaterThanOrEqual(2 * task.batchSize);
      }
    }
  });
});

it('what threads gain is of all that take part, on any number of threads, and of steps enough', () => {
  for (const { task, threads, ownAlone } of chooseSuites(['speedUp']).flatMap(suite => suite.cases(settings))) {
    expect([threads, ownAlone]).toEqual([undefined, undefined]);
    if (!('batchSize' in task && 'rows' in task)) throw new Error('it trains');
    expect(task.rows).toBeGreaterThanOrEqual(8 * task.batchSize);
  }
});

describe('peers', () => {
  it('are all, none, or those named; the nearest is named', () => {
    expect(choosePeers('all')).toBe(peers);
    expect(choosePeers('none')).toEqual([]);
    expect(choosePeers('pytorch,brain.js').map(({ id }) => id)).toEqual(['pytorch', 'brain.js']);
    expect(() => choosePeers('pytorhc')).toThrow("got 'pytorhc'; did you mean 'pytorch'?");
  });

  it('take part once for each number of threads that they can have, and held to AVX2 where there is more', () => {
    const labels = (id: string, instructions: string[]) =>
      choosePeers(id).flatMap(peer =>
        entrantsOf(peer, [1, 2], instructions).map(entrant => labelOf({ contestant: entrant.peer, ...entrant })),
      );
    expect(labels('plain-typescript', ['AVX2', 'AVX-512'])).toEqual(['plain-typescript']);
    expect(labels('pytorch', ['AVX2'])).toEqual(['pytorch', 'pytorch, 2 threads']);
    expect(labels('pytorch', ['AVX2', 'AVX-512'])).toEqual([
      'pytorch',
      'pytorch, AVX2',
      'pytorch, 2 threads',
      'pytorch, 2 threads, AVX2',
    ]);
  });

  it('that are native are held to their number of threads', () => {
    for (const { env, threads } of choosePeers('openblas').flatMap(peer => entrantsOf(peer, [1, 2], []))) {
      expect(env?.OPENBLAS_NUM_THREADS).toBe(`${threads}`);
    }
  });

  it('have each an adapter', () => {
    const adapters = readdirSync('bench/peers/adapters').map(name => name.replace(/\.[jt]s$/, ''));
    for (const { file } of peers) expect(adapters).toContain(file);
  });
});

it('myelin takes part with turbo only where it is asked for', () => {
  expect(ownEntrants([1, 2], false).map(({ turbo }) => turbo)).toEqual([undefined, undefined]);
  expect(ownEntrants([1], true).map(({ turbo }) => turbo)).toEqual([undefined, true]);
});
