import { expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { readRequest } from '../../src/chatlio/readRequest.js';
import { storedNotes } from '../../src/domain/projection/contents.js';
import { NO_PRIVACY, type Projection, RECIPE } from '../../src/domain/projection/projection.js';
import { compileProjection } from '../../src/projection/project.js';
import { storedBody } from '../../src/projection/stored.js';

const RECEIVED_AT_MS = Date.UTC(2026, 4, 2, 10, 31, 20);
const posted = Buffer.from(JSON.stringify(fixture('transcript', { seed: 3, atMs: RECEIVED_AT_MS - 3_600_000 })));
const PROJECTION: Projection = {
  v: 1,
  recipe: RECIPE,
  mappingSet: { id: 'set-1', version: 0 },
  reads: ['eventId', 'occurredAt', 'message', 'visitorEmail'],
  contents: 'full',
  privacy: NO_PRIVACY,
  absent: 'omitted',
};

it('is the body itself where nothing is to be removed', () => {
  expect(storedBody(posted, [])).toBe(posted);
});

it('is without what repeats a path, too', () => {
  const stored = storedBody(posted, ['message']);
  const texts = ['textBody', 'htmlBody', 'message'];
  const body = JSON.parse(stored.toString()) as Record<string, unknown>;
  expect(texts.filter((name) => name in body)).toEqual([]);
  expect((body['messages'] as object[]).some((message) => 'text' in message)).toBe(false);
});

it('leaves with the time of what was posted, also where that is not kept', () => {
  const common = { widget: 'main-site', kind: 'transcript', receivedAtMs: RECEIVED_AT_MS } as const;
  const reading = readRequest({ ...common, raw: posted });
  if (reading.outcome !== 'event') throw new Error(reading.why);
  const { eventId, occurredAtMs } = reading;
  expect(occurredAtMs).toBeLessThan(RECEIVED_AT_MS);
  const stored = storedBody(posted, ['endedAt', 'messages']);
  const sent = compileProjection(PROJECTION)?.(stored, { ...common, eventId, occurredAtMs });
  if (sent === undefined || 'fault' in sent) throw new Error('nothing is sent');
  expect(JSON.parse(sent.body.toString())).toMatchObject({ eventId, occurredAt: new Date(occurredAtMs).toISOString() });
});

it('costs what plan says, and nothing is said where all is kept', () => {
  expect(storedNotes([])).toEqual([]);
  expect(storedNotes(['message', 'visitor.email'])).toEqual([
    expect.stringMatching(/^Not even kept: message, visitor\.email, .* No later mapping can send that/),
  ]);
});
