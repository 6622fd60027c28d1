/** What `doctor` says of the events of each source, and of receivers: a line for each that is not well, one where all are. */
import { RECEIVER_SILENCE_MS, type ReceiverView } from '../../../domain/events/shownEvents.js';
import type { Finding } from '../../../domain/source/plan.js';
import { formatDuration } from '../../../manifest/duration.js';
import type { DeliveryHealth } from '../../../store/views/deliveryHealth.js';

/** An event that waits for longer, with the gate open, waits for something. */
const LONG_WAIT_MS = 10 * 60_000;
/** Of many in trouble, the others are counted. */
const NAMED = 50;

export function deliveryFindings(sources: readonly DeliveryHealth[]): readonly Finding[] {
  const troubled = sources.flatMap((source): Finding[] => {
    const troubles = troublesOf(source);
    return troubles.length === 0
      ? []
      : [{ check: `events of ${source.name}`, state: 'warning', detail: troubles.join('; ') }];
  });
  const rest = troubled.length - NAMED;
  return [
    ...(troubled.length > 0
      ? troubled.slice(0, NAMED)
      : [{ check: 'events', state: 'ok', detail: allWell(sources) } as const]),
    ...(rest > 0
      ? [{ check: 'events', state: 'warning', detail: `${rest} other source(s) have problems` } as const]
      : []),
  ];
}

function allWell({ length }: readonly DeliveryHealth[]): string {
  if (length === 0) return 'there is no source yet';
  return `${length === 1 ? 'one source' : `${length} sources`}: no event is held or has waited for long, and no kind of event has stopped arriving`;
}

function troublesOf(source: DeliveryHealth): string[] {
  const { name, isRetired, isGateOpen, gateReason, opensByItself, held, oldestWaitingMs, opensInMs, silentKinds } =
    source;
  const ofHeld = held === 0 ? [] : [`${held} held for a decision: \`chatlio-aep held list ${name}\``];
  if (isRetired) return ofHeld;
  const isLate = isGateOpen && opensInMs === 0 && (oldestWaitingMs ?? 0) > LONG_WAIT_MS;
  return [
    ...(isGateOpen || gateReason === NOT_PROVISIONED
      ? []
      : [
          `nothing is sent: ${gateReason} (${opensByItself ? 'events are sent once this is fixed at Adobe; ' : ''}\`chatlio-aep unpause ${name}\` starts sending again)`,
        ]),
    ...ofHeld,
    ...(isLate
      ? [`events have waited for ${minutes(oldestWaitingMs ?? 0)}: \`chatlio-aep status ${name}\` says why`]
      : []),
    ...silentKinds.map((kind) => `no ${kind} has arrived for a long time: is its URL still in Chatlio's settings?`),
  ];
}

/** As the store says of a gate that was never opened: the source's steps say more. */
const NOT_PROVISIONED = 'not provisioned';

export function receiverFindings(receivers: readonly ReceiverView[]): readonly Finding[] {
  const damaged = receivers.flatMap(damageFinding);
  const waiting = receivers.flatMap(({ id, silentForMs, spooled }): Finding[] => {
    const isGone = silentForMs > RECEIVER_SILENCE_MS;
    if (!isGone && spooled === 0) return [];
    const spool =
      spooled === 0
        ? ''
        : `${isGone ? ', and' : ''} ${spooled} event(s) ${isGone ? 'were' : 'are'} waiting on its disk`;
    const detail = isGone
      ? `has not reported for ${minutes(silentForMs)}${spool}: start it again with the same home folder, or look at its log`
      : `${spool.trim()}: they are stored as soon as PostgreSQL works`;
    // One that has gone with nothing in its hands was replaced.
    return isGone && spooled === 0 ? [] : [{ check: `receiver ${id}`, state: 'warning', detail }];
  });
  const troubled = [...damaged, ...receivers.flatMap(refusalFinding), ...waiting];
  if (troubled.length > 0) return troubled;
  const alive = receivers.filter(({ silentForMs }) => silentForMs <= RECEIVER_SILENCE_MS).length;
  return [
    alive === 0
      ? { check: 'receivers', state: 'warning', detail: 'no receiver reports: start one with `chatlio-aep receiver`' }
      : {
          check: 'receivers',
          state: 'ok',
          detail: `${alive === 1 ? 'one reports' : `${alive} report`}, and no event waits on a receiver's disk`,
        },
  ];
}

function damageFinding({ id, unreadable, vanished }: ReceiverView): Finding[] {
  const lost = [
    ...(unreadable === undefined
      ? []
      : [
          `${unreadable} place(s) in its spool files are damaged; these files are kept as *.unreadable until you remove them`,
        ]),
    ...(vanished === undefined ? [] : [`${vanished} event(s) that were answered with 2xx are missing from its disk`]),
  ];
  if (lost.length === 0) return [];
  const detail = `${lost.join('; ')}: \`chatlio-aep audit NAME\` lists the missing ids`;
  return [{ check: `receiver ${id}`, state: 'warning', detail }];
}

function refusalFinding({ id, refusedConnections }: ReceiverView): Finding[] {
  if (refusedConnections === undefined) return [];
  const detail = `refused ${refusedConnections} connection(s), the last of them within a day: there were too many at once. Put a proxy in front of it that closes idle connections, start more receivers, or give it more memory`;
  return [{ check: `receiver ${id}`, state: 'warning', detail }];
}

function minutes(ms: number): string {
  return formatDuration(Math.max(Math.round(ms / 60_000), 1) * 60_000);
}
