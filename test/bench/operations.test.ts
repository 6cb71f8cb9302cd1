/** Operations that are no large products, alone: that each runs, under a name of its own. */
import { expect, it } from 'vitest';
import { operations } from '../../src/bench/own/operations.js';
import { chooseBackend, nodeHost } from '../../src/entries/inside.js';

it('runs each operation, of as many numbers as it says', async () => {
  const backend = await chooseBackend(nodeHost, { deterministic: false, turbo: false });
  // Beyond caches an operation is the same and takes a second each: one of them is enough.
  const few = operations.filter(({ name }) => !name.endsWith('beyond caches') || name.startsWith('adam,'));
  for (const { name, numbers, prepare } of few) {
    expect((await prepare(backend).run()) % numbers, name).toBe(0);
  }
});

it('gives each a name of its own', () => {
  expect(operations.length).toBeGreaterThan(40);
  expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
});
