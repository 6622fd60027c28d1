import { describe, expect, it } from 'vitest';
import { KIND_FACTS, KINDS } from '../../../src/domain/events/kinds.js';
import { conditionsOf } from '../../../src/store/exceptions/filter.js';
import { freshSource, withDatabase } from '../../support/store.js';
import { except, passedSource } from './passedSource.js';

const database = withDatabase();
const NOON = '2026-03-01T12:00:00.000Z';
const HELD = { state: `'held'`, attempts: '1', created_at: `'${NOON}'::timestamptz` };

interface Filter {
  readonly reason?: string;
  readonly kind?: string;
  readonly before?: string;
}

/** Beside a table that has most of the columns as well. @returns the numbers of the exceptions */
async function meant(sourceId: number, { reason, kind, before }: Filter = {}): Promise<number[]> {
  const { rows } = await database().pool.query<{ id: number }>(
    `select x.id from exception x join event_body b using (source_id, event_id) where ${conditionsOf('x')} order by x.id`,
    [sourceId, reason ?? null, kind ?? null, before ?? null],
  );
  return rows.map(({ id }) => id);
}

describe('a filter of exceptions', () => {
  it('that names nothing means all of the source', async () => {
    const { sourceId } = await passedSource(database(), 2);
    const ids = [
      await except(database(), sourceId, 1, { ...HELD, reason: `'refused'` }),
      await except(database(), sourceId, 2, { ...HELD, reason: `'unknown'` }),
    ];
    expect(await meant(sourceId)).toEqual(ids);
    expect(await meant(await freshSource(database()))).toEqual([]);
  });

  it('by reason means those with this reason', async () => {
    const { sourceId } = await passedSource(database(), 2);
    const refused = await except(database(), sourceId, 1, { ...HELD, reason: `'refused'` });
    await except(database(), sourceId, 2, { ...HELD, reason: `'unknown'` });
    expect(await meant(sourceId, { reason: 'refused' })).toEqual([refused]);
    expect(await meant(sourceId, { reason: 'missing' })).toEqual([]);
  });

  it('by kind means those of the kind with this name, and none where no kind has it', async () => {
    const { sourceId } = await passedSource(database(), KINDS.length);
    const ids = new Map<string, number>();
    for (const [index, kind] of KINDS.entries()) {
      const id = await except(database(), sourceId, index + 1, { ...HELD, reason: `'refused'` });
      await database().pool.query('update exception set kind = $2 where id = $1', [id, KIND_FACTS[kind].code]);
      ids.set(kind, id);
    }
    for (const kind of KINDS) expect(await meant(sourceId, { kind }), kind).toEqual([ids.get(kind)]);
    expect(await meant(sourceId, { kind: 'no kind' })).toEqual([]);
  });

  it('by time means those that were made before it, in whatever zone it is told', async () => {
    const { sourceId } = await passedSource(database(), 1);
    const id = await except(database(), sourceId, 1, { ...HELD, reason: `'refused'` });
    expect(await meant(sourceId, { before: NOON })).toEqual([]);
    expect(await meant(sourceId, { before: '2026-03-01T12:00:00.001Z' })).toEqual([id]);
    expect(await meant(sourceId, { before: '2026-03-01T13:00:00.000+01:00' })).toEqual([]);
    expect(await meant(sourceId, { before: '2026-03-01T13:00:00.001+01:00' })).toEqual([id]);
  });

  it('by several means those that fit each of them', async () => {
    const { sourceId } = await passedSource(database(), 4);
    const made = (seq: number, columns: object) =>
      except(database(), sourceId, seq, { ...HELD, reason: `'refused'`, ...columns });
    const id = await made(1, {});
    await made(2, { reason: `'unknown'` });
    await made(3, { created_at: `timestamptz '${NOON}' + interval '1 hour'` });
    await database().pool.query('update exception set kind = $2 where id = $1', [
      await made(4, {}),
      KIND_FACTS.transcript.code,
    ]);
    const before = '2026-03-01T12:30:00.000Z';
    expect(await meant(sourceId, { reason: 'refused', kind: 'feedback', before })).toEqual([id]);
  });
});
