/** Real servers and workers, on 127.0.0.1 and in folders of their own, for as long as a test takes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

const begun: (() => void)[] = [];

/** Has something done when all is ended. */
export function atEnd(end: () => void): void {
  begun.push(end);
}

/** Ends all that was started, the last first. */
export function endAll(): void {
  for (const end of begun.splice(0).reverse()) end();
}

export function installed(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some(folder => existsSync(join(folder, command)));
}

/** Where Debian has them; not all versions are in the path. */
const postgresFolder = (existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [])
  .map(version => `/usr/lib/postgresql/${version}/bin`)
  .find(folder => existsSync(join(folder, 'initdb')));

export const without = {
  redis: installed('redis-server') ? undefined : 'skipped: redis-server is not installed',
  postgres: postgresFolder ? undefined : 'skipped: postgresql is not installed',
};

/** A title that says why what it is of was skipped. */
export function titled(title: string, missing: string | undefined): string {
  return missing === undefined ? title : `${title} (${missing})`;
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'myelin-cluster-'));
  begun.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Waits until something is so. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 100): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${seconds} s: ${what}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise(resolve => child.once('exit', () => resolve()));
}

export interface BrokerServer {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
  /** Kills it and starts it again on its folder. */
  restart(): Promise<void>;
}

interface ServerProcess {
  /** Where it says that it is ready. */
  readonly output: 'stdout' | 'stderr';
  /** Ends it without a chance to put things in order. */
  readonly end: NodeJS.Signals;
  readonly as?: { readonly uid: number; readonly gid: number };
}

/** A server by its command, once it is ready. */
export async function serve([command = '', ...words]: readonly string[], { output, end, as }: ServerProcess) {
  let child: ChildProcess;
  const start = async () => {
    child = spawn(command, words, { ...as, stdio: ['ignore', 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child[output]?.on('data', text => /ready to accept connections/i.test(String(text)) && resolve());
      child.once('exit', code => reject(new Error(`${command}: exit code ${code}`)));
    });
  };
  await start();
  const kill = async () => {
    child.kill(end);
    await ended(child);
  };
  begun.push(() => child.kill(end));
  return { kill, restart: () => kill().then(start) };
}

/** A Redis of the given settings, such as `--appendonly yes`. */
export function startRedis(...settings: string[]): Promise<BrokerServer> {
  return startRedisWithin([], ...settings);
}

/** The same elsewhere, where its command begins with `within`. */
export async function startRedisWithin(within: readonly string[], ...settings: string[]): Promise<BrokerServer> {
  const [port, directory] = [await freePort(), folder()];
  const ports = settings.includes('--tls-port') ? [] : ['--port', String(port)];
  const all = [...ports, '--bind', '127.0.0.1', '--dir', directory, '--save', '', ...settings];
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    ...(await serve([...within, 'redis-server', ...all], { output: 'stdout', end: 'SIGKILL' })),
  };
}

/** Keys of a Redis that are not those of the queue itself. */
export async function keysLeft(url: string): Promise<string[]> {
  const client = new Redis(url);
  const keys = await client.keys('*');
  client.disconnect();
  return keys.filter(key => !/^myelin:test:jobs:(meta|events|id|stalled-check|marker)$/.test(key));
}

/** Who is let in: whoever knows the password, and shows a certificate that the authority has signed. */
export interface PostgresGuard {
  readonly password: string;
  /** A folder's files: `ca.pem`, `server.pem` and `server.key`. */
  readonly at: (name: string) => string;
}

/** A PostgreSQL; it refuses to run as root, and is then its own user's. */
export async function startPostgres(guard?: PostgresGuard): Promise<BrokerServer> {
  const [port, directory, bin] = [await freePort(), folder(), postgresFolder ?? ''];
  const data = join(directory, 'data');
  const as = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;
  if (as) chownSync(directory, as.uid, as.gid);
  const initdb = ['-D', data, '-A', 'trust', '-U', 'postgres', '-N'];
  const own = (name: string) => {
    if (as) chownSync(join(directory, name), as.uid, as.gid);
    return join(directory, name);
  };
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'fsync=off'];
  if (guard) {
    writeFileSync(join(directory, 'password'), guard.password);
    initdb.push(`--pwfile=${own('password')}`);
    for (const [setting, name] of [
      ['ssl_ca_file', 'ca.pem'],
      ['ssl_cert_file', 'server.pem'],
      ['ssl_key_file', 'server.key'],
    ] as const) {
      copyFileSync(guard.at(name), join(directory, name));
      settings.push(`${setting}=${own(name)}`);
    }
    const hosts = 'hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n';
    writeFileSync(join(directory, 'hosts'), hosts);
    settings.push('ssl=on', `hba_file=${own('hosts')}`);
  }
  execFileSync(join(bin, 'initdb'), initdb, { stdio: 'ignore', cwd: directory, ...as });
  const words = ['-D', data, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])];
  const server = await serve([join(bin, 'postgres'), ...words], {
    output: 'stderr',
    end: 'SIGQUIT',
    ...(as && { as }),
  });
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, port, ...server };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

/** What a worker prints of a job. */
export interface Told {
  readonly worker: string;
  readonly job: string;
  readonly outcome: string;
}

export interface StartedWorker {
  readonly process: ChildProcess;
  readonly told: readonly Told[];
  readonly errors: string;
  readonly ended: Promise<number | null>;
}

const cli = fileURLToPath(new URL('../../dist/cli/myelin.js', import.meta.url));
const readers = fileURLToPath(new URL('programs/readers.js', import.meta.url));

export interface WorkerSettings {
  /** Seconds. */
  readonly lock?: number;
  /** The file of readers: test/distributed/programs/readers.js by default. */
  readonly readers?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What its command begins with, where it is to run elsewhere. */
  readonly within?: readonly string[];
}

/** `myelin work` of the cluster `test`. */
export function startWorker(url: string, settings: WorkerSettings = {}): StartedWorker {
  const { lock = 1, readers: file = readers, environment = {}, within = [] } = settings;
  const own = ['work', url, '--name', 'test', '--data', file, '--status', '--lock', String(lock)];
  const [command = '', ...words] = [...within, process.execPath, cli, ...own];
  const child = spawn(command, words, { env: { ...process.env, ...environment } });
  begun.push(() => child.kill('SIGKILL'));
  const told: Told[] = [];
  createInterface({ input: child.stdout }).on('line', line => told.push(JSON.parse(line)));
  const worker = { process: child, told, errors: '', ended: new Promise<number | null>(r => child.once('exit', r)) };
  child.stderr.on('data', text => {
    worker.errors += text;
  });
  return worker;
}
