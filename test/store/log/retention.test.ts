import { beforeEach, describe, expect, it } from 'vitest';
import { decideHeld } from '../../../src/store/decisions/decisions.js';
import { dropOldBodies } from '../../../src/store/log/retention.js';
import { holdUnsent } from '../../../src/store/delivery/unsent.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
const DAY_MS = 86_400_000;
/** Far back, one per test, so that no other test has events of that day. */
let daysBack = 4_000;
let day: string;
let table: string;
let sourceId: number;

beforeEach(async () => {
  daysBack += 1;
  day = new Date(Date.now() - daysBack * DAY_MS).toISOString().slice(0, 10);
  table = `event_body_${day.replaceAll('-', '')}`;
  const next = new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
  const { pool } = database();
  await pool.query(
    `create table ${table} partition of event_body for values from ('${day} 00:00:00+00') to ('${next} 00:00:00+00')`,
  );
  sourceId = await freshSource(database());
  await pool.query(`update source set delivery = '{"retentionMs": 1000}', lake_state = 'readable' where id = $1`, [
    sourceId,
  ]);
  await pool.query(
    `insert into event_body (source_id, partition, kind, seq, logged_at, occurred_at, event_id, sealed)
     select $1, 0, 1, seq, $2, $2, decode(lpad(to_hex(seq), 64, '0'), 'hex'), '' from generate_series(1, 3) seq`,
    [sourceId, `${day} 12:00:00+00`],
  );
});

const cursorAt = (seq: number) =>
  database().pool.query('insert into partition_cursor (source_id, partition, cursor_seq) values ($1, 0, $2)', [
    sourceId,
    seq,
  ]);
const auditedTo = (seq: number) =>
  database().pool.query('insert into partition_audit (source_id, partition, audited_seq) values ($1, 0, $2)', [
    sourceId,
    seq,
  ]);
const excepted = (columns: string, values: string) =>
  database().pool.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, ${columns})
     values ($1, 0, 1, decode(lpad('2', 64, '0'), 'hex'), 2, $2, 'unknown', ${values})`,
    [sourceId, `${day} 12:00:00+00`],
  );
const source = (change: string) => database().pool.query(`update source set ${change} where id = $1`, [sourceId]);
const goes = async () => (await dropOldBodies(database())).includes(table);

describe('the bodies of a day', () => {
  it('go when every event is confirmed', async () => {
    await cursorAt(3);
    await auditedTo(3);
    expect(await goes()).toBe(true);
  });

  it('stay while one waits to be delivered', async () => {
    await cursorAt(2);
    expect(await goes()).toBe(false);
  });

  it('stay while one is not confirmed', async () => {
    await cursorAt(3);
    await auditedTo(2);
    expect(await goes()).toBe(false);
  });

  it('stay while one is held', async () => {
    await cursorAt(3);
    await auditedTo(3);
    await excepted('state', `'held'`);
    expect(await goes()).toBe(false);
  });

  it('stay while one that was delivered in the end is not confirmed', async () => {
    await cursorAt(3);
    await auditedTo(3);
    await excepted('state, resolution, resolved_at', `'resolved', 'delivered', now()`);
    expect(await goes()).toBe(false);
  });

  it('go when a person has decided', async () => {
    await cursorAt(3);
    await auditedTo(3);
    await excepted('state, resolution, resolved_at, decision', `'resolved', 'delivered', now(), 'mark-delivered'`);
    expect(await goes()).toBe(true);
  });

  it('stay as long as the manifest says', async () => {
    await cursorAt(3);
    await auditedTo(3);
    await source(`delivery = '{"retentionMs": ${(daysBack + 2) * DAY_MS}}'`);
    expect(await goes()).toBe(false);
  });

  it('go by age where the lake may not be read', async () => {
    await cursorAt(3);
    await source(`lake_state = 'refused'`);
    expect(await goes()).toBe(true);
  });

  it('of a source that was torn down stay while one was not sent, and go once a person has decided', async () => {
    await cursorAt(2);
    await source('retired_at = now()');
    expect(await goes()).toBe(false);
    expect(await holdUnsent(database(), sourceId, () => undefined)).toBe(1);
    expect(await goes()).toBe(false);
    const input = { decision: 'abandon', reason: 'unsent', by: 'ana', why: 'torn down' } as const;
    await decideHeld(database(), { sourceId, name: 'chat', requestId: day, input }, () => ({ fault: '' }));
    expect(await goes()).toBe(true);
  });
});
