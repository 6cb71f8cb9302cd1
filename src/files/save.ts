import type { Stats } from 'node:fs';
import { lstat, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { wrongValue } from '../errors.js';
import { failure, quotePath } from './failure.js';
import { removeLeftovers, temporaryName } from './leftovers.js';

/**
 * Writes `bytes` to `path` so that, whatever happens, `path` holds either all of the old file or all of the new one.
 *
 * The bytes go to a temporary file in the same folder, are flushed to the disk, and take the name by one rename. Saves
 * to one path at the same time do not mix: the last rename wins. Where it fails, the temporary file is removed; where
 * the process is killed, the next save into that folder removes it. A link stays and what it names is replaced; an old
 * file's permissions stay, and its owner where the system allows.
 *
 * @throws RangeError where `path` is a folder, a device or a pipe, or with the system's error as its `cause`
 */
export async function saveAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const { target, old } = await destination(path);
  const folder = dirname(target);
  const temporary = join(folder, await temporaryName());
  try {
    const file = await open(temporary, 'wx');
    try {
      // Before the bytes are written: they may need the room.
      await removeLeftovers(folder, (await file.stat()).mtimeMs);
      if (old !== undefined) {
        await file.chown(old.uid, old.gid).catch(() => undefined);
        await file.chmod(old.mode & 0o777);
      }
      await file.writeFile(bytes);
      // Without this a crash soon after the rename could leave the new name on data that never reached the disk.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    // Where even the removal fails, the first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw failure(
      path,
      'a file that can be written',
      cause,
      'check its folder and the space left; nothing was changed',
    );
  }
}

/**
 * The file that a save to `path` writes, links followed, and what is known of the one that is there.
 *
 * @throws RangeError where something else than a file is there
 */
export async function destination(path: string): Promise<{ target: string; old: Stats | undefined }> {
  const target = await realpath(path).catch(() => path);
  const old = await lstat(target).catch(() => undefined);
  if (old !== undefined && !old.isFile()) {
    const got = old.isDirectory() ? 'a folder' : old.isSymbolicLink() ? 'a link to nothing' : 'a device or a pipe';
    throw wrongValue(`file ${quotePath(path)}`, 'a file, or a name that is free', got, 'give the name of a file');
  }
  return { target, old };
}

/**
 * All bytes of the file at `path`.
 *
 * @throws RangeError with the system's error as its `cause`, where the file is missing or cannot be read
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    throw failure(path, 'a file that can be read', cause, 'check the path');
  }
}
