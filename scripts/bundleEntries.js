/**
 * Bundles the package's entries and its workers: an entry is then a few files to read instead of some fifty, which is
 * most of the time from nothing to the first prediction. They are made of the sources, where enums are known to be
 * such: their members become numbers, and what is left of them nothing. Names stay as they are, for stack traces name the
 * functions, and lines are short, for engines print the one that an uncaught error came from; blanks go, which were a
 * fifth of all.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The files of a folder whose names end so. */
function sources(folder, ending) {
  const names = readdirSync(folder).filter(name => name.endsWith(ending));
  return names.map(name => `${folder}/${name}`);
}

const options = {
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  format: 'esm',
  target: 'es2022',
  packages: 'external',
  external: ['node:*', '*.wasm', '*.wasm?module'],
  logLevel: 'warning',
  // src/disposal.ts is imported for its types.
  logOverride: { 'ignored-bare-import': 'silent' },
  plugins: [
    {
      name: 'what inlineWasm.js has written',
      setup({ onResolve }) {
        onResolve({ filter: /inlineBytes\.js$/ }, () => ({ path: join(process.cwd(), 'dist/hosts/inlineBytes.js') }));
      },
    },
  ],
};

/** Options that put src/forwardOnly.ts' name for its value, in time for esbuild to see what is not used because of it. */
function forwardOnly(value) {
  const imported = /^import \{ FORWARD_ONLY \} from '.*';$/m;
  const setup = ({ onLoad }) => {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      return { contents: readFileSync(path, 'utf8').replace(imported, ''), loader: 'ts' };
    });
  };
  return { define: { FORWARD_ONLY: String(value) }, plugins: [...options.plugins, { name: 'forwardOnly', setup }] };
}

const entries = sources('src/entries', '.ts');
const predicting = entries.filter(path => path.includes('/predict.'));
// Parts that entries share lie beside them, so that addresses relative to a module lead to the same files from there as from src/hosts.
const shared = { ...options, splitting: true, chunkNames: 'entries/shared-[hash]' };

// What predicts shares nothing with what trains, so that it has to read its own half alone; its entries share that half.
await build({ ...shared, ...forwardOnly(true), entryPoints: predicting });
// What reads data shares nothing with models either, nor what predicts rows of tables without WebAssembly: each is one file.
const alone = ['src/entries/data.ts', 'src/entries/tabular.predict.ts'];
for (const path of alone) await build({ ...options, entryPoints: [path] });
const whole = entries.filter(path => !predicting.includes(path) && !alone.includes(path));
await build({ ...shared, ...forwardOnly(false), entryPoints: [...whole, ...sources('src/hosts', 'Worker.ts')] });

// Within the limit of lines addresses are broken too, which bundlers look for as they stand: in one piece. And with the
// blanks went what tells them to leave alone what is imported by a name that is only known when it is.
const untold = /\bimport\((?=[\w$]+\)|\[)/g;
for (const path of [...sources('dist/entries', '.js'), ...sources('dist/hosts', 'Worker.js')]) {
  const text = readFileSync(path, 'utf8').replaceAll('\\\n', '');
  const whole = text.replace(/\bimport\.\s*meta\.\s*url\b/g, 'import.meta.url');
  writeFileSync(path, whole.replace(untold, 'import(/* webpackIgnore: true */ /* @vite-ignore */ '));
}
