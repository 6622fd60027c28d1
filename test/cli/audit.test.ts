import { describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/domain/audit.js';
import { audit } from '../../src/cli/commands/audit.js';
import { codedError } from '../../src/domain/errors.js';
import type { Sources } from '../../src/cli/ports.js';
import { fakeSources, fakeWorld } from './fakes.js';

const REPORT: AuditReport = {
  v: 1,
  name: 'support-chat',
  since: '2026-11-20T10:00:00.000Z',
  until: '2026-11-21T10:00:00.000Z',
  counts: {
    taken: 1_204,
    accepted: 1_190,
    confirmed: 1_100,
    notYetVisible: 88,
    notCompared: 0,
    waiting: 10,
    spooled: 2,
    abandoned: 1,
    replaced: 0,
    markedDelivered: 0,
    lost: 1,
    repeated: 1,
    invented: 0,
    undecided: 1,
  },
  lists: {
    lost: [
      {
        eventId: '433e'.repeat(16),
        kind: 'feedback',
        standing: 'accepted',
        loggedAt: '2026-11-20T11:12:13.000Z',
        copies: 0,
        what: 'accepted by the inlet, not in the lake',
      },
    ],
    repeated: [{ eventId: 'a1b2'.repeat(16), kind: 'transcript', copies: 2, what: '2 times in the lake' }],
    invented: [],
    undecided: [{ eventId: '00ff'.repeat(16), kind: 'feedback', what: 'waits for a person; not in the lake now' }],
  },
  lake: { read: true, table: 'chatlio_support_chat', rows: 1_102 },
  notKnown: ['the journal of receiver eu-1 for 2026-11-20 13:00 could not be read'],
};

const answering = (report: AuditReport) =>
  fakeWorld(fakeSources({ ask: (() => Promise.resolve(report)) as unknown as Sources['ask'] }));

describe('audit', () => {
  it('names every difference, and what is not known, and ends with 1', async () => {
    const world = answering(REPORT);
    expect(await audit(world.context, { name: 'support-chat' })).toBe(1);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "support-chat  2026-11-20 10:00:00Z to 2026-11-21 10:00:00Z
        taken              1204  answered to Chatlio
        accepted           1190  the inlet has them
          confirmed        1100  in the lake exactly once (chatlio_support_chat)
          not visible yet  88    accepted more recently than the lake needs
        waiting            12    to be sent, or sent and not answered yet
        abandoned          1     by a person’s decision
        lost               1     answered and not in the log, or accepted and not in the lake
        repeated           1     in the lake more than once
        invented           0     in the lake, and never taken
        undecided          1     looked for in the lake, or held for a person

      Lost
        433e433e433e433e433e433e433e433e433e433e433e433e433e433e433e433e  feedback  2026-11-20 11:12:13Z  accepted by the inlet, not in the lake

      Repeated
        a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2  transcript    2 times in the lake

      Undecided
        00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff  feedback    waits for a person; not in the lake now

      Not known
        ! the journal of receiver eu-1 for 2026-11-20 13:00 could not be read

      ✖ There are differences.
      Decide what is undecided: \`chatlio-aep held list support-chat\`.
      "
    `);
  });

  const counts = { ...REPORT.counts, lost: 0, repeated: 0 };
  const lists = { ...REPORT.lists, lost: [], repeated: [] };

  it('ends with 0 when nothing is lost, repeated or invented, though something is undecided or not known', async () => {
    const world = answering({ ...REPORT, counts, lists });
    expect(await audit(world.context, { name: 'support-chat' })).toBe(0);
    expect(world.stdout()).toContain('✔ No event is lost, repeated or invented, as far as is known.');
  });

  it.each([
    ['CAEP_LAKE_UNAVAILABLE', 5],
    ['CAEP_NO_WORKER', 5],
    ['CAEP_CREDENTIALS_REFUSED', 4],
  ] as const)(
    'that could not look, for %s, has another exit code than one that has found a difference',
    async (code, exitCode) => {
      const sources = fakeSources({ ask: () => Promise.reject(codedError(code, { reason: 'x' })) });
      await expect(audit(fakeWorld(sources).context, { name: 'support-chat' })).rejects.toMatchObject({
        error: { code },
        exitCode,
      });
    },
  );

  it('ends with 5 where the lake could not be read: then there is no proof', async () => {
    const world = answering({ ...REPORT, counts, lists, lake: { read: false }, notKnown: ['the lake was not read'] });
    expect(await audit(world.context, { name: 'support-chat' })).toBe(5);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "support-chat  2026-11-20 10:00:00Z to 2026-11-21 10:00:00Z
        taken              1204  answered to Chatlio
        accepted           1190  the inlet has them
          not visible yet  88    accepted more recently than the lake needs
        waiting            12    to be sent, or sent and not answered yet
        abandoned          1     by a person’s decision
        lost               0     answered and not in the log, or accepted and not in the lake
        repeated           0     in the lake more than once
        invented           0     in the lake, and never taken
        undecided          1     looked for in the lake, or held for a person

      Undecided
        00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff  feedback    waits for a person; not in the lake now

      Not known
        ! the lake was not read

      ! No difference between receivers and log; whether the lake has what was accepted is not known.
      Decide what is undecided: \`chatlio-aep held list support-chat\`.
      "
    `);
  });
});
