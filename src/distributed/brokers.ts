/** Which broker an address is of. */
import { quote, wrongType, wrongValue } from '../errors.js';
import type { Broker } from './broker.js';
import { openPostgres } from './postgres.js';
import { openRedis } from './redis.js';

type Opener = (url: string, name: string) => Promise<Broker>;

const openers: Readonly<Record<string, Opener>> = {
  'redis:': openRedis,
  'rediss:': openRedis,
  'postgres:': openPostgres,
  'postgresql:': openPostgres,
};

/** Refuses what is no broker's address, and gives who opens it; `name` tells the cluster from others there. */
export function checkBroker(where: string, address: unknown, name: unknown): Opener {
  const expected = 'an address such as redis://host, rediss://host or postgres://host/database';
  if (typeof address !== 'string') throw wrongType(`${where}: url`, expected, address);
  if (typeof name !== 'string') throw wrongType(`${where}: name`, "the cluster's name", name);
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw wrongValue(`${where}: name`, '1 to 64 letters, digits, _, - and .', quote(name));
  }
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(address)?.[1]?.toLowerCase() ?? '';
  const open = openers[scheme];
  if (!open) throw wrongValue(`${where}: url`, expected, scheme === '' ? 'no scheme' : quote(scheme));
  if (open === openRedis) {
    if (!URL.canParse(address)) throw wrongValue(`${where}: url`, expected, 'one that is none');
    const { pathname } = new URL(address);
    if (!/^(\/\d*)?$/.test(pathname))
      throw wrongValue(`${where}: url`, "a database's number as its path", quote(pathname));
  }
  return open;
}

/** The broker at an address, connected. */
export async function openBroker(where: string, address: string, name: string): Promise<Broker> {
  return checkBroker(where, address, name)(address, name);
}
