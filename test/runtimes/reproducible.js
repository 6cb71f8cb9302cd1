/**
 * Runs test/reproducible/train.js on this Node and on every runtime of package.json beside this file, and compares the
 * hashes of all that they computed. Prints a table; ends with exit code 1 where any differs or fails.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/reproducible.js
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../reproducible/train.js', import.meta.url));
const installed = path => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));

const runtimes = [
  { name: 'node', program: process.execPath, args: [] },
  { name: 'node', program: installed('node22/bin/node'), args: [] },
  { name: 'node', program: installed('node24/bin/node'), args: [] },
  { name: 'node', program: installed('node26/bin/node'), args: [] },
  { name: 'bun', program: installed('.bin/bun'), args: [] },
  { name: 'deno', program: installed('.bin/deno'), args: ['run', '--allow-read', '--no-lock'] },
];

/** What a runtime prints, or why it prints nothing. */
function output(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim();
  } catch (error) {
    return `failed: ${error.message.trim().split('\n').at(-1)}`;
  }
}

const rows = runtimes.map(({ name, program, args }) => {
  const version = /\d+\.\d+\.\d+/.exec(output(program, ['--version']))?.[0] ?? 'unknown';
  return { name, version, hash: output(program, [...args, script]) };
});

console.log('runtime  version   hash of parameters, costs, outputs and gradients');
for (const { name, version, hash } of rows) console.log(`${name.padEnd(8)} ${version.padEnd(9)} ${hash}`);

const isHash = rows.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash));
const isSame = new Set(rows.map(({ hash }) => hash)).size === 1;
if (isHash && isSame) {
  console.log('\nthe same bits everywhere');
} else {
  console.log('\nthe bits differ');
  process.exitCode = 1;
}
