import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { wrongValue } from '../errors.js';

/**
 * Writes `bytes` to `path` so that, whatever happens, `path` holds either all of the old file or all of the new one.
 *
 * The bytes go to a temporary file in the same folder, are flushed to the disk, and take the name by one rename. Saves
 * to one path at the same time do not mix: the last rename wins. Where it fails, the temporary file is removed.
 *
 * @throws RangeError with the system's error as its `cause`
 */
export async function saveAtomically(path: string, bytes: Uint8Array): Promise<void> {
  // The name does not grow out of the target's, which may already be as long as the file system allows.
  const temporary = join(dirname(path), `.myelin-${process.pid}-${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      // Without this a crash soon after the rename could leave the new name on data that never reached the disk.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
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

function failure(path: string, expected: string, cause: unknown, mend: string): RangeError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const got = (code === undefined ? undefined : REASONS.get(code)) ?? String(cause);
  return Object.assign(wrongValue(`file '${path}'`, expected, got, mend), { cause });
}

/** The system's codes in words, where people meet them often. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or folder'],
  ['EISDIR', 'a folder'],
  ['EACCES', 'no permission'],
  ['ENOSPC', 'a full disk'],
]);
