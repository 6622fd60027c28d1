/** Ids that are in the log already: random ones, as the hashes of other events would be. */
import { randomFillSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Database } from '../../src/store/connection/database.js';

const ROWS_PER_CHUNK = 4_096;
/** PostgreSQL documentation, "COPY", Binary Format: signature, flags, length of the extension. */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);
/** PostgreSQL counts microseconds from 2000-01-01. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const COLUMNS = 'source_id, partition, kind, seq, logged_at, last_arrival_at, event_id, body_mac, stable_mac';
const DAY_MS = 86_400_000;

/**
 * Loads ids that no event of a run has, with sequence number 0, so that the log and its cursors stay as they are.
 *
 * @param rebuildIndex drop the primary key and make it anew afterwards: for tens of millions of ids, where keeping it up to
 *   date row by row would take hours
 */
export async function preloadIds(
  database: Database,
  sourceId: number,
  count: number,
  { rebuildIndex = false } = {},
): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('set statement_timeout = 0');
    if (rebuildIndex) await client.query('alter table event_id drop constraint event_id_pkey');
    await pipeline(
      Readable.from(chunks(sourceId, count)),
      client.query(copyFrom(`copy event_id (${COLUMNS}) from stdin (format binary)`)),
    );
    if (rebuildIndex) {
      await client.query(`set maintenance_work_mem = '1GB'`);
      await client.query('alter table event_id add primary key (source_id, event_id)');
    }
    await client.query('vacuum analyze event_id');
  } finally {
    client.release(true);
  }
}

function* chunks(sourceId: number, count: number): Generator<Buffer> {
  yield HEADER;
  const row = createRow(sourceId);
  for (let done = 0; done < count; done += ROWS_PER_CHUNK) {
    const rows = Math.min(ROWS_PER_CHUNK, count - done);
    const chunk = Buffer.allocUnsafe(rows * row.bytes.length);
    for (let i = 0; i < rows; i += 1) {
      const at = i * row.bytes.length;
      row.bytes.copy(chunk, at);
      for (const [start, length] of row.random) randomFillSync(chunk, at + start, length);
    }
    yield chunk;
  }
  yield TRAILER;
}

/** One row, and where in it stands what is random: id and MACs. */
function createRow(sourceId: number) {
  const yesterday = Buffer.alloc(8);
  yesterday.writeBigInt64BE(BigInt(Date.now() - DAY_MS - POSTGRES_EPOCH_MS) * 1_000n);
  const small = (value: number) => Buffer.from([value >> 8, value & 0xff]);
  const fields = [small(sourceId), small(0), small(1), Buffer.alloc(8), yesterday, yesterday];
  const parts: Buffer[] = [small(fields.length + 3)];
  for (const field of fields) parts.push(lengthOf(field.length), field);
  const random: [number, number][] = [];
  for (const length of [32, 16, 16]) {
    parts.push(lengthOf(length));
    random.push([parts.reduce((sum, part) => sum + part.length, 0), length]);
    parts.push(Buffer.alloc(length));
  }
  return { bytes: Buffer.concat(parts), random };
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  return bytes;
}
