/**
 * Runs a script in edge-runtime, on which Vercel's edge functions are tested: a realm of its own, where `import wasm
 * from './x.wasm?module'` gives a module that was compiled outside. The bundling below does what Vercel's build does
 * with such imports.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EdgeRuntime } from 'edge-runtime';
import { build } from 'esbuild';

/** Bundles `entry` of the folder and returns a realm whose `dispatchFetch` answers. */
export async function edgeRealm(folder, entry) {
  const modules = {};
  const compiledAhead = {
    name: 'compiled-ahead',
    setup(plugin) {
      plugin.onResolve({ filter: /\.wasm\?module$/ }, async ({ path, resolveDir, kind }) => {
        const file = path.replace(/\?module$/, '');
        const found = file.startsWith('.')
          ? resolve(resolveDir, file)
          : (await plugin.resolve(file, { resolveDir, kind })).path;
        return { path: found, namespace: 'module' };
      });
      plugin.onLoad({ filter: /.*/, namespace: 'module' }, ({ path }) => {
        const name = `wasm${Object.keys(modules).length}`;
        modules[name] = new WebAssembly.Module(readFileSync(path));
        return { contents: `export default globalThis.${name};` };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [resolve(folder, entry)],
    bundle: true,
    write: false,
    format: 'iife',
    conditions: ['edge-light', 'worker', 'browser'],
    plugins: [compiledAhead],
    logLevel: 'error',
  });
  return new EdgeRuntime({ initialCode: outputFiles[0].text, extend: context => Object.assign(context, modules) });
}
