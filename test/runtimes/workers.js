/** Runs a Worker in workerd, Cloudflare's runtime, as a deployed one is: bundled, each imported .wasm a compiled module beside it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

/** Bundles `entry` of the folder and hands `use` what fetches from it. */
export async function withWorker(folder, entry, use) {
  const outdir = join(folder, `bundled-${entry}`);
  await build({
    entryPoints: [join(folder, entry)],
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    logLevel: 'error',
  });
  const files = readdirSync(outdir);
  const modules = ['.js', '.wasm'].flatMap(ending => files.filter(file => file.endsWith(ending)));
  const workerd = new Miniflare({
    compatibilityDate: '2026-04-01',
    modulesRoot: outdir,
    modules: modules.map(file => {
      return { type: file.endsWith('.js') ? 'ESModule' : 'CompiledWasm', path: join(outdir, file) };
    }),
  });
  try {
    await workerd.ready;
    return await use((path, init) => workerd.dispatchFetch(`http://worker${path}`, init));
  } finally {
    await workerd.dispose();
  }
}
