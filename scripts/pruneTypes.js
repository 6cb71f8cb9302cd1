/** Removes the declarations that no entry of the package leads to: what is inside the library is nobody's to see, and takes half of an installation's files. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const reached = new Set();

function reach(path) {
  if (reached.has(path)) return;
  reached.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, specifier] of text.matchAll(/(?:from |import |import\()["'](\.[^"']+)\.js["']/g)) {
    reach(join(dirname(path), `${specifier}.d.ts`));
  }
}

// One of them is for the command line alone, which has no declarations.
const entries = readdirSync('dist/entries').filter(name => name.endsWith('.d.ts') && name !== 'inside.d.ts');
for (const name of entries) reach(join('dist/entries', name));
// This one's program lies with the command line's.
reach('dist/report/index.d.ts');
for (const { parentPath, name } of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = join(parentPath, name);
  if (path.endsWith('.d.ts') && !reached.has(path)) rmSync(path);
}
