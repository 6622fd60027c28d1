import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { copiesOf, lookUpStatement } from '../../../src/adobe/lake/lake.js';
import { lakeError } from '../../../src/adobe/lake/lakeSession.js';

const event = (n: number, occurredAt = '2026-05-02T09:31:07.412Z') => ({
  eventId: n.toString(16).padStart(64, '0'),
  occurredAt: new Date(occurredAt),
});

describe('the look-up', () => {
  it('is bounded by a day around the events, and names its limit', () => {
    const statement = lookUpStatement('chatlio_events', [event(1), event(2, '2026-05-03T00:00:00Z')]);
    expect(statement).toBe(
      `SELECT _id, count(*) AS copies FROM chatlio_events WHERE timestamp >= TIMESTAMP '2026-05-01 09:31:07' AND timestamp < TIMESTAMP '2026-05-04 00:00:00' AND _id IN ('${event(1).eventId}','${event(2).eventId}') GROUP BY _id LIMIT 2`,
    );
  });

  it.each([
    ['chats; DROP TABLE x', event(1)],
    ['chats', { ...event(1), eventId: "' OR true --" }],
  ])('takes nothing but names and ids into the statement', (table, sought) => {
    expect(() => lookUpStatement(table, [sought])).toThrow('CAEP_INTERNAL');
  });

  it('asks in pages, neighbours in time together', async () => {
    const asked: string[] = [];
    const query = (text: string) => {
      asked.push(text);
      return Promise.resolve([{ _id: event(7).eventId, copies: '2' }]);
    };
    const events = Array.from({ length: 2_500 }, (_none, n) => event(n));
    expect(await copiesOf({ query }, 'chats', events)).toEqual(new Map([[event(7).eventId, 2]]));
    expect(asked).toHaveLength(3);
  });
});

it.each([
  ['28P01', 'CAEP_LAKE_REFUSED'],
  ['42501', 'CAEP_LAKE_REFUSED'],
  ['53400', 'CAEP_LAKE_UNAVAILABLE'],
  ['42P01', 'CAEP_LAKE_UNAVAILABLE'],
])('SQLSTATE %s is %s', (state, code) => {
  const cause = new DatabaseError('no', 0, 'error');
  cause.code = state;
  expect(lakeError(cause)).toMatchObject({ error: { code } });
});
