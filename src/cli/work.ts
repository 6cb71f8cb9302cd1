/** `myelin work`: a worker of a cluster. */
import { pathToFileURL } from 'node:url';
import type { WorkOptions } from '../entries/distributed.js';
import { messageOf, wrongValue } from '../errors.js';

export interface WorkFileOptions {
  readonly name: string;
  readonly data: string;
  readonly lock: number;
  readonly status: boolean;
}

/** Milliseconds after which a worker of npx looks whether that is still there. */
const LOOK = 500;

/** Works until SIGTERM or SIGINT, and then does the job under way first; a second one ends at once. */
export async function workWith(url: string, { name, data, lock, status }: WorkFileOptions): Promise<void> {
  const readers = (await load(data)) as WorkOptions['readers'];
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  // npx ends with a signal and hands none on: its worker would go on for ever, and nobody would know of it.
  const { ppid } = process;
  if (process.env.npm_command === 'exec') setInterval(() => process.ppid === ppid || stop.abort(), LOOK).unref();
  const onJob = (event: object) => {
    if (status) process.stdout.write(`${JSON.stringify({ ...event, time: new Date().toISOString() })}\n`);
  };
  // Read only now: most uses of the command line are others.
  const { work } = await import('../entries/distributed.js');
  await work(url, { name, readers, lock, onJob, signal: stop.signal });
}

async function load(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const mend = 'give a module that exports functions ({ part, parts }) => ({ x, y })';
    throw Object.assign(wrongValue('--data', 'a file that can be imported', messageOf(cause), mend), { cause });
  }
}
