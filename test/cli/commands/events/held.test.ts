import { describe, expect, it } from 'vitest';
import { codedError } from '../../../../src/domain/errors.js';
import type {
  DecideInput,
  DecideResult,
  ExceptionDetails,
  ExceptionPage,
} from '../../../../src/domain/exceptions/heldEvents.js';
import type { Inquiry } from '../../../../src/domain/inquiries.js';
import { listHeld, showHeld } from '../../../../src/cli/commands/events/held.js';
import { decideHeld } from '../../../../src/cli/commands/events/heldDecide.js';
import type { ForwarderReport, Sources } from '../../../../src/temporal/sources/port.js';
import { sealFor } from '../../../../src/temporal/sealedAnswer.js';
import { ACCESS_KEY, fakeSources, fakeWorld, NOW } from '../../fakes.js';

const at = (agoMs: number) => new Date(NOW - agoMs).toISOString();
const EVENT = '433e0f5a7c1d2e3f433e0f5a7c1d2e3f433e0f5a7c1d2e3f433e0f5a7c1d2e3f';

const PAGE: ExceptionPage = {
  v: 1,
  total: 3,
  next: 19,
  exceptions: [
    {
      id: 12,
      version: 1,
      kind: 'feedback',
      eventId: EVENT,
      reason: 'unknown',
      state: 'held',
      attempts: 1,
      arrivals: 1,
      since: at(7_500_000),
      lastFact: 'attempt 1: outcome unknown: ECONNRESET, after the last byte of the request had left the socket',
    },
    {
      id: 19,
      version: 3,
      kind: 'offline-message',
      eventId: EVENT.replace('433e', 'a1b2'),
      reason: 'conflict',
      state: 'held',
      attempts: 0,
      arrivals: 2,
      since: at(65_000),
      lastFact: 'other content',
    },
  ],
};

const [FIRST] = PAGE.exceptions;
if (FIRST === undefined) throw new Error('the page has events');

const DETAILS: ExceptionDetails = {
  v: 1,
  exception: FIRST,
  allowed: ['resend', 'mark-delivered', 'abandon'],
  evidence: [{ at: at(7_500_000), fact: 'attempt 1: outcome unknown: ECONNRESET' }],
  decisions: [{ at: at(9_000_000), by: 'ana', why: 'not in the lake', decision: 'resend', reason: 'refused' }],
  bodyBytes: 1_204,
};

/** Answers every question with `answer`, and keeps the questions. */
function asked(answer: (question: Inquiry) => unknown, forwarder?: ForwarderReport) {
  const questions: Inquiry[] = [];
  const ask = (question: Inquiry) => {
    questions.push(question);
    return Promise.resolve(answer(question));
  };
  return {
    questions,
    sources: fakeSources({ ask: ask as Sources['ask'], forwarderState: () => Promise.resolve(forwarder) }),
  };
}

describe('held list', () => {
  it('tells also that sending itself is held, without any event that is', async () => {
    const counters = { taken: 1, accepted: 0, waiting: 1, exceptions: {} };
    const hold = { reason: 'HTTP 401', since: NOW };
    const { sources } = asked(() => ({ v: 1, total: 0, exceptions: [] }), { phase: 'held', counters, hold });
    const world = fakeWorld(sources);
    expect(await listHeld(world.context, { name: 'support-chat', filter: {}, state: 'held' })).toBe(0);
    const text = world.stdout();
    expect(text).toContain('sending for support-chat is held');
    expect(text).toContain('chatlio-aep resume support-chat');
  });

  it('shows what is held, and what may be decided', async () => {
    const { questions, sources } = asked(() => PAGE);
    const world = fakeWorld(sources);
    expect(await listHeld(world.context, { name: 'support-chat', filter: {}, state: 'held' })).toBe(0);
    expect(questions).toEqual([
      { v: 1, ask: 'exceptions', name: 'support-chat', filter: {}, states: ['held'], limit: 50 },
    ]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "ID  REASON    KIND             EVENT         SINCE   SENT  WHAT HAPPENED LAST
      12  unknown   feedback         433e0f5a7c1d  2h 05m  1     attempt 1: outcome unknown: ECONNRESET, after the last byte…
      19  conflict  offline-message  a1b20f5a7c1d  1m 05s  0     other content

      3 events, of which 2 are shown. \`chatlio-aep held show support-chat ID\` shows more.
      More: \`chatlio-aep held list support-chat --after 19\`

        unknown   sent, but it is not known whether the inlet has it        resend, mark-delivered, abandon
        conflict  same event id as an earlier event, but different content  deliver-as-new, abandon
      "
    `);
  });

  it('says so when nothing is held', async () => {
    const world = fakeWorld(asked(() => ({ v: 1, exceptions: [], total: 0 })).sources);
    await listHeld(world.context, { name: 'support-chat', filter: { reason: 'unknown' }, state: 'held' });
    expect(world.stdout()).toBe('No event of support-chat is held.\n');
  });
});

