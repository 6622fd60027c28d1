import { expect, it } from 'vitest';
import { history } from '../../../../src/cli/commands/source/history.js';
import type { HistoryEntry, HistoryPage } from '../../../../src/domain/history.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import { fakeSources, fakeWorld, HELD, NOW, sourceRun } from '../../fakes.js';

const at = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
const ENTRIES: readonly HistoryEntry[] = [
  { at: at(9), what: 'provision', result: 'held', tookMs: 3_100, step: 'schema', code: 'CAEP_PERMISSION_MISSING' },
  { at: at(8), what: 'resume', result: 'done', tookMs: 0, by: 'ben', input: { adopt: true } },
  { at: at(7), what: 'provision', result: 'done', tookMs: 124_000, by: 'mia' },
  {
    at: at(6),
    what: 'update',
    result: 'done',
    tookMs: 2_000,
    by: 'ana',
    input: { changed: ['contents', 'delivery.leaseMs', 'mappingReads'] },
  },
  {
    at: at(5),
    what: 'pause',
    result: 'refused',
    tookMs: 900,
    by: 'ana',
    why: 'new dataset',
    code: 'CAEP_ADOBE_REFUSED',
    input: { disableFlow: true },
  },
  {
    at: at(4),
    what: 'decide',
    result: 'done',
    tookMs: 0,
    by: 'ben',
    why: 'ticket 4711',
    decided: { decision: 'resend', reasons: ['missing', 'unknown'], events: 12 },
  },
  {
    at: at(3),
    what: 'teardown',
    result: 'begun',
    tookMs: 0,
    by: 'mia',
    input: { noWait: true, withoutReceivers: ['r-1'] },
  },
];

function asking(page: Partial<HistoryPage>, given: Partial<Sources> = {}) {
  const answer = { v: 1, known: true, more: false, entries: [], ...page };
  return fakeSources({
    ask: () => Promise.resolve(answer as never),
    describe: () => Promise.resolve(undefined),
    ...given,
  });
}

it('shows one line for each thing that was done, the newest last, also when Temporal has forgotten the source', async () => {
  const world = fakeWorld(asking({ entries: ENTRIES, more: true }));
  expect(await history(world.context, { name: 'support-chat' })).toBe(0);
  expect(world.stdout()).toMatchInlineSnapshot(`
    "WHEN                  WHO  WHAT                                              RESULT                                      TOOK    WHY
    2026-11-21 10:31:00Z  —    provision                                         held at XDM schema CAEP_PERMISSION_MISSING  3.1s
    2026-11-21 10:32:00Z  ben  resume --adopt                                    done
    2026-11-21 10:33:00Z  mia  provision                                         done                                        2m 04s
    2026-11-21 10:34:00Z  ana  update (contents, delivery.lease, mapping.reads)  done                                        2.0s
    2026-11-21 10:35:00Z  ana  pause --disable-flow                              refused CAEP_ADOBE_REFUSED                  0.9s    new dataset
    2026-11-21 10:36:00Z  ben  held resend: 12 events (missing, unknown)         done                                                ticket 4711
    2026-11-21 10:37:00Z  mia  teardown --no-wait --without-receiver r-1         begun

    There is more before that: --limit 14 shows it.
    "
  `);
});

it('says what goes on now', async () => {
  const now = { describe: () => Promise.resolve(sourceRun()), state: () => Promise.resolve(HELD) };
  const world = fakeWorld(asking({ entries: ENTRIES.slice(0, 1) }, now));
  await history(world.context, { name: 'support-chat' });
  expect(world.stdout()).toContain('It is held now, for 5.0s: `chatlio-aep status support-chat`');
});

it('refuses a name that nobody knows, and says of a source without a record why there is none', async () => {
  await expect(history(fakeWorld(asking({ known: false })).context, { name: 'never' })).rejects.toMatchObject({
    error: { code: 'CAEP_SOURCE_UNKNOWN' },
  });
  const world = fakeWorld(asking({}));
  expect(await history(world.context, { name: 'support-chat' })).toBe(0);
  expect(world.stdout()).toContain('Nothing is recorded of support-chat yet.');
});

it('prints one JSON document', async () => {
  const world = fakeWorld(asking({ entries: ENTRIES.slice(0, 2) }), { format: 'json', command: 'history' });
  await history(world.context, { name: 'support-chat', limit: 2 });
  expect(JSON.parse(world.stdout())).toEqual({
    v: 1,
    command: 'history',
    name: 'support-chat',
    entries: ENTRIES.slice(0, 2),
    more: false,
  });
});
