/** The forwarder workflow's state and messages, and what passes between it and its drains. JSON only. */
import type { EventParts } from '../events/eventParts.js';
import type { DecideInput, DecideResult } from '../exceptions/heldEvents.js';
import type { Delivery } from '../source/manifest.js';
import type { FlowRunsView } from './flowRuns.js';
import type { DestinationFault } from './outcomeAccounting.js';

export interface ForwarderInput {
  readonly v: 1;
  readonly uid: string;
  readonly name: string;
  readonly delivery: Delivery;
  /** Where the flow is looked at before a probe; without it only the connection is. */
  readonly sandbox?: string;
  /** Test hook: shorter slices and waits. */
  readonly pace?: {
    readonly sliceMs: number;
    readonly lingerMs: number;
    readonly firstProbeMs: number;
    readonly surveyMs?: number;
  };
  /** Present in every run but the first: what the run before handed over. */
  readonly carried?: ForwarderState;
  /** Continue as new after this many history events, or when the server suggests it. */
  readonly maxHistoryEvents?: number;
}

export type ForwarderPhase = 'forwarding' | 'idle' | 'settling' | 'paused' | 'outage' | 'held';

/** Carried through continue-as-new, and what the query `state` answers. Times are workflow times in ms. */
export interface ForwarderState {
  readonly v: 1;
  readonly phase: ForwarderPhase;
  readonly delivery: Delivery;
  readonly counters: ForwarderCounters;
  /** Known ones; empty until the first survey. */
  readonly partitions: readonly number[];
  /** Partitions that may have something to send. `all` until they have been counted. */
  readonly wanted: 'all' | readonly number[];
  /** Counts the signals `wake`. */
  readonly wakes: number;
  /** Partitions whose drain runs. */
  readonly draining: readonly number[];
  /** When exceptions of a partition need a drain. */
  readonly due: readonly DuePartition[];
  /** Partitions of which the last drain has left events that wait for the first of their kind to be seen in the lake. */
  readonly awaitingCanary?: readonly number[];
  /** Where the last drain of each partition has come to. */
  readonly positions?: readonly (DrainPosition & { readonly partition: number })[];
  readonly gate?: ClosedGate;
  readonly outage?: Outage;
  readonly hold?: ForwarderHold;
  /** Why sending last failed: gone once an event is accepted after it. */
  readonly lastError?: string;
  readonly lastErrorAt?: number;
  readonly surveyedAt: number;
  /** When a survey last found other numbers than the one before. */
  readonly countsChangedAt?: number;
  /** When events are next looked for in the lake. Absent: there are none to look for. */
  readonly lookUpAt?: number;
  readonly lookedUpAt?: number;
  /** As it was when events were last looked for. */
  readonly lake?: LakeView;
  /** When flow and dataset were last looked at, and how much had been accepted then. */
  readonly destination?: { readonly lookedAt: number; readonly accepted: number };
  /** What the last look saw of the flow's runs. */
  readonly flowRuns?: FlowRunsView;
}

/** `refused`: this installation may not read the lake; nothing can be confirmed. `away`: tried again later. */
export interface LakeView {
  readonly state: 'readable' | 'refused' | 'away';
  /** Why it is not readable, or what could not be told. */
  readonly detail?: string;
}

interface DuePartition {
  readonly partition: number;
  readonly at: number;
}

/** Nothing may be sent. `opensAt` is absent while it is closed for good. */
interface ClosedGate {
  readonly reason: string;
  readonly opensAt?: number;
  /** Our own look at the destination has closed it, and a later one opens it. */
  readonly opensByItself?: boolean;
}

/** The destination is away: probed, at growing intervals, until an event is accepted. */
export interface Outage {
  readonly detail: string;
  readonly stops: DestinationFault['stops'];
  readonly since: number;
  readonly probes: number;
  /** Of the last probes, in a row, those that only a person could mend. Absent: none. */
  readonly turnedDown?: number;
  readonly nextProbeAt: number;
}

/** Waits for a person, and is probed all the same: the cause may go without one. */
interface ForwarderHold {
  readonly reason: string;
  readonly since: number;
  /** Since it is held. Absent in what 0.1.0 has held: it did not probe. */
  readonly probes?: number;
  readonly nextProbeAt?: number;
}

export interface ForwarderCounters {
  /** Each event once, however often it came; with those that were held when they came. */
  readonly taken: number;
  /** Events, not attempts. */
  readonly accepted: number;
  /** Of the accepted: found in the lake. Absent while it is not known. */
  readonly confirmed?: number;
  /** Found in the lake more than once. */
  readonly repeated?: number;
  /** In the log, neither delivered nor in the exceptions. */
  readonly waiting: number;
  /** Of the oldest waiting event, ms. */
  readonly oldestWaitingMs?: number;
  /** Open ones, by reason. */
  readonly exceptions: Readonly<Record<string, number>>;
  readonly oldestExceptionMs?: number;
  /** Where each of the taken is. Absent in what an earlier release has counted. */
  readonly parts?: EventParts;
  /** Of those that are held: by reason, and the age of the oldest, ms. */
  readonly heldBy?: Readonly<Record<string, number>>;
  readonly oldestHeldMs?: number;
}

