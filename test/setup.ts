/**
 * The property tests draw the same cases in every run, so that a change is judged by what it changed.
 * `FUZZ_SEED=$RANDOM npm test` draws others.
 */
import fc from 'fast-check';
import { expect } from 'vitest';

/** What a service or a terminal wants of colours and widths is nothing that tests, or programs they start, go by. */
for (const name of ['FORCE_COLOR', 'NO_COLOR', 'CI', 'COLUMNS', 'TERM']) delete process.env[name];

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

/**
 * Arrays of the same bytes are equal: going through millions of numbers one by one was most of what some tests took.
 */
function sameBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return;
  const [left, right] = [a, b].map(each => Buffer.from(each.buffer, each.byteOffset, each.byteLength));
  return left && right?.equals(left) ? true : undefined;
}

expect.addEqualityTesters([sameBytes]);
