/** Compares by event id what the receivers have answered with what the platform has and what is held. Pure. */
import type { TakenEvent } from '../load/load.js';
import type { QuietTime } from '../faults/flowChange.js';
import type { AtPlatform, ExceptionRecord, InStore } from './records.js';

type Wrong =
  /** Answered with 2xx, not at the platform, and nobody is told. */
  | 'lost'
  /** At the platform more than once, and nobody decided so. */
  | 'repeated'
  /** At the platform, and never posted. */
  | 'invented'
  /** Accepted although an exception says that it was certainly not, or the other way round. */
  | 'misjudged'
  /** Sent while the gate was closed, or before the settle window was over. */
  | 'through the gate'
  /** Sent with something that the mapping does not read, or that privacy keeps back. */
  | 'leaked'
  /** Sent after an update before the first event of its kind was proven. */
  | 'before its canary'
  /** Two answers of the receivers that do not fit. */
  | 'contradiction';

export interface Difference {
  readonly wrong: Wrong;
  readonly eventId: string;
  readonly detail: string;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  readonly events: number;
  readonly delivered: number;
  /** Held, and why: open exceptions by reason, with how often the platform has the event. */
  readonly open: ReadonlyMap<string, number>;
  /** Exceptions that came to an end, by reason and how. */
  readonly ended: ReadonlyMap<string, number>;
}

/** Certainly not at the inlet. */
const NOT_ACCEPTED: ReadonlySet<string> = new Set(['refused', 'too-large', 'unreadable']);
/** Stands for another body than the one in the log. */
const OF_ARRIVAL: ReadonlySet<string> = new Set(['conflict', 'unreadable', 'too-large']);

export function compare(input: {
  readonly taken: ReadonlyMap<string, TakenEvent>;
  readonly contradictions: readonly string[];
  readonly platform: ReadonlyMap<string, AtPlatform>;
  readonly store: ReadonlyMap<string, InStore>;
  readonly quietTimes: readonly QuietTime[];
  /** Found in what was sent. */
  readonly inRequests: readonly Difference[];
  /** Somebody changes the flow while events are sent: what Adobe takes and throws away then has to be held, and nothing else as missing. */
  readonly mayBeThrownAway?: boolean;
}): Comparison {
  const { platform, store, mayBeThrownAway = false } = input;
  const differences: Difference[] = [
    ...input.inRequests,
    ...input.contradictions.map((detail) => ({ wrong: 'contradiction' as const, eventId: '', detail })),
  ];
  const known = new Set<string>();
  let delivered = 0;
  for (const event of input.taken.values()) {
    known.add(event.eventId);
    const at = platform.get(event.eventId);
    if (at?.acceptances === 1) delivered += 1;
    differences.push(...differencesOf(event, at, store.get(event.eventId), mayBeThrownAway));
  }
  for (const [eventId, { acceptances, acceptedAtMs }] of platform) {
    if (!known.has(eventId)) differences.push({ wrong: 'invented', eventId, detail: `accepted ${acceptances} ×` });
    for (const { change, fromMs, toMs } of input.quietTimes) {
      const atMs = acceptedAtMs.find((time) => time > fromMs && time < toMs);
      if (atMs === undefined) continue;
      const detail = `accepted ${atMs - fromMs} ms after all was quiet for "${change}", ${toMs - atMs} ms too early`;
      differences.push({ wrong: 'through the gate', eventId, detail });
    }
  }
  return { differences, events: input.taken.size, delivered, ...exceptionsOf(store, platform) };
}

function differencesOf(
  event: TakenEvent,
  at: AtPlatform | undefined,
  stored: InStore | undefined,
  mayBeThrownAway: boolean,
): Difference[] {
  const { eventId } = event;
  const acceptances = at?.acceptances ?? 0;
  const all = stored?.exceptions ?? [];
  // The conflicting body is another one than that of the event, and is waited for by a person.
  const own = all.filter(({ reason }) => reason !== 'conflict');
  const open = own.find(({ state }) => state !== 'resolved');
  const found: Difference[] = [];
  const add = (wrong: Wrong, detail: string): void =>
    void found.push({ wrong, eventId, detail: `${detail}; ${tell(all)}` });

  if (event.arrivals.includes('conflict') && !all.some(({ reason }) => reason === 'conflict')) {
    add('lost', 'its conflicting body was answered with 2xx and is not held');
  }
  if (stored === undefined) add('lost', `answered ${event.arrivals.join(', ')}, and the store does not know it`);
  if (acceptances > 1 && !own.some(({ decision }) => decision === 'resend'))
    add('repeated', `accepted ${acceptances} ×`);
  if (at !== undefined && at.dropped > 0 && !(mayBeThrownAway && open !== undefined))
    add('lost', `accepted ${acceptances} ×, thrown away ${at.dropped} ×`);
  if (at !== undefined && at.rows !== acceptances - at.dropped)
    add('misjudged', `${at.rows} rows, accepted ${acceptances} ×`);
  if (mayBeThrownAway && open?.reason === 'missing' && at !== undefined && at.rows > 0) {
    add('misjudged', `held as missing, ${at.rows} rows`);
  }
  if (acceptances === 0) {
    if (open === undefined && !own.some(({ resolution }) => resolution === 'abandoned')) add('lost', 'never accepted');
  } else if (open !== undefined && NOT_ACCEPTED.has(open.reason) && open.attempts <= 1) {
    add('misjudged', `held as ${open.reason}, accepted ${acceptances} ×`);
  }
  return found;
}

function tell(exceptions: readonly ExceptionRecord[]): string {
  return exceptions.length === 0
    ? 'no exception'
    : exceptions.map(({ reason, state, facts }) => `${reason} ${state}: ${facts.join(' → ')}`).join(' | ');
}

function exceptionsOf(
  store: ReadonlyMap<string, InStore>,
  platform: ReadonlyMap<string, AtPlatform>,
): Pick<Comparison, 'open' | 'ended'> {
  const open = new Map<string, number>();
  const ended = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const [eventId, { exceptions }] of store) {
    const acceptances = platform.get(eventId)?.acceptances ?? 0;
    for (const { reason, state, resolution, attempts, facts } of exceptions) {
      if (state !== 'resolved') {
        const where = OF_ARRIVAL.has(reason) ? 'held on arrival' : `accepted ${acceptances} ×`;
        count(open, `${reason}, ${state}, ${where}`);
      } else count(ended, `${reason}: ${resolution ?? ''} after ${attempts} attempt(s), ${lastFactOf(facts)}`);
    }
  }
  return { open, ended };
}

/** Without numbers and times, so that alike ones are counted together. */
function lastFactOf(facts: readonly string[]): string {
  return (facts.at(-1) ?? '')
    .replace(/^attempt \d+: /, '')
    .replace(/, [\d hms]+ after attempt \d+$/, '')
    .slice(0, 60);
}
