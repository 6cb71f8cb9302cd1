/** What killed saves leave beside the target is removed by the next save, and nothing that anybody still writes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryName } from '../../src/files/leftovers.js';
import { saveAtomically } from '../../src/files/save.js';

const program = fileURLToPath(new URL('programs/save.ts', import.meta.url));
const children: ChildProcess[] = [];
let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'myelin-leftovers-'));
  path = join(folder, 'model.safetensors');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(...args: string[]): { child: ChildProcess; said: Promise<string>; ended: Promise<unknown> } {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said = new Promise<string>(resolve => child.stdout.once('data', data => resolve(String(data))));
  return { child, said, ended: new Promise(resolve => child.once('exit', resolve)) };
}

const others = async () => (await readdir(folder)).filter(name => name !== 'model.safetensors');
const save = () => saveAtomically(path, Uint8Array.of(1, 2, 3));

async function age(name: string, days: number): Promise<void> {
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  await utimes(join(folder, name), then, then);
}

test('a process that lives keeps its file, however old; one that was killed does not', async () => {
  const { child, said, ended } = start('hold', folder);
  const name = await said;
  await save();
  expect(await others()).toEqual([name]);
  await age(name, 400);
  await save();
  expect(await others()).toEqual([name]);
  child.kill('SIGKILL');
  await ended;
  await save();
  expect(await others()).toEqual([]);
});

test('a process that has ended, but of which its parent has not heard, counts as ended', async () => {
  // The shell becomes a program that never asks after its child.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(parent);
  const pid = await new Promise<string>(resolve => parent.stdout.once('data', data => resolve(String(data).trim())));
  const stat = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ');
  while ((await stat())[2] !== 'Z') await new Promise(resolve => setTimeout(resolve, 5));
  const [machine] = (await temporaryName()).match(/\.myelin-\w+/) ?? [];
  await writeFile(join(folder, `${machine}-${pid}-${(await stat())[21]}-1.tmp`), 'left');
  await save();
  expect(await others()).toEqual([]);
});

test('a number that has gone on to another process keeps nothing', async () => {
  const own = await temporaryName();
  const [, before, begun = '0', after] = own.match(/^(\.myelin-\w+-\d+-)(\d+)(-.*)$/) ?? [];
  await writeFile(join(folder, own), 'this process writes it');
  await writeFile(join(folder, `${before}${Number(begun) - 1}${after}`), 'the one before it did');
  await save();
  expect(await others()).toEqual([own]);
});

test("another machine's file, and one whose name does not say whose it is, stay for a day", async () => {
  const uuid = '2f1f8f0e-0b64-4a3c-9d2a-3d1c5a4b7e6f';
  const foreign = [`.myelin-000000000000-${process.pid}-1-${uuid}.tmp`, `.myelin-1-${uuid}.tmp`];
  const users = ['.myelin-notes.txt', 'my.tmp', '.tmp', 'x.myelin-1-1.tmp'];
  for (const name of [...foreign, ...users]) {
    await writeFile(join(folder, name), 'x');
    await age(name, 0.9);
  }
  await save();
  expect((await others()).sort()).toEqual([...foreign, ...users].sort());
  for (const name of [...foreign, ...users]) await age(name, 2);
  await save();
  expect((await others()).sort()).toEqual(users.sort());
});

test('killed again and again while it saves, a process leaves the target whole and the next save leaves nothing else', async () => {
  for (let kill = 0; kill < 8; kill++) {
    const { child, said, ended } = start('loop', path, '4000000');
    await said;
    await new Promise(resolve => setTimeout(resolve, 3 * kill));
    child.kill('SIGKILL');
    await ended;
    const saved = await readFile(path);
    expect(saved.equals(new Uint8Array(saved.length).fill((saved.length - 4000000) % 256))).toBe(true);
    expect((await others()).length).toBeLessThanOrEqual(1);
  }
  await save();
  expect(await readdir(folder)).toEqual(['model.safetensors']);
}, 60_000);

test('several processes that save to one path leave one whole file and nothing else', async () => {
  const sizes = [100_000, 200_000, 300_000];
  const savers = sizes.map(size => start('times', path, String(size), '40'));
  expect(await Promise.all(savers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  const saved = await readFile(path);
  expect(sizes.map(size => size + 39)).toContain(saved.length);
  expect(saved.equals(new Uint8Array(saved.length).fill(39))).toBe(true);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
}, 60_000);
