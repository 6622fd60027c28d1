/** Where the events of a source are, how fast they go, and what keeps them. Ages are computed when they are shown. */
import { counted } from '../../../domain/counted.js';
import { EVENT_PARTS, type EventPart, PART_FACTS } from '../../../domain/events/eventParts.js';
import type { ForwarderCounters, ForwarderPhase, GateReport } from '../../../domain/delivery/forwarder.js';
import type { Snapshot } from '../../following/snapshot.js';
import { oneLine } from '../../../domain/printable.js';
import { ratesAt } from '../rates.js';
import type { Paint } from '../paint.js';
import { columns, elapsed, instant } from '../text.js';

type Delivery = Pick<Snapshot, 'forwarder' | 'intake'> & { readonly run: Pick<Snapshot['run'], 'name'> };

/** @returns undefined when nothing is known of the source's events */
export function renderDelivery(
  snapshot: Delivery,
  now: number,
  paint: Paint,
  { isGateTold = false }: { readonly isGateTold?: boolean } = {},
): string | undefined {
  const counts = countsOf(snapshot, now);
  if (counts === undefined) return undefined;
  const rates = ratesAt(snapshot.intake, now);
  const phase = deliveryPhase(snapshot, now);
  return [
    [
      paint.strong('Events'),
      ...(phase === undefined ? [] : [paint[phase === 'outage' || phase === 'held' ? 'caution' : 'faint'](phase)]),
      ...(rates === undefined
        ? []
        : [paint.faint(`${rates.takenPerSecond}/s taken, ${rates.acceptedPerSecond}/s accepted`)]),
      ...(counts.isLastKnown ? [paint.caution(`last counted ${elapsed(counts.agedMs)} ago`)] : []),
    ].join('  '),
    columns(partRows(snapshot.run.name, counts, paint)),
    ...besideLines(snapshot, counts.counters, paint),
    ...flowRunLines(snapshot, now, paint),
    ...canaryLines(snapshot, now, paint),
    ...(isGateTold ? [] : gateLines(snapshot, now, paint)),
    ...errorLines(snapshot, now, paint),
  ].join('\n');
}

interface Counts {
  readonly counters: ForwarderCounters;
  /** Since they were counted. */
  readonly agedMs: number;
  /** Nobody could be asked to count now. */
  readonly isLastKnown: boolean;
}

function countsOf({ forwarder, intake }: Omit<Delivery, 'run'>, now: number): Counts | undefined {
  if (intake?.counted !== undefined) {
    return { counters: intake.counted.counters, agedMs: now - intake.seenAt, isLastKnown: false };
  }
  if (forwarder === undefined || forwarder.surveyedAt === 0) return undefined;
  return { counters: forwarder.counters, agedMs: now - (forwarder.surveyedAt ?? now), isLastKnown: true };
}

/** `events: settling, taken 25, waiting 24, sending 1`, for where lines are all there is. */
export function deliveryLine(snapshot: Delivery, now: number): string | undefined {
  const counts = countsOf(snapshot, now);
  if (counts === undefined) return undefined;
  const { counters } = counts;
  const phase = deliveryPhase(snapshot, now);
  const parts = shownParts(counters).map(([part, count]) => `${PART_FACTS[part].word} ${count}`);
  return `events: ${[...(phase === undefined ? [] : [phase]), `taken ${counters.taken}`, ...parts].join(', ')}`;
}

/** Those of which there are some; the ones that everybody asks for, always. */
function shownParts({ parts, accepted, waiting }: ForwarderCounters): [EventPart, number][] {
  const known: Partial<Record<EventPart, number>> = parts ?? { waiting, accepted };
  return EVENT_PARTS.flatMap((part): [EventPart, number][] => {
    const count = known[part];
    const isShown = part === 'waiting' || part === 'accepted' || (count ?? 0) > 0;
    return count === undefined || !isShown ? [] : [[part, count]];
  });
}

function partRows(name: string, { counters, agedMs }: Counts, paint: Paint): string[][] {
  const { taken, confirmed, oldestWaitingMs, heldBy = {}, oldestHeldMs } = counters;
  const age = (ms: number | undefined): string => (ms === undefined ? '' : `; the oldest for ${elapsed(ms + agedMs)}`);
  const more = (part: EventPart, count: number): string => {
    const { meaning } = PART_FACTS[part];
    if (part === 'waiting') return count === 0 ? '' : `${meaning}${age(oldestWaitingMs)}`;
    if (part === 'accepted')
      return `${meaning}${confirmed === undefined ? '' : `; ${confirmed} confirmed in the lake`}`;
    if (part !== 'held') return meaning;
    const reasons = Object.entries(heldBy).map(([reason, held]) => `${reason} ${held}`);
    return `${meaning}: ${reasons.join(', ')}${age(oldestHeldMs)}: \`chatlio-aep held list ${name}\``;
  };
  return [
    ['taken', String(taken), paint.faint('answered to Chatlio with 2xx, of which')],
    ...shownParts(counters).map(([part, count]) => {
      const { word } = PART_FACTS[part];
      return [`  ${part === 'held' ? paint.caution(word) : word}`, String(count), paint.faint(more(part, count))];
    }),
  ];
}

