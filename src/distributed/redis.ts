/** A cluster's broker on Redis or Valkey. */
import { messageOf, wrongState } from '../errors.js';
import { readBytes } from '../files/save.js';
import { answered, type Broker, KEPT_SECONDS, mendOf, peer, queueHome, shownAddress } from './broker.js';

const WHERE = 'cluster';
/** Seconds in which a broker answers for the first time. */
const MOST_OPENING = 10;

export async function openRedis(address: string, name: string): Promise<Broker> {
  const bullmq = await peer(WHERE, () => import('bullmq'), 'bullmq ioredis');
  const { Redis } = await peer(WHERE, () => import('ioredis'), 'bullmq ioredis');
  // Connections end half open where a host is gone: commands are sent again on the next one.
  const retry = { maxRetriesPerRequest: null, retryStrategy: (times: number) => Math.min(50 * 2 ** times, 1000) };
  const { plain, tls } = await certificates(address);
  const redis = new Redis(plain, { ...retry, lazyConnect: true, ...(tls && { tls }) });
  let refused = '';
  redis.on('error', error => {
    refused = messageOf(error);
  });
  const place = `the broker at ${shownAddress(address)}`;
  try {
    // BullMQ asks for the version, and never ends asking where it may not.
    warnOfEviction(
      await orRefusal(
        redis.connect().then(() => redis.info()),
        () => refused,
      ),
    );
  } catch (cause) {
    redis.disconnect();
    const got = refused || messageOf(cause);
    throw Object.assign(wrongState(`${WHERE}: url`, place, got, mendOf(got, 'redis://user:password@host')), { cause });
  }
  const connection = redis.duplicate();
  connection.on('error', () => {});
  const at = (key: string) => `myelin:${name}:${key}`;
  return {
    ...queueHome(bullmq, { connection, prefix: `myelin:${name}` }),
    patience: 250,
    get: async key => (await answered(place, redis.getBuffer(at(key)))) ?? undefined,
    set: async (key, bytes) => {
      const { buffer, byteOffset, byteLength } = bytes;
      await answered(place, redis.set(at(key), Buffer.from(buffer, byteOffset, byteLength), 'EX', KEPT_SECONDS));
    },
    has: async key => (await answered(place, redis.exists(at(key)))) === 1,
    remove: async keys => {
      if (keys.length > 0) await answered(place, redis.del(...keys.map(at)));
    },
    close: async () => {
      // What is under way is let through, as far as somebody answers.
      const quitting = Promise.allSettled([redis.quit(), connection.quit()]);
      await answered(place, quitting, 1).catch(() => {});
      redis.disconnect();
      connection.disconnect();
    },
  };
}

/** What `?sslrootcert=…&sslcert=…&sslkey=…` names, as in addresses of PostgreSQL: files of certificates. */
async function certificates(address: string) {
  const url = new URL(address);
  const read = async (name: string) => {
    const path = url.searchParams.get(name);
    url.searchParams.delete(name);
    return path === null ? undefined : Buffer.from(await readBytes(path));
  };
  const [ca, cert, key] = [await read('sslrootcert'), await read('sslcert'), await read('sslkey')];
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return { plain: url.href, tls: url.protocol === 'rediss:' ? tls : undefined };
}

/** What is told, or an error once a connection was refused for good, as a wrong password stays wrong, or is silent. */
async function orRefusal<T>(told: Promise<T>, refused: () => string): Promise<T> {
  const end = performance.now() + 1000 * MOST_OPENING;
  let timer: NodeJS.Timeout | undefined;
  const refusal = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const silence = performance.now() > end ? `no answer within ${MOST_OPENING} s` : '';
      const got = refused() || silence;
      if (got !== '') reject(new Error(got));
    }, 20);
  });
  try {
    return await Promise.race([told, refusal]);
  } finally {
    clearInterval(timer);
  }
}

/** Parameters and jobs that a full Redis throws away would have to be made again. */
function warnOfEviction(told: string): void {
  const policy = /maxmemory_policy:(\S+)/.exec(told)?.[1] ?? 'noeviction';
  if (policy === 'noeviction') return;
  const message = `cluster: expected a Redis with maxmemory-policy noeviction, got ${policy}; a full one loses jobs`;
  process.emitWarning(message, { type: 'MyelinWarning' });
}
