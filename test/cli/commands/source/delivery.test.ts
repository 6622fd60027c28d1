/** The numbers of `status` and `watch` are those of now, wherever the forwarder stands. */
import { describe, expect, it } from 'vitest';
import { status } from '../../../../src/cli/commands/source/status.js';
import { watch } from '../../../../src/cli/commands/source/watch.js';
import type { ForwarderReport, Sources } from '../../../../src/temporal/sources/port.js';
import { ratesAt, ratesBetween } from '../../../../src/cli/render/rates.js';
import { renderDelivery } from '../../../../src/cli/render/source/delivery.js';
import { createPaint } from '../../../../src/cli/render/paint.js';
import { codedError } from '../../../../src/domain/errors.js';
import type { CountedEvents, IntakeReport } from '../../../../src/domain/events/shownEvents.js';
import { fakeSources, fakeWorld, LIVE, NOW, sourceRun } from '../../fakes.js';

const plain = createPaint(false);
const at = (agoMs: number) => new Date(NOW - agoMs).toISOString();

const STALE: ForwarderReport = {
  phase: 'settling',
  counters: { taken: 1, accepted: 0, waiting: 1, exceptions: {} },
  surveyedAt: NOW - 240_000,
  lastError: 'HTTP 503',
  lastErrorAt: NOW - 90_000,
};

const PARTS = {
  waiting: 16,
  sending: 2,
  accepted: 97,
  lookedFor: 1,
  held: 3,
  abandoned: 1,
  replaced: 0,
  markedDelivered: 0,
};

const COUNTED: CountedEvents = {
  asOf: at(0),
  mark: 'one',
  counters: {
    taken: 120,
    accepted: 97,
    confirmed: 90,
    waiting: 18,
    oldestWaitingMs: 185_000,
    exceptions: { unknown: 2, conflict: 2 },
    parts: PARTS,
    heldBy: { unknown: 1, conflict: 2 },
    oldestHeldMs: 7_500_000,
  },
};

const INTAKE: IntakeReport = {
  v: 1,
  counted: COUNTED,
  gate: { open: true, opensAt: at(60_000), reason: 'settle window' },
  receivers: [],
  silent: [],
};

const sourcesWith = (ask: Sources['ask'], forwarder: ForwarderReport = STALE) =>
  fakeSources({
    describe: () => Promise.resolve(sourceRun({ phase: 'live' })),
    state: () => Promise.resolve(LIVE),
    forwarderState: () => Promise.resolve(forwarder),
    ask,
  });

const answering = (report: IntakeReport) => (() => Promise.resolve(report)) as unknown as Sources['ask'];
const shownFrom = (text: string) => text.slice(text.indexOf('Events  '));

