import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import type { AuditPage, AuditReport } from '../../../../src/domain/audit.js';
import { audit } from '../../../../src/cli/commands/events/audit.js';
import { codedError } from '../../../../src/domain/errors.js';
import { temporaryFolder } from '../../../support/processes.js';
import { fakeSources, fakeWorld } from '../../fakes.js';

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

const answering = (report: AuditReport) => fakeWorld(fakeSources({ ask: () => Promise.resolve(report) }));

describe('audit', () => {
  it('names every difference, and what is not known, and ends with 1', async () => {
    const world = answering(REPORT);
    expect(await audit(world.context, { name: 'support-chat' })).toBe(1);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "support-chat  2026-11-20 10:00:00Z to 2026-11-21 10:00:00Z
        taken              1204  answered to Chatlio with 2xx
        accepted           1190  the inlet has them
          confirmed        1100  in the lake exactly once (chatlio_support_chat)
          not visible yet  88    accepted too recently to be in the lake
        waiting            12    not sent yet, or sent and not answered yet
        abandoned          1     by a person’s decision
        lost               1     answered with 2xx but not in the event log, or accepted but not in the lake
        repeated           1     in the lake more than once
        invented           0     in the lake, but never taken by a receiver
        undecided          1     being looked for in the lake, or held for a person to decide

      Lost
        433e433e433e433e433e433e433e433e433e433e433e433e433e433e433e433e  feedback  2026-11-20 11:12:13Z  accepted by the inlet, not in the lake

      Repeated
        a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2  transcript    2 times in the lake

      Undecided
        00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff  feedback    waits for a person; not in the lake now

      Not known
        ! the journal of receiver eu-1 for 2026-11-20 13:00 could not be read

      ✖ There are differences.
      Decide about the undecided events: \`chatlio-aep held list support-chat\`.
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
        taken              1204  answered to Chatlio with 2xx
        accepted           1190  the inlet has them
          not visible yet  88    accepted too recently to be in the lake
        waiting            12    not sent yet, or sent and not answered yet
        abandoned          1     by a person’s decision
        lost               0     answered with 2xx but not in the event log, or accepted but not in the lake
        repeated           0     in the lake more than once
        invented           0     in the lake, but never taken by a receiver
        undecided          1     being looked for in the lake, or held for a person to decide

      Undecided
        00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff  feedback    waits for a person; not in the lake now

      Not known
        ! the lake was not read

      ! Receivers and event log agree. The lake could not be read, so it is not known whether it has the accepted events.
      Decide about the undecided events: \`chatlio-aep held list support-chat\`.
      "
    `);
  });
});

describe('audit --ids', () => {
  it('writes every event of every list to the file, however many, and asks anew only for what is longer', async () => {
    const lost = Array.from({ length: 9 }, (_, n) => ({ eventId: String(n).repeat(64), what: 'gone' }));
    const asked: (string | undefined)[] = [];
    const ask = (({ page }: { readonly page?: AuditPage }) => {
      asked.push(page?.after);
      if (page === undefined) {
        const lists = { ...REPORT.lists, lost: lost.slice(0, 2) };
        return Promise.resolve({ ...REPORT, counts: { ...REPORT.counts, lost: 9 }, lists });
      }
      const rest = lost.filter(({ eventId }) => page.after === undefined || eventId > page.after);
      const lists = { lost: rest.slice(0, 4), repeated: [], invented: [], undecided: [] };
      return Promise.resolve({ ...REPORT, lists, hasMore: rest.length > 4 });
    }) as Sources['ask'];
    const world = fakeWorld(fakeSources({ ask }));
    const ids = join(temporaryFolder(), 'differences.ndjson');
    expect(await audit(world.context, { name: 'support-chat', ids })).toBe(1);
    const written = readFileSync(ids, 'utf8').trimEnd().split('\n');
    const events = written.map((line) => JSON.parse(line) as { readonly list: string; readonly eventId: string });
    expect(events.filter(({ list }) => list === 'lost').map(({ eventId }) => eventId)).toEqual(
      lost.map(({ eventId }) => eventId),
    );
    expect(events).toHaveLength(9 + 1 + 1);
    expect(asked).toEqual([undefined, undefined, '3'.repeat(64), '7'.repeat(64)]);
    expect(world.stdout()).toContain('`chatlio-aep audit support-chat --ids FILE` lists all');
  });
});
