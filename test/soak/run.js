/**
 * Soaks the built package in Node 20, Node 24 and Bun, one after the other, each for so many seconds or fits, whichever comes first; prints the counts. Ends with
 * exit code 1 where anything did not come back, was not right, or grew.
 *
 *     npm run build && npm ci --prefix test/runtimes && npm run soak -- [--seconds 40] [--fits 34000] [--seed 1] [--only bun]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: 'Infinity' },
    fits: { type: 'string', default: '34000' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
    only: { type: 'string', default: '' },
  },
});
const path = relative => fileURLToPath(new URL(relative, import.meta.url));
const runtimes = Object.entries({
  node20: '../runtimes/node_modules/node20/bin/node',
  node24: '../runtimes/node_modules/node24/bin/node',
  bun: '../runtimes/node_modules/.bin/bun',
}).filter(([name]) => name.startsWith(values.only));

let failed = false;
for (const [name, program] of runtimes) {
  console.log(`${name}, seed ${values.seed}`);
  const args = [path('program.js'), values.seed, values.seconds, values.fits];
  const { status, signal, error } = spawnSync(path(program), args, { stdio: 'inherit' });
  if (status === 0) continue;
  failed = true;
  console.error(`${name} ended with ${error?.message ?? signal ?? status}`);
}
process.exit(failed ? 1 : 0);
