/**
 * Tearing a live source down: messages, what is waited for and in which order, and what the workflow says to its activities. Plain JSON.
 *
 * Until Adobe is changed it can be aborted; said again, it goes on without what it waits for.
 */
import { counted } from '../counted.js';
import type { OperationInput } from '../delivery/pause.js';
import type { CatalogueError } from '../errors.js';
import { RECEIVER_SILENCE_MS } from '../events/shownEvents.js';
import type { Delivery } from './manifest.js';
import { type Resource, STEPS_WITH_DATA, type StepName } from './steps.js';

/** Update `teardown` of a live source, and of one that is being torn down. From the Temporal UI: `{}` is enough. */
export interface TeardownInput {
  /** What waits is not sent: it is held for a person. */
  readonly discard?: boolean;
  /** Do not wait until what was sent is confirmed in the lake or decided. */
  readonly noWait?: boolean;
  /** Receivers whose spools are not waited for. */
  readonly withoutReceivers?: readonly string[];
  /** Delete what holds the events and says what they mean, too. */
  readonly deleteData?: boolean;
  /** Also delete what was adopted. */
  readonly includeAdopted?: boolean;
  readonly reason?: string;
  /** Who, for the record. */
  readonly by?: string;
}

export interface TeardownResult {
  readonly v: 1;
  /** False: it was being torn down already, and goes on in this way. */
  readonly begun: boolean;
  /** Webhook URLs that are not taken any more. Chatlio does not know: its settings have to be changed by hand. */
  readonly revoked: number;
}

/** What is waited for, in this order. */
export const TEARDOWN_WAITS = ['spools', 'delivery', 'confirmation'] as const;

export type TeardownWait = (typeof TEARDOWN_WAITS)[number];

/** What a receiver last said of its disk. */
export interface SpoolReport {
  readonly id: string;
  /** Events of the source. */
  readonly spooled: number;
  readonly silentForMs: number;
  /** It has said so when it must have known that the URLs are not taken any more. */
  readonly isLater: boolean;
}

/** Events that wait in the log or are being sent. */
export interface UnsentCount {
  readonly count: number;
  /** Why none of them is sent, where the gate is closed. */
  readonly closed?: string;
}

/** Events that were sent and of which the lake has not been heard yet. */
export interface UnconfirmedCount {
  /** Looked for in the lake, or about to be. */
  readonly count: number;
  /** For a person to decide. */
  readonly held: number;
  /** The lake cannot be read: none will be confirmed until it can. */
  readonly lake?: 'refused' | 'away';
}

/** Of a receiver that was not waited for. */
export interface MissingEntries {
  readonly receiver: string;
  /** On its disk, when it last said so. */
  readonly spooled: number;
  /** Of them, those that its journal names: taken, and not in the log. */
  readonly known: number;
  /** Event ids of the first of these. */
  readonly events: readonly string[];
}

/** What is being waited for. */
export interface Awaiting {
  readonly wait: TeardownWait;
  /** Milliseconds since the epoch, workflow time. */
  readonly since: number;
  /** When it was looked last. */
  readonly lookedAt: number;
  /** How many events. Of spools: as far as their receivers have said. */
  readonly count: number;
  /** Whose spools. */
  readonly receivers?: readonly string[];
  readonly closed?: string;
  readonly held?: number;
  readonly lake?: 'refused' | 'away';
  /** After this, whoever has not been found is held or decided, if the lake can be read. */
  readonly atMostUntil?: number;
}

/** A teardown that waits, in the state of a source; carried on. */
export interface Teardown {
  readonly since: number;
  readonly reason?: string;
  readonly by?: string;
  readonly discard: boolean;
  readonly noWait: boolean;
  readonly withoutReceivers: readonly string[];
  readonly deleteData: boolean;
  /** 0.2 does not say. */
  readonly includeAdopted?: boolean;
  /** By the database's clock, ISO 8601. Absent while the URLs are being revoked. */
  readonly revokedAt?: string;
  readonly revoked?: number;
  /** It has closed the gate, or tried to: an abort opens it. */
  readonly gateClosed?: boolean;
  readonly awaiting?: Awaiting;
  readonly missing?: readonly MissingEntries[];
}

/** Result of a source workflow that ends in a teardown. */
export interface TornDown {
  readonly v: 1;
  readonly phase: 'torn-down';
  readonly name: string;
  readonly uid: string;
  /** Steps of which something is left at Adobe. */
  readonly left: readonly StepName[];
  /** Events that are held for a person to decide. */
  readonly heldEvents: number;
  readonly missing: readonly MissingEntries[];
}

/** Each may be done again after its answer was lost, and answers at once. */
export interface TeardownActivities {
  /** Webhooks are not taken from now on, until `restoreRoutes` or a provision. */
  revokeRoutes(input: OperationInput): Promise<{ readonly revoked: number; readonly revokedAt: string }>;
  /** Takes `revokeRoutes` back: the URLs before are taken again. */
  restoreRoutes(input: OperationInput): Promise<void>;
  readSpools(input: OperationInput & { readonly revokedAt: string }): Promise<readonly SpoolReport[]>;
  countUnsent(input: OperationInput): Promise<UnsentCount>;
  countUnconfirmed(input: OperationInput & { readonly discard: boolean }): Promise<UnconfirmedCount>;
  readMissing(input: OperationInput & { readonly receivers: readonly string[] }): Promise<readonly MissingEntries[]>;
}

