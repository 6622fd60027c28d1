/** What leaves of a body, for tests that state what does. */
import { CANONICAL_FIELD_NAMES } from '../../src/domain/events/canonical.js';
import type { Kind } from '../../src/domain/events/kinds.js';
import { NO_PRIVACY, type Projection, RECIPE } from '../../src/domain/projection/projection.js';
import type { OriginalFacts } from '../../src/domain/projection/original.js';
import { compileProjection } from '../../src/projection/project.js';

export const RECEIVED_AT_MS = Date.UTC(2026, 4, 2, 10, 31, 20);

export function projection(changes: Partial<Projection> = {}): Projection {
  return {
    v: 1,
    recipe: RECIPE,
    mappingSet: { id: 'set-1', version: 0 },
    reads: CANONICAL_FIELD_NAMES,
    contents: 'full',
    privacy: NO_PRIVACY,
    absent: 'omitted',
    ...changes,
  };
}

export function factsOf(kind: Kind): OriginalFacts {
  return { eventId: 'a'.repeat(64), kind, widget: 'main-site', receivedAtMs: RECEIVED_AT_MS };
}

export function sent(
  body: unknown,
  changes: Partial<Projection> = {},
  kind: Kind = 'transcript',
): Record<string, unknown> {
  return JSON.parse(bytesSent(body, changes, kind)) as Record<string, unknown>;
}

export function bytesSent(body: unknown, changes: Partial<Projection>, kind: Kind): string {
  const original = typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  const projected = compileProjection(projection(changes))?.(original, factsOf(kind));
  if (projected === undefined || 'fault' in projected) throw new Error(projected?.fault ?? 'no recipe');
  return projected.body.toString();
}
