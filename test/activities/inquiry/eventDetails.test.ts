/** One event, found by its id or the beginning of it, with what is known of it. */
import { describe, expect, it } from 'vitest';
import { eventDetails } from '../../../src/activities/inquiry/eventDetails.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { withHeldSource } from '../held/source.js';

const source = withHeldSource();
const BODY = fixture('feedback', { seed: 7, atMs: Date.parse('2026-11-21T09:00:00Z') });

const ask = (eventId: string, name = source().name) =>
  eventDetails(source().database, { v: 1, ask: 'event', name, eventId });

async function passCursor(): Promise<void> {
  await source().rows(
    `update partition_cursor c set cursor_seq = h.last_seq, intended_seq = h.last_seq
     from partition_head h where h.source_id = c.source_id and h.partition = c.partition and c.source_id = $1`,
  );
}

describe('an event', () => {
  it('is followed from its webhooks to the id of Adobe’s answer', async () => {
    const { eventId } = await source().take(BODY, 'feedback');
    await source().take(BODY, 'feedback');
    expect(await ask(eventId)).toMatchObject({
      eventId,
      kind: 'feedback',
      state: 'waiting',
      arrivals: 2,
      receipts: [],
    });
    const { partition, seq, exceptions } = await ask(eventId);
    expect(exceptions).toEqual([]);

    await passCursor();
    await source().rows(
      `insert into receipt (source_id, partition, first_seq, last_seq, lines)
       values ($1, ${partition}, ${seq}, ${seq}, '${seq} 1714642267498:2153:240 1714642267498')`,
    );
    expect(await ask(eventId)).toMatchObject({
      state: 'accepted',
      receipts: [{ xactionId: '1714642267498:2153:240', receivedAt: '2024-05-02T09:31:07.498Z' }],
    });
  });

  it('is found by the beginning of its id, and not by that of two', async () => {
    const { eventId } = await source().take(BODY, 'feedback');
    await source().take({ ...BODY, message: 'another' }, 'feedback');
    expect(await ask(eventId.slice(0, 13))).toMatchObject({ eventId });
    await expect(ask('')).rejects.toMatchObject({ error: { code: 'CAEP_EVENT_ID_UNKNOWN' } });
  });

  it('that the source has not taken is named', async () => {
    const { name } = source();
    await expect(ask('0'.repeat(64))).rejects.toMatchObject({
      error: { code: 'CAEP_EVENT_ID_UNKNOWN', fields: { name, id: '0'.repeat(64) } },
    });
  });

  it('that is among the exceptions stands where its exception is', async () => {
    const [id] = await source().hold(1, 'unknown');
    const [row] = await source().rows(`select encode(event_id, 'hex') as id from exception where source_id = $1`);
    expect(await ask(String(row?.['id']))).toMatchObject({
      state: 'held',
      exceptions: [{ id, reason: 'unknown', state: 'held' }],
    });
  });

  it('that was held when it came is in the exceptions alone', async () => {
    const eventId = await source().holdRaw('{"conversation', 'feedback');
    expect(await ask(eventId)).toMatchObject({
      seq: 0,
      kind: 'feedback',
      state: 'held',
      arrivals: 1,
      receipts: [],
      exceptions: [{ reason: 'unreadable' }],
    });
  });
});
