/** After a change of what leaves: one event of each kind, and the others once it was seen in the lake. */
import { describe, expect, it } from 'vitest';
import { KINDS, type Kind } from '../../../../src/domain/events/kinds.js';
import { bodyContext } from '../../../../src/store/keys/contexts.js';
import { recordCanary } from '../../../../src/store/delivery/canaries.js';
import { closeGate } from '../../../../src/store/delivery/gate.js';
import { setProjection } from '../../../../src/store/delivery/projections.js';
import { createEventLog } from '../../../../src/store/log/eventLog.js';
import { PROJECTION } from '../../../support/projection.js';
import { takenEvent } from '../../../support/store.js';
import { withBench } from './bench.js';

const bench = withBench();
let projections = 0;

/** Another projection from now on, with canaries. */
async function change({ canaries = true } = {}): Promise<void> {
  const { database, sourceId, open } = bench();
  await closeGate(database, sourceId, 'what leaves changes');
  projections += 1;
  const mappingSet = { id: 'set-1', version: projections };
  await setProjection(database, sourceId, { ...PROJECTION, mappingSet }, { canaries });
  await open();
}

/** @returns their ids, in the order in which they are in the log */
async function log(...kinds: Kind[]): Promise<string[]> {
  const { database, sourceId, keyRing } = bench();
  const events = kinds.map((kindName) => {
    const event = takenEvent(`${sourceId}-${Math.random()}`, { kindName });
    const body = JSON.stringify({ eventId: event.eventId.toString('hex'), message: kindName });
    return { ...event, sealed: keyRing.seal(Buffer.from(body), bodyContext(sourceId, event.eventId)) };
  });
  await createEventLog(database).append(sourceId, 0, events);
  return events.map(({ eventId }) => eventId.toString('hex'));
}

const sent = (): string[] => [...bench().inlet.posts.keys()];

function record(kind: Kind, eventId: string, news: 'proven' | 'replaced'): Promise<void> {
  const { database, sourceId } = bench();
  return recordCanary(database, sourceId, { kind, eventId }, { kind: news });
}

async function resend(eventId: string): Promise<void> {
  const { database, sourceId } = bench();
  await database.pool.query(
    `update exception set state = 'waiting', next_action = 'resend', next_at = now()
     where source_id = $1 and event_id = decode($2, 'hex')`,
    [sourceId, eventId],
  );
}

describe('a change of what leaves', () => {
  it('lets the first event of each kind go, wherever it stands, and the others once it is proven', async () => {
    const { drain, cursor } = bench();
    await change();
    const ids = await log('feedback', 'feedback', 'transcript', 'feedback', 'transcript');
    const [first, , third, , fifth] = ids;
    const report = await drain().report;
    expect(report).toMatchObject({ end: { kind: 'idle' }, accepted: 2 });
    expect(report.dueInMs).toBeGreaterThan(0);
    expect(report.dueInMs).toBeLessThanOrEqual(10_000);
    expect(sent()).toEqual([first, third]);
    // Nobody has it any more: another worker may go on.
    expect(await cursor()).toMatchObject({ cursor_seq: 1, undecided: 0, holder: null });
    expect(await drain().report).toMatchObject({ accepted: 0 });

    await record('transcript', third ?? '', 'proven');
    expect(await drain().report).toMatchObject({ accepted: 1 });
    expect(sent()).toEqual([first, third, fifth]);
    await record('feedback', first ?? '', 'proven');
    expect(await drain().report).toMatchObject({ accepted: 2, dueInMs: undefined });
    expect(sent().toSorted()).toEqual(ids.toSorted());
    expect(await cursor()).toMatchObject({ cursor_seq: 5, intended_seq: 5 });
  });

  it('that is proven while a drain runs is noticed by it', async () => {
    const { drain } = bench();
    await change();
    const [first] = await log('feedback', 'feedback');
    // Events of another kind keep it busy: each takes a moment.
    await log('transcript');
    bench().inlet.behave((eventId) => (eventId === first ? 'accept' : { acceptAfterMs: 5_000 }));
    const running = drain({ sliceMs: 20_000 }).report;
    await expect.poll(() => sent().length, { timeout: 5_000 }).toBe(2);
    await record('feedback', first ?? '', 'proven');
    await expect.poll(() => sent().length, { timeout: 10_000 }).toBe(3);
    await running;
  });

  it('chooses another event where the first was refused by the inlet, one at a time', async () => {
    const { drain, inlet, exceptions } = bench();
    await change();
    const [first, second] = await log('feedback', 'feedback', 'feedback');
    inlet.behave((eventId) => (eventId === first ? { status: 400, body: '{"status":400}' } : 'accept'));
    await drain().report;
    expect(await drain().report).toMatchObject({ accepted: 0, notAccepted: 0 });
    expect((await exceptions()).map(({ event_id: id }) => id)).toEqual([first]);
    await record('feedback', first ?? '', 'replaced');
    expect(await drain().report).toMatchObject({ accepted: 1 });
    expect(sent()).toEqual([first, second]);
  });

  it('lets what is sent again wait as well, or be the first', async () => {
    const { drain, inlet, open } = bench();
    await open();
    const refused = await log('feedback', 'feedback', 'feedback');
    inlet.behave(() => ({ status: 400, body: '{"status":400}' }));
    await drain().report;
    inlet.behave(() => 'accept');
    await change();
    for (const id of refused) await resend(id);
    const report = await drain().report;
    expect(report).toMatchObject({ accepted: 1 });
    expect(report.dueInMs).toBeGreaterThan(0);
    const again = [...inlet.posts].filter(([, posts]) => posts === 2).map(([id]) => id);
    expect(again.length).toBe(1);
    await record('feedback', again[0] ?? '', 'proven');
    expect(await drain({ lingerMs: 300 }).report).toMatchObject({ accepted: 2 });
    expect([...inlet.posts.values()]).toEqual([2, 2, 2]);
  });

  it('leaves nothing to probe with where all that is left waits', async () => {
    const { drain } = bench();
    await change();
    await log('feedback', 'feedback');
    await drain().report;
    expect(await drain({ mode: 'probe' }).report).toMatchObject({ end: { kind: 'idle' }, accepted: 0 });
  });

  it('without canaries sends all at once', async () => {
    const { drain } = bench();
    await change({ canaries: false });
    await log(...KINDS, ...KINDS);
    expect(await drain().report).toMatchObject({ accepted: 10, dueInMs: undefined });
  });
});
