/** The programs of docs/data.md run as they stand, on the built package. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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
  ['const history', 'history.loss.length', out => expect(out).toBe(1)],
  ['const chances', 'chances[1]', out => expect(out).toBeGreaterThan(0.6)],
  // The squared error; the target's variance is 5930.
  ['await model.fit({ chunks }', 'scores.loss.at(-1)', out => expect(out).toBeLessThan(5930)],
];

/** The folder that the document reads, a picture for each class. */
const pictures = mkdtempSync(join(tmpdir(), 'myelin-pictures-'));
afterAll(() => rmSync(pictures, { recursive: true }));
for (const [kind, file] of [
  ['cat', 'plain.jpg'],
  ['dog', 'rgb.png'],
] as const) {
  mkdirSync(join(pictures, kind));
  copyFileSync(join('test/fixtures/images', file), join(pictures, kind, file));
}

it.each(programs)('%s', code => {
  const [marker = '', result, check] = results.find(([marker]) => code.includes(marker)) ?? [];
  const shown = /^(?:let|const) /.test(marker) ? code : code.replace(marker, `const scores = ${marker}`);
  const found = shown.replace("'pictures'", JSON.stringify(pictures));
  const linked = found.replaceAll("'myelin/data'", entry('data.js')).replaceAll("'myelin'", entry('node.js'));
  const { code: script } = transformSync(`${linked}\nconsole.log(${result});`, { loader: 'ts', format: 'esm' });
  check?.(Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })));
});
