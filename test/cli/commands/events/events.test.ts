import { describe, expect, it } from 'vitest';
import type { EventDetails, EventPage, ShownEvent, RestoredReport } from '../../../../src/domain/events/shownEvents.js';
import { doctorRestored } from '../../../../src/cli/commands/installation/doctorRestored.js';
import { showEvent, tailEvents } from '../../../../src/cli/commands/events/events.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import { sealFor } from '../../../../src/temporal/sealedAnswer.js';
import { ACCESS_KEY, fakeSources, fakeWorld, NOW, script } from '../../fakes.js';

const at = (agoMs: number) => new Date(NOW - agoMs).toISOString();

function event(seq: number, changes: Partial<ShownEvent> = {}): ShownEvent {
  const eventId = `${seq}`.padStart(2, '0').repeat(32);
  return {
    eventId,
    kind: 'feedback',
    loggedAt: at(9_000),
    occurredAt: at(9_500),
    partition: 0,
    seq,
    state: 'accepted',
    ...changes,
  };
}

const PAGE: EventPage = {
  v: 1,
  position: { 0: 12 },
  events: [
    event(10),
    event(11, { kind: 'new-conversation', state: 'held', reason: 'unknown', occurredAt: at(400_000) }),
    event(12, { kind: 'transcript', state: 'waiting' }),
  ],
};

const asking = (...answers: unknown[]) => {
  const questions: unknown[] = [];
  const next = script(...answers);
  const ask = (question: unknown) => {
    questions.push(question);
    return next();
  };
  return { questions, sources: fakeSources({ ask: ask as Sources['ask'] }) };
};

describe('events show', () => {
  const DETAILS: EventDetails = {
    v: 1,
    eventId: '4f1e'.repeat(16),
    kind: 'feedback',
    partition: 2,
    seq: 12,
    state: 'accepted',
    arrivals: 2,
    firstArrivalAt: at(400_000),
    lastArrivalAt: at(9_000),
    receipts: [{ xactionId: '1714642267498:2153:240', receivedAt: at(5_000) }],
    exceptions: [
      {
        id: 7,
        version: 3,
        kind: 'feedback',
        eventId: '4f1e'.repeat(16),
        reason: 'unknown',
        state: 'resolved',
        attempts: 1,
        arrivals: 1,
        since: at(8_000),
        resolution: 'delivered',
      },
    ],
  };

  it('follows an event from its webhooks to Adobe’s answer', async () => {
    const { questions, sources } = asking(DETAILS);
    const world = fakeWorld(sources);
    expect(await showEvent(world.context, { name: 'support-chat', eventId: '4f1e4f1e4f1e' })).toBe(0);
    expect(questions).toEqual([{ v: 1, ask: 'event', name: 'support-chat', eventId: '4f1e4f1e4f1e' }]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "Event 4f1e4f1e4f1e of support-chat  accepted
        event id    4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e
        kind        feedback
        arrived     2026-11-21 10:33:20Z  6m 40s ago  2 times, last 2026-11-21 10:39:51Z
        in the log  partition 2, number 12

      Accepted by Adobe
        2026-11-21 10:39:55Z  1714642267498:2153:240

      Exceptions
        unknown  delivered  sent 1 time  chatlio-aep held show support-chat 7
      "
    `);
  });

  it('of one that has come once and gone nowhere yet says no more than that', async () => {
    const { sources } = asking({ ...DETAILS, state: 'waiting', arrivals: 1, receipts: [], exceptions: [] });
    const world = fakeWorld(sources);
    await showEvent(world.context, { name: 'support-chat', eventId: '4f1e4f1e4f1e' });
    expect(world.stdout()).toMatchInlineSnapshot(`
      "Event 4f1e4f1e4f1e of support-chat  waiting
        event id    4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e4f1e
        kind        feedback
        arrived     2026-11-21 10:33:20Z  6m 40s ago
        in the log  partition 2, number 12
      "
    `);
  });
});

describe('events tail', () => {
  it('shows the newest, masked, a line each', async () => {
    const { questions, sources } = asking(PAGE);
    const world = fakeWorld(sources);
    expect(await tailEvents(world.context, { name: 'support-chat', limit: 20 })).toBe(0);
    expect(questions).toEqual([{ v: 1, ask: 'events', name: 'support-chat', limit: 20 }]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "2026-11-21 10:39:51Z  feedback          101010101010  accepted
      2026-11-21 10:39:51Z  new-conversation  111111111111  held          unknown  happened 6m 31s earlier
      2026-11-21 10:39:51Z  transcript        121212121212  waiting
      "
    `);
  });

  it('shows contents when asked to, sealed to this process on the way', async () => {
    const sources = fakeSources({
      ask: ((question: { readonly sealTo: string }) =>
        Promise.resolve({
          ...PAGE,
          sealedBodies: sealFor(ACCESS_KEY, question.sealTo, '["{\\"message\\":\\"Malta?\\"}","{}",null]'),
        })) as unknown as Sources['ask'],
    });
    const args = { name: 'support-chat', limit: 20, reveal: true };
    const world = fakeWorld(sources);
    await tailEvents(world.context, args);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "2026-11-21 10:39:51Z  feedback          101010101010  accepted
          {"message":"Malta?"}
      2026-11-21 10:39:51Z  new-conversation  111111111111  held          unknown  happened 6m 31s earlier
          {}
      2026-11-21 10:39:51Z  transcript        121212121212  waiting
          its content is no longer kept
      "
    `);
    const json = fakeWorld(sources, { format: 'json', command: 'events tail' });
    await tailEvents(json.context, args);
    const documents = json.stdout().trim().split('\n');
    expect(documents.map((line) => (JSON.parse(line) as { body: unknown }).body)).toEqual([
      '{"message":"Malta?"}',
      '{}',
      null,
    ]);
  });

  it('says that there are older ones, and how to see them', async () => {
    const world = fakeWorld(asking({ ...PAGE, older: true }).sources);
    await tailEvents(world.context, { name: 'support-chat', limit: 3 });
    expect(world.stderr()).toContain('There are older events than these 3; `--limit` shows up to 200.');
    const most = fakeWorld(asking({ ...PAGE, older: true }).sources);
    await tailEvents(most.context, { name: 'support-chat', limit: 1_000 });
    expect(most.stderr()).toContain('200 are the most at once');
  });

  it('tells with --follow what has become of events that it has shown', async () => {
    const begun: EventPage = {
      v: 1,
      position: { 0: 12 },
      events: [event(11, { state: 'sending' }), event(12, { state: 'waiting' })],
    };
    const changed: EventPage = { v: 1, events: [], position: { 0: 12 }, changed: [{ index: 0, state: 'accepted' }] };
    const held: EventPage = {
      v: 1,
      events: [],
      position: { 0: 12 },
      changed: [{ index: 0, state: 'held', reason: 'refused', exceptionId: 7 }],
    };
    const { questions, sources } = asking(begun, changed, held, new Promise(() => undefined));
    const world = fakeWorld(sources);
    const following = tailEvents(world.context, { name: 'support-chat', limit: 20, follow: true });
    await expect.poll(() => questions).toHaveLength(4);
    world.interrupt();
    await following;
    expect(questions.slice(1)).toMatchObject([
      {
        watched: [
          { seq: 11, state: 'sending' },
          { seq: 12, state: 'waiting' },
        ],
      },
      { watched: [{ seq: 12, state: 'waiting' }] },
      { watched: [{ seq: 12, state: 'held', exceptionId: 7 }] },
    ]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "2026-11-21 10:39:51Z  feedback          111111111111  sending
      2026-11-21 10:39:51Z  feedback          121212121212  waiting
      2026-11-21 10:39:51Z  feedback          111111111111  → accepted
      2026-11-21 10:39:51Z  feedback          121212121212  → held        refused  number 7
      "
    `);
  });

  it('leaves at once on Ctrl-C, also while the worker waits for an event, and says so to the question', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const ask = ((_question: unknown, signal?: AbortSignal) => {
      signals.push(signal);
      return signals.length === 1 ? Promise.resolve(PAGE) : new Promise(() => undefined);
    }) as unknown as Sources['ask'];
    const world = fakeWorld(fakeSources({ ask }));
    const following = tailEvents(world.context, { name: 'support-chat', limit: 20, follow: true });
    await expect.poll(() => signals).toHaveLength(2);
    world.interrupt();
    expect(await following).toBe(130);
    expect(signals[1]?.aborted).toBe(true);
  });

  it('follows from where the page before ended, until Ctrl-C', async () => {
    const next: EventPage = { v: 1, events: [event(13)], position: { 0: 13 } };
    const { questions, sources } = asking(PAGE, next, new Promise(() => undefined));
    const world = fakeWorld(sources, { format: 'json', command: 'events tail' });
    const following = tailEvents(world.context, { name: 'support-chat', limit: 20, follow: true });
    await expect.poll(() => questions).toHaveLength(3);
    world.interrupt();
    expect(await following).toBe(130);
    expect(questions[1]).toMatchObject({ after: { 0: 12 } });
    expect(questions[2]).toMatchObject({ after: { 0: 13 } });
    const lines = world.stdout().trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: ShownEvent }).event.seq)).toEqual([10, 11, 12, 13]);
  });
});

