import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { decodeSpooled, encodeSpooled, SPOOLED_MARK } from '../../../src/receiver/spool/spooledEvent.js';
import { takenEvent } from '../../support/store.js';

it('a spooled event is what it was, logged or held', () => {
  const event = takenEvent('one');
  const place = { sourceId: 7, partition: 3 };
  const taken = { ...place, outcome: 'event' as const, event };
  expect(decodeSpooled(encodeSpooled(taken))).toEqual(taken);
  const { kind, eventId, receivedAtMs, bodyMac } = event;
  const sealed = randomBytes(3_000);
  const held = {
    ...place,
    outcome: 'held' as const,
    event: { reason: 'unreadable' as const, kind, eventId, receivedAtMs, bodyMac, sealed, facts: ['not JSON — “x”'] },
  };
  expect(decodeSpooled(encodeSpooled(held))).toEqual(held);
  for (const record of [encodeSpooled(taken), encodeSpooled(held)]) {
    expect(record.indexOf(SPOOLED_MARK.bytes)).toBe(SPOOLED_MARK.offset);
  }
});

it('an original is one in the spool, too; a release before 0.2 takes what it does not know for nothing', () => {
  const event = takenEvent('one', { form: 1, visitorMac: randomBytes(16) });
  const taken = { sourceId: 7, partition: 3, outcome: 'event' as const, event };
  expect(decodeSpooled(encodeSpooled(taken))).toEqual(taken);
  const record = encodeSpooled(taken);
  const description = JSON.parse(record.toString('utf8', 4, 4 + record.readUInt32BE(0))) as object;
  expect(description).toMatchObject({ v: 1, event: { form: 1 }, visitorMac: event.visitorMac?.toString('hex') });
});
