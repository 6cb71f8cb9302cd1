/** Paths that users give, and whether there are files at all. */
import { wrongKind, wrongType } from '../errors.js';
import { kindOf } from '../kinds.js';
import type { Host } from '../runtime/binaries.js';
import type { FileAccess } from '../runtime/fileAccess.js';

export function checkPath(where: string, path: unknown): string {
  if (typeof path !== 'string') {
    const mends: Partial<Record<string, string>> = {
      URL: 'give fileURLToPath(url)',
      Uint8Array: 'bytes are what Model.fromBytes takes',
    };
    throw wrongType(where, 'a string', path, mends[kindOf(path)]);
  }
  return path;
}

/** The files of the platform that a class of models runs on. */
export function filesOf(host: Host, where: string, mend: string): FileAccess {
  if (!host.files) throw wrongKind(where, 'a platform with files', 'one without', mend);
  return host.files;
}
