import { expect, it } from 'vitest';
import { groupNormalization, positionEmbedding, sequential, sinusoidalPositions } from '../../src/entries/node.js';
import { checkSequence } from '../checkSequence.js';

it('adds to steps, at every number of features', async () => {
  for (const n of [1, 2, 3, 15, 16, 17, 33]) {
    await checkSequence(positionEmbedding(4), [4, n], 2);
    await checkSequence(positionEmbedding(7), [3, n], 3);
    await checkSequence(sinusoidalPositions(), [5, n], 2);
  }
});

it('normalises groups of channels over all positions', async () => {
  for (const [groups, channels] of [
    [1, 1],
    [1, 5],
    [3, 6],
    [2, 34],
  ] as const) {
    await checkSequence(groupNormalization(groups), [4, channels], 3);
  }
  expect(() => sequential([3, 4], [groupNormalization(3)])).toThrow(/divisor of the channels/);
});

it('refuses more steps than it has rows for', () => {
  expect(() => positionEmbedding(0)).toThrow(RangeError);
  expect(() => sequential([5, 2], [positionEmbedding(4)])).toThrow(/at most 4 steps/);
  expect(() => sequential([5], [sinusoidalPositions()])).toThrow(/put reshape/);
});
