/** The demo's verdict and its report. */
import type { Paint } from '../render/paint.js';
import { columns } from '../render/text.js';
import type { PostedEvent } from './post.js';
import type { LandedEvent } from './truth.js';

export interface DemoFindings {
  readonly sent: readonly PostedEvent[];
  readonly landed: readonly LandedEvent[];
  /** Objects at Adobe's side by kind; each kind must be there once. */
  readonly objects: Readonly<Record<string, number>>;
  readonly timings: DemoTimings;
}

interface DemoTimings {
  readonly stackMs: number;
  readonly provisionMs: number;
  /** From the start of provisioning to the first row in the dataset. */
  readonly firstLandedMs?: number;
  readonly allMs: number;
}

/** What is not as it must be; empty: each event landed exactly once, of each object there is exactly one. */
export function faultsOf({ sent, landed, objects }: DemoFindings): string[] {
  const copies = new Map(landed.map(({ eventId, rows }) => [eventId, rows]));
  return [
    ...sent.flatMap(({ eventId, kind }) => {
      const rows = copies.get(eventId) ?? 0;
      return rows === 1 ? [] : [`${kind} is in the dataset ${rows} times`];
    }),
    ...landed.flatMap(({ eventId, failed, rows }) =>
      failed === 0 || rows > 0 ? [] : [`Adobe refused ${eventId} after accepting it`],
    ),
    ...Object.entries(objects).flatMap(([kind, count]) => (count === 1 ? [] : [`there are ${count} of ${kind}`])),
    ...(Object.keys(objects).length === 0 ? ['there are no objects'] : []),
  ];
}

/** For `--output json`. */
export function reportDocument(findings: DemoFindings): object {
  const { sent, landed, objects, timings } = findings;
  const copies = new Map(landed.map(({ eventId, rows }) => [eventId, rows]));
  const events = sent.map(({ kind, eventId }) => ({ kind, eventId, rows: copies.get(eventId) ?? 0 }));
  return { events, objects, timings, faults: faultsOf(findings) };
}

export function renderReport(findings: DemoFindings, paint: Paint): string {
  const standing = new Map(findings.landed.map((event) => [event.eventId, event]));
  const events = findings.sent.map(({ kind, eventId }) => {
    const { rows = 0, failed = 0 } = standing.get(eventId) ?? {};
    return [
      rows === 1 ? paint.good('✔') : paint.bad('✖'),
      kind,
      paint.faint(`${eventId.slice(0, 16)}…`),
      `${rows} × in the dataset${failed > 0 && rows > 0 ? ', in another form than Adobe refused before' : ''}`,
    ];
  });
  const objects = Object.entries(findings.objects).map(([kind, count]) => [
    count === 1 ? paint.good('✔') : paint.bad('✖'),
    kind,
    `${count} ×`,
  ]);
  const { stackMs, provisionMs, firstLandedMs, allMs } = findings.timings;
  const faults = faultsOf(findings);
  return [
    '',
    'Objects at Adobe',
    columns(objects),
    '',
    'Events',
    columns(events),
    '',
    columns([
      ['everything started', seconds(stackMs)],
      ['source provisioned', seconds(provisionMs)],
      [
        'first event in the dataset',
        firstLandedMs === undefined ? 'never' : `${seconds(firstLandedMs)} after provisioning began`,
      ],
      ['total', seconds(allMs)],
    ]),
    '',
    faults.length === 0
      ? paint.good('Each of the five kinds is in the dataset exactly once.')
      : paint.bad(faults.join('\n')),
  ].join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
