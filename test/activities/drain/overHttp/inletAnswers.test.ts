import { describe, expect, it } from 'vitest';
import { exceptionDetails } from '../../../../src/activities/inquiry/exceptions.js';
import { forgetInletAnswers, keepInletAnswers, readInletAnswers } from '../../../../src/store/delivery/inletAnswers.js';
import { createAsker } from '../../../../src/temporal/sealedAnswer.js';
import { withBench } from './bench.js';

const bench = withBench();

const QUOTE = 'no such person: olá, zo…';
const QUOTING = JSON.stringify({ error_code: 'DCVS-1106-400', title: QUOTE, detail: QUOTE.toUpperCase() });

/** Everything that the database holds in clear of a source's exceptions and answers. */
const CLEAR = `select row_to_json(e)::text from exception e where source_id = $1
               union all select row_to_json(a)::text from inlet_answer a where source_id = $1`;

describe('the words of an inlet that quotes an event', () => {
  it.each([
    { status: 400, mode: 'slice' },
    { status: 500, mode: 'slice' },
    { status: 400, mode: 'probe' },
  ] as const)('stand sealed, and nowhere in clear ($status, $mode)', async ({ status, mode }) => {
    const { open, log, drain, inlet, database, sourceId, keyRing } = bench();
    await open();
    const ids = await log(8);
    inlet.behave(() => ({ status, body: QUOTING }));
    const report = await drain({ mode }).report;
    expect(JSON.stringify(report)).not.toMatch(/zo…|ZO…/);
    const { rows } = await database.pool.query(CLEAR, [sourceId]);
    expect(JSON.stringify(rows)).toContain('DCVS-1106-400');
    expect(JSON.stringify(rows)).not.toMatch(/zo…|ZO…/);
    const eventId = Buffer.from(ids[0] ?? '', 'hex');
    expect(await readInletAnswers(database, keyRing, sourceId, eventId)).toMatchObject([
      { text: `${QUOTE}, ${QUOTE.toUpperCase()}` },
    ]);
  });

  it('are shown to the one who asks to see them, sealed on the way', async () => {
    const { open, log, drain, inlet, database, sourceId, keyRing } = bench();
    await open();
    await log(1);
    inlet.behave(() => ({ status: 400, body: QUOTING }));
    await drain().report;
    const { rows } = await database.pool.query<{ id: number; name: string }>(
      'select e.id, s.name from exception e join source s on s.id = e.source_id where s.id = $1',
      [sourceId],
    );
    const { id = 0, name = '' } = rows[0] ?? {};
    const asker = createAsker(keyRing.accessKey);
    const hidden = await exceptionDetails({ database, keyRing }, { v: 1, ask: 'exception', name, id });
    expect(hidden).not.toHaveProperty('sealedAnswers');
    const ask = { v: 1, ask: 'exception', name, id, sealTo: asker.sealTo } as const;
    const { sealedAnswers = '' } = await exceptionDetails({ database, keyRing }, ask);
    expect(asker.open(sealedAnswers)).toContain(QUOTE);
  });

  it('are few for one event, and go when nothing is open about it and the retention is over', async () => {
    const { open, log, drain, inlet, database, sourceId, keyRing } = bench();
    await open();
    const [id] = await log(1);
    const eventId = Buffer.from(id ?? '', 'hex');
    inlet.behave(() => ({ status: 400, body: '{}' }));
    await drain().report;
    for (let n = 0; n < 8; n += 1) {
      await keepInletAnswers(database, keyRing, sourceId, [{ eventId, text: `answer ${n}` }]);
    }
    const kept = await readInletAnswers(database, keyRing, sourceId, eventId);
    expect(kept.map(({ text }) => text)).toEqual(['answer 3', 'answer 4', 'answer 5', 'answer 6', 'answer 7']);
    await database.pool.query(`update source set delivery = '{"retentionMs": 0}' where id = $1`, [sourceId]);
    await forgetInletAnswers(database);
    expect(await readInletAnswers(database, keyRing, sourceId, eventId)).toHaveLength(5);
    await database.pool.query(
      `update exception set state = 'resolved', resolution = 'abandoned', resolved_at = now() where source_id = $1`,
      [sourceId],
    );
    await forgetInletAnswers(database);
    expect(await readInletAnswers(database, keyRing, sourceId, eventId)).toEqual([]);
  });
});