describe('held show', () => {
  it('tells everything but the content', async () => {
    const { questions, sources } = asked(() => DETAILS);
    const world = fakeWorld(sources);
    expect(await showHeld(world.context, { name: 'support-chat', id: 12 })).toBe(0);
    expect(questions).toEqual([{ v: 1, ask: 'exception', name: 'support-chat', id: 12 }]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "Event 12 of support-chat  unknown  held  sent, but it is not known whether the inlet has it
        event id  433e0f5a7c1d2e3f433e0f5a7c1d2e3f433e0f5a7c1d2e3f433e0f5a7c1d2e3f
        kind      feedback
        since     2026-11-21 08:35:00Z  for 2h 05m
        sent      1 time
        version   1
        content   1204 bytes, not shown; --reveal shows it

      What is known
        2026-11-21 08:35:00Z  attempt 1: outcome unknown: ECONNRESET

      Decisions
        2026-11-21 08:10:00Z  ana  resend  not in the lake

        chatlio-aep held resend support-chat 12 --why TEXT
        chatlio-aep held mark-delivered support-chat 12 --why TEXT
        chatlio-aep held abandon support-chat 12 --why TEXT
      "
    `);
  });

  it('opens the content that was sealed to it', async () => {
    const { sources } = asked((question) => ({
      ...DETAILS,
      sealedBody: sealFor(ACCESS_KEY, (question as { sealTo: string }).sealTo, '{"message":"Do you ship to Malta?"}'),
    }));
    const world = fakeWorld(sources, { format: 'json', command: 'held show' });
    await showHeld(world.context, { name: 'support-chat', id: 12, reveal: true });
    const document = JSON.parse(world.stdout()) as { body: string; sealedBody?: string };
    expect(document.body).toBe('{"message":"Do you ship to Malta?"}');
    expect(document.sealedBody).toBeUndefined();
  });
});

describe('a decision', () => {
  const input: DecideInput = { decision: 'resend', by: 'ana', why: 'not in the lake', reason: 'unknown' };
  const result: DecideResult = {
    v: 1,
    decision: 'resend',
    dryRun: false,
    decided: 2,
    ids: [12, 14],
    left: [],
    remaining: 1,
  };
  const decided = (answer: DecideResult) => fakeWorld(fakeSources({ decide: () => Promise.resolve(answer) }));

  it('is told with what remains', async () => {
    const world = decided(result);
    expect(await decideHeld(world.context, { name: 'support-chat', input })).toBe(0);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "✔ 2 events of support-chat will be sent again.
      1 event that matches the filter is still held.
      "
    `);
  });

  it('that is tried only, names the events', async () => {
    const world = decided({ ...result, dryRun: true });
    await decideHeld(world.context, { name: 'support-chat', input: { ...input, dryRun: true } });
    expect(world.stdout()).toMatchInlineSnapshot(`
      "2 events of support-chat would be sent again; nothing was changed.
        12, 14
      "
    `);
  });

  it('that leaves some undecided says why, with exit 1', async () => {
    const { error } = codedError('CAEP_EVENT_DECIDED', { name: 'support-chat', id: '13', state: 'resolved' });
    const world = decided({ ...result, left: [{ id: 13, error }], remaining: 0 });
    expect(await decideHeld(world.context, { name: 'support-chat', input })).toBe(1);
    expect(world.stdout()).toContain('✖ The event 13 of support-chat was already decided');
  });

  it.each([
    { decision: 'abandon', many: 2, answer: false, asked: 1, exitCode: 130 },
    { decision: 'abandon', many: 2, answer: true, asked: 1, exitCode: 0 },
    { decision: 'mark-delivered', many: 2, answer: false, asked: 1, exitCode: 130 },
    { decision: 'abandon', many: 1, answer: false, asked: 0, exitCode: 0 },
    { decision: 'resend', many: 2, answer: false, asked: 0, exitCode: 0 },
  ] as const)('to $decision $many asks $asked time(s)', async ({ decision, many, answer, asked: times, exitCode }) => {
    const decisions: DecideInput[] = [];
    const questions: string[] = [];
    const decide = (_name: string, one: DecideInput) => {
      decisions.push(one);
      return Promise.resolve({ ...result, decided: many });
    };
    const confirm = (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };
    const context = { ...fakeWorld(fakeSources({ decide })).context, confirm };
    expect(await decideHeld(context, { name: 'support-chat', input: { ...input, decision } })).toBe(exitCode);
    expect(questions).toEqual(times === 0 ? [] : [`${decision} 2 events of support-chat for good?`]);
    expect(decisions.some(({ dryRun }) => dryRun !== true)).toBe(exitCode === 0);
    await decideHeld(context, { name: 'support-chat', yes: true, input: { ...input, decision } });
    expect(questions).toHaveLength(times);
  });

  it('that is not understood never leaves this machine', async () => {
    const world = fakeWorld(fakeSources({}));
    const nothing = decideHeld(world.context, {
      name: 'support-chat',
      input: { decision: 'resend', by: 'ana', why: 'x' },
    });
    await expect(nothing).rejects.toThrow('CAEP_USAGE');
  });
});
