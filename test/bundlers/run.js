/**
 * Proves the packed package in bundles for Node and for pages: with each bundler and each of its formats the program
 * runs and gives what it gives unbundled, or ends in one clear error that names `myelin/inline`; a bundle of
 * `myelin/inline` runs always. Then in jest and in vitest with jsdom, which have realms of their own. Prints a table;
 * ends with exit code 1 where it is otherwise.
 *
 *     npm run build && npm ci --prefix test/bundlers && node test/bundlers/run.js [PACKAGE.tgz]
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import nodeResolve from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { build as tsdown } from 'tsdown';
import * as vite from 'vite';
import webpack from 'webpack';
import { hasChromium, startBrowser } from '../runtimes/browser.js';
import { scratchProject } from '../runtimes/scratch.js';

const here = fileURLToPath(new URL('.', import.meta.url));
// The packed package beside the bundlers, for some of them follow no links.
const scratch = scratchProject(process.argv[2]).folder;
for (const name of ['myelin', '@assemblyscript']) {
  const there = join(here, 'node_modules', name);
  rmSync(there, { recursive: true, force: true });
  cpSync(join(scratch, 'node_modules', name), there, { recursive: true });
}
rmSync(scratch, { recursive: true });
const folder = join(here, 'work');
rmSync(folder, { recursive: true, force: true });
cpSync(join(here, 'programs'), folder, { recursive: true });

const builtinModules = /^node:/;

/** Builds `entry` into `outdir`, as ES modules or CommonJS. */
const bundlers = {
  esbuild: ({ entry, outdir, format, ending }) =>
    esbuild.build({
      entryPoints: [entry],
      outdir,
      bundle: true,
      platform: 'node',
      format,
      logLevel: 'error',
      outExtension: { '.js': ending },
    }),

  webpack: ({ entry, outdir, format, ending, name }) =>
    new Promise((resolve, reject) => {
      const library = format === 'esm' && {
        experiments: { outputModule: true },
        output: { module: true, chunkFormat: 'module', path: outdir, filename: `${name}${ending}` },
      };
      const options = {
        mode: 'production',
        target: 'node20',
        context: folder,
        entry,
        output: { path: outdir, filename: `${name}${ending}` },
        performance: { hints: false },
        ...library,
      };
      webpack(options, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
        else resolve();
      });
    }),

  rollup: async ({ entry, outdir, format, ending }) => {
    const bundle = await rollup({
      input: entry,
      external: builtinModules,
      plugins: [nodeResolve({ exportConditions: ['node'] })],
      onwarn() {},
    });
    await bundle.write({
      dir: outdir,
      format,
      entryFileNames: `[name]${ending}`,
      chunkFileNames: `[name]-[hash]${ending}`,
    });
  },

  tsdown: ({ entry, outdir, format }) =>
    tsdown({
      entry,
      outDir: outdir,
      format,
      platform: 'node',
      cwd: folder,
      config: false,
      dts: false,
      noExternal: [/.*/],
      inlineOnly: false,
      logLevel: 'silent',
    }),

  vite: ({ entry, outdir, format, ending }) =>
    vite.build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true, target: 'node' },
      build: { ssr: entry, outDir: outdir, rollupOptions: { output: { format, entryFileNames: `[name]${ending}` } } },
    }),
};

function runs(file) {
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
  try {
    return JSON.parse(stdout);
  } catch {
    return { error: `${stdout}${stderr}`.trim().slice(0, 600) };
  }
}

/** The same for pages, which need Chromium. */
const pageBundlers = {
  esbuild: ({ entry, outdir, format }) =>
    esbuild.build({
      entryPoints: [entry],
      outdir,
      bundle: true,
      format: format === 'esm' ? 'esm' : 'iife',
      logLevel: 'error',
    }),

  webpack: ({ entry, outdir, format, name }) =>
    new Promise((resolve, reject) => {
      const module = format === 'esm';
      const output = { path: outdir, filename: `${name}.js`, ...(module && { module, chunkFormat: 'module' }) };
      const experiments = module ? { outputModule: true } : {};
      const options = { mode: 'production', target: 'web', context: folder, entry, output, experiments };
      webpack({ ...options, performance: { hints: false } }, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
        else resolve();
      });
    }),

  rollup: async ({ entry, outdir, format, name }) => {
    const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })], onwarn() {} });
    await bundle.write({ file: join(outdir, `${name}.js`), format: format === 'esm' ? 'es' : 'iife' });
  },
};

