/**
 * Runs a Worker in workerd, Cloudflare's runtime, as a deployed one is: built by Wrangler, with what it imports beside
 * it.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { Miniflare } from 'miniflare';
import { installed } from './scratch.js';

const DATE = '2026-04-01';
const types = { '.js': 'ESModule', '.wasm': 'CompiledWasm', '.safetensors': 'Data' };

/**
 * Builds `entry` of the folder, by the folder's wrangler.toml where there is one, and hands `use` what fetches from it,
 * and when workerd was started.
 */
export async function withWorker(folder, entry, use) {
  const outdir = join(folder, `built-${basename(entry)}`);
  const wrangler = installed('wrangler/bin/wrangler.js');
  const args = ['deploy', entry, '--dry-run', '--outdir', outdir, '--name', 'worker', '--compatibility-date', DATE];
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' };
  execFileSync(process.execPath, [wrangler, ...args], { cwd: folder, env, stdio: 'pipe' });
  const built = readdirSync(outdir).filter(file => extname(file) in types);
  // The script first, which is the one that runs.
  built.sort((a, b) => Number(b.endsWith('.js')) - Number(a.endsWith('.js')));
  const started = performance.now();
  const workerd = new Miniflare({
    compatibilityDate: DATE,
    kvNamespaces: ['MODELS'],
    modulesRoot: outdir,
    modules: built.map(file => ({ type: types[extname(file)], path: join(outdir, file) })),
  });
  try {
    await workerd.ready;
    return await use((path, init) => workerd.dispatchFetch(`http://worker${path}`, init), started);
  } finally {
    await workerd.dispose();
  }
}
