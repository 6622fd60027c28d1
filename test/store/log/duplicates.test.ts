import { describe, expect, it } from 'vitest';
import { appendFresh } from '../../../src/store/log/eventLog.js';
import { judgeDuplicates } from '../../../src/store/log/duplicates.js';
import type { TakenEvent } from '../../../src/store/log/takenEvent.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();
const HOUR_MS = 3_600_000;

/** A source that has taken one event of each of these names. */
async function taken(...names: string[]) {
  const sourceId = await freshSource(database(), 2);
  const events = names.map((name) => takenEvent(`${name} of ${sourceId}`));
  await appendFresh(database().pool, sourceId, 1, events);
  const judge = (arrivals: readonly TakenEvent[], maxHeldBytes?: number) =>
    judgeDuplicates(database(), sourceId, arrivals, maxHeldBytes);
  const held = async () => {
    const { rows } = await database().pool.query<{ partition: number; event_id: Buffer; facts: string[] }>(
      `select partition, event_id, reason, state, array(select fact ->> 'fact' from jsonb_array_elements(evidence) fact) as facts
       from exception where source_id = $1 order by id`,
      [sourceId],
    );
    return rows;
  };
  const ids = async () => {
    const { rows } = await database().pool.query<{ arrivals: number; last_arrival_at: Date }>(
      'select arrivals, last_arrival_at from event_id where source_id = $1 order by seq',
      [sourceId],
    );
    return rows;
  };
  return { sourceId, events: events as [TakenEvent, ...TakenEvent[]], judge, held, ids };
}

const otherBody = (event: TakenEvent): TakenEvent => ({ ...event, bodyMac: Buffer.alloc(16, 8) });
const otherContent = (event: TakenEvent): TakenEvent => ({
  ...otherBody(event),
  stableMac: Buffer.alloc(16, 9),
  sealed: Buffer.from('another body'),
});

describe('events whose ids were taken before', () => {
  it('are told apart each by itself, in their order', async () => {
    const { judge, events } = await taken('a', 'b', 'c');
    const [a, b, c] = events as [TakenEvent, TakenEvent, TakenEvent];
    expect(await judge([otherContent(c), a, otherBody(b), a])).toEqual([
      'conflict',
      'redelivered',
      'drifted',
      'redelivered',
    ]);
  });

  it('are counted, with the time of the last arrival, which an earlier one does not put back', async () => {
    const { judge, events, ids } = await taken('a', 'b');
    const [event] = events;
    const laterMs = event.receivedAtMs + 60_000;
    await judge([{ ...event, receivedAtMs: laterMs }, event]);
    await judge([event]);
    const [first, second] = await ids();
    expect(first).toEqual({ arrivals: 4, last_arrival_at: new Date(laterMs) });
    expect(second).toMatchObject({ arrivals: 1 });
  });

  it('are another event where the content differs: held in the first one’s partition, with what differs', async () => {
    const { judge, events, held } = await taken('a');
    const [event] = events;
    await judge([otherContent(event)]);
    expect(await held()).toEqual([
      {
        partition: 1,
        event_id: event.eventId,
        reason: 'conflict',
        state: 'held',
        facts: [expect.stringMatching(/^same id as the event of \d{4}-/) as string, 'different content'],
      },
    ]);
  });

  it('are held also with the same content where somebody may have written the same once more', async () => {
    const { judge, events, held } = await taken('a');
    const [event] = events;
    const later = { ...event, receivedAtMs: event.receivedAtMs + 2 * HOUR_MS };
    expect(await judge([later])).toEqual(['conflict']);
    expect((await held())[0]?.facts[1]).toBe('same content, more than an hour later');
  });

  it('have no place where their URL has too much that waits; the others are judged all the same', async () => {
    const { judge, events, held } = await taken('a', 'b');
    const [a, b] = events as [TakenEvent, TakenEvent];
    expect(await judge([otherContent(a), b], 1)).toEqual(['no-place', 'redelivered']);
    expect(await held()).toEqual([]);
  });

  it('are of the source alone that has taken them', async () => {
    const { events } = await taken('a');
    const other = await freshSource(database());
    await expect(judgeDuplicates(database(), other, events)).rejects.toThrow('vanished');
  });
});