describe('status', () => {
  it('counts when it is asked, and says of each event where it is', async () => {
    const world = fakeWorld(sourcesWith(answering(INTAKE)));
    expect(await status(world.context, { name: 'support-chat' })).toBe(0);
    expect(shownFrom(world.stdout())).toMatchInlineSnapshot(`
      "Events  forwarding
        taken         120  answered to Chatlio with 2xx, of which
          waiting     16   to be sent; the oldest for 3m 05s
          sending     2    sent, but not answered yet
          accepted    97   the inlet has them; 90 confirmed in the lake
          looked for  1    the inlet may have them; they are looked for in the lake
          held        3    for a person to decide: unknown 1, conflict 2; the oldest for 2h 05m: \`chatlio-aep held list support-chat\`
          abandoned   1    by a person’s decision
        last error, 1m 30s ago: HTTP 503

      chatlio-aep urls support-chat  the webhook URLs
      "
    `);
  });

  it('says in the first place which activity somebody has paused in Temporal, and how it goes on', async () => {
    const pausedActivities = [
      {
        name: 'reconcile',
        workflowId: 'forwarder:support-chat',
        activityId: '7',
        since: NOW - 65_000,
        by: 'ana',
        reason: 'the lake\nis migrated',
        unpause: 'temporal activity unpause --namespace chat --workflow-id forwarder:support-chat --activity-id 7',
      },
    ];
    const sources = {
      ...sourcesWith(answering(INTAKE)),
      pausedActivities: () => Promise.resolve(pausedActivities),
    };
    const world = fakeWorld(sources);
    await status(world.context, { name: 'support-chat' });
    expect(world.stdout().split('\n').slice(0, 6).join('\n')).toMatchInlineSnapshot(`
      "support-chat  live  sandbox prod  for 20s

      ■ the activity reconcile of support-chat is paused in Temporal since 2026-11-21 10:38:55Z (for 1m 05s) by ana: the lake is migrated
        It is not tried again, and what comes after it waits, until somebody unpauses it in Temporal.
        temporal activity unpause --namespace chat --workflow-id forwarder:support-chat --activity-id 7  let it go on
      "
    `);
    const json = fakeWorld(sources, { format: 'json' });
    await status(json.context, { name: 'support-chat' });
    expect(JSON.parse(json.stdout())).toMatchObject({ pausedActivities });
  });

  it('tells which kinds wait for their first event to be seen in the lake, and for how long at most', async () => {
    const eventId = 'ab'.repeat(32);
    const canaries = [
      { kind: 'feedback', eventId, acceptedForMs: 600_000, atMostMs: 10_800_000 },
      { kind: 'transcript', eventId, atMostMs: 10_800_000 },
    ] as const;
    const world = fakeWorld(sourcesWith(answering({ ...INTAKE, canaries })));
    await status(world.context, { name: 'support-chat' });
    expect(
      world
        .stdout()
        .split('\n')
        .filter((line) => line.includes('What leaves was changed'))
        .map((line) => line.trim()),
    ).toEqual([
      'What leaves was changed. Other events of the kind feedback wait until the first one, abababababab, is seen in the lake: for 2h 50m at most',
      'What leaves was changed. Other events of the kind transcript wait until the first one, abababababab, is sent and seen in the lake',
    ]);
    const json = fakeWorld(sourcesWith(answering({ ...INTAKE, canaries })), { format: 'json' });
    await status(json.context, { name: 'support-chat' });
    expect(JSON.parse(json.stdout())).toMatchObject({ canaries });
  });

  it('tells of records that failed at Adobe, with the command that shows why', async () => {
    const flowRuns = { lookedAt: at(240_000), failedRecords: 3, lastRunId: 'run-1', lastRunAt: at(3_600_000) };
    const shown = async (intake: IntakeReport, format: 'human' | 'json' = 'human') => {
      const world = fakeWorld(sourcesWith(answering(intake)), { format });
      await status(world.context, { name: 'support-chat' });
      return world.stdout();
    };
    expect(await shown({ ...INTAKE, flowRuns })).toContain(
      '3 records failed at Adobe in the 24 h before the last look, 4m 00s ago: `chatlio-aep runs support-chat`',
    );
    expect(await shown({ ...INTAKE, flowRuns: { ...flowRuns, failedRecords: 0 } })).not.toContain('failed at Adobe');
    expect(JSON.parse(await shown({ ...INTAKE, flowRuns }, 'json'))).toMatchObject({ flowRuns });
  });

  it('gives JSON the same numbers, as of when, beside those of the forwarder', async () => {
    const world = fakeWorld(sourcesWith(answering(INTAKE)), { format: 'json' });
    await status(world.context, { name: 'support-chat' });
    expect(JSON.parse(world.stdout())).toMatchObject({
      events: { asOf: at(0), taken: 120, parts: PARTS },
      forwarder: { phase: 'settling', counters: { taken: 120 }, surveyedAt: NOW },
    });
  });

  it('says as of when the numbers are where nobody can count', async () => {
    const away = (() =>
      Promise.reject(codedError('CAEP_DATABASE_UNREACHABLE', { reason: 'refused' }))) as Sources['ask'];
    const world = fakeWorld(sourcesWith(away));
    expect(await status(world.context, { name: 'support-chat' })).toBe(0);
    expect(world.stderr()).toContain('PostgreSQL does not answer: refused.');
    expect(shownFrom(world.stdout())).toContain('settling  last counted 4m 00s ago');
  });

  it('says once that there is no worker, whoever meets with it', async () => {
    const away = () => Promise.reject(codedError('CAEP_NO_WORKER', { taskQueue: 'q' }));
    const described = () => Promise.resolve(sourceRun({ phase: 'live' }));
    const world = fakeWorld(fakeSources({ describe: described, state: away, forwarderState: away }));
    expect(await status(world.context, { name: 'support-chat' })).toBe(0);
    expect(world.stderr().match(/No worker is running/g)).toHaveLength(1);
  });

  it('tells what receivers say', async () => {
    const receivers = [
      { id: 'eu-1', startedAt: at(90_000), reportedAt: at(2_000), silentForMs: 2_000, spooled: 0 },
      {
        id: 'eu-2',
        startedAt: at(90_000),
        reportedAt: at(400_000),
        silentForMs: 400_000,
        spooled: 31,
        refusedConnections: 2,
      },
    ];
    const silent = [{ kind: 'feedback', lastAt: at(0), silentForMs: 100_000_000 }] as const;
    const nearMisses = [{ widget: 'main-site', kind: 'transcript', count: 3, lastAt: at(0) }] as const;
    const differingCopies = [
      {
        kind: 'transcript',
        copies: 1_200,
        lastAt: at(0),
        fields: [
          { name: 'visitor.name', copies: 1_199 },
          { name: 'messages[*].text', copies: 1 },
        ],
      },
      { kind: 'feedback', copies: 1, lastAt: at(0), fields: [{ name: 'rating', copies: 1 }] },
    ] as const;
    const intake = { ...INTAKE, receivers, silent, nearMisses, differingCopies };
    const json = fakeWorld(sourcesWith(answering(intake)), { format: 'json' });
    await status(json.context, { name: 'support-chat' });
    expect(JSON.parse(json.stdout())).toMatchObject({ differingCopies });
    const world = fakeWorld(sourcesWith(answering(intake)));
    await status(world.context, { name: 'support-chat' });
    const shown = world.stdout();
    expect(shown.slice(shown.indexOf('Receivers'))).toMatchInlineSnapshot(`
      "Receivers
        eu-1  no event waits on its disk                                                              reported 2.0s ago
        eu-2  31 events on its disk, waiting for PostgreSQL, 2 connections refused: too many at once  has not reported for 6m 40s

      ! No feedback has arrived for 27h 46m. Is its URL still in Chatlio's settings?
      ! 3 webhooks for main-site, transcript, came with a wrong or expired secret. Paste the current URL into Chatlio again.
      ! 1200 events (transcript) arrived again with other values in visitor.name (1199), messages[*].text (1). The first of each was kept.
      ! 1 event (feedback) arrived again with other values in rating (1). The first of each was kept.

      chatlio-aep urls support-chat  the webhook URLs
      "
    `);
  });
});

