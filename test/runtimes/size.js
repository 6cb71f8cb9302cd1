/**
 * Holds the packed package to its budgets: prints a table, and ends with exit code 1 where anything is larger.
 *
 *     npm run build && npm ci --prefix test/runtimes && node test/runtimes/size.js [PACKAGE.tgz]
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { scratchProject } from './scratch.js';

const KB = 1000;
const { folder } = scratchProject(process.argv[2]);
const wasm = join(folder, 'node_modules/myelin/wasm');
const gzip = bytes => gzipSync(bytes, { level: 9 }).length;

/** A minified Worker bundle of `code`, without its .wasm. */
async function workerBundle(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm'],
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

const predicting = await workerBundle(`
  import { Model } from 'myelin/predict';
  export default {
    async fetch(request) {
      const model = await Model.fromBytes(new Uint8Array(await request.arrayBuffer()));
      return Response.json([...model.predict(new Float32Array(4))]);
    },
  };`);
const predictingChains = await workerBundle(`
  import { Model } from 'myelin/predict/chains';
  export default {
    async fetch(request) {
      const model = await Model.fromBytes(new Uint8Array(await request.arrayBuffer()));
      return Response.json([...model.predict(new Float32Array(4))]);
    },
  };`);
const table = await workerBundle(`
  import { TableModel } from 'myelin/tabular/predict';
  export default {
    async fetch(request) {
      const model = await TableModel.fromBytes(new Uint8Array(await request.arrayBuffer()));
      return Response.json(model.predict({ age: 42 }));
    },
  };`);
const everything = await workerBundle(`
  import module from 'myelin/wasm/relaxed.wasm';
  import * as myelin from 'myelin/core';
  export default { fetch: () => myelin.init(module).then(() => Response.json(Object.keys(myelin))) };`);

const rows = [
  ['Worker that predicts rows of tables, gzip', gzip(table), 17 * KB],
  [
    'Worker that predicts, with predict.wasm, gzip',
    gzip(predicting) + gzip(readFileSync(join(wasm, 'predict.wasm'))),
    40 * KB,
  ],
  [
    'Worker that predicts chains, with chains.wasm, gzip',
    gzip(predictingChains) + gzip(readFileSync(join(wasm, 'chains.wasm'))),
    32 * KB,
  ],
  [
    'whole library, with relaxed.wasm, gzip',
    gzip(everything) + gzip(readFileSync(join(wasm, 'relaxed.wasm'))),
    144 * KB,
  ],
];
for (const file of readdirSync(wasm).sort()) {
  const bytes = readFileSync(join(wasm, file));
  rows.push([file, bytes.length, 113 * KB], [`${file}, gzip`, gzip(bytes), 32 * KB]);
}

/** Every file under a folder, in whole blocks as disks keep them and du counts them. */
const modules = join(folder, 'node_modules');
const installedFiles = readdirSync(modules, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
const onDisk = installedFiles.reduce((sum, { parentPath, name }) => {
  return sum + Math.ceil(statSync(join(parentPath, name)).size / 4096) * 4096;
}, 0);
rows.push([`npm install, ${installedFiles.length} files in blocks of 4096`, onDisk, 3 * 2 ** 20]);

const { dependencies = {} } = JSON.parse(readFileSync(join(modules, 'myelin/package.json'), 'utf8'));
rows.push([`runtime dependencies (${Object.keys(dependencies).join(', ')})`, Object.keys(dependencies).length, 1]);
rmSync(folder, { recursive: true });

const width = Math.max(...rows.map(([what]) => what.length));
console.log(`${'what'.padEnd(width)}      size    budget`);
for (const [what, size, budget] of rows) {
  const verdict = size > budget ? '  too large' : '';
  console.log(`${what.padEnd(width)} ${String(size).padStart(9)} ${String(budget).padStart(9)}${verdict}`);
}
process.exitCode = rows.some(([, size, budget]) => size > budget) ? 1 : 0;
