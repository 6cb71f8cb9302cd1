/**
 * Joins the declarations into a file for each entry and a few that entries share: what is inside the library is
 * nobody's to see, and hundreds of small files take more than twice their size on disks.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const all = readdirSync('dist', { recursive: true }).filter(path => path.endsWith('.d.ts'));
// One of them is for the command line alone, which has no declarations.
const entries = readdirSync('dist/entries').filter(name => name.endsWith('.d.ts') && name !== 'inside.d.ts');
const input = Object.fromEntries(entries.map(name => [name.slice(0, -'.d.ts'.length), join('dist/entries', name)]));
// This one's program lies with the command line's.
input.report = 'dist/report/index.d.ts';

const bundle = await rollup({
  input,
  plugins: [dts()],
  // What is internal is nowhere: it may be missed by what nobody sees, and by nothing else.
  shimMissingExports: true,
  onwarn({ code, message }) {
    // Classes that others extend have no names of their own in the entries, on purpose.
    if (code !== 'SHIMMED_EXPORT' && !message.includes('no public re-export')) throw new Error(message);
  },
});
for (const path of all) rmSync(join('dist', path));
const options = { dir: 'dist/entries', entryFileNames: '[name].d.ts', chunkFileNames: 'types-[hash].d.ts' };
const { output } = await bundle.write(options);
for (const { fileName, code } of output) {
  if (code.includes('_missingExportShim')) throw new Error(`${fileName}: a declaration hangs on an internal one`);
}
