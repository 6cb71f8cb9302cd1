/** The same seed, the same bits: in another process too. test/runtimes/reproducible.js compares other engines. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

function hashOf(...args: string[]): string {
  return execFileSync(process.execPath, [resolve('test/reproducible/train.js'), ...args], { encoding: 'utf8' }).trim();
}

it('gives the same bits in every process', () => {
  const hash = hashOf('1');
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOf('1')).toBe(hash);
});

it('gives other bits for another seed', () => {
  expect(hashOf('2')).not.toBe(hashOf('1'));
});
