/**
 * Bundles the command line and the small libraries it is made of into dist/cli, and their licences beside it: the
 * command itself, its benchmarks, which are read only when they are asked for, what these start as programs of their
 * own, and `myelin/report`, which draws with a library as the command's own reports do. The library's entries stay
 * outside, so that a package holds them once.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = 'dist/cli';

/** The commit that is built, marked where files differ from it; a copy of the sources without Git has none. */
function commit() {
  try {
    const options = { cwd: root, encoding: 'utf8', stdio: 'pipe' };
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=7', '--exclude=*'], options).trim();
  } catch {
    return 'unknown';
  }
}

/** The probe of the machine's limit, which is no part of what the package runs otherwise; as text, it is small. */
async function probe(target) {
  let binary;
  const options = ['--config', 'asconfig.json', '--target', target, '--outFile', 'peak.wasm'];
  const { error, stderr } = await asc.main(['bench/assembly/peak.ts', ...options], {
    readFile: (name, base) => readFile(join(base, name), 'utf8').catch(() => null),
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error) throw new Error(`bench/assembly/peak.ts does not compile:\n${stderr.toString()}`, { cause: error });
  return JSON.stringify(Buffer.from(binary).toString('base64'));
}

/** The library's files that src/entries/inside.ts exports whole. */
const inside = new Set(
  [...readFileSync(join(root, 'src/entries/inside.ts'), 'utf8').matchAll(/^export \* from '\.\.\/(.*)';$/gm)].map(
    ([, file]) => join(root, 'src', file),
  ),
);

const options = {
  absWorkingDir: root,
  outdir: out,
  bundle: true,
  minify: true,
  lineLimit: 120,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // The bundled CommonJS libraries call require for Node's own modules.
  banner: {
    js: [
      '#!/usr/bin/env node',
      "import { createRequire } from 'node:module';",
      'const require = createRequire(import.meta.url);',
    ].join('\n'),
  },
  define: {
    MYELIN_COMMIT: JSON.stringify(commit()),
    PEAK_SIMD: await probe('simd'),
    PEAK_RELAXED: await probe('relaxed'),
  },
  plugins: [
    {
      name: 'entries stay outside, and what one of them has of the inside',
      setup({ onResolve }) {
        onResolve({ filter: /\/entries\/[\w.]+\.js$/ }, ({ path }) => ({
          path: path.replace(/^.*\/entries\//, '../entries/'),
          external: true,
        }));
        onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
          return inside.has(join(resolveDir, path)) ? { path: '../entries/inside.js', external: true } : undefined;
        });
      },
    },
    {
      name: 'scales lead from numbers to places alone: no colours between two',
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^d3-interpolate$/ }, ({ path }) => ({ path, namespace: 'numbers' }));
        const between = 'export const interpolateNumber = (a, b) => t => a * (1 - t) + b * t;';
        const others = ['interpolate', 'interpolateRound', 'piecewise'].map(name => `interpolateNumber as ${name}`);
        const contents = `${between}\nexport { ${others.join(', ')} };`;
        onLoad({ filter: /.*/, namespace: 'numbers' }, () => ({ contents }));
      },
    },
  ],
  // What the package depends on is installed with it.
  external: ['@assemblyscript/loader'],
  metafile: true,
  logLevel: 'warning',
};

rmSync(join(root, out), { recursive: true, force: true });
const { metafile } = await build({
  ...options,
  entryPoints: { myelin: 'src/cli/myelin.ts', contestant: 'src/bench/own/main.ts', report: 'src/report/index.ts' },
  splitting: true,
  chunkNames: 'part-[hash]',
});
// Peers share nothing with the rest, and are one file to read.
await build({ ...options, entryPoints: { peers: 'bench/peers/main.ts' } });
chmodSync(join(root, out, 'myelin.js'), 0o755);
for (const name of readdirSync(join(root, 'bench/peers/adapters')).filter(name => name.endsWith('.py'))) {
  copyFileSync(join(root, 'bench/peers/adapters', name), join(root, out, name));
}

const folders = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
  if (folder !== undefined) folders.add(folder);
}
const notices = [...folders].sort().map(folder => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, folder)).find(entry => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${folder}: expected a licence file`);
  const text = readFileSync(join(root, folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
if (notices.length === 0) throw new Error('expected bundled packages, found none');
const line = `\n${'-'.repeat(80)}\n\n`;
const heading = 'The command line (myelin.js) contains these packages, each under its own licence.\n';
writeFileSync(join(root, out, 'THIRD-PARTY-LICENSES.txt'), [heading, ...notices].join(line));