describe('doctor --restored', () => {
  const report: RestoredReport = {
    v: 1,
    since: '2026-11-21T08:00:00.000Z',
    applied: false,
    sources: [{ name: 'support-chat', events: 12, exceptions: 1 }],
  };

  it('shows first, and changes nothing', async () => {
    const { questions, sources } = asking(report);
    const world = fakeWorld(sources);
    expect(await doctorRestored(world.context, { since: report.since, by: 'ana' })).toBe(2);
    expect(questions).toEqual([{ v: 1, ask: 'restored', since: report.since, apply: false, by: 'ana' }]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "If the database was restored to 2026-11-21 08:00:00Z, these events may have been sent since. With --confirm, sending stops for all sources and these events are looked for in the lake:
        SOURCE        EVENTS  EXCEPTIONS
        support-chat  12      1

      Nothing was changed. To do it: \`chatlio-aep doctor --restored 2026-11-21T08:00:00.000Z --confirm\`
      "
    `);
  });

  it('does it when confirmed', async () => {
    const { sources } = asking({ ...report, applied: true });
    const world = fakeWorld(sources);
    expect(await doctorRestored(world.context, { since: report.since, confirm: true, by: 'ana' })).toBe(0);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "✔ Sending is stopped for all sources. Events that may have been sent since 2026-11-21 08:00:00Z are now looked for in the lake, and held if the lake does not show whether it has them.
        SOURCE        EVENTS  EXCEPTIONS
        support-chat  12      1

      Next, for each source:
        chatlio-aep audit NAME                       see what the lake holds
        chatlio-aep held list NAME --reason unknown  decide about the rest
        chatlio-aep unpause NAME                     start sending again
      "
    `);
  });
});
