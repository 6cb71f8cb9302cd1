/**
 * Soaks the built package in Node 20, Node 24 and Bun, and in Chromium where it is installed, one after the other, each
 * for so many seconds or fits, whichever comes first; prints the counts. Ends with exit code 1 where anything did not
 * come back, was not right, or grew.
 *
 *     npm run build && npm ci --prefix test/runtimes
 *     npm run soak -- [--seconds 30] [--fits 34000] [--seed 1] [--only bun]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasChromium, startBrowser } from '../runtimes/browser.js';

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
if (hasChromium() && 'chromium'.startsWith(values.only)) {
  console.log(`chromium, seed ${values.seed}`);
  const browser = await startBrowser();
  const page = `test/soak/page.html?${values.seed}&${values.seconds}&${values.fits}`;
  const result = await browser.open(path('../..'), page, { isolated: true, timeout: 0 });
  await browser.close();
  console.log(JSON.stringify(result));
  failed ||= result.failed !== undefined;
}
process.exit(failed ? 1 : 0);
