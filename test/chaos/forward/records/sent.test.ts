import { randomUUID } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MARKER } from '../../../../chaos/forward/load/webhooks.js';
import { noteWhatIsSent, readMarkedRows, readSent } from '../../../../chaos/forward/records/sent.js';
import { createAcceptances } from '../../../../simulator/lake/acceptances.js';
import { createLakes, type LakeDatabase } from '../../../../simulator/lake/database.js';
import { withPostgres } from '../../../support/postgres.js';

const database = withPostgres();
const sandbox = `sent-${randomUUID()}`;
let lakes: ReturnType<typeof createLakes>;
let lake: LakeDatabase;
let lakeUrl: string;

beforeAll(async () => {
  lakes = createLakes(database().url, pino({ level: 'silent' }));
  lake = await lakes.of(sandbox);
  const url = new URL(database().url);
  url.pathname = `/${sandbox}:all`;
  lakeUrl = url.toString();
  await noteWhatIsSent(lakeUrl);
});
afterAll(async () => {
  await lakes.close();
  await database().pool.query(`drop database ${escapeIdentifier(`${sandbox}:all`)} with (force)`);
});

async function accept(...bodies: readonly string[]): Promise<void> {
  const acceptances = bodies.map((body, index) => ({
    orgId: 'org',
    inletId: 'inlet',
    datasetId: 'dataset',
    eventId: `event-${index}`,
    xactionId: randomUUID(),
    receivedMs: 1,
    bytes: body.length,
    fate: 'land' as const,
    landing: { dueMs: 2, form: 'raw' as const, body, mappingId: 'set', mappingVersion: index, copies: 1 },
  }));
  await createAcceptances(lake.pool).accept(acceptances);
}

it('notes the paths and the marker of what the inlet accepts, also after it was taken out of the waiting room', async () => {
  await accept(
    JSON.stringify({ a: 1, b: { c: 'x', d: null }, e: [{ f: 1 }, { g: [true, 2] }], h: {}, i: [] }),
    JSON.stringify({ a: { b: `${MARKER} in a text` } }),
    '{"a": "\\u0000"}',
  );
  await lake.pool.query('delete from sim.pending');
  const [first, second, unreadable] = await readSent(lakeUrl);
  expect(first).toEqual({
    eventId: 'event-0',
    mapping: { id: 'set', version: 0 },
    paths: ['a', 'b.c', 'e[*].f', 'e[*].g[*]'],
    isMarked: false,
  });
  expect(second).toMatchObject({ mapping: { version: 1 }, paths: ['a.b'], isMarked: true });
  expect(unreadable?.paths).toEqual([expect.stringContaining('unreadable')]);
});

it('finds the marker in rows of datasets and in records that failed', async () => {
  await lake.pool.query(`
    create table public.chats (_id text, "_tenant" jsonb);
    insert into public.chats values ('clean', '{"text": "x"}'), ('marked', '{"text": "so ${MARKER}"}');
    insert into sim.dataset_table values ('dataset', 'chats');
    insert into sim.failed_record values (1, 'batch', 'dataset', 'failed', '{"x": "${MARKER}"}')`);
  expect(await readMarkedRows(lakeUrl)).toEqual(['marked', 'failed']);
});
