/**
 * One table, runtimes by suites: the packed package does the same work in each runtime, in turns, and this process
 * takes the time from outside, for clocks in Workers stand still. What asking takes is taken off.
 *
 *     npm run build && npm ci --prefix test/runtimes && node bench/runtimes/run.js [--rounds 7] [--json]
 */
import { spawn } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasChromium, serve, startBrowser } from '../../test/runtimes/browser.js';
import { installed, scratchProject } from '../../test/runtimes/scratch.js';
import { withWorker } from '../../test/runtimes/workers.js';
import { suites } from './programs/work.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
if (!(rounds >= 1)) throw new RangeError(`--rounds: expected a number from 1 on, got '${values.rounds}'`);

const { folder } = scratchProject();
cpSync(fileURLToPath(new URL('programs', import.meta.url)), folder, { recursive: true });
const ends = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
const versionOf = name => createRequire(installed('x.js'))(`${name}/package.json`).version;

/** A runtime with standard input. */
function processRuntime(name, command, args) {
  const child = spawn(command, [...args, 'process.js'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  ends.push(() => child.kill());
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (suite, times) => {
    child.stdin.write(`${suite} ${times}\n`);
    const { done, value } = await answers.next();
    if (done) throw new Error(`${name} ended`);
    return Number(value);
  };
  return { name, ask };
}

/** The page, with the headers of cross-origin isolation or without. */
async function pageRuntime(browser, isolated) {
  const modules = '/node_modules/myelin/dist/entries';
  const imports = {
    myelin: `${modules}/browser.js`,
    '@assemblyscript/loader': '/node_modules/@assemblyscript/loader/index.js',
  };
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  writeFileSync(join(folder, 'page.html'), `<!doctype html>${map}<script type="module" src="page.js"></script>`);
  const { address, close } = await serve(folder, isolated);
  const page = await browser.tab(`${address}/page.html`);
  ends.push(close);
  await page.waitForFunction('window.work !== undefined');
  const ask = (suite, times) => page.evaluate(([name, count]) => window.work(name, count), [suite, times]);
  return { name: `Chromium ${browser.version}${isolated ? ', isolated' : ''}`, ask };
}

/** Seconds that it took, and the pieces done. */
async function timed({ ask }, suite, times) {
  const start = performance.now();
  const pieces = await ask(suite, times);
  return { pieces, seconds: (performance.now() - start) / 1e3 };
}

/** A round is long beside what asking takes. */
const ROUND = 0.25;

/** How often a runtime does a suite's work in a round; 0 where it cannot. */
async function timesFor(runtime, suite) {
  for (let times = 1; ; times *= 2) {
    const { pieces, seconds } = await timed(runtime, suite, times);
    if (pieces < 0) return 0;
    if (seconds > ROUND) return times;
  }
}

const middle = sorted => sorted[Math.floor(sorted.length / 2)];

/** Medians of pieces a second, by runtime and suite; runtimes take turns. */
async function measure(runtimes) {
  const table = new Map(runtimes.map(({ name }) => [name, {}]));
  for (const suite of Object.keys(suites)) {
    const able = [];
    for (const runtime of runtimes) {
      const times = await timesFor(runtime, suite);
      if (times > 0) able.push({ runtime, times, rates: [] });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { runtime, times, rates } of able) {
        const { seconds: asking } = await timed(runtime, suite, 0);
        const { pieces, seconds } = await timed(runtime, suite, times);
        rates.push(pieces / (seconds - asking));
      }
    }
    for (const { runtime, rates } of able) table.get(runtime.name)[suite] = middle(rates.sort((a, b) => a - b));
  }
  return table;
}

/** `1,234,567`, to three digits. */
const figure = value => (value === undefined ? '–' : Number(value.toPrecision(3)).toLocaleString('en'));

function print(table) {
  const names = Object.keys(suites);
  const head = ['', ...names.map(name => `${name}, ${suites[name].unit}/s`)];
  const lines = [...table].map(([name, rates]) => [name, ...names.map(suite => figure(rates[suite]))]);
  const rows = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...lines];
  console.log(rows.map(cells => `| ${cells.join(' | ')} |`).join('\n'));
}

try {
  const runtimes = [20, 22, 24, 26].map(number => {
    return processRuntime(`Node ${versionOf(`node${number}`)}`, installed(`node${number}/bin/node`), []);
  });
  runtimes.push(processRuntime(`Bun ${versionOf('bun')}`, installed('.bin/bun'), []));
  const denoArgs = ['run', '--allow-read', '--allow-env', '--no-lock'];
  runtimes.push(processRuntime(`Deno ${versionOf('deno')}`, installed('.bin/deno'), denoArgs));
  if (hasChromium()) {
    const browser = await startBrowser();
    ends.push(() => browser.close());
    runtimes.push(await pageRuntime(browser, false), await pageRuntime(browser, true));
  }
  await withWorker(folder, 'worker.js', async get => {
    const ask = async (suite, times) => Number(await (await get(`/?suite=${suite}&times=${times}`)).text());
    runtimes.push({ name: `workerd ${versionOf('workerd')}`, ask });
    const table = await measure(runtimes);
    if (values.json) console.log(JSON.stringify(Object.fromEntries(table)));
    else print(table);
  });
} finally {
  for (const end of ends.reverse()) await end();
}
