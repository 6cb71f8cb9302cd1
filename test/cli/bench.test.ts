/** `myelin bench` as built: what it prints and refuses. How fast anything is nobody asks here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/bench/result.js';
import { suites } from '../../src/bench/suites.js';
import { caseOf, rowOf, runOf } from '../bench/made.js';
import { Folder, runCli } from './runCli.js';

const folder = new Folder();
afterAll(() => folder.remove());
const quick = ['--seconds', '0.5', '--peers', 'plain-typescript'];

describe('myelin bench', () => {
  it('trains and predicts beside a plain loop, which computes the same', async () => {
    const { code, out, err } = await folder.run('bench', '--network', '8-16-3', '--batch', '4', ...quick, '--json');
    expect([code, out.trimEnd().split('\n').length]).toEqual([0, 1]);
    const run = JSON.parse(out) as Run;
    expect(run.suites.map(({ suite }) => suite)).toEqual(['training', 'inference']);
    expect(run.machine.cores).toBeGreaterThan(0);
    const cases = run.suites.flatMap(each => each.cases);
    expect(cases.map(({ name }) => name)).toEqual([
      '8-16-3, batch 4',
      '8-16-3, 1 row at once',
      '8-16-3, 4 rows at once',
    ]);
    for (const { rows } of cases) {
      expect(rows.map(({ contestant }) => contestant)).toEqual(['myelin', 'plain TypeScript']);
      for (const row of rows) {
        expect(row.wrong).toBeUndefined();
        expect(row.rate.median).toBeGreaterThan(0);
        expect(row.shareOfMultiplyAdds?.median).toBeGreaterThan(0);
        expect(row.shareOfBytes?.median).toBeGreaterThan(0);
      }
      expect(rows[1]?.ratios.myelin?.median).toBeGreaterThan(0);
    }
    const [mine = 0, other = 1] = cases[0]?.rows.map(({ cost }) => cost) ?? [];
    expect(Math.abs(mine - other)).toBeLessThan(1e-3 * other);
    expect(err).toContain('1/3  training: 8-16-3, batch 4');
  });

  it('says what threads gain where one and more of them take turns, with the same cost', async () => {
    const args = ['--network', '8-16-3', '--batch', '4', '--threads', '1,2', '--seconds', '0.5', '--peers', 'none'];
    const { out } = await folder.run('bench', 'training', ...args, '--json');
    const [one, two] = (JSON.parse(out) as Run).suites[0]?.cases[0]?.rows ?? [];
    expect([one?.threads, one?.speedUp]).toEqual([1, undefined]);
    expect(two?.threads).toBe(2);
    expect(two?.speedUp?.median).toBeGreaterThan(0);
    expect(two?.cost).toBe(one?.cost);
  });

  it('shows a table with the machine above it', async () => {
    const { code, out } = await folder.run('bench', 'coldStart', 'training', '--network', '8-16-3', ...quick);
    expect(code).toBe(0);
    expect(out).toMatch(/^.+ × \d+, .*\n(Node|Bun|Deno) [\d.]+; myelin \d.+ of commit .+\nbinary: (simd|relaxed)/);
    expect(out).toContain('== training: 8-16-3, batch 32');
    expect(out).toContain('plain TypeScript');
  });

  it('measures products exactly, and parts of a step', async () => {
    const names = ['gemm', 'step'];
    const options = ['--network', '8-16-3', '--seconds', '1', '--peers', 'none', '--json'];
    const { code, out } = await folder.run('bench', ...names, ...options);
    expect(code).toBe(0);
    const run = JSON.parse(out) as Run;
    expect(run.suites.map(({ suite }) => suite)).toEqual(names);
    for (const { rows, without } of run.suites.flatMap(each => each.cases)) {
      expect([rows.length, without]).toEqual([1, {}]);
      expect(rows[0]?.wrong).toBeUndefined();
    }
  });

  it('measures operations, of which test/bench/operations.test.ts runs all', async () => {
    const { out } = await runCli(['bench', 'ops', '--seconds', '1', '--peers', 'none', '--json'], {
      cwd: folder.path,
      interruptAt: '\n4/',
      watch: 'err',
    });
    const { suites } = JSON.parse(out) as Run;
    const [ops] = suites;
    expect(suites.map(({ suite }) => suite)).toEqual(['ops']);
    expect(ops?.cases.length).toBeGreaterThan(2);
    for (const { rows, without } of ops?.cases ?? []) {
      expect([rows.length, without]).toEqual([1, {}]);
      expect(rows[0]?.rate.median).toBeGreaterThan(0);
    }
  });

  it('writes what was measured when it is interrupted', async () => {
    const { code, out } = await runCli(['bench', 'gemm', '--seconds', '60', '--peers', 'none'], {
      cwd: folder.path,
      interruptAt: '3/22',
      watch: 'err',
    });
    expect(code).toBe(0);
    expect(out).toContain('4×4×4 forward');
    expect(out).toContain('Interrupted: this is what was measured until then.');
    expect(out).not.toContain('2048×2048');
  });

  it.each([
    [['traning'], 2, "did you mean 'training'?"],
    [['--peers', 'pytorhc'], 2, "did you mean 'pytorch'?"],
    [['--batch', '0'], 2, '--batch: expected a whole number from 1 to 65536'],
    [['--network', '784x128x10'], 1, "did you mean '784-128-10'?"],
    [['--optimizer', 'adm'], 2, "did you mean 'adam'?"],
  ])('refuses %j at once', async (args, code, says) => {
    const outcome = await folder.run('bench', ...args);
    expect([outcome.code, outcome.out]).toEqual([code, '']);
    expect(outcome.err).toMatch(/^myelin: .*\n$/);
    expect(outcome.err).toContain(says);
  });

  it('writes a page, pictures and their figures', async () => {
    const files = ['--html', 'report.html', '--svg', 'charts'];
    const { code } = await folder.run('bench', 'training', '--network', '8-16-3', ...quick, ...files);
    expect(code).toBe(0);
    const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');
    expect(read('report.html')).toMatch(/^<!doctype html>/);
    const name = 'training-8-16-3-batch-32';
    expect(read(`charts/${name}.svg`)).toMatch(/^<svg .*data-series="plain TypeScript"/);
    expect(JSON.parse(read(`charts/${name}.json`)).series).toHaveLength(3);
  });

  it('compares two runs, and ends with 1 where one is slower', async () => {
    const before = runOf([caseOf('a network', [rowOf('myelin', 1000), rowOf('peer', 10)])]);
    const after = runOf([caseOf('a network', [rowOf('myelin', 700), rowOf('peer', 10)])]);
    folder.write('a.json', `${JSON.stringify(before)}\n`);
    folder.write('b.json', `${JSON.stringify(after)}\n`);
    const slower = await folder.run('bench', '--compare', 'a.json', 'b.json');
    expect([slower.code, slower.err]).toEqual([1, '']);
    expect(slower.out).toContain('training: a network, myelin, speed: 1000 → 700 (0.7 ×)');
    expect((await folder.run('bench', '--compare', 'b.json', 'a.json')).code).toBe(0);
    expect((await folder.run('bench', '--compare', 'a.json', 'b.json', '--threshold', '40')).code).toBe(0);
    expect((await folder.run('bench', '--compare', 'a.json')).code).toBe(2);
    const missing = await folder.run('bench', '--compare', 'a.json', 'c.json');
    expect([missing.code, missing.out]).toEqual([1, '']);
  });

  it.each(['--html', '--svg'])('refuses a place for %s that cannot be written to, before it measures', async flag => {
    folder.write('file', '');
    const { code, out, err } = await folder.run('bench', flag, 'file/report.html');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^myelin: 'file\/report.html': expected a place to write to, got .*\n$/);
  });

  it('names all suites in its help', async () => {
    const { out } = await folder.run('bench', '--help');
    expect(out.replace(/\s+/g, ' ')).toContain(suites.map(({ name }) => name).join(', '));
  });
});
