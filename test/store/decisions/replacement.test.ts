import { assert, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/connection/database.js';
import { type Chosen, type Replace, replaceEvent } from '../../../src/store/decisions/replacement.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import type { TakenEvent } from '../../../src/store/log/takenEvent.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

/** A body that was held when it came, as a decision finds it. */
async function held(sealed: Buffer | null = Buffer.from('raw')) {
  const sourceId = await freshSource(database(), 2);
  const chosen: Chosen = {
    id: 17,
    version: 1,
    partition: 0,
    kind: 1,
    eventId: Buffer.alloc(32, 1),
    reason: 'unreadable',
    state: 'held',
    createdAt: new Date(),
    sealed,
    isErased: false,
    evidence: [],
  };
  const replace = (make: Replace) =>
    inTransaction(database(), (client) => replaceEvent(client, sourceId, chosen, make));
  const logged = async () => {
    const { rows } = await database().pool.query<{ event_id: Buffer }>(
      'select event_id from event_body where source_id = $1 order by partition, seq',
      [sourceId],
    );
    return rows.map(({ event_id: eventId }) => eventId);
  };
  const event = (name: string, changes: Partial<TakenEvent> = {}) => takenEvent(`${name} of ${sourceId}`, changes);
  const take = (taken: TakenEvent) => createEventLog(database()).append(sourceId, 0, [taken]);
  const conflicts = async () => {
    const { rows } = await database().pool.query<{ sealed: Buffer; facts: string[] }>(
      `select partition, sealed, array(select fact ->> 'fact' from jsonb_array_elements(evidence) fact) as facts
       from exception where source_id = $1 and reason = 'conflict' and state = 'held'`,
      [sourceId],
    );
    return rows;
  };
  return { replace, logged, event, take, conflicts };
}

const hex = ({ eventId }: TakenEvent) => eventId.toString('hex');

describe('an event that takes the place of a held one', () => {
  it('is in the log, and said by its id', async () => {
    const { replace, logged, event } = await held();
    const made = event('read anew');
    const outcome = await replace((one, number) => {
      expect([one.sealed.toString(), number]).toEqual(['raw', 1]);
      return { event: made, partition: 1, isDistinct: false };
    });
    expect(outcome).toEqual({ fact: `it is now the event ${hex(made)}` });
    expect(await logged()).toEqual([made.eventId]);
  });

  it('is none where it cannot be made: the reason is said, and nothing is logged', async () => {
    const { replace, logged } = await held();
    expect(await replace(() => ({ fault: 'it is still no JSON' }))).toEqual({ fault: 'it is still no JSON' });
    expect(await logged()).toEqual([]);
  });

  it('is none of a body that is not kept', async () => {
    const { replace } = await held(null);
    const outcome = await replace(() => assert.fail('there is nothing to make it of'));
    expect(outcome).toEqual({ fault: 'its body is not kept with it' });
  });

  it('is the next of its kind where events of the numbers before were taken, as it is to be another event', async () => {
    const { replace, logged, event, take } = await held();
    for (const number of [1, 2]) await take(event(`number ${number}`));
    const outcome = await replace((_one, number) => ({
      event: event(`number ${number}`),
      partition: 0,
      isDistinct: true,
    }));
    expect(outcome).toEqual({ fact: `it is now the event ${hex(event('number 3'))}` });
    expect(await logged()).toHaveLength(3);
  });

  it('is one that was taken before, where it came again in a form that could be read', async () => {
    const { replace, logged, event, take, conflicts } = await held();
    await take(event('readable'));
    const outcome = await replace(() => ({ event: event('readable'), partition: 0, isDistinct: false }));
    expect(outcome).toEqual({ fact: `it is the same as the event ${hex(event('readable'))}, which was taken before` });
    expect(await logged()).toHaveLength(1);
    expect(await conflicts()).toEqual([]);
  });

  it('is held as a conflict, with its body, where another event has its id', async () => {
    const { replace, logged, event, take, conflicts } = await held();
    await take(event('readable'));
    const other = event('readable', { stableMac: Buffer.alloc(16, 9), sealed: Buffer.from('another body') });
    const outcome = await replace(() => ({ event: other, partition: 1, isDistinct: false }));
    expect(outcome).toEqual({
      fact: `it has the id of the event ${hex(other)}, but different content: now held as a conflict`,
    });
    expect(await logged()).toHaveLength(1);
    expect(await conflicts()).toEqual([
      { partition: 0, sealed: other.sealed, facts: ['read again from the held event 17', 'other content'] },
    ]);
  });
});
