/** The examples on real data, shortened: each is held to less than it reaches, in seconds. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decode } from 'fast-png';
import { afterAll, expect, it } from 'vitest';

const run = promisify(execFile);
const tsx = createRequire(import.meta.url).resolve('tsx/cli');
const folder = mkdtempSync(join(tmpdir(), 'myelin-real-'));
const ran = new Set<string>();
afterAll(() => rmSync(folder, { recursive: true }));

/** What an example prints. */
async function example(name: string, ...args: string[]): Promise<string> {
  ran.add(`${name}.ts`);
  const { stdout }: { stdout: string } = await run(process.execPath, [tsx, `examples/real/${name}.ts`, ...args]).catch(
    error => error,
  );
  return stdout;
}

/** The last number that it prints behind these words. */
function numberAfter(output: string, words: string): number {
  return Number([...output.matchAll(new RegExp(`${words} ([\\d.]+)`, 'g'))].at(-1)?.[1]);
}

it('fashionMnist says how to get its pictures where there are none, and learns where there are', async () => {
  expect(await example('fashionMnist', folder)).toContain('apt-get install dataset-fashion-mnist');
  const pictures = '/usr/share/datasets/fashion-mnist';
  const output = await example('fashionMnist', pictures, '2', '1000', folder);
  if (!existsSync(pictures)) expect(output).toContain('is not in');
  else expect(numberAfter(output, 'test set:')).toBeGreaterThan(0.4);
});

it('digitsLeNet is right of digits that it did not see', async () => {
  expect(numberAfter(await example('digitsLeNet', '4'), 'five folds:')).toBeGreaterThan(0.9);
});

it('ionosphere tells echoes apart', async () => {
  // 0.641 of them are good.
  expect(numberAfter(await example('ionosphere', '15'), 'five folds:')).toBeGreaterThan(0.85);
});

it('verses tells five kinds apart, and draws which it takes for which', async () => {
  expect(numberAfter(await example('verses', '8', folder), 'held out:')).toBeGreaterThan(0.55);
  const { width, data } = decode(readFileSync(join(folder, 'versesConfusion.png')));
  const shade = (row: number, column: number) => data[(1 + row * 40 + 20) * width + 1 + column * 40 + 20] ?? 0;
  for (const kind of [0, 1, 2, 3, 4]) {
    for (const other of [0, 1, 2, 3, 4])
      if (other !== kind) expect(shade(kind, kind)).toBeGreaterThan(shade(kind, other));
  }
});

it('nextCharacter gets better, and writes with its own characters', async () => {
  const output = await example('nextCharacter', '3', '40000', '48');
  const bits = [...output.matchAll(/held out ([\d.]+) bits/g)].map(([, text]) => Number(text));
  expect(bits).toHaveLength(3);
  expect(bits).toEqual([...bits].sort((a, b) => b - a));
  expect(bits.at(-1)).toBeLessThan(3.6);
  expect(output).toMatch(/«[a-zA-Z ,;:.!?()/'-]{40,}»/);
});

it('reconstructions come near what they are of', async () => {
  expect(numberAfter(await example('reconstructions', '8', folder), 'held out:')).toBeLessThan(0.04);
  const { width, height } = decode(readFileSync(join(folder, 'reconstructions.png')));
  expect([height, width]).toEqual([2 * 41 + 1, 16 * 41 + 1]);
});

it('leaves no example out', () => {
  expect([...ran].sort()).toEqual(
    readdirSync('examples/real')
      .filter(name => name.endsWith('.ts'))
      .sort(),
  );
});