describe('what is shown of delivery', () => {
  const snapshot = (seenAt = NOW) => ({
    run: sourceRun(),
    forwarder: STALE,
    intake: { ...INTAKE, seenAt, rates: { takenPerSecond: 2, acceptedPerSecond: 2.5 } },
  });

  it('grows older while it is looked at, and its rates end', () => {
    expect(renderDelivery(snapshot(), NOW, plain)).toMatch(/2\/s taken, 2.5\/s accepted[^]*the oldest for 3m 05s/);
    const later = renderDelivery(snapshot(), NOW + 60_000, plain) ?? '';
    expect(later).toContain('the oldest for 4m 05s');
    expect(later).toContain('last error, 2m 30s ago: HTTP 503');
    expect(later).not.toContain('/s');
  });

  it('has the phase of the gate as it stands', () => {
    const gated = (gate: IntakeReport['gate']) =>
      renderDelivery({ ...snapshot(), intake: { ...INTAKE, gate, seenAt: NOW } }, NOW, plain)?.split('\n')[0];
    expect(gated({ open: true, reason: '' })).toBe('Events  forwarding');
    expect(gated({ open: false, reason: 'paused' })).toBe('Events  paused');
    expect(gated({ open: true, opensAt: at(-5_000), reason: 'settle window' })).toBe('Events  settling');
  });

  it('has rates between two counts', () => {
    const later = { ...COUNTED, asOf: at(-30_000), counters: { ...COUNTED.counters, taken: 180, accepted: 172 } };
    const rates = ratesBetween(COUNTED, later);
    expect(rates).toEqual({ takenPerSecond: 2, acceptedPerSecond: 2.5 });
    expect(ratesBetween(COUNTED, COUNTED)).toBeUndefined();
    expect(ratesAt({ rates, seenAt: NOW }, NOW + 4_000)).toBe(rates);
    expect(ratesAt({ rates, seenAt: NOW }, NOW + 6_000)).toBeUndefined();
  });
});

describe('watch', () => {
  it('goes on counting while the forwarder waits, each time for a change', async () => {
    const questions: unknown[] = [];
    const later = { ...COUNTED, mark: 'two', counters: { ...COUNTED.counters, taken: 125 } };
    const answers = [INTAKE, { ...INTAKE, counted: later }];
    const ask = ((question: unknown) => {
      questions.push(question);
      const answer = answers[questions.length - 1];
      return answer === undefined ? new Promise(() => undefined) : Promise.resolve(answer);
    }) as unknown as Sources['ask'];
    const world = fakeWorld(sourcesWith(ask));
    const watching = watch(world.context, { name: 'support-chat' });
    await expect.poll(() => questions, { timeout: 10_000 }).toHaveLength(3);
    world.interrupt();
    expect(await watching).toBe(130);
    expect(questions[2]).toMatchObject({ ask: 'intake', unlike: 'two', waitMs: 15_000 });
    expect(world.stderr()).toMatch(/taken 120, waiting 16[^]*taken 125/);
  });
});
