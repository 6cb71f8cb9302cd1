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

/** A confusion matrix's figures, row by row; where there is none it is 0. */
function figuresOf(name: string): number[][] {
  const svg = readFileSync(join(folder, name), 'utf8');
  const cells = [...svg.matchAll(/<rect class="mark"[^>]*\/>(?:<text[^>]*>(\d+)<)?/g)].map(([, cell = '0']) =>
    Number(cell),
  );
  const width = Math.sqrt(cells.length);
  return Array.from({ length: width }, (_, row) => cells.slice(row * width, (row + 1) * width));
}

it('fashionMnist says how to get its pictures where there are none, and learns where there are', async () => {
  expect(await example('fashionMnist', folder)).toContain('apt-get install dataset-fashion-mnist');
  const pictures = '/usr/share/datasets/fashion-mnist';
  const output = await example('fashionMnist', pictures, '2', '1000', folder, '--augment', '--mixup');
  if (!existsSync(pictures)) expect(output).toContain('is not in');
  else expect(numberAfter(output, 'test set:')).toBeGreaterThan(0.4);
});

it('fashionMnist learns by a dense network too, and judges by pictures of the training set to choose', async () => {
  const pictures = '/usr/share/datasets/fashion-mnist';
  const output = await example('fashionMnist', pictures, '2', '8000', '--dense', '--choose');
  if (!existsSync(pictures)) expect(output).toContain('is not in');
  else expect(numberAfter(output, 'on 5000 pictures of the training set, held out:')).toBeGreaterThan(0.6);
});

it('digitsLeNet is right of digits that it did not see', async () => {
  expect(numberAfter(await example('digitsLeNet', '4', folder), 'five folds:')).toBeGreaterThan(0.9);
  for (const [kind, row] of figuresOf('digitsConfusion.svg').entries()) expect(row[kind]).toBeGreaterThan(70);
  expect(decode(readFileSync(join(folder, 'digitsKernels.png'))).width).toBe(8 * (3 * 16 + 1) + 1);
});

it('ionosphere tells echoes apart', async () => {
  // 0.641 of them are good.
  expect(numberAfter(await example('ionosphere', '15', folder), 'five folds:')).toBeGreaterThan(0.85);
  expect(figuresOf('ionosphereConfusion.svg').map(row => row.length)).toEqual([2, 2]);
});

it('verses tells five kinds apart, and draws which it takes for which', async () => {
  expect(numberAfter(await example('verses', '8', folder), 'held out:')).toBeGreaterThan(0.55);
  const hundredths = figuresOf('versesConfusion.svg');
  expect(hundredths).toHaveLength(5);
  for (const [kind, row] of hundredths.entries()) expect(Math.max(...row)).toBe(row[kind]);
});

it('nextCharacter gets better, and writes with its own characters', async () => {
  const output = await example('nextCharacter', '3', '40000', '48', folder);
  const bits = [...output.matchAll(/held out ([\d.]+) bits/g)].map(([, text]) => Number(text));
  expect(bits).toHaveLength(3);
  expect(bits).toEqual([...bits].sort((a, b) => b - a));
  expect(bits.at(-1)).toBeLessThan(3.6);
  expect(output).toMatch(/«[a-zA-Z ,;:.!?()/'-]{40,}»/);
  const svg = readFileSync(join(folder, 'nextCharacter.svg'), 'utf8');
  const [, last = 'nothing'] = [...output.matchAll(/«(.*)»/g)].at(-1) ?? [];
  expect(svg).toContain(last);
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
