/** What the simulator knows of the events: how many copies of each stand in the dataset. */
import { setTimeout as delay } from 'node:timers/promises';

export interface LandedEvent {
  readonly eventId: string;
  /** In the dataset. */
  readonly rows: number;
  /** Accepted, not visible yet. */
  readonly pending: number;
  readonly failed: number;
}

const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 10_000;

/** @param adminUrl of the simulator */
async function askTruth(adminUrl: string, eventIds: readonly string[]): Promise<LandedEvent[]> {
  const { events } = await get<{ events: LandedEvent[] }>(`${adminUrl}/api/truth?eventId=${eventIds.join(',')}`);
  return events;
}

/** Numbers of the objects at Adobe's side whose name tells that they are the source's, by name and kind. */
export async function countObjects(adminUrl: string, source: string): Promise<Record<string, number>> {
  const objects = await get<{ kind: string; name: string }[]>(`${adminUrl}/api/objects`);
  const counts: Record<string, number> = {};
  for (const { kind, name } of objects) {
    if (!name.includes(source)) continue;
    const key = `${name} (${kind})`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

interface Awaited {
  readonly eventIds: readonly string[];
  readonly timeoutMs: number;
  /** Told of each event when it is first seen. */
  readonly onLanded: (eventId: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits until every event stands in the dataset and none is on its way.
 *
 * @returns what is known then, or when the time is over
 */
export async function waitUntilLanded(
  adminUrl: string,
  { eventIds, timeoutMs, onLanded, signal }: Awaited,
): Promise<LandedEvent[]> {
  const deadline = performance.now() + timeoutMs;
  const seen = new Set<string>();
  for (;;) {
    const events = await askTruth(adminUrl, eventIds);
    for (const { eventId, rows } of events) {
      if (rows === 0 || seen.has(eventId)) continue;
      seen.add(eventId);
      onLanded(eventId);
    }
    const isComplete = eventIds.every((id) => seen.has(id)) && events.every(({ pending }) => pending === 0);
    if (isComplete || performance.now() > deadline) return events;
    await delay(POLL_MS, undefined, { signal });
  }
}

async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  return (await answer.json()) as T;
}
