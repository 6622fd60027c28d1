import { createHash, randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createDecideHeld } from '../../../src/activities/held/decide.js';
import { asNewEvent } from '../../../src/activities/held/replace.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import type { CanonicalEvent } from '../../../src/domain/events/canonical.js';
import type { ForwarderActivities } from '../../../src/domain/delivery/forwarder.js';
import type { DecideInput, DecideResult } from '../../../src/domain/exceptions/heldEvents.js';
import { findException, pageOfExceptions } from '../../../src/store/views/exceptionPages.js';
import { withHeldSource } from './source.js';

const source = withHeldSource();

const WHO = { by: 'ana', why: 'looked it up' };

function decide(input: Omit<DecideInput, 'by' | 'why'>, requestId: string = randomUUID()): Promise<DecideResult> {
  const { database, keyRing, uid, name } = source();
  const activity = createDecideHeld({ database, keyRing });
  type Input = Parameters<ForwarderActivities['decideHeld']>[0];
  return new MockActivityEnvironment().run<[Input], DecideResult, typeof activity>(activity, {
    uid,
    name,
    requestId,
    decision: { ...WHO, ...input },
  });
}

const refusal = (code: string) => ({ type: code });

describe('a decision about one event', () => {
  it('to resend makes it due at once, wakes its partition, and is kept with who and why', async () => {
    const { hold, rows } = source();
    const [id = 0] = await hold(1, 'unknown');
    expect(await decide({ decision: 'resend', ids: [id] })).toMatchObject({
      decided: 1,
      ids: [id],
      left: [],
      remaining: 0,
    });
    expect(
      await rows(
        'select state, next_action, automatic_resends, next_at <= clock_timestamp() as due from exception where source_id = $1',
      ),
    ).toEqual([{ state: 'waiting', next_action: 'resend', automatic_resends: 0, due: true }]);
    expect(
      await rows('select wake_seq is not null as woken from partition_head where source_id = $1 and partition = 0'),
    ).toEqual([{ woken: true }]);
    expect(
      await rows('select exception_id, reason, decision, decided_by, why from decision where source_id = $1'),
    ).toEqual([{ exception_id: id, reason: 'unknown', decision: 'resend', decided_by: 'ana', why: 'looked it up' }]);
  });

  it('is the only one: the second is told that it is decided already', async () => {
    const [id = 0] = await source().hold(1, 'unknown');
    const both = await Promise.allSettled([
      decide({ decision: 'resend', ids: [id] }),
      decide({ decision: 'abandon', ids: [id] }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: refusal('CAEP_EVENT_DECIDED') });
    expect(await source().rows('select count(*) as count from decision where source_id = $1')).toEqual([{ count: 1 }]);
  });

  it('that is carried out again after its answer was lost answers the same', async () => {
    const [id = 0] = await source().hold(1, 'refused');
    const first = await decide({ decision: 'abandon', ids: [id] }, 'request-1');
    expect(await decide({ decision: 'abandon', ids: [id] }, 'request-1')).toEqual(first);
    expect(await source().rows('select version from exception where source_id = $1')).toEqual([{ version: 2 }]);
  });

  it('names the version that it has seen', async () => {
    const [id = 0] = await source().hold(1, 'unknown');
    await expect(decide({ decision: 'resend', ids: [id], version: 7 })).rejects.toMatchObject(
      refusal('CAEP_EVENT_DECIDED'),
    );
    expect(await decide({ decision: 'resend', ids: [id], version: 1 })).toMatchObject({ decided: 1 });
  });

  it('must fit the reason, and the event must be there and of this source', async () => {
    const { hold } = source();
    const [id = 0] = await hold(1, 'refused');
    await expect(decide({ decision: 'mark-delivered', ids: [id] })).rejects.toMatchObject(
      refusal('CAEP_DECISION_UNFIT'),
    );
    await expect(decide({ decision: 'resend', ids: [id + 1_000_000] })).rejects.toMatchObject(
      refusal('CAEP_EVENT_UNKNOWN'),
    );
    await expect(decide({ decision: 'mark-delivered', reason: 'refused' })).rejects.toMatchObject(
      refusal('CAEP_DECISION_UNFIT'),
    );
  });
});

describe('decisions by filter', () => {
  it('take the oldest up to the limit, leave other reasons, kinds and undecidable ones, and count what remains', async () => {
    const { hold, rows } = source();
    const unknown = await hold(5, 'unknown');
    await hold(2, 'refused');
    await hold(1, 'unknown', 'transcript');
    const dry = await decide({
      decision: 'mark-delivered',
      reason: 'unknown',
      kind: 'feedback',
      limit: 3,
      dryRun: true,
    });
    expect(dry).toMatchObject({ dryRun: true, decided: 3, ids: unknown.slice(0, 3) });
    expect(await rows(`select count(*) as count from exception where source_id = $1 and state = 'held'`)).toEqual([
      { count: 8 },
    ]);
    const done = await decide({ decision: 'mark-delivered', reason: 'unknown', kind: 'feedback', limit: 3 });
    expect(done).toMatchObject({ decided: 3, ids: unknown.slice(0, 3), remaining: 2 });
    expect(await decide({ decision: 'mark-delivered', kind: 'feedback' })).toMatchObject({ decided: 2, remaining: 2 });
    const before = new Date(Date.now() - 3_600_000).toISOString();
    expect(await decide({ decision: 'abandon', before })).toMatchObject({ decided: 0, remaining: 0 });
  });

  it('go through many pages', async () => {
    await source().hold(1_200, 'unknown');
    expect(await decide({ decision: 'abandon', reason: 'unknown', limit: 1_100 })).toMatchObject({
      decided: 1_100,
      remaining: 100,
    });
  });

  it('carried out again, go on where they were cut off', async () => {
    const { hold } = source();
    const ids = await hold(6, 'unknown');
    await decide({ decision: 'resend', reason: 'unknown', limit: 2 }, 'request-2');
    const again = await decide({ decision: 'resend', reason: 'unknown', limit: 4 }, 'request-2');
    expect(again).toMatchObject({ decided: 4, ids: ids.slice(0, 4), remaining: 2 });
  });
});

describe('deliver-as-new', () => {
  const feedback = fixture('feedback', { seed: 5, atMs: Date.parse('2026-11-21T09:00:00Z') });

  it('appends the event of a conflict under its derived id, once', async () => {
    const { take, rows, openBody, sourceId, database } = source();
    const longAgo = Date.now() - 2 * 3_600_000;
    const { eventId } = await take(feedback, 'feedback', longAgo);
    await database.pool.query(`update event_id set logged_at = $2 where source_id = $1`, [sourceId, new Date(longAgo)]);
    expect(await take(feedback, 'feedback')).toMatchObject({ eventId, arrival: 'conflict' });
    const [held] = (await pageOfExceptions(database, sourceId, { filter: {}, states: ['held'], limit: 10 })).exceptions;
    expect(held).toMatchObject({ reason: 'conflict', eventId });

    expect(await decide({ decision: 'deliver-as-new', ids: [held?.id ?? 0] })).toMatchObject({ decided: 1 });
    const ids = await rows(
      `select encode(event_id, 'hex') as id from event_id where source_id = $1 and seq > 0 order by seq`,
    );
    const derived = String(ids.find(({ id }) => id !== eventId)?.['id']);
    expect(ids).toHaveLength(2);
    const first = (await openBody(eventId)) as CanonicalEvent | undefined;
    const second = (await openBody(derived)) as CanonicalEvent | undefined;
    expect(second).toMatchObject({ eventId: derived, identityVersion: 'as-new/1', message: first?.message });
    expect(derived).toBe(
      asNewEvent({ ...(second as CanonicalEvent), eventId, identityVersion: 'chatlio/1', receivedAt: 'any' }).eventId,
    );
    const details = await findException(database, sourceId, held?.id ?? 0);
    expect(details?.details.exception).toMatchObject({ state: 'resolved', resolution: 'replaced' });
    expect(details?.details.evidence.at(-1)?.fact).toBe(`ana decided: deliver-as-new; it is now the event ${derived}`);
  });

  it('asks about the same content anew once that was decided, and makes another event of it each time', async () => {
    const { take, rows, sourceId, database } = source();
    const longAgo = Date.now() - 2 * 3_600_000;
    await take(feedback, 'feedback', longAgo);
    await database.pool.query(`update event_id set logged_at = $2 where source_id = $1`, [sourceId, new Date(longAgo)]);
    const now = Date.now();
    for (const event of [2, 3, 4]) {
      expect(await take(feedback, 'feedback', now)).toMatchObject({ arrival: 'conflict' });
      expect(await take(feedback, 'feedback', now)).toMatchObject({ arrival: 'conflict' });
      expect(
        await rows(`select arrivals from exception where source_id = $1 and reason = 'conflict' and state = 'held'`),
      ).toEqual([{ arrivals: 2 }]);
      expect(await decide({ decision: 'deliver-as-new', reason: 'conflict' })).toMatchObject({
        decided: 1,
        remaining: 0,
      });
      expect(await rows('select count(distinct event_id) as count from event_body where source_id = $1')).toEqual([
        { count: event },
      ]);
    }
  });

  it('derives the id as documented', () => {
    const event = { eventId: 'aa', occurredAt: 'x', receivedAt: 'y', message: 'm' } as unknown as CanonicalEvent;
    const content = createHash('sha256').update('{"occurredAt":"x","message":"m"}').digest('hex');
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(asNewEvent(event).eventId).toBe(sha256(`["as-new/1","aa","${content}"]`));
    expect(asNewEvent(event, 2).eventId).toBe(sha256(`["as-new/1","aa","${content}",2]`));
  });
});

describe('reparse', () => {
  it('leaves held what is still not readable, and says why', async () => {
    const { holdRaw, rows } = source();
    await holdRaw('{"conversation', 'feedback');
    const [row] = await rows('select id from exception where source_id = $1');
    const again = decide({ decision: 'reparse', ids: [Number(row?.['id'])] });
    await expect(again).rejects.toMatchObject({
      type: 'CAEP_DECISION_FAILED',
      message: expect.stringContaining('not JSON') as string,
    });
    expect(await rows('select state from exception where source_id = $1')).toEqual([{ state: 'held' }]);
    expect(await decide({ decision: 'reparse', reason: 'unreadable' })).toMatchObject({
      decided: 0,
      left: [{ error: { code: 'CAEP_DECISION_FAILED' } }],
      remaining: 1,
    });
  });

  it('is asked about anew when the same body comes after a person has decided', async () => {
    const { holdRaw, rows } = source();
    await holdRaw('{"conversation', 'feedback');
    await holdRaw('{"conversation', 'feedback');
    expect(await rows('select state, arrivals from exception where source_id = $1')).toEqual([
      { state: 'held', arrivals: 2 },
    ]);
    await decide({ decision: 'abandon', reason: 'unreadable' });
    await holdRaw('{"conversation', 'feedback');
    expect(await rows('select state, arrivals from exception where source_id = $1 order by id')).toEqual([
      { state: 'resolved', arrivals: 2 },
      { state: 'held', arrivals: 1 },
    ]);
  });

  it('takes a body that this release can read, as of when it came', async () => {
    const { holdRaw, rows, openBody } = source();
    await holdRaw(JSON.stringify(fixture('feedback', { seed: 9, atMs: Date.now() })), 'feedback');
    const [held] = await rows(
      `select id, to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at from exception where source_id = $1`,
    );
    expect(await decide({ decision: 'reparse', reason: 'unreadable' })).toMatchObject({ decided: 1, remaining: 0 });
    const [event] = await rows(`select encode(event_id, 'hex') as id from event_body where source_id = $1`);
    expect(await openBody(String(event?.['id']))).toMatchObject({
      eventType: 'chatlio.feedback',
      receivedAt: held?.['at'],
    });
  });

  it('recognises an event that was taken in the meantime', async () => {
    const { holdRaw, take, rows } = source();
    const body = fixture('feedback', { seed: 11, atMs: Date.now() });
    const { eventId } = await take(body, 'feedback');
    await holdRaw(JSON.stringify(body), 'feedback');
    expect(await decide({ decision: 'reparse', reason: 'unreadable' })).toMatchObject({ decided: 1 });
    expect(
      await rows("select resolution, evidence -> -1 ->> 'fact' as fact from exception where source_id = $1"),
    ).toEqual([
      {
        resolution: 'replaced',
        fact: `ana decided: reparse; it is the same as the event ${eventId}, which was taken before`,
      },
    ]);
    expect(await rows('select count(*) as count from event_body where source_id = $1')).toEqual([{ count: 1 }]);
  });
});

describe('pages of exceptions', () => {
  it('are bounded, go on where the one before ended, and count all', async () => {
    const { hold, database, sourceId } = source();
    const ids = await hold(5, 'unknown');
    const request = { filter: {}, states: ['held'] as const, limit: 2 };
    const first = await pageOfExceptions(database, sourceId, request);
    expect(first).toMatchObject({ total: 5, next: ids[1] });
    const rest = await pageOfExceptions(database, sourceId, { ...request, afterId: first.next ?? 0, limit: 10 });
    expect(rest.exceptions.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(rest.next).toBeUndefined();
    expect(JSON.stringify(first)).not.toContain('of a visitor');
  });
});
