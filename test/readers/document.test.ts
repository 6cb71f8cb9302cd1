/** The programs of docs/data.md run as they stand, on the built package. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, expect, it } from 'vitest';

const programs = [...readFileSync('docs/data.md', 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code = '']) => code,
);
const entry = (name: string) => `'${pathToFileURL(resolve('dist/entries', name))}'`;

/** By what a program says: the number that it shows for a test, and what that is. */
const results: [string, string, (out: number) => void][] = [
  ['model.evaluate(', 'scores.accuracy', out => expect(out).toBeGreaterThan(0.85)],
  // awk -F, 'NR > 1 { s += $3 } END { print s }' data/diabetes.csv
  ['let sum', 'sum', out => expect(out).toBeCloseTo(11658.1, 1)],
  ['const readings', 'history.accuracy.at(-1)', out => expect(out).toBeGreaterThan(0.9)],
  ['const history', 'history.loss.length', out => expect(out).toBe(20)],
  ['const chances', 'chances[1]', out => expect(out).toBeGreaterThan(0.6)],
  // The squared error; the target's variance is 5930.
  ['await model.fit({ chunks }', 'scores.loss.at(-1)', out => expect(out).toBeLessThan(5930)],
  // Three classes alike have ln 3 = 1.1.
  ['await model.fit(mixup(', 'scores.loss.at(-1)', out => expect(out).toBeLessThan(1)],
];

/** The folders that the document reads, a file for each class. */
const folder = mkdtempSync(join(tmpdir(), 'myelin-document-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const [kind, file] of [
  ['pictures/cat', 'images/plain.jpg'],
  ['pictures/dog', 'images/rgb.png'],
  ['sounds/yes', 'sound/pcm16.wav'],
  ['sounds/no', 'sound/pcm24.wav'],
] as const) {
  mkdirSync(join(folder, kind), { recursive: true });
  copyFileSync(join('test/fixtures', file), join(folder, kind, basename(file)));
}

// Readings of a thing that rests, or shakes.
const readings = Array.from({ length: 600 }, (_, at) => {
  const isMoving = Math.floor(at / 100) % 2 === 1;
  const swing = isMoving ? Math.sin(at * 0.9) : 0.01 * Math.sin(at * 7);
  return `${at},${swing},${0.5 * swing},${9.81 + 0.2 * swing},${isMoving ? 'moving' : 'resting'}`;
});
writeFileSync(join(folder, 'readings.csv'), ['time,x,y,z,state', ...readings].join('\n'));

it.each(programs)('%s', code => {
  const [marker = '', result, check] = results.find(([marker]) => code.includes(marker)) ?? [];
  const shown = /^(?:let|const) /.test(marker) ? code : code.replace(marker, `const scores = ${marker}`);
  const found = shown.replace(/'(pictures|pictures\/cat\/plain\.jpg|sounds|readings\.csv)'/g, (_, name) =>
    JSON.stringify(join(folder, name)),
  );
  const linked = found.replaceAll("'myelin/data'", entry('data.js')).replaceAll("'myelin'", entry('node.js'));
  const { code: script } = transformSync(`${linked}\nconsole.log(${result});`, { loader: 'ts', format: 'esm' });
  check?.(Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })));
});
