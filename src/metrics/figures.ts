/** What the database says of sources and receivers, as metrics: read when somebody asks, once for all of them. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { createReading } from './reading.js';

export interface Figures {
  readonly sources: readonly SourceFigures[];
  readonly receivers: readonly ReceiverFigures[];
  /** Of every kind that ever came to a source and is still routed. */
  readonly silences: readonly SilenceFigures[];
}

/** Of a process that leaves them to another. */
export const NO_FIGURES: Figures = { sources: [], receivers: [], silences: [] };

interface SourceFigures {
  readonly source: string;
  readonly taken: number;
  readonly accepted: number;
  readonly confirmed?: number;
  /** Absent while it is not known. */
  readonly oldestUnconfirmedMs?: number;
  readonly waiting: number;
  readonly oldestWaitingMs?: number;
  readonly exceptions: readonly ExceptionFigures[];
  readonly gateOpen: boolean;
  /** Until it may be passed; 0 while it is closed for good. */
  readonly opensInMs: number;
  readonly lastTakenAtMs?: number;
  readonly lastAcceptedAtMs?: number;
  /** Absent while nobody has looked at its flow runs. */
  readonly flowRunFailedRecords?: number;
  /** Absent while nobody has looked at its objects in Adobe. */
  readonly drifted?: number;
  readonly driftAgeMs?: number;
}

interface ExceptionFigures {
  readonly reason: string;
  readonly state: string;
  readonly count: number;
  readonly oldestMs: number;
}

interface SilenceFigures {
  readonly source: string;
  readonly kind: string;
  readonly silentForMs: number;
  /** Longer than the source's `delivery.quietWarning`. */
  readonly isTooLong: boolean;
}

interface ReceiverFigures {
  readonly receiver: string;
  readonly spooled: number;
  readonly reportAgeMs: number;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

export function registerFigures(registry: Registry, read: () => Promise<Figures>): void {
  const reading = createReading(read);
  const current = async () => (await reading.now()).figures;

  function metric(
    kind: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    labelNames: string[],
    of: (f: Figures) => Sample[],
  ): void {
    const collected = new kind({ name, help, labelNames, registers: [registry], collect });
    async function collect(): Promise<void> {
      const figures = await current();
      collected.reset();
      for (const [labels, value] of figures === undefined ? [] : of(figures)) {
        if (value !== undefined) collected.inc(labels, value);
      }
    }
  }
  const perSource = (of: (one: SourceFigures) => number | undefined) => (figures: Figures) =>
    figures.sources.map((one): Sample => [{ source: one.source }, of(one)]);
  const perException = (of: (one: ExceptionFigures) => number) => (figures: Figures) =>
    figures.sources.flatMap(({ source, exceptions }) =>
      exceptions.map((one): Sample => [{ source, reason: one.reason, state: one.state }, of(one)]),
    );
  const perReceiver = (of: (one: ReceiverFigures) => number) => (figures: Figures) =>
    figures.receivers.map((one): Sample => [{ receiver: one.receiver }, of(one)]);
  const perKind = (of: (one: SilenceFigures) => number) => (figures: Figures) =>
    figures.silences.map((one): Sample => [{ source: one.source, kind: one.kind }, of(one)]);
  const source = ['source'];

  metric(
    Counter,
    'chatlio_aep_events_taken_total',
    'Events taken, each counted once, including those held on arrival.',
    source,
    perSource((one) => one.taken),
  );
  metric(
    Counter,
    'chatlio_aep_events_accepted_total',
    'Events that the inlet has accepted; one that was accepted, missing and accepted again is counted again.',
    source,
    perSource((one) => one.accepted),
  );
  metric(
    Counter,
    'chatlio_aep_events_confirmed_total',
    'Accepted events that were found in the lake.',
    source,
    perSource((one) => one.confirmed),
  );
  metric(
    Gauge,
    'chatlio_aep_oldest_unconfirmed_seconds',
    'Time since the inlet accepted the oldest event that was not found in the lake yet; 0 if there is none.',
    source,
    perSource((one) => optionalSeconds(one.oldestUnconfirmedMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_events_waiting',
    'The backlog: events in the log that are neither delivered nor in the exceptions.',
    source,
    perSource((one) => one.waiting),
  );
  metric(
    Gauge,
    'chatlio_aep_oldest_waiting_seconds',
    'Age of the oldest waiting event; 0 if there is none.',
    source,
    perSource((one) => seconds(one.oldestWaitingMs ?? 0)),
  );
  metric(
    Gauge,
    'chatlio_aep_exceptions',
    'Open exceptions.',
    ['source', 'reason', 'state'],
    perException((one) => one.count),
  );
  metric(
    Gauge,
    'chatlio_aep_exception_oldest_seconds',
    'Age of the oldest open exception.',
    ['source', 'reason', 'state'],
    perException((one) => seconds(one.oldestMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_flow_run_failed_records',
    "Records that failed in Adobe's flow runs of the 24 hours before the last look at them.",
    source,
    perSource((one) => one.flowRunFailedRecords),
  );
  metric(
    Gauge,
    'chatlio_aep_drift_changes',
    'Fields and objects in Adobe that others have changed or deleted, by the last look.',
    source,
    perSource((one) => one.drifted),
  );
  metric(
    Gauge,
    'chatlio_aep_drift_look_age_seconds',
    'Time since that look.',
    source,
    perSource((one) => optionalSeconds(one.driftAgeMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_gate_open',
    '1 if the gate is open, or opens by itself at the end of the settle window.',
    source,
    perSource((one) => (one.gateOpen ? 1 : 0)),
  );
  metric(
    Gauge,
    'chatlio_aep_gate_opens_in_seconds',
    'The rest of the settle window.',
    source,
    perSource((one) => seconds(one.opensInMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_silence_seconds',
    'Time since the last webhook of this kind.',
    ['source', 'kind'],
    perKind((one) => seconds(one.silentForMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_silence_too_long',
    '1 if that is longer than delivery.quietWarning of the manifest.',
    ['source', 'kind'],
    perKind((one) => (one.isTooLong ? 1 : 0)),
  );
  metric(
    Gauge,
    'chatlio_aep_last_taken_timestamp_seconds',
    'When the last event arrived, as a Unix time.',
    source,
    perSource((one) => optionalSeconds(one.lastTakenAtMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_last_accepted_timestamp_seconds',
    'When the inlet last accepted an event, as a Unix time.',
    source,
    perSource((one) => optionalSeconds(one.lastAcceptedAtMs)),
  );
  metric(
    Gauge,
    'chatlio_aep_receiver_spooled_events',
    'Acknowledged events in a receiver’s spool, as it last reported.',
    ['receiver'],
    perReceiver((one) => one.spooled),
  );
  metric(
    Gauge,
    'chatlio_aep_receiver_report_age_seconds',
    'Time since the last report of a receiver.',
    ['receiver'],
    perReceiver((one) => seconds(one.reportAgeMs)),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_database_readable',
      help: '0 if these figures could not be read: then the last ones are exported for two minutes, then none.',
      registers: [],
      async collect() {
        this.set((await reading.now()).isReadable ? 1 : 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_figures_age_seconds',
      help: 'Time since these figures were read; a scrape does not wait for them.',
      registers: [],
      async collect() {
        const { ageMs } = await reading.now();
        if (ageMs === undefined) this.remove();
        else this.set(seconds(ageMs));
      },
    }),
  );
}

const seconds = (ms: number): number => ms / 1_000;
const optionalSeconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : seconds(ms));
