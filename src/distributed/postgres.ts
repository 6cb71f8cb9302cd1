/** A cluster's broker on PostgreSQL. */
import { messageOf, wrongState } from '../errors.js';
import { again, answered, type Broker, KEPT_SECONDS, mendOf, peer, queueHome, shownAddress } from './broker.js';
import { hashOf } from './tensors.js';

const WHERE = 'cluster';
const TABLE = 'myelin_parameters';
const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (key text PRIMARY KEY, value bytea NOT NULL, until timestamptz NOT NULL)`;
const SET = `INSERT INTO ${TABLE} VALUES ($1, $2, now() + make_interval(secs => ${KEPT_SECONDS}))
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until`;

/** A schema for each cluster, as Redis has a prefix; what no schema may be called has its hash for a name. */
function schemaOf(name: string): string {
  return /^[a-z0-9_]{1,56}$/.test(name)
    ? `myelin_${name}`
    : `myelin$${hashOf(new TextEncoder().encode(name)).slice(0, 32)}`;
}

export async function openPostgres(address: string, name: string): Promise<Broker> {
  const bullmq = await peer(WHERE, () => import('bullmq'), 'bullmq pg');
  const { default: pg } = await peer(WHERE, () => import('pg'), 'bullmq pg');
  const pool = new pg.Pool({ connectionString: address, max: 2, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => {});
  const place = `the broker at ${shownAddress(address)}`;
  try {
    // Two processes that create a table at the same time may fail, the one that is late.
    await pool.query(CREATE).catch(() => pool.query(CREATE));
    await pool.query(`DELETE FROM ${TABLE} WHERE until < now()`);
  } catch (cause) {
    await pool.end();
    const got = messageOf(cause);
    const mend = mendOf(got, 'postgres://user:password@host/database');
    throw Object.assign(wrongState(`${WHERE}: url`, place, got, mend), { cause });
  }
  const at = (key: string) => `${name}:${key}`;
  const ask = (text: string, values: unknown[]) =>
    answered(
      place,
      again(() => pool.query(text, values)),
    );
  const connection = { connectionString: address, schema: schemaOf(name), migrate: true };
  return {
    ...queueHome(bullmq, { connection } as never, bullmq.createPostgresBackend as never),
    patience: 25,
    // As base64: what pg makes of bytea by itself takes thrice the time.
    get: async key => {
      const { rows } = await ask(`SELECT encode(value, 'base64') AS value FROM ${TABLE} WHERE key = $1`, [at(key)]);
      return rows[0] && Buffer.from(rows[0].value, 'base64');
    },
    set: async (key, bytes) => {
      await ask(SET, [at(key), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
    },
    has: async key => (await ask(`SELECT 1 FROM ${TABLE} WHERE key = $1`, [at(key)])).rows.length > 0,
    remove: async keys => {
      if (keys.length > 0) await ask(`DELETE FROM ${TABLE} WHERE key = ANY($1)`, [keys.map(at)]);
    },
    close: () => pool.end(),
  };
}
