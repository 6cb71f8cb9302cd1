/** A cluster's broker on PostgreSQL. */
import { messageOf, wrongState } from '../errors.js';
import { again, answered, type Broker, KEPT_SECONDS, mendOf, peer, queueHome, shownAddress } from './broker.js';
import { hashOf } from './tensors.js';

const WHERE = 'cluster';
const TABLE = 'myelin_parameters';
const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (key text PRIMARY KEY, value bytea NOT NULL, until timestamptz NOT NULL)`;
const SET = `INSERT INTO ${TABLE} VALUES ($1, $2, now() + make_interval(secs => ${KEPT_SECONDS}))
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until`;
/** Bytes of parameters that come in one row. */
const PIECE = 2 ** 19;
/**
 * In pieces, for both sides get memory anew and anew for an answer that is long: 10 MB took thrice the work. As base64:
 * pg reads no binary answers, and what it makes of bytea by itself takes thrice the time too.
 */
const GET = `SELECT encode(substring(value FROM i * ${PIECE} + 1 FOR ${PIECE}), 'base64') AS piece
  FROM ${TABLE}, generate_series(0, (length(value) - 1) / ${PIECE}) AS i WHERE key = $1 ORDER BY i`;

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
    get: async key => {
      const { rows } = await ask(GET, [at(key)]);
      if (rows.length > 0) return Buffer.concat(rows.map(({ piece }) => Buffer.from(piece, 'base64')));
      return undefined;
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