/** What is known of exceptions that are no part of their own, and of the lake. */
function besideLines({ run, forwarder }: Delivery, counters: ForwarderCounters, paint: Paint): string[] {
  const { repeated = 0, parts, exceptions } = counters;
  const unplaced = parts === undefined ? Object.entries(exceptions).filter(([, count]) => count > 0) : [];
  const lake = forwarder?.lake;
  return [
    ...unplaced.map(([reason, count]) => `  ${paint.caution(`${reason} ${count}`)}`),
    ...(repeated === 0
      ? []
      : [`  ${paint.bad(`${repeated} in the lake more than once`)}: \`chatlio-aep held list ${run.name}\``]),
    ...(lake === undefined || lake.state === 'readable'
      ? []
      : [`  ${paint.caution(`it is not known whether the lake has them: ${lake.detail ?? lake.state}`)}`]),
  ];
}

/** Accepted, and not in the dataset: Adobe's own figure, which is there before an event is looked for in the lake. */
function flowRunLines({ run, intake }: Delivery, now: number, paint: Paint): string[] {
  const { failedRecords, lookedAt } = intake?.flowRuns ?? { failedRecords: 0, lookedAt: '' };
  if (failedRecords === 0) return [];
  const what = `${counted(failedRecords, 'record')} failed at Adobe`;
  const when = `in the 24 h before the last look, ${elapsed(now - Date.parse(lookedAt))} ago`;
  return [`  ${paint.bad(what)} ${when}: \`chatlio-aep runs ${run.name}\``];
}

/** Kinds of which only one event was sent since what leaves was changed. */
function canaryLines({ intake }: Delivery, now: number, paint: Paint): string[] {
  const agedMs = now - (intake?.seenAt ?? now);
  return (intake?.canaries ?? []).map(({ kind, eventId, acceptedForMs, atMostMs }) => {
    const others = `What leaves was changed. Other events of the kind ${kind} wait until the first one, ${eventId.slice(0, 12)},`;
    if (acceptedForMs === undefined) return `  ${paint.caution(`${others} is sent and seen in the lake`)}`;
    const left = Math.max(0, atMostMs - acceptedForMs - agedMs);
    return `  ${paint.caution(`${others} is seen in the lake: for ${elapsed(left)} at most`)}`;
  });
}

function gateLines({ forwarder, intake }: Delivery, now: number, paint: Paint): string[] {
  const gate = intake?.gate === undefined ? forwarderGate(forwarder) : intake.gate;
  return gate === undefined || isPassable(gate, now) ? [] : [`  ${paint.caution(gateLine(gate, now))}`];
}

function errorLines({ forwarder }: Delivery, now: number, paint: Paint): string[] {
  const { lastError, lastErrorAt } = forwarder ?? {};
  if (lastError === undefined) return [];
  const ago = lastErrorAt === undefined ? '' : `, ${elapsed(now - lastErrorAt)} ago`;
  return [`  ${paint.faint(`last error${ago}: ${oneLine(lastError)}`)}`];
}

function forwarderGate(forwarder: Delivery['forwarder']): GateReport | undefined {
  const gate = forwarder?.gate;
  if (gate === undefined) return undefined;
  const { reason, opensAt } = gate;
  return {
    reason,
    open: opensAt !== undefined,
    ...(opensAt === undefined ? {} : { opensAt: new Date(opensAt).toISOString() }),
  };
}

function isPassable({ open, opensAt }: GateReport, now: number): boolean {
  return open && (opensAt === undefined || Date.parse(opensAt) <= now);
}

function gateLine({ reason, opensAt }: GateReport, now: number): string {
  if (opensAt === undefined) return `nothing is sent: ${reason}`;
  const opens = Date.parse(opensAt);
  return `nothing is sent before ${instant(opens)} (in ${elapsed(opens - now)}): ${reason}`;
}

/** The gate as it stands says more than what the forwarder saw of it when it last looked. */
function deliveryPhase({ forwarder, intake }: Omit<Delivery, 'run'>, now: number): ForwarderPhase | undefined {
  const phase = forwarder?.phase;
  if (phase === 'held' || phase === 'outage' || intake?.gate === undefined) return phase;
  if (!intake.gate.open) return 'paused';
  if (!isPassable(intake.gate, now)) return 'settling';
  return phase === 'paused' || phase === 'settling' ? 'forwarding' : phase;
}
