import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readBytes, saveAtomically } from '../../src/files/save.js';

// What the disk does at the moment of flushing; a test may let it fail there, with the bytes half way.
const disk = vi.hoisted(() => ({ onSync: async () => {} }));
vi.mock('node:fs/promises', async importOriginal => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await disk.onSync();
      await sync();
    };
    return file;
  };
  return { ...real, open };
});

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'myelin-save-'));
  path = join(folder, 'model.safetensors');
  disk.onSync = async () => {};
});
afterEach(() => rm(folder, { recursive: true }));

const OLD = Uint8Array.of(1, 2, 3);
const NEW = Uint8Array.of(4, 5, 6, 7);

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => undefined,
    reason => reason,
  );
  if (!(error instanceof Error)) throw new Error('expected a failure');
  return error;
}

test('a saved file holds the bytes, and nothing else is left in the folder', async () => {
  await saveAtomically(path, new Uint8Array([0, 0, ...NEW]).subarray(2));
  expect([...(await readFile(path))]).toEqual([4, 5, 6, 7]);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

test('saving replaces an old file whole, longer or shorter', async () => {
  await saveAtomically(path, NEW);
  await saveAtomically(path, OLD);
  expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

test('the old file is whole until the new one is on the disk', async () => {
  await writeFile(path, OLD);
  let during: number[] = [];
  disk.onSync = async () => {
    during = [...(await readFile(path))];
  };
  await saveAtomically(path, NEW);
  expect(during).toEqual([1, 2, 3]);
  expect([...(await readFile(path))]).toEqual([4, 5, 6, 7]);
});

test('where the disk is full the old file stays whole and nothing is left behind', async () => {
  await writeFile(path, OLD);
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  disk.onSync = () => Promise.reject(full);
  const error = await failureOf(saveAtomically(path, NEW));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.cause).toBe(full);
  expect(error.message).toBe(
    `file '${path}': expected a file that can be written, got a full disk; check its folder and the space left; nothing was changed`,
  );
  expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

test('where the target is a folder nothing is left behind', async () => {
  await mkdir(path);
  const error = await failureOf(saveAtomically(path, NEW));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe(
    `file '${path}': expected a file, or a name that is free, got a folder; give the name of a file`,
  );
  expect(await readdir(folder)).toEqual(['model.safetensors']);
  expect(await readdir(path)).toEqual([]);
});

test('a link stays, and the file that it names is replaced and keeps its permissions', async () => {
  await writeFile(path, OLD);
  await chmod(path, 0o640);
  const link = join(folder, 'link');
  await symlink('model.safetensors', link);
  await saveAtomically(link, NEW);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect([...(await readFile(path))]).toEqual([4, 5, 6, 7]);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

test('a pipe and a link to nothing are refused and stay', async () => {
  execFileSync('mkfifo', [path]);
  expect((await failureOf(saveAtomically(path, NEW))).message).toContain('got a device or a pipe');
  expect((await lstat(path)).isFIFO()).toBe(true);
  const link = join(folder, 'link');
  await symlink('nothing', link);
  expect((await failureOf(saveAtomically(link, NEW))).message).toContain('got a link to nothing');
  expect((await readdir(folder)).sort()).toEqual(['link', 'model.safetensors']);
});

test('a folder that does not exist is named as the trouble', async () => {
  const error = await failureOf(saveAtomically(join(folder, 'missing', 'model.safetensors'), NEW));
  expect(error.message).toContain('got no such file or folder; check its folder');
  expect(error.cause).toMatchObject({ code: 'ENOENT' });
  expect(await readdir(folder)).toEqual([]);
});

test('a name that no file can have is one clear error', async () => {
  const error = await failureOf(saveAtomically(join(folder, 'a\0b'), NEW));
  expect(error.message).toContain('got a name that no file can have; check its folder');
});

test('many saves to one path at once leave one of them, complete', async () => {
  const contents = Array.from({ length: 8 }, (_, i) => new Uint8Array(100_000 + i).fill(i));
  await Promise.all(contents.map(bytes => saveAtomically(path, bytes)));
  const saved = await readFile(path);
  expect(saved.equals(contents[saved[0] ?? -1] ?? OLD)).toBe(true);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

test('a name as long as file systems allow is saved like any other', async () => {
  const name = 'n'.repeat(255);
  await saveAtomically(join(folder, name), NEW);
  expect(await readdir(folder)).toEqual([name]);
});

test('reading gives a plain Uint8Array of all bytes', async () => {
  await writeFile(path, NEW);
  const bytes = await readBytes(path);
  expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  expect([...bytes]).toEqual([4, 5, 6, 7]);
});

test('reading a missing file is one clear error with its cause', async () => {
  const error = await failureOf(readBytes(path));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe(
    `file '${path}': expected a file that can be read, got no such file or folder; check the path`,
  );
  expect(error.cause).toMatchObject({ code: 'ENOENT' });
});

test('reading a folder is one clear error', async () => {
  const error = await failureOf(readBytes(folder));
  expect(error.message).toBe(`file '${folder}': expected a file that can be read, got a folder; check the path`);
});