export function teardownOf(input: TeardownInput, since: number): Teardown {
  const { reason, by } = input;
  const none = { discard: false, noWait: false, withoutReceivers: [], deleteData: false };
  return amended({ since, reason, by, ...none }, input);
}

/** Only ever with less to wait for; what was said before stands. */
export function amended(
  teardown: Teardown,
  { discard, noWait, withoutReceivers = [], deleteData, includeAdopted }: Omit<TeardownInput, 'reason' | 'by'>,
): Teardown {
  return {
    ...teardown,
    discard: teardown.discard || discard === true,
    noWait: teardown.noWait || noWait === true,
    withoutReceivers: [...new Set([...teardown.withoutReceivers, ...withoutReceivers])],
    deleteData: teardown.deleteData || deleteData === true,
    ...(teardown.includeAdopted === true || includeAdopted === true ? { includeAdopted: true } : {}),
  };
}

/** Nothing is taken away yet: it may be aborted, and told to wait for less. */
export function isWaitingToTearDown({
  teardown,
  phase,
  hold,
}: {
  readonly teardown?: Teardown;
  readonly phase: string;
  readonly hold?: { readonly waitsFor?: TeardownWait };
}): boolean {
  return teardown?.revokedAt !== undefined && (phase === 'live' || hold?.waitsFor !== undefined);
}

export function isWaitedFor({ discard, noWait }: Teardown, wait: TeardownWait): boolean {
  if (wait === 'delivery') return !discard;
  return wait === 'spools' || !noWait;
}

/** What of the receivers' spools is waited for, and who is silent: of these nobody knows what they hold. */
export function judgeSpools(
  reports: readonly SpoolReport[],
  without: readonly string[],
): { readonly awaited: readonly SpoolReport[]; readonly silent: readonly SpoolReport[] } {
  const others = reports.filter(({ id }) => !without.includes(id));
  const isSilent = ({ silentForMs }: SpoolReport): boolean => silentForMs > RECEIVER_SILENCE_MS;
  return {
    silent: others.filter(isSilent),
    awaited: others.filter((one) => !isSilent(one) && (one.spooled > 0 || !one.isLater)),
  };
}

export function silenceError(name: string, silent: readonly SpoolReport[]): CatalogueError {
  const spooled = silent.reduce((sum, one) => sum + one.spooled, 0);
  return {
    code: 'CAEP_RECEIVER_SILENT',
    fields: {
      name,
      receivers: silent.map(({ id }) => id).join(', '),
      without: silent.map(({ id }) => `--without-receiver ${id}`).join(' '),
      ...(spooled === 0 ? {} : { spooled: String(spooled) }),
    },
  };
}

/** Deadlines after which an event that was not found is no longer looked for, and one for slack. */
const DEADLINES = 5;

export function atMostUntil(
  since: number,
  { leaseMs, requestTimeoutMs, lakeLatencyMs }: Pick<Delivery, 'leaseMs' | 'requestTimeoutMs' | 'lakeLatencyMs'>,
): number {
  return since + DEADLINES * (leaseMs + requestTimeoutMs + lakeLatencyMs);
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Until the next look: growing, so that a wait of days is a history of few events. */
export function pauseAfter(looks: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(looks, 30), LONGEST_PAUSE_MS);
}

/** What is taken away at Adobe. What holds the events is not, unless that was asked for. */
export function isTakenAway(step: StepName, deleteData: boolean): boolean {
  return deleteData || !STEPS_WITH_DATA.includes(step);
}

/** Of what is not taken away. */
export function keptBecause(step: StepName, origin: Resource['origin']): string {
  const holdsData = STEPS_WITH_DATA.includes(step);
  if (origin === 'created') {
    return 'it holds the delivered events, or says what they mean; `--delete-data` would have deleted it';
  }
  return `it was there before this source; ${holdsData ? '`--include-adopted --delete-data`' : '`--include-adopted`'} would have deleted it`;
}

/** `12 events that wait to be sent`. */
export function awaitedText({ wait, count, receivers = [], closed, held = 0, lake }: Awaiting): string {
  switch (wait) {
    case 'spools':
      return count === 0
        ? `the next report of ${receivers.join(', ')}`
        : `${counted(count, 'event')} on the disk of ${receivers.join(', ')}`;
    case 'delivery':
      return `${counted(count, 'event')} to be sent${closed === undefined ? '' : `; nothing is sent now: ${closed}`}`;
    case 'confirmation':
      return [
        ...(count === 0 ? [] : [`${counted(count, 'sent event')} to be confirmed in the lake`]),
        ...(held === 0 ? [] : [`${counted(held, 'held event')} to be decided`]),
        ...(lake === undefined
          ? []
          : [lake === 'refused' ? 'the lake may not be read' : 'the lake cannot be read now']),
      ].join('; ');
    default:
      return wait satisfies never;
  }
}

/** What goes on without waiting, and what that means. */
export function commandWithoutWaiting(name: string, { wait, receivers = [] }: Awaiting): readonly [string, string] {
  switch (wait) {
    case 'spools':
      return [
        `chatlio-aep teardown ${name} ${receivers.map((id) => `--without-receiver ${id}`).join(' ')}`,
        'go on without what it holds',
      ];
    case 'delivery':
      return [`chatlio-aep teardown ${name} --discard`, 'go on, and hold them instead of sending them'];
    case 'confirmation':
      return [`chatlio-aep teardown ${name} --no-wait`, 'go on, and leave them unconfirmed'];
    default:
      return wait satisfies never;
  }
}
