/** Events that are kept as they were posted, and what leaves of them. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../../../src/chatlio/fixtures.js';
import { KIND_FACTS } from '../../../../src/domain/events/kinds.js';
import { RECIPE } from '../../../../src/domain/projection/projection.js';
import { readUnmappedFields } from '../../../../src/store/bodies/unmappedFields.js';
import { ORIGINAL_FORM, sealOriginal } from '../../../../src/store/bodies/originals.js';
import { closeGate } from '../../../../src/store/delivery/gate.js';
import { setProjection } from '../../../../src/store/delivery/projections.js';
import { createEventLog } from '../../../../src/store/log/eventLog.js';
import { keepOriginals } from '../../../../src/store/sources/sources.js';
import { findException } from '../../../../src/store/views/exceptionPages.js';
import { PROJECTION } from '../../../support/projection.js';
import { takenEvent } from '../../../support/store.js';
import { type Bench, withBench } from './bench.js';

const bench = withBench();
const RECEIVED_AT_MS = Date.UTC(2026, 4, 2, 10, 31, 20);

/** A transcript in the log as a receiver puts it there. @returns its id, hex */
async function logOriginal(
  { database, keyRing, sourceId }: Bench,
  seed: number,
  form: number = ORIGINAL_FORM,
  more: object = {},
): Promise<string> {
  const eventId = createHash('sha256').update(`original-${seed}`).digest();
  const body = Buffer.from(JSON.stringify({ ...fixture('transcript', { seed, atMs: RECEIVED_AT_MS }), ...more }));
  const facts = { widget: 'main-site', receivedAtMs: RECEIVED_AT_MS };
  const sealed = await sealOriginal(keyRing, { sourceId, eventId }, facts, body);
  const event = takenEvent('', { eventId, kind: KIND_FACTS.transcript.code, sealed, form });
  await createEventLog(database).append(sourceId, 0, [event]);
  return eventId.toString('hex');
}

async function switchToOriginals({ database, sourceId }: Bench, projection = PROJECTION): Promise<void> {
  await setProjection(database, sourceId, projection);
  await keepOriginals(database, sourceId);
}

describe('a source that keeps originals', () => {
  it('sends what its mapping reads, and what was cut before as it is', async () => {
    const { open, log, drain, inlet, exceptions } = bench();
    const [cut] = await log(1);
    await switchToOriginals(bench());
    await open();
    const id = await logOriginal(bench(), 1);
    // A release before has written the row, or put it back, and does not know the column.
    const unmarked = await logOriginal(bench(), 2, 0);
    expect(await drain().report).toMatchObject({ accepted: 3, end: { kind: 'idle' } });
    expect(new Set(inlet.posts.keys())).toEqual(new Set([cut, id, unmarked]));
    const bodies = inlet.bodies.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(bodies.find(({ eventId }) => eventId === cut)).toHaveProperty('message');
    for (const one of [id, unmarked]) {
      const sent = bodies.find(({ eventId }) => eventId === one) ?? {};
      expect(Object.keys(sent).sort()).toEqual(['eventId', 'message', 'messages']);
      expect(sent['messages']).toEqual([
        { text: expect.any(String) },
        { text: expect.any(String) },
        { text: 'Great, thanks!' },
      ]);
    }
    expect(await exceptions()).toEqual([]);
  });

  it('sends the same bytes on every attempt under one projection, and those of the next one after it has changed', async () => {
    const { open, drain, inlet, exceptions, database, sourceId } = bench();
    await switchToOriginals(bench());
    await open();
    await logOriginal(bench(), 3);
    const again = () =>
      database.pool.query(
        `update exception set state = 'waiting', next_action = 'resend', next_at = now() where source_id = $1`,
        [sourceId],
      );
    inlet.behave(() => ({ status: 400, body: '{"status":400}' }));
    await drain().report;
    await again();
    await drain({ lingerMs: 300 }).report;
    await closeGate(database, sourceId, 'the projection changes');
    await setProjection(database, sourceId, { ...PROJECTION, reads: ['eventId'] });
    await open();
    await again();
    inlet.behave(() => 'accept');
    await drain({ lingerMs: 300 }).report;
    const [first, second, third] = inlet.bodies;
    expect(second).toBe(first);
    expect(JSON.parse(third ?? '')).toEqual({ eventId: JSON.parse(first ?? '').eventId });
    const [resent] = await exceptions();
    const details = (await findException(database, sourceId, resent?.id ?? 0))?.details;
    expect(details?.versions).toEqual([1, 1, 2]);
    expect(details?.evidence.map(({ fact }) => fact).filter((fact) => fact.includes('projection'))).toEqual([
      'attempt 3: made under version 2 of the projection, attempt 2 under version 1',
    ]);
  });

  it('is left alone by a worker that does not know the recipe: nothing is sent, nothing held, and the partition is free', async () => {
    const { open, drain, inlet, exceptions, cursor } = bench();
    await switchToOriginals(bench(), { ...PROJECTION, recipe: RECIPE + 1 });
    await open();
    await logOriginal(bench(), 4);
    await expect(drain().report).rejects.toMatchObject({ type: 'CAEP_RELEASE_TOO_OLD' });
    expect([inlet.bodies, await exceptions()]).toEqual([[], []]);
    expect(await cursor()).toMatchObject({ intended_seq: 0, holder: null });
  });

  it('counts the fields that come and that its mapping does not read, by name', async () => {
    const { open, drain, database, sourceId } = bench();
    await switchToOriginals(bench());
    await open();
    await logOriginal(bench(), 5, ORIGINAL_FORM, { rating: 5, visitor: { UUID: 'u', score: 'secret' } });
    await logOriginal(bench(), 6, ORIGINAL_FORM, { rating: 4 });
    await drain().report;
    await logOriginal(bench(), 7, ORIGINAL_FORM, { rating: 3 });
    await drain().report;
    expect(await readUnmappedFields(database, sourceId)).toEqual([
      { kind: 'transcript', name: 'rating', events: 3, lastAt: expect.any(String) },
      { kind: 'transcript', name: 'visitor.score', events: 1, lastAt: expect.any(String) },
    ]);
  });
});
