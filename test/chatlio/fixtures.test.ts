import { describe, expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { readRequest } from '../../src/chatlio/readRequest.js';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';

const AT_MS = Date.parse('2026-03-01T12:00:00Z');

function read(kind: Kind, seed: number, textLength?: number) {
  const raw = Buffer.from(JSON.stringify(fixture(kind, { seed, atMs: AT_MS, textLength })));
  const reading = readRequest({ widget: 'main-site', kind, raw, receivedAtMs: AT_MS });
  if (reading.outcome !== 'event') throw new Error(reading.why);
  return { ...reading, bytes: raw.length };
}

describe('fixtures', () => {
  it('are readable events of each kind, with an id of their own for each seed', () => {
    const ids = Array.from({ length: 1_000 }, (_, seed) =>
      KINDS.map((kind) => read(kind, seed).cutEvent().eventId),
    ).flat();
    expect(new Set(ids).size).toBe(5_000);
  });

  it('are the same for the same seed', () => {
    for (const kind of KINDS) expect(read(kind, 7).canonicalBody).toBe(read(kind, 7).canonicalBody);
  });

  it('of one seed belong to one visitor and conversation', () => {
    const events = KINDS.map((kind) => read(kind, 7).cutEvent());
    expect(new Set(events.map(({ visitorUUID }) => visitorUUID)).size).toBe(1);
    const conversations = events.map(({ conversationUUID }) => conversationUUID).filter((one) => one !== undefined);
    expect(conversations).toHaveLength(4);
    expect(new Set(conversations).size).toBe(1);
  });

  it('have texts of the length asked for', () => {
    expect(read('feedback', 7, 600).cutEvent().message).toHaveLength(600);
    expect(read('feedback', 7, 600).bytes).toBeGreaterThan(1_100);
  });

  it('happen before they are posted', () => {
    expect(read('transcript', 7).cutEvent().occurredAt).toBe('2026-03-01T11:59:58.000Z');
  });
});
