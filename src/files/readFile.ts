import { wrongKind } from '../errors.js';
import type { Bytes } from '../kinds.js';
import { failure } from './failure.js';

/** Bytes that are read at once, at most. */
const PIECE = 1 << 20;

/** What opens files, where there are some: its name is no bundler's to follow. */
async function openFiles(): Promise<typeof import('node:fs/promises')> {
  // In two pieces, for whoever makes code short puts a constant's text in its place.
  const name = ['node:fs', 'promises'].join('/');
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name).catch(cause => {
    const mend = 'give bytes, a Response or a stream';
    throw Object.assign(wrongKind('a reader', 'a platform with files', 'a path', mend), { cause });
  });
}

async function openFile(path: string | URL) {
  const files = await openFiles();
  return files.open(path).catch(cause => {
    throw unreadable(path, cause);
  });
}

/** What is in a folder, in the order of the names' code units, but for names that begin with a dot. */
export async function listFolder(path: string): Promise<{ readonly name: string; readonly isFolder: boolean }[]> {
  const files = await openFiles();
  const entries = await files.readdir(path, { withFileTypes: true }).catch(cause => {
    throw failure(path, 'a folder that can be read', cause, 'check the path');
  });
  const named = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(
    named.map(async entry => {
      const { name } = entry;
      if (!entry.isSymbolicLink()) return { name, isFolder: entry.isDirectory() };
      const own = `${path}/${name}`;
      const ahead = await files.stat(own).catch(cause => {
        throw failure(own, 'a link that leads to a file', cause, 'remove it');
      });
      return { name, isFolder: ahead.isDirectory() };
    }),
  );
}

/** Whether a file can be read again, as no pipe can. */
export async function isReadAgain(path: string): Promise<boolean> {
  const files = await openFiles();
  return files.stat(path).then(
    found => found.isFile(),
    () => false,
  );
}

function unreadable(path: string | URL, cause: unknown): RangeError {
  return failure(String(path), 'a file that can be read', cause, 'check the path');
}

/** The bytes of a file, a pipe or a device, piece by piece. */
export async function* piecesOfFile(path: string | URL): AsyncGenerator<Bytes> {
  const file = await openFile(path);
  try {
    // Many are small; what has no size, such as a pipe, says 0. One byte more finds the end without another piece.
    const { size } = await file.stat();
    const length = size > 0 && size < PIECE ? size + 1 : PIECE;
    for (let room = new Uint8Array(length); ; ) {
      const { bytesRead } = await file.read(room, 0, room.length, null).catch(cause => {
        throw unreadable(path, cause);
      });
      if (bytesRead === 0) return;
      yield room.subarray(0, bytesRead);
      room = bytesRead < room.length ? room.subarray(bytesRead) : new Uint8Array(length);
    }
  } finally {
    await file.close();
  }
}

/** A file of which parts are read. */
export async function partsOfFile(path: string | URL) {
  const file = await openFile(path);
  const { size } = await file.stat();
  return {
    byteLength: size,
    async slice(start: number, end = size): Promise<ArrayBuffer> {
      const bytes = new Uint8Array(end - start);
      await file.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
    close: () => file.close(),
  };
}
