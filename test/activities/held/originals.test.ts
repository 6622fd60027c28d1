/** Decisions about events of a source that keeps originals, and what is shown of them. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { assert, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { createDecideHeld } from '../../../src/activities/held/decide.js';
import { eventPage } from '../../../src/activities/inquiry/events.js';
import { exceptionDetails } from '../../../src/activities/inquiry/exceptions.js';
import { eventJson } from '../../../src/chatlio/canonicalEvent.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { readRequest } from '../../../src/chatlio/readRequest.js';
import type { ForwarderActivities } from '../../../src/domain/delivery/forwarder.js';
import type { DecideInput, DecideResult } from '../../../src/domain/exceptions/heldEvents.js';
import { keepOriginals } from '../../../src/store/sources/sources.js';
import { createAsker } from '../../../src/temporal/sealedAnswer.js';
import { type HeldSource, withHeldSource } from './source.js';

const cut = withHeldSource();
const kept = withHeldSource({ originals: true });

const body = (message = 'Was it any good?') => ({
  ...fixture('feedback', { seed: 5, atMs: Date.parse('2026-11-21T09:00:00Z') }),
  message,
  slackChannelName: 'nobody maps it',
});

function decide({ database, keyRing, uid, name }: HeldSource, input: Pick<DecideInput, 'decision' | 'reason'>) {
  const activity = createDecideHeld({ database, keyRing });
  type Input = Parameters<ForwarderActivities['decideHeld']>[0];
  const decision = { by: 'ana', why: 'looked it up', ...input };
  return new MockActivityEnvironment().run<[Input], DecideResult, typeof activity>(activity, {
    uid,
    name,
    requestId: randomUUID(),
    decision,
  });
}

const AT_MS = Date.parse('2026-11-21T12:00:00Z');

/** The same again, more than an hour later. @returns the number of the conflict, and the id of both */
async function conflicting({ take, rows, database, sourceId }: HeldSource) {
  const { eventId } = await take(body(), 'feedback', AT_MS - 7_200_000);
  await database.pool.query('update event_id set logged_at = $2 where source_id = $1', [
    sourceId,
    new Date(AT_MS - 7_200_000),
  ]);
  expect(await take(body(), 'feedback', AT_MS)).toMatchObject({ arrival: 'conflict' });
  const [row] = await rows(`select id from exception where source_id = $1 and reason = 'conflict'`);
  return { id: Number(row?.['id']), eventId };
}

/** Of events in the log, but for one. */
const idsBeside = async ({ rows }: HeldSource, eventId = '') =>
  (await rows(`select encode(event_id, 'hex') as id from event_body where source_id = $1`))
    .map(({ id }) => String(id))
    .filter((id) => id !== eventId);

describe('a conflict that is delivered as new', () => {
  it('is kept whole, under the id that it would have had if it had been cut', async () => {
    const derivedIds: string[] = [];
    for (const source of [cut(), kept()]) {
      const { eventId } = await conflicting(source);
      expect(await decide(source, { decision: 'deliver-as-new', reason: 'conflict' })).toMatchObject({ decided: 1 });
      derivedIds.push(...(await idsBeside(source, eventId)));
    }
    const [asCut = '', derived = ''] = derivedIds;
    expect(derived).toBe(asCut);
    const opened = await kept().openKept(derived);
    assert(opened !== undefined && 'original' in opened);
    expect(JSON.parse(opened.original.toString())).toEqual(body());
    expect(opened.facts).toMatchObject({ eventId: derived, identityVersion: 'as-new/1', receivedAtMs: AT_MS });
  });

  it('has the MAC that it would have had, so that releases tell the same copies', async () => {
    const source = kept();
    const { eventId } = await conflicting(source);
    await decide(source, { decision: 'deliver-as-new', reason: 'conflict' });
    const raw = Buffer.from(JSON.stringify(body()));
    const reading = readRequest({ widget: 'main-site', kind: 'feedback', raw, receivedAtMs: AT_MS });
    assert(reading.outcome === 'event');
    const mac = source.keyRing.mac(eventJson(reading.cutEvent())).toString('hex');
    const macs = `select encode(body_mac, 'hex') as body, encode(stable_mac, 'hex') as stable from event_id
      where source_id = $1 and encode(event_id, 'hex') <> '${eventId}'`;
    expect(await source.rows(macs)).toEqual([{ body: mac, stable: mac }]);
  });
});

it('a body that is read again is kept whole', async () => {
  const { holdRaw, openKept } = kept();
  const raw = JSON.stringify(body());
  await holdRaw(raw, 'feedback');
  expect(await decide(kept(), { decision: 'reparse', reason: 'unreadable' })).toMatchObject({ decided: 1 });
  const [id = ''] = await idsBeside(kept());
  const opened = await openKept(id);
  assert(opened !== undefined && 'original' in opened);
  expect(opened.original.toString()).toBe(raw);
  expect(opened.facts.widget).toBe('main-site');
});

it('of what a source does not store, nothing is kept of what is read again or delivered as new either', async () => {
  const source = kept();
  const without = ['message', 'conversationUUID'];
  const conflict = await conflicting(source);
  await keepOriginals(source.database, source.sourceId, without);
  await source.holdRaw(JSON.stringify({ ...body('read again'), conversationUUID: 'another' }), 'feedback');
  await decide(source, { decision: 'reparse', reason: 'unreadable' });
  const [id = ''] = await idsBeside(source, conflict.eventId);
  const opened = await source.openKept(id);
  assert(opened !== undefined && 'original' in opened);
  const { message: _message, conversationUUID: _conversation, ...rest } = body() as Record<string, unknown>;
  expect(JSON.parse(opened.original.toString())).toEqual(rest);
  expect(opened.facts.occurredAtMs).toBeTypeOf('number');
});

describe('who asks to see it', () => {
  it('sees an event as it was posted', async () => {
    const source = kept();
    await source.take(body(), 'feedback');
    const asker = createAsker(source.keyRing.accessKey);
    const page = await eventPage(source, { v: 1, ask: 'events', name: source.name, limit: 5, sealTo: asker.sealTo });
    expect(JSON.parse(asker.open(page.sealedBodies ?? ''))).toEqual([JSON.stringify(body())]);
  });

  it('sees a conflict as it was posted, and a body that could not be read', async () => {
    const source = kept();
    const { id } = await conflicting(source);
    await source.holdRaw('{"conversation', 'feedback');
    const [held] = await source.rows(`select id from exception where source_id = $1 and reason = 'unreadable'`);
    const asker = createAsker(source.keyRing.accessKey);
    const shown = async (exception: number) => {
      const ask = { v: 1, ask: 'exception', name: source.name, id: exception, sealTo: asker.sealTo } as const;
      return asker.open((await exceptionDetails(source, ask)).sealedBody ?? '');
    };
    expect(JSON.parse(await shown(id))).toEqual(body());
    expect(await shown(Number(held?.['id']))).toBe('{"conversation');
  });
});