export const FORWARDER_MESSAGES = {
  /** Signal: there may be events to deliver. */
  wake: 'wake',
  /** Update: end a hold, or probe now. */
  resume: 'resume',
  /** Update: take over other delivery settings. */
  configure: 'configure',
  /** Update: decide about held events ({@link DecideInput}). */
  decide: 'decide',
  state: 'state',
} as const;

/** Signal `wake`. */
export interface WakeInput {
  /** Absent: all. */
  readonly partitions?: readonly number[];
  /** Of the source that it is for. A forwarder that belongs to another one ends. */
  readonly uid?: string;
}

/** Update `resume`. From the Temporal UI: `{}` is enough. */
export interface ForwarderResumeInput {
  readonly by?: string;
}

export interface DrainInput {
  readonly v: 1;
  readonly uid: string;
  readonly partition: number;
  readonly delivery: Delivery;
  /** This drain's share of the source's rate, until it has looked how many others send. */
  readonly requestsPerSecond: number;
  /** `slice`: send what there is. `probe`: send one event and say what came of it. */
  readonly mode: 'slice' | 'probe';
  readonly sliceMs: number;
  /** How long an empty log is watched before the drain ends. */
  readonly lingerMs: number;
  /** Where the last drain of the partition has come to: a database that is behind of it was set back. */
  readonly known?: DrainPosition;
}

/** Temporal remembers it apart from the database. */
export interface DrainPosition {
  readonly fence: number;
  /** Everything up to this number may have been sent. */
  readonly intended: number;
  /** How many resends the partition had ever claimed. Absent in what an earlier release has told. */
  readonly resendClaims?: number;
}

export interface DrainReport {
  readonly v: 1;
  readonly partition: number;
  readonly accepted: number;
  readonly notAccepted: number;
  readonly end: DrainEnd;
  /** In how long the partition's exceptions need a drain again. */
  readonly dueInMs?: number;
  /** Absent where it has not taken the partition. */
  readonly position?: DrainPosition;
  /** What is left waits until the first event of its kind is seen in the lake. */
  readonly awaitsCanary?: true;
}

/** Why a drain has ended. */
export type DrainEnd =
  /** The log is empty; an insert will ask for a wake. */
  | { readonly kind: 'idle' }
  /** Time is up, or the gate or the settings have changed: there is more to do. */
  | { readonly kind: 'slice' }
  /** Asked to: cancelled, the worker shuts down, or another drain takes over. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'gate'; readonly gate: GateReport }
  | { readonly kind: 'fault'; readonly fault: DestinationFault }
  | { readonly kind: 'probed'; readonly accepted: boolean; readonly detail: string };

export interface GateReport {
  readonly open: boolean;
  /** ISO 8601. */
  readonly opensAt?: string;
  /** By the database's clock, from when this was reported. */
  readonly opensInMs?: number;
  readonly reason: string;
  /** Present while it is closed and a look at the destination is to open it. */
  readonly opensByItself?: true;
}

/** The activities that the forwarder calls. */
export interface ForwarderActivities {
  drain(input: DrainInput): Promise<DrainReport>;
  surveyPartitions(input: { readonly uid: string }): Promise<PartitionSurvey>;
  /** Looks for events in the lake, and records what that shows. */
  reconcile(input: ReconcileInput): Promise<ReconcileReport>;
  /** @param input.requestId the same for every attempt of one decision */
  decideHeld(input: {
    readonly uid: string;
    readonly name: string;
    readonly requestId: string;
    readonly decision: DecideInput;
  }): Promise<DecideResult>;
  /** Before a probe: does the destination take connections, and is the flow well? */
  checkDestination(input: { readonly uid: string; readonly sandbox?: string }): Promise<DestinationCheck>;
  /** Do flow and dataset still stand? Closes the gate where what is sent would be lost, and opens again what it has closed. */
  watchDestination(input: DestinationWatchInput): Promise<DestinationLook>;
}

export interface DestinationWatchInput {
  readonly uid: string;
  readonly sandbox: string;
  /** Absent from runs of releases that opened nothing: so nothing is opened. */
  readonly settleWindowMs?: number;
}

export interface DestinationLook {
  readonly v: 1;
  /** False: Adobe did not answer, or the gate was changed meanwhile. Looked at again later. */
  readonly looked: boolean;
  /** Why the gate is closed. */
  readonly closedFor?: string;
  /** The next looks are to open it. */
  readonly opensByItself?: true;
  /** As it was read last. 0.2.0 does not say. */
  readonly flowRuns?: FlowRunsView;
}

export interface PartitionSurvey {
  readonly partitions: readonly number[];
  readonly counters: ForwarderCounters;
  readonly lookUps?: LookUpsAhead;
}

/** What there is to look for in the lake. */
export interface LookUpsAhead {
  /** In how long the next look is due. */
  readonly dueInMs?: number;
  /** Events were delivered for which no look is planned yet. */
  readonly unplanned: boolean;
}

export interface ReconcileInput {
  readonly v: 1;
  readonly uid: string;
  readonly delivery: Delivery;
}

export interface ReconcileReport {
  readonly v: 1;
  readonly lake: LakeView;
  readonly lookUps: LookUpsAhead;
}

export type DestinationCheck =
  /** `closedFor`: why the gate is closed. Nothing can be sent, so nothing is known of the destination. */
  | { readonly well: true; readonly closedFor?: string }
  | { readonly well: false; readonly detail: string; readonly stops: DestinationFault['stops'] };
