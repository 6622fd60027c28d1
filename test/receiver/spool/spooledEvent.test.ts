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
