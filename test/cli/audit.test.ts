import { describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/domain/audit.js';
import { audit } from '../../src/cli/commands/audit.js';
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
        accepted           1190  the inlet said that it has them
          confirmed        1100  in the lake exactly once (chatlio_support_chat)
          not visible yet  88    accepted more recently than the lake needs
        waiting            12    will be sent
        abandoned          1     by a person’s decision
        lost               1
        repeated           1
        invented           0
        undecided          1

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

  it('ends with 0 when nothing is lost, repeated or invented, though something is undecided or not known', async () => {
    const counts = { ...REPORT.counts, lost: 0, repeated: 0 };
    const lists = { ...REPORT.lists, lost: [], repeated: [] };
    const world = answering({ ...REPORT, counts, lists, lake: { read: false }, notKnown: ['the lake was not read'] });
    expect(await audit(world.context, { name: 'support-chat' })).toBe(0);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "support-chat  2026-11-20 10:00:00Z to 2026-11-21 10:00:00Z
        taken              1204  answered to Chatlio
        accepted           1190  the inlet said that it has them
          not visible yet  88    accepted more recently than the lake needs
        waiting            12    will be sent
        abandoned          1     by a person’s decision
        lost               0
        repeated           0
        invented           0
        undecided          1

      Undecided
        00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff  feedback    waits for a person; not in the lake now

      Not known
        ! the lake was not read

      ✔ No event is lost, repeated or invented, as far as is known.
      Decide what is undecided: \`chatlio-aep held list support-chat\`.
      "
    `);
  });
});
