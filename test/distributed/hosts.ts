/** Hosts of their own on one machine: network namespaces, each with a wire to that of a broker, which is 20 ms away. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atEnd, freePort, serve, startRedisWithin, without } from './servers.js';

/** Milliseconds each way. */
const DELAY = 20;
/** Of the broker, seen from all hosts. */
const BROKER = '10.99.255.1';
const relay = fileURLToPath(new URL('programs/relay.js', import.meta.url));

const ip = (...words: string[]) => execFileSync('ip', words, { stdio: 'ignore' });
const nameOf = (host: string) => `myelin-${process.pid}-${host}`;

function addNamespace(host: string): string {
  const name = nameOf(host);
  ip('netns', 'add', name);
  atEnd(() => ip('netns', 'delete', name));
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return name;
}

function whyNot(): string | undefined {
  try {
    ip('netns', 'add', nameOf('try'));
    ip('netns', 'delete', nameOf('try'));
    return undefined;
  } catch {
    return 'skipped: no network namespaces may be made here';
  }
}

export const withoutHosts = without.redis ?? whyNot();

export interface Host {
  /** What a command that is to run on it begins with. */
  readonly within: readonly string[];
  /** Its wire gives nothing through, and nobody is told: what is connected stays half open. */
  cut(): void;
  mend(): void;
}

/** A Redis on a host of its own and so many other hosts, each of which reaches nothing but that. */
export async function startHosts(count: number): Promise<{ url: string; hosts: Host[] }> {
  const hub = addNamespace('broker');
  ip('-n', hub, 'addr', 'add', `${BROKER}/32`, 'dev', 'lo');
  const hosts = Array.from({ length: count }, (_, index) => {
    const [name, wire, network] = [addNamespace(`${index}`), `wire${index}`, `10.99.${index}`];
    ip('link', 'add', wire, 'netns', hub, 'type', 'veth', 'peer', 'name', 'wire', 'netns', name);
    ip('-n', hub, 'addr', 'add', `${network}.1/24`, 'dev', wire);
    ip('-n', hub, 'link', 'set', wire, 'up');
    ip('-n', name, 'addr', 'add', `${network}.2/24`, 'dev', 'wire');
    ip('-n', name, 'link', 'set', 'wire', 'up');
    ip('-n', name, 'route', 'add', 'default', 'via', `${network}.1`);
    const set = (state: 'up' | 'down') => () => void ip('-n', hub, 'link', 'set', wire, state);
    return { within: ['ip', 'netns', 'exec', name], cut: set('down'), mend: set('up') };
  });
  const within = ['ip', 'netns', 'exec', hub];
  const { port } = await startRedisWithin(within);
  const far = await freePort();
  const words = [process.execPath, relay, String(far), String(port), String(DELAY)];
  await serve([...within, ...words], { output: 'stdout', end: 'SIGKILL' });
  return { url: `redis://${BROKER}:${far}`, hosts };
}
