/**
 * Bundles the command line and the small libraries it is made of into one file, dist/cli/myelin.js, and their licences
 * beside it. The library's entry stays outside the bundle, so that a package holds it once.
 */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = 'dist/cli/myelin.js';

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/myelin.ts'],
  outfile: bundle,
  bundle: true,
  minify: true,
  lineLimit: 120,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // The bundled CommonJS libraries call require for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  },
  external: ['../entries/node.js'],
  metafile: true,
  logLevel: 'warning',
});
chmodSync(join(root, bundle), 0o755);

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
writeFileSync(join(root, dirname(bundle), 'THIRD-PARTY-LICENSES.txt'), [heading, ...notices].join(line));
