/** The programs of docs/data.md run as they stand, on the built package. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { expect, it } from 'vitest';

const programs = [...readFileSync('docs/data.md', 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code = '']) => code,
);
const entry = (name: string) => `'${pathToFileURL(resolve('dist/entries', name))}'`;

it.each(programs)('%s', code => {
  const shown = code.includes('model.evaluate(') ? code.replace('model.evaluate(', 'const scores = $&') : code;
  const result = shown === code ? 'sum' : 'scores.accuracy';
  const linked = shown.replaceAll("'myelin/data'", entry('data.js')).replaceAll("'myelin'", entry('node.js'));
  const { code: script } = transformSync(`${linked}\nconsole.log(${result});`, { loader: 'ts', format: 'esm' });
  const out = Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
  // awk -F, 'NR > 1 { s += $3 } END { print s }' data/diabetes.csv
  if (result === 'sum') expect(out).toBeCloseTo(11658.1, 1);
  else expect(out).toBeGreaterThan(0.85);
});
