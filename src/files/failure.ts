/** What the system says of a file, in the one voice. */
import { messageOf, shorten, wrongValue } from '../errors.js';

/** A path for a message, which repeats nothing else. */
export function quotePath(path: string): string {
  return `'${shorten(path, 80)}'`;
}

/** The error of the system, in words. */
export function failure(path: string, expected: string, cause: unknown, mend: string): RangeError {
  const { code } = cause as { code?: unknown };
  const got = REASONS.get(String(code)) ?? shorten(messageOf(cause));
  return Object.assign(wrongValue(`file ${quotePath(path)}`, expected, got, mend), { cause });
}

/** The system's codes in words, where people meet them often. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or folder'],
  ['EISDIR', 'a folder'],
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  ['EROFS', 'a file system that cannot be written'],
  ['ENOSPC', 'a full disk'],
  ['EDQUOT', 'no room left of your share of the disk'],
  ['EFBIG', 'a file larger than this process may write'],
  ['EMFILE', 'too many open files'],
  ['ENOTDIR', 'a file in the place of a folder'],
  ['ENAMETOOLONG', 'a name that is too long'],
  ['ERR_INVALID_ARG_VALUE', 'a name that no file can have'],
]);
