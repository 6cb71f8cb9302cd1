import { expect, it } from 'vitest';
import { Architecture, bidirectional, dense, gru, lstm, sequential, simpleRnn } from '../../src/entries/node.js';
import { checkSequence } from '../checkSequence.js';

const all = { returnSequences: true } as const;

it.each(['concatenate', 'sum', 'average', 'multiply'] as const)('with merge %s', async merge => {
  for (const layer of [lstm(3), gru(5, all), simpleRnn(17, all)]) {
    await checkSequence(bidirectional(layer, { merge }), [4, 3], 3);
  }
});

it('goes through JSON, with its layer inside', () => {
  const layers = [bidirectional(lstm(4, all), { merge: 'sum' }), bidirectional(gru(3, { trainable: false })), dense(2)];
  const architecture = sequential([5, 2], layers);
  expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
});

it('refuses what it cannot take', () => {
  expect(() => bidirectional(dense(3) as never)).toThrow(/lstm\(32\)/);
  expect(() => bidirectional(lstm(3, { goBackwards: true }))).toThrow(/goBackwards/);
  expect(() => bidirectional(lstm(3), { merge: 'both' as 'sum' })).toThrow(/concatenate/);
});
