/** Files that grow, and folders and names that are looked at before there is anything to write. */
import { appendFile, copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { failure } from './failure.js';
import { temporaryName } from './leftovers.js';
import { destination, saveAtomically } from './save.js';

const MEND = 'check its folder and the space left';

/** Writes bytes behind those that a file has. */
export async function append(path: string, bytes: Uint8Array): Promise<void> {
  await appendFile(path, bytes).catch(cause => {
    throw failure(path, 'a file that can be written', cause, MEND);
  });
}

/** Makes a folder, with those that it lies in, where there is none. */
export async function makeFolder(path: string): Promise<void> {
  await makeFolders(resolve(path)).catch(cause => {
    throw failure(path, 'a folder, or a name that is free', cause, MEND);
  });
}

/** What mkdir's own recursion does, which on Node 20 never ends in folders that refuse new ones, such as /proc. */
async function makeFolders(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch(async cause => {
      const isThere = await stat(path).then(
        found => found.isDirectory(),
        () => false,
      );
      if (!isThere) throw cause;
    });
  try {
    await make();
  } catch (cause) {
    const above = dirname(path);
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw cause;
    await makeFolders(above);
    await make();
  }
}

/** Refuses a path at which no file can be saved: by saving nothing beside it. */
export async function checkWritable(path: string): Promise<void> {
  const { target } = await destination(path);
  const temporary = join(dirname(target), await temporaryName());
  try {
    await (await open(temporary, 'wx')).close();
    await rm(temporary, { force: true });
  } catch (cause) {
    throw failure(path, 'a file that can be written', cause, MEND);
  }
}

/**
 * Saves a file, and keeps those before it, `keep` of them in all: `path.1` is the last one, `path.2` the one before.
 */
export async function saveKeeping(path: string, bytes: Uint8Array, keep = 1): Promise<void> {
  const absent = () => undefined;
  for (let age = keep - 1; age > 1; age--) await rename(`${path}.${age - 1}`, `${path}.${age}`).catch(absent);
  // Copied, so that there is one at the path at any moment.
  if (keep > 1) await copyFile(path, `${path}.1`).catch(absent);
  await saveAtomically(path, bytes);
}
