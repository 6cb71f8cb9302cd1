/**
 * Bundles the package's entries and its workers: an entry is then a few files to read instead of some fifty, which is
 * most of the time from nothing to the first prediction. They are made of the sources, where enums are known to be
 * such: their members become numbers, and what is left of them nothing. Names stay as they are, for stack traces name
 * the functions, and lines are short, for engines print the one that an uncaught error came from; blanks go, which were
 * a fifth of all.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';

/** The files of a folder whose names end so. */
function sources(folder, ending) {
  const names = readdirSync(folder).filter(name => name.endsWith(ending));
  return names.map(name => `${folder}/${name}`);
}

const options = {
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  write: false,
  minifySyntax: true,
  format: 'esm',
  target: 'es2022',
  packages: 'external',
  external: ['node:*', '*.wasm', '*.wasm?module'],
  logLevel: 'warning',
  // src/disposal.ts is imported for its types.
  logOverride: { 'ignored-bare-import': 'silent' },
};

/** Puts src/forwardOnly.ts' names for their values, in time for esbuild to see what is not used because of them. */
function replaced({ forwardOnly = false, chainsOnly = false }) {
  const imported = /^import \{ [A-Z_, ]+ \} from '.*\/forwardOnly\.js';$/m;
  const setup = ({ onLoad, onResolve }) => {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      return { contents: readFileSync(path, 'utf8').replace(imported, ''), loader: 'ts' };
    });
    // What inlineWasm.js has written.
    onResolve({ filter: /inlineBytes\.js$/ }, () => ({ path: join(process.cwd(), 'dist/hosts/inlineBytes.js') }));
  };
  const define = { FORWARD_ONLY: String(forwardOnly), CHAINS_ONLY: String(chainsOnly) };
  return { define, plugins: [{ name: 'replaced', setup }] };
}

/**
 * Bundles some files into dist. Parts that they share lie beside the entries, so that addresses relative to a module
 * lead to the same files from there as from src/hosts. esbuild knows the enums, but leaves in what is not used where an
 * object or a list is spread in it: a thirtieth of what predicts. So Rollup goes over it once more.
 */
async function bundle(entryPoints, leftOut = {}) {
  const shared = 'entries/shared-[hash]';
  const parts = { entryPoints, splitting: true, chunkNames: shared };
  const { outputFiles } = await build({ ...options, ...replaced(leftOut), ...parts });
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  const inputs = entryPoints.map(path => relative('src', path).replace(/\.ts$/, ''));
  const whole = await rollup({
    // Files of WebAssembly that are imported lie where they did.
    makeAbsoluteExternalsRelative: false,
    input: Object.fromEntries(inputs.map(name => [name, resolve('dist', `${name}.js`)])),
    plugins: [
      {
        name: 'what esbuild has made',
        resolveId(id, importer = '.') {
          const path = resolve(dirname(importer), id);
          return texts.has(path) ? path : false;
        },
        load: path => texts.get(path),
      },
    ],
  });
  const { output } = await whole.generate({ chunkFileNames: `${shared}.js`, minifyInternalExports: false });
  for (const { fileName, code } of output) {
    const short = { minifyWhitespace: true, minifySyntax: true, lineLimit: 120, target: options.target };
    const path = `dist/${fileName}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, mended((await transform(code, short)).code));
  }
}

/**
 * Within the limit of lines addresses are broken too, which bundlers look for as they stand: in one piece. And with the
 * blanks went what tells them to leave alone what is imported by a name that is only known when it is.
 */
function mended(code) {
  const whole = code.replaceAll('\\\n', '').replace(/\bimport\.\s*meta\.\s*url\b/g, 'import.meta.url');
  return whole.replace(/\bimport\((?=[\w$]+\)|\[)/g, 'import(/* webpackIgnore: true */ /* @vite-ignore */ ');
}

const entries = sources('src/entries', '.ts');
const predicting = entries.filter(path => path.includes('/predict.'));
const chains = entries.filter(path => path.includes('/chains.'));
// What predicts shares nothing with what trains, so that it has to read its own half alone; its entries share that
// half.
await bundle(predicting, { forwardOnly: true });
await bundle(chains, { forwardOnly: true, chainsOnly: true });
// What reads data shares nothing with models either, nor what predicts rows of tables without WebAssembly: each is one
// file.
const alone = ['src/entries/data.ts', 'src/entries/tabular.predict.ts'];
for (const path of alone) await bundle([path]);
const apart = [...predicting, ...chains, ...alone];
const whole = entries.filter(path => !apart.includes(path));
await bundle([...whole, ...sources('src/hosts', 'Worker.ts')]);
