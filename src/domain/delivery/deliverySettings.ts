/** Delivery settings: what each means, its default and its bounds. One table feeds the schema, the defaults and the docs. */
import type { Delivery } from '../source/manifest.js';

interface DurationFacts {
  readonly field: keyof Delivery;
  readonly default: string;
  readonly atLeast: string;
  readonly atMost: string;
  readonly meaning: string;
}

/** Keyed by the manifest's field; `field` is the same in milliseconds. */
export const DURATION_SETTINGS = {
  requestTimeout: {
    field: 'requestTimeoutMs',
    default: '65s',
    atLeast: '1s',
    atMost: '10m',
    meaning: "Longest wait for the inlet's answer. Above the 60 s after which Adobe's gateway gives up.",
  },
  lease: {
    field: 'leaseMs',
    default: '15s',
    atLeast: '3s',
    atMost: '5m',
    meaning: 'How long a worker that no longer responds keeps its partition before another one takes over.',
  },
  settleWindow: {
    field: 'settleWindowMs',
    default: '5m',
    atLeast: '0s',
    atMost: '24h',
    meaning:
      'Events wait this long after the flow was created or changed, as AEP may drop data then. Below 5m only against the simulator.',
  },
  schemaSettleWindow: {
    field: 'schemaSettleWindowMs',
    default: '15m',
    atLeast: '0s',
    atMost: '24h',
    // Streaming validation caches a schema for up to 15 minutes.
    meaning:
      'Has no effect yet: nothing changes a schema that is in use. Meant for how long events are to wait after such a change.',
  },
  lakeLatency: {
    field: 'lakeLatencyMs',
    default: '3h',
    atLeast: '1s',
    atMost: '7d',
    meaning: 'How long an accepted event may take to show in the data lake before it counts as not found.',
  },
  quietWarning: {
    field: 'quietWarningMs',
    default: '24h',
    atLeast: '1m',
    atMost: '90d',
    meaning: 'Warn when a kind of event that has arrived before has not arrived for this long.',
  },
  retention: {
    field: 'retentionMs',
    default: '30d',
    atLeast: '1h',
    atMost: '3650d',
    meaning: 'Bodies of events are kept at least this long after delivery.',
  },
} as const satisfies Record<string, DurationFacts>;

export type DurationSetting = keyof typeof DURATION_SETTINGS;

export const COUNT_SETTINGS = {
  partitions: {
    default: 1,
    atLeast: 1,
    atMost: 64,
    meaning: 'Number of slices of the event log that are delivered in parallel. A change applies to new events only.',
  },
  concurrency: {
    default: 128,
    atLeast: 1,
    atMost: 512,
    meaning: 'Unanswered requests per partition.',
  },
  maxRequestsPerSecond: {
    default: 1_000,
    atLeast: 1,
    atMost: 20_000,
    meaning: "Requests per second over all partitions. Adobe's guidance for one source is 1,000.",
  },
} as const;

export const CHOICE_SETTINGS = {
  on503: {
    default: 'strict',
    choices: ['strict', 'lenient'],
    meaning: 'strict: 503 leaves the outcome unknown. lenient: 503 with Retry-After counts as not accepted.',
  },
  onNotFound: {
    default: 'resend',
    choices: ['resend', 'hold'],
    meaning: 'What happens to an event with an unknown outcome that was looked for in the lake and not found.',
  },
  canary: {
    default: 'on',
    choices: ['on', 'off'],
    meaning:
      'on: after a change of the mapping, contents or privacy the first event of each kind is sent alone; the others of the kind wait until it is in the lake, or for lakeLatency.',
  },
} as const;
