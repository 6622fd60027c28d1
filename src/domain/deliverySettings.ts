/** Delivery settings: what each means, its default and its bounds. One table feeds the schema, the defaults and the docs. */
import type { Delivery } from './manifest.js';

interface DurationFacts {
  readonly field: keyof Delivery;
  readonly standard: string;
  readonly atLeast: string;
  readonly atMost: string;
  readonly meaning: string;
}

/** Keyed by the manifest's field; `field` is the same in milliseconds. */
export const DURATION_SETTINGS = {
  requestTimeout: {
    field: 'requestTimeoutMs',
    standard: '65s',
    atLeast: '1s',
    atMost: '10m',
    meaning: "Longest wait for the inlet's answer. Above the 60 s after which Adobe's gateway gives up.",
  },
  lease: {
    field: 'leaseMs',
    standard: '15s',
    atLeast: '3s',
    atMost: '5m',
    meaning: 'How long a sender that fell silent keeps its partition before another one takes over.',
  },
  settleWindow: {
    field: 'settleWindowMs',
    standard: '5m',
    atLeast: '0s',
    atMost: '24h',
    meaning:
      'Events wait this long after the flow was created or changed, as AEP may drop data then. Below 5m only against the simulator.',
  },
  schemaSettleWindow: {
    field: 'schemaSettleWindowMs',
    standard: '15m',
    atLeast: '0s',
    atMost: '24h',
    meaning: 'The same after a change of the schema, which streaming validation caches for up to 15 minutes.',
  },
  lakeLatency: {
    field: 'lakeLatencyMs',
    standard: '3h',
    atLeast: '1s',
    atMost: '7d',
    meaning: 'How long an accepted event may take to show in the data lake before it counts as not found.',
  },
  quietWarning: {
    field: 'quietWarningMs',
    standard: '24h',
    atLeast: '1m',
    atMost: '90d',
    meaning: 'Warn when a kind of event that used to come has been silent for this long.',
  },
  retention: {
    field: 'retentionMs',
    standard: '30d',
    atLeast: '1h',
    atMost: '3650d',
    meaning: 'Bodies of events are kept at least this long after delivery.',
  },
} as const satisfies Record<string, DurationFacts>;

export type DurationSetting = keyof typeof DURATION_SETTINGS;

export const COUNT_SETTINGS = {
  partitions: {
    standard: 1,
    atLeast: 1,
    atMost: 64,
    meaning: 'Slices of the event log that are delivered side by side. A change concerns new events only.',
  },
  concurrency: {
    standard: 128,
    atLeast: 1,
    atMost: 512,
    meaning: 'Unanswered requests per partition.',
  },
  maxRequestsPerSecond: {
    standard: 1_000,
    atLeast: 1,
    atMost: 20_000,
    meaning: "Requests per second over all partitions. Adobe's guidance for one source is 1,000.",
  },
} as const;

export const CHOICE_SETTINGS = {
  on503: {
    standard: 'strict',
    choices: ['strict', 'lenient'],
    meaning: 'strict: 503 leaves the outcome unknown. lenient: 503 with Retry-After counts as not accepted.',
  },
  onNotFound: {
    standard: 'resend',
    choices: ['resend', 'hold'],
    meaning: 'What happens to an event of unknown outcome that was looked for in the lake and not found.',
  },
} as const;