const expected = JSON.stringify(runs(join(folder, 'app.js')).result);

/**
 * Prints what came of a bundle; nothing but the right answer or the one clear error will do, and of `myelin/inline` the
 * answer alone.
 */
function tell(what, program, outcome) {
  const ran = JSON.stringify(outcome.result) === expected;
  const named = program === 'app' && /^myelin\/wasm\/\S+: expected .*import 'myelin\/inline'/.test(outcome.error);
  console.log(`${what.padEnd(16)} ${program.padEnd(7)} ${ran ? 'runs' : named ? 'names the way' : 'fails'}`);
  if (!ran) console.log(outcome);
  if (!ran && !named) process.exitCode = 1;
}

const browser = hasChromium() ? await startBrowser() : undefined;
if (!browser) console.log('no Chromium here: nothing is said of pages');
for (const [name, build] of browser ? Object.entries(pageBundlers) : []) {
  for (const format of ['esm', 'script']) {
    for (const program of ['app', 'inline']) {
      const outdir = join(folder, `${name}-page-${format}-${program}`);
      mkdirSync(outdir);
      const type = format === 'esm' ? 'type="module"' : '';
      writeFileSync(join(outdir, 'index.html'), `<!doctype html><script defer ${type} src="./${program}.js"></script>`);
      const read = { wait: 'window.outcome !== undefined', read: 'window.outcome' };
      const outcome = await build({ entry: join(folder, `${program}.js`), outdir, format, name: program })
        .then(() => browser.open(outdir, 'index.html', read))
        .catch(error => ({ error: error.stack.slice(0, 1500) }));
      tell(`${name} page ${format}`, program, outcome);
    }
  }
}
await browser?.close();

for (const [name, build] of Object.entries(bundlers)) {
  for (const format of ['esm', 'cjs']) {
    for (const program of ['app', 'inline']) {
      const outdir = join(folder, `${name}-${format}-${program}`);
      mkdirSync(outdir);
      const ending = format === 'esm' ? '.mjs' : '.cjs';
      let outcome;
      try {
        await build({ entry: join(folder, `${program}.js`), outdir, format, ending, name: program });
        const file = readdirSync(outdir).find(file => file.startsWith(`${program}.`) && /js$/.test(file));
        outcome = runs(join(outdir, file));
      } catch (error) {
        outcome = { error: `does not build: ${error.stack}`.slice(0, 1500) };
      }
      tell(`${name} ${format}`, program, outcome);
    }
  }
}

const tool = path => join(here, 'node_modules', path);

/** Runs one of the tools to its end; gives whether it was content. */
function check(what, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
    // Vite leaves NODE_ENV at production, with which vitest takes tests for a page's code.
    env: { ...process.env, NODE_ENV: 'test' },
    ...options,
  });
  console.log(`${what.padEnd(20)} ${status === 0 ? 'runs' : 'fails'}`);
  if (status === 0) return true;
  console.log(`${stdout}${stderr}`.slice(-3000));
  process.exitCode = 1;
  return false;
}

const vm = '--experimental-vm-modules';
check('jest', [vm, tool('jest/bin/jest.js'), '--rootDir', folder, '--testMatch', '**/realms.test.js', '--forceExit']);
check('vitest with jsdom', [tool('vitest/vitest.mjs'), 'run', '--root', folder]);

const next = {
  cwd: join(folder, 'next'),
  env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
};
if (check('next (Turbopack)', [tool('next/dist/bin/next'), 'build'], next)) {
  const server = spawn(process.execPath, [tool('next/dist/bin/next'), 'start', '-p', '0'], next);
  const address = await new Promise((resolve, reject) => {
    let said = '';
    server.stdout.on('data', chunk => {
      said += chunk;
      const [found] = /http:\/\/localhost:[1-9]\d*/.exec(said) ?? [];
      if (found) resolve(found);
    });
    server.on('exit', () => reject(new Error(said)));
  });
  const answer = await (await fetch(`${address}/api`)).json();
  server.kill();
  if (JSON.stringify(answer.result) !== expected) {
    console.log('next answers', answer);
    process.exitCode = 1;
  }
}
rmSync(folder, { recursive: true });
