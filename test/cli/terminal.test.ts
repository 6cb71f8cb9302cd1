/** What a terminal shows: a block that is painted over, lines broken between words, plain lines elsewhere. */
import { execFile } from 'node:child_process';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { narrowed } from '../../src/cli/inspect.js';
import { Course, duration, scaleOf, sparkline } from '../../src/cli/progress.js';
import { fitted, wrapped } from '../../src/cli/wrap.js';
import type { EpochEvent } from '../../src/trainingOptions.js';
import { Folder } from './runCli.js';

const run = promisify(execFile);
const folder = new Folder();
const ESCAPE = '\x1b';
const program = `${process.cwd()}/dist/cli/myelin.js`;
beforeAll(() => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 5},${i % 3 === 0 ? 'yes' : 'no'}`);
  folder.write('rows.csv', `a,b,answer\n${rows.join('\n')}\n`);
});
afterAll(() => folder.remove());

/** Standard output and standard error as terminals of so many columns. */
const asTerminal = (columns: number) => {
  const set = (stream: string) => `Object.assign(process.${stream}, { isTTY: true, columns: ${columns} });`;
  return `data:text/javascript,${encodeURIComponent(set('stdout') + set('stderr'))}`;
};

async function inTerminal(columns: number, env: Record<string, string>, ...args: string[]) {
  const { NO_COLOR: _, FORCE_COLOR: __, ...own } = process.env;
  const options = { cwd: folder.path, env: { ...own, TERM: 'xterm', ...env } };
  const { stdout, stderr } = await run(process.execPath, ['--import', asTerminal(columns), program, ...args], options);
  return { stdout, stderr };
}

/** The lines that a terminal shows of what was written to it, where nothing goes up beyond its beginning. */
function screenOf(written: string): string[] {
  const lines = [''];
  let row = 0;
  for (const [i, part] of written.split(ESCAPE).entries()) {
    const [code = '', count, name] = (i > 0 && /^\[([\d;]*)([A-Za-z])/.exec(part)) || [];
    if (name === 'A') row -= Number(count || 1);
    if (name === 'J') lines.splice(row, Infinity, '');
    for (const [j, text] of part.slice(code.length).split('\n').entries()) {
      if (j > 0) row++;
      lines[row] = `${lines[row] ?? ''}${text}`;
    }
  }
  return lines;
}

describe('a training in a terminal', () => {
  const train = ['train', 'rows.csv', '--target', 'answer', '--hidden', '8', '--epochs', '30', '--no-refit'];

  it.each([80, 120])('shows a block of four lines within %d columns', async columns => {
    const { stdout, stderr } = await inTerminal(columns, { NO_COLOR: '1' }, ...train);
    const [how = '', loss, other, best, ...rest] = screenOf(stderr);
    expect(how).toMatch(/^epoch +\d+\/30 {2}█+░* +[\d.]+% {2}[\d,]+ rows\/s {2}took under 1 s$/);
    expect(loss).toMatch(/^loss {13}[\d.]+ +[▁▂▃▄▅▆▇█]+$/);
    expect(other).toMatch(/^validation loss {2}[\d.]+ +[▁▂▃▄▅▆▇█]+ {2}accuracy [\d.]+%$/);
    expect(best).toMatch(/^best epoch \d+: validation loss [\d.]+/);
    expect(rest.join('')).toBe('');
    for (const line of [...screenOf(stderr), ...stdout.split('\n')]) expect(line.length).toBeLessThanOrEqual(columns);
    expect(stdout).not.toMatch(/^epoch/m);
    expect(stdout).not.toContain(ESCAPE);
    // No colour, of which each ends in m.
    expect(stderr.split(ESCAPE).filter(part => /^\[\d*m/.test(part))).toEqual([]);
  });

  it('has colours unless they are unwanted', async () => {
    const { stdout, stderr } = await inTerminal(80, { FORCE_COLOR: '1' }, ...train);
    expect(stderr).toContain('\x1b[32m█');
    expect(stdout).toContain('\x1b[1m');
  });

  it('is plain lines in a pipe, and where nothing can be painted over', async () => {
    const { out, err } = await folder.run(...train);
    expect(out).toMatch(
      /^epoch {2}1\/30 {2}loss [\d.]+ {2}validation loss [\d.]+ {2}accuracy [\d.]+% {2}[\d,]+ rows\/s$/m,
    );
    expect(out + err).not.toContain('\x1b');
    const dumb = await inTerminal(80, { TERM: 'dumb', NO_COLOR: '1' }, ...train);
    expect(dumb.stdout).toMatch(/^epoch {2}1\/30/m);
    expect(dumb.stderr).toBe('');
  });

  it('breaks what is wrong between words too', async () => {
    const failed: { stderr?: string } = await inTerminal(40, {}, 'predict', 'none.safetensors', 'rows.csv').catch(
      (error: { stderr: string }) => error,
    );
    expect(failed.stderr?.split('\n').length).toBeGreaterThan(2);
    for (const line of failed.stderr?.split('\n') ?? []) expect(line.length).toBeLessThanOrEqual(40);
  });
});

describe('the course of a training', () => {
  const event = (loss: number, valLoss: number): EpochEvent => {
    return { epoch: 1, loss, valLoss, seconds: 2, samplesPerSecond: 1234.5 };
  };

  it('says how long it still takes, and since when a loss has risen', () => {
    const course = new Course(100, 'held-out');
    for (let epoch = 1; epoch <= 8; epoch++) course.add(event(1 / epoch, 2 / epoch));
    expect(course.lines(80)[0]).toMatch(/8\.0% {2}1,235 rows\/s {2}3 min 4 s left$/);
    expect(course.lines(80)[3]).toBe('best epoch 8: held-out loss 0.2500');
    for (let epoch = 1; epoch <= 5; epoch++) course.add(event(0.1, 0.3));
    expect(course.lines(80)[3]).toBe('best epoch 8: held-out loss 0.2500; held-out loss has risen since epoch 8');
    course.end();
    expect(course.lines(80)[0]).toContain('took 26 s');
  });

  it.each([40, 80, 120])('has room for the accuracy beside curves of any length, in %d columns', columns => {
    const course = new Course(300, 'validation');
    for (let epoch = 1; epoch <= 300; epoch++) course.add({ ...event(1 / epoch, 2 / epoch), valAccuracy: 1 });
    // Where colours are forced (as many CI services do) a line holds more characters than columns.
    const lines = course.lines(columns).map(stripVTControlCharacters);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(columns, 60));
    const [, , other = ''] = lines;
    expect(other).toMatch(/[▁▂▃▄▅▆▇█] {2}accuracy 100\.0%$/);
    if (columns >= 80) expect(other.length).toBe(Math.min(columns, 105));
  });

  it('draws losses on one scale, in as many columns as there are', () => {
    const scale = scaleOf([1, 10, 100]);
    expect(sparkline([100, 10, 1], 10, scale)).toBe('█▅▁');
    expect(sparkline([100, 100, 1, 1], 2, scale)).toBe('█▁');
    expect(sparkline([3, 3], 10, scaleOf([3, 3]))).toBe('▁▁');
    expect(sparkline([1, Number.NaN], 10, scale)).toBe('▁█');
    expect([0.4, 8, 125, 4400].map(duration)).toEqual(['under 1 s', '8 s', '2 min 5 s', '1 h 13 min']);
  });
});

it('a summary goes without columns that a terminal has no room for', () => {
  const summary = [
    'layer     kind              output      parameters  multiply-adds  memory  reads',
    'input     input             [rows, 27]',
    '0.dense   dense(1024) relu  [rows, 64]   1,234,567         27,648  256 B   input',
    '1.concat  concatenate       [rows, 91]           0              0  364 B   0.dense, input',
    '1,234,567 parameters, 4.7 MiB; a row takes 27,648 multiply-adds, 620 B, which is a line of its own',
  ].join('\n');
  expect(narrowed(summary, 100)).toBe(summary);
  expect(narrowed(summary, 82).split('\n')).toEqual([
    'layer     kind              output      parameters  multiply-adds  reads',
    'input     input             [rows, 27]',
    '0.dense   dense(1024) relu  [rows, 64]   1,234,567         27,648  input',
    '1.concat  concatenate       [rows, 91]           0              0  0.dense, input',
    expect.stringContaining('a line of its own'),
  ]);
  expect(narrowed(summary, 55)).toContain('1.concat  concatenate                0  0.dense, input\n');
});

it('lines are broken at blanks alone, and keep their own', () => {
  expect(wrapped('one two three', 7)).toBe('one two\n  three');
  expect(wrapped('  a  b\n  cc dddddddddd e', 8)).toBe('  a  b\n  cc\n    dddddddddd\n    e');
  expect(wrapped('\x1b[1mone two\x1b[22m', 7)).toBe('\x1b[1mone two\x1b[22m');
  expect(fitted('one two three', 9)).toBe('one two');
});
