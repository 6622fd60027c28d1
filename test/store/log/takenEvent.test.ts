import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMac } from '../../../src/store/keys/mac.js';
import { visitorMacOf } from '../../../src/store/log/takenEvent.js';

const keyRing = { mac: createMac(Buffer.alloc(32, 7)) };
const VISITOR = '1f0c3a52-5b0e-4b4e-9a50-6a7b6d1f2e3c';

describe('the MAC of a visitor', () => {
  it('is the same for the same visitor, and another for each other one and under another key', () => {
    const { visitorMac } = visitorMacOf(keyRing, VISITOR);
    expect(visitorMac).toHaveLength(16);
    expect(visitorMacOf(keyRing, VISITOR)).toEqual({ visitorMac });
    expect(visitorMacOf(keyRing, randomUUID())).not.toEqual({ visitorMac });
    expect(visitorMacOf({ mac: createMac(Buffer.alloc(32, 8)) }, VISITOR)).not.toEqual({ visitorMac });
  });

  it('is none where Chatlio does not tell the visitor: two events without one are not of the same visitor', () => {
    expect(visitorMacOf(keyRing, undefined)).toStrictEqual({});
  });

  it('is that of no payload, and of the text that stored ones were made of', () => {
    const { visitorMac } = visitorMacOf(keyRing, VISITOR);
    expect(visitorMac).not.toEqual(keyRing.mac(VISITOR));
    expect(visitorMac).not.toEqual(keyRing.mac(JSON.stringify({ visitorUUID: VISITOR })));
    expect(visitorMac).toEqual(keyRing.mac(`["visitor","${VISITOR}"]`));
  });
});
