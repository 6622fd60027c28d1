import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { RecordedOperation } from '../../../src/domain/history.js';
import { readHistory, recordOperation } from '../../../src/store/history/operations.js';
import { registerSource, retireSource } from '../../../src/store/sources/sources.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();
const AT = Date.parse('2026-11-21T10:40:00Z');

/** One that took two seconds and ended so many minutes after. */
function operation(minutes: number, changes: Partial<RecordedOperation> = {}): RecordedOperation {
  const endedAt = AT + minutes * 60_000;
  return { id: randomUUID(), kind: 'pause', startedAt: endedAt - 2_000, endedAt, result: 'done', ...changes };
}

it('what is written a second time is there once, also of a source that is not in the database yet', async () => {
  const owner = { name: randomUUID(), uid: randomUUID() };
  const paused = operation(0, { by: 'ana', why: 'a \0 in it', input: { disableFlow: true } });
  await recordOperation(database(), { ...owner, operation: paused });
  await recordOperation(database(), { ...owner, operation: paused });
  expect(await readHistory(database(), { name: owner.name, limit: 10 })).toEqual({
    v: 1,
    known: true,
    more: false,
    entries: [
      {
        at: '2026-11-21T10:40:00.000Z',
        what: 'pause',
        result: 'done',
        tookMs: 2_000,
        by: 'ana',
        why: 'a \uFFFD in it',
        input: { disableFlow: true },
      },
    ],
  });
});

it('the newest are told, the oldest of them first, with the decisions of one request as one line', async () => {
  const owner = { name: randomUUID(), uid: randomUUID() };
  const sourceId = await registerSource(database(), { ...owner, partitions: 1 });
  for (const minutes of [0, 1, 3]) await recordOperation(database(), { ...owner, operation: operation(minutes) });
  await database().pool.query(
    `insert into decision (source_id, exception_id, event_id, reason, decision, decided_by, why, decided_at, request_id)
     select $1, n, int8send(n), case n when 1 then 'missing' else 'unknown' end, 'resend', 'ben', 'ticket 4711', $2, $3
     from generate_series(1, 3) n`,
    [sourceId, new Date(AT + 2 * 60_000), randomUUID()],
  );
  await retireSource(database(), owner.uid);
  const { entries, more } = await readHistory(database(), { name: owner.name, limit: 3 });
  expect(more).toBe(true);
  expect(entries.map(({ at, what }) => `${at.slice(11, 16)} ${what}`)).toEqual([
    '10:41 pause',
    '10:42 decide',
    '10:43 pause',
  ]);
  expect(entries[1]).toMatchObject({
    by: 'ben',
    why: 'ticket 4711',
    decided: { decision: 'resend', reasons: ['missing', 'unknown'], events: 3 },
  });
});

it('a source of which nothing is recorded is known by its row alone, and a name without one is not', async () => {
  const owner = { name: randomUUID(), uid: randomUUID() };
  expect(await readHistory(database(), { name: owner.name, limit: 10 })).toMatchObject({ known: false, entries: [] });
  await registerSource(database(), { ...owner, partitions: 1 });
  expect(await readHistory(database(), { name: owner.name, limit: 10 })).toMatchObject({ known: true, entries: [] });
});
