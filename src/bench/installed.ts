/** Libraries that are installed where the user works, or in the folder of peers of a checkout; nowhere else. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Absent } from './contest.js';

/** A library's own names, its version, and the folder of its main file. */
export interface Installed<Names> {
  readonly names: Names;
  readonly version: string;
  readonly folder: string;
}

/** Imports a package. Throws {@link Absent} where there is none, with how to install it. */
export async function load<Names>(name: string): Promise<Installed<Names>> {
  for (const place of [process.cwd(), process.env.MYELIN_PEERS ?? '']) {
    const require = createRequire(join(place, 'package.json'));
    let main: string;
    try {
      main = require.resolve(name);
    } catch {
      continue;
    }
    return { names: await importFrom<Names>(require, main), version: versionOf(name, main), folder: dirname(main) };
  }
  throw new Absent(`npm install ${name}`);
}

async function importFrom<Names>(require: NodeJS.Require, main: string): Promise<Names> {
  try {
    return require(main) as Names;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ESM') throw error;
    return (await import(pathToFileURL(main).href)) as Names;
  }
}

/** Of the manifest above its main file. */
function versionOf(name: string, main: string): string {
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === name && manifest.version) return manifest.version;
    } catch {}
  }
  return '';
}
