/**
 * Copies of rows are their own, and memory that is given back takes the next ones, as long as there is not too much of
 * it.
 */
import { expect, it } from 'vitest';
import { copyOf, takeBack } from '../../src/runtime/copies.js';
import { numbers } from '../reference/data.js';

it('copies are of the same kind, equal, and of their own memory', () => {
  for (const values of [numbers(1000, 1), new Uint8Array(1000).fill(7), numbers(1, 2), new Uint8Array(1)]) {
    const [first, second] = [copyOf(values), copyOf(values)];
    expect([first, second]).toEqual([values, values]);
    expect(new Set([values, first, second].map(each => each.buffer)).size).toBe(3);
  }
});

it('memory that was given back takes a copy of about as much, once', () => {
  const first = copyOf(numbers(1000, 1));
  takeBack(first);
  const bytes = new Uint8Array(3500).fill(9);
  const [second, third] = [copyOf(bytes), copyOf(bytes)];
  expect(second.buffer).toBe(first.buffer);
  expect(third.buffer).not.toBe(first.buffer);
  expect(second).toEqual(bytes);
  expect(copyOf(numbers(3000, 1)).buffer).not.toBe(first.buffer);
});

it('no more than 32 MiB are kept', () => {
  const copies = Array.from({ length: 12 }, () => copyOf(new Uint8Array(2 ** 22)));
  for (const copy of copies) takeBack(copy);
  const kept = new Set(copies.map(copy => copy.buffer));
  const again = Array.from({ length: 12 }, () => copyOf(new Uint8Array(2 ** 22)));
  const found = again.filter(({ buffer }) => kept.has(buffer)).length;
  expect(found).toBeGreaterThanOrEqual(7);
  expect(found).toBeLessThanOrEqual(8);
});
