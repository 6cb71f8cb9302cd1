/**
 * Proves the packed package in the runtimes it is for: installs it into a project of its own, and runs the conformance
 * script there in each of them. The same model file has to give the same predictions, and the same training steps the
 * same parameters, bit for bit. Prints a table; ends with exit code 1 where anything differs or fails.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/run.js [PACKAGE.tgz]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build as vite } from 'vite';
import { hasChromium, startBrowser } from './browser.js';
import { makeArchitecture } from './conformance.js';
import { edgeRealm } from './edge.js';
import { addPrograms, installed, scratchProject } from './scratch.js';
import { withWorker } from './workers.js';

const { folder } = scratchProject(process.argv[2]);
addPrograms(folder);
const myelin = await import(pathToFileURL(join(folder, 'node_modules/myelin/dist/entries/node.js')).href);
const model = await myelin.Model.create(makeArchitecture(myelin), { seed: 7, deterministic: true });
const file = model.toBytes();
writeFileSync(join(folder, 'model.safetensors'), file);

function output(program, args) {
  return execFileSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 120_000 }).trim();
}
function versionOf(program) {
  return /\d+\.\d+\.\d+/.exec(output(program, ['--version']))?.[0];
}
const versionOfPackage = name => createRequire(import.meta.url)(`${name}/package.json`).version;
const program = (path, ...args) => JSON.parse(output(path, args));

const node = number => installed(`node${number}/bin/node`);
const cases = [];
for (const number of [20, 22, 24, 26]) {
  const version = versionOf(node(number));
  cases.push(['node', version, 'all entries', () => program(node(number), 'files.js')]);
  cases.push(['node', version, 'CommonJS', () => program(node(number), 'commonjs.cjs')]);
}
cases.push(['node', versionOf(node(22)), 'Lambda handler', () => program(node(22), 'lambdaRuntime.mjs')]);
cases.push(['bun', versionOf(installed('.bin/bun')), 'all entries', () => program(installed('.bin/bun'), 'files.js')]);
const denoArgs = ['run', '--allow-read', '--allow-env', '--no-lock', 'files.js'];
cases.push([
  'deno',
  versionOf(installed('.bin/deno')),
  'all entries',
  () => program(installed('.bin/deno'), ...denoArgs),
]);
cases.push([
  'workerd',
  versionOfPackage('workerd'),
  'Worker',
  () => {
    return withWorker(folder, 'worker.js', async get => (await get('/', { method: 'POST', body: file })).json());
  },
]);
cases.push([
  'edge-runtime',
  versionOfPackage('edge-runtime'),
  'fetch handler',
  async () => {
    const realm = await edgeRealm(folder, 'edge.js');
    return (await realm.dispatchFetch('http://edge/', { method: 'POST', body: file })).json();
  },
]);

const browser = hasChromium() ? await startBrowser() : undefined;
if (browser) {
  const version = browser.version;
  const page = (script, imports) => {
    const map = imports ? `<script type="importmap">${JSON.stringify({ imports })}</script>` : '';
    return `<!doctype html><title>myelin</title>${map}<script type="module" src="./${script}"></script>`;
  };
  const modules = '/node_modules/myelin/dist/entries';
  writeFileSync(
    join(folder, 'plain.html'),
    page('page.js', {
      myelin: `${modules}/browser.js`,
      'myelin/predict': `${modules}/predict.browser.js`,
      'myelin/predict/chains': `${modules}/chains.browser.js`,
      '@assemblyscript/loader': '/node_modules/@assemblyscript/loader/index.js',
    }),
  );
  cases.push(['chromium', version, 'plain module', () => browser.open(folder, 'plain.html')]);
  cases.push([
    'chromium',
    version,
    'plain module, isolated',
    () => browser.open(folder, 'plain.html', { isolated: true }),
  ]);

  writeFileSync(join(folder, 'index.html'), page('page.js'));
  const built = join(folder, 'vite');
  await vite({ root: folder, logLevel: 'error', build: { outDir: built, target: 'es2022' } });
  writeFileSync(join(built, 'model.safetensors'), file);
  const viteVersion = `Vite ${versionOfPackage('vite')}`;
  cases.push(['chromium', version, viteVersion, () => browser.open(built, 'index.html')]);
  cases.push([
    'chromium',
    version,
    `${viteVersion}, isolated`,
    () => browser.open(built, 'index.html', { isolated: true }),
  ]);

  const plain = join(folder, 'esbuild');
  mkdirSync(plain);
  await bundle({
    entryPoints: [join(folder, 'inlinePage.js')],
    outdir: plain,
    bundle: true,
    format: 'esm',
    logLevel: 'error',
  });
  writeFileSync(join(plain, 'index.html'), page('inlinePage.js'));
  writeFileSync(join(plain, 'model.safetensors'), file);
  const esbuildVersion = `esbuild ${versionOfPackage('esbuild')}, myelin/inline`;
  cases.push(['chromium', version, esbuildVersion, () => browser.open(plain, 'index.html')]);
}

const rows = [];
for (const [runtime, version, what, run] of cases) {
  let result;
  try {
    result = await run();
  } catch (error) {
    result = { error: error.stderr || error.stack };
  }
  rows.push({ runtime, version, what, result });
  const { predicted = 'failed', trained = '' } = result;
  console.log(`${runtime.padEnd(13)} ${version.padEnd(15)} ${what.padEnd(32)} ${predicted} ${trained}`);
  if (result.error) console.error(result.error);
}
await browser?.close();
rmSync(folder, { recursive: true });

const [first] = rows;
const alike = rows.every(({ result }) => {
  return !result.error && result.predicted === first.result.predicted && result.trained === first.result.trained;
});
if (!browser) console.log('\nno Chromium here: install it (apt-get install chromium) or name it in CHROMIUM');
console.log(alike ? '\nthe same bits everywhere' : '\nnot the same everywhere');
process.exit(alike && browser ? 0 : 1);
