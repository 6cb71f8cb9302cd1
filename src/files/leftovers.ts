/**
 * The temporary files that saves write beside their target: whose they are, and which of them nobody will ever finish.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** `.myelin-MACHINE-PID-START-RANDOM.tmp`; START is 0 where the system does not tell it. */
const NAME = /^\.myelin-([0-9a-f]{12})-(\d+)-(\d+)-[0-9a-f-]+\.tmp$/;
/** All that such a file was ever called. */
const ANY_NAME = /^\.myelin-[\w-]+\.tmp$/;

/** How old what another machine left must be; no save takes as long. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000;

/**
 * A name that no other save uses, and that says which process does. It does not grow out of the target's, which may be
 * as long as allowed.
 */
export async function temporaryName(): Promise<string> {
  const own = await processStat(process.pid);
  return `.myelin-${await machine()}-${process.pid}-${own?.start ?? 0}-${randomUUID()}.tmp`;
}

/**
 * Removes what killed processes left in a folder: files of this machine's whose process has ended, and other machines'
 * after a day, by the clock of the folder's own file system. What cannot be looked at or removed stays, without an
 * error.
 *
 * @param now when this folder's clock says it is, in milliseconds
 */
export async function removeLeftovers(folder: string, now: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (ANY_NAME.test(name) && (await isAbandoned(folder, name, now))) {
      await rm(join(folder, name), { force: true }).catch(() => undefined);
    }
  }
}

async function isAbandoned(folder: string, name: string, now: number): Promise<boolean> {
  const [, from, pid, start] = NAME.exec(name) ?? [];
  if (from === (await machine())) return !(await isAlive(Number(pid), Number(start)));
  const { mtimeMs } = (await stat(join(folder, name)).catch(() => undefined)) ?? { mtimeMs: now };
  return now - mtimeMs > ABANDONED_AFTER;
}

/**
 * Whether a process of this machine lives. Where it began at another time than that, the number has gone on to another
 * one.
 */
async function isAlive(pid: number, start: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process lives too, and one that may not be asked about may.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const now = await processStat(pid);
  return now === undefined || (!now.ended && (start === 0 || now.start === start));
}

/**
 * What Linux says of a process: when it began, in ticks since the machine did, and whether its parent alone has not
 * heard of its end.
 */
async function processStat(pid: number): Promise<{ start: number; ended: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], Number(fields[19])];
  return Number.isSafeInteger(start) ? { start, ended: state === 'Z' || state === 'X' } : undefined;
}

let machineName: Promise<string> | undefined;

/** Where a process's number means that process: the machine, on Linux since it was started, and the container there. */
function machine(): Promise<string> {
  machineName ??= Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(hostname),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]).then(parts => createHash('sha256').update(parts.join()).digest('hex').slice(0, 12));
  return machineName;
}
