/** What there is to know of a source now: its counts, its gate, what receivers say of themselves, which kinds have stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ForwarderCounters, GateReport } from '../../domain/delivery/forwarder.js';
import type { CountedEvents, IntakeReport } from '../../domain/events/shownEvents.js';
import type { Ask } from '../../domain/inquiries.js';
import type { Database } from '../../store/connection/database.js';
import { countEvents } from '../../store/views/eventCounts.js';
import { readAwaitedCanaries } from '../../store/delivery/canaries.js';
import { gateReport, readGate } from '../../store/delivery/gate.js';
import { readDifferingCopies } from '../../store/bodies/differingCopies.js';
import { readUnmappedFields } from '../../store/bodies/unmappedFields.js';
import { readFlowRunLook } from '../../store/views/flowRunLook.js';
import { readSilences } from '../../store/views/lastEvents.js';
import { readNearMisses, readReceivers } from '../../store/receivers/receiverReports.js';
import { findSource } from '../../store/sources/sources.js';

/** A question to Temporal costs some writes; waiting here for a change costs some reads. */
const LONGEST_WAIT_MS = 20_000;
const LOOK_EVERY_MS = 1_000;

export async function intakeReport(database: Database, ask: Ask<'intake'>): Promise<IntakeReport> {
  const until = Date.now() + Math.min(ask.waitMs ?? 0, LONGEST_WAIT_MS);
  for (;;) {
    const report = await look(database, ask.name);
    const isNews = ask.unlike === undefined || report.counted?.mark !== ask.unlike;
    if (isNews || Date.now() + LOOK_EVERY_MS >= until) return report;
    await sleep(LOOK_EVERY_MS);
  }
}

async function look(database: Database, name: string): Promise<IntakeReport> {
  const source = await findSource(database, name);
  const [gate, receivers, silences, nearMisses, unmapped, differingCopies, canaries, flowRuns, counted] =
    await Promise.all([
      source && readGate(database, source.id),
      readReceivers(database),
      readSilences(database),
      source && readNearMisses(database, source.id),
      source && readUnmappedFields(database, source.id),
      source && readDifferingCopies(database, source.id),
      source && readAwaitedCanaries(database, source.id),
      source && readFlowRunLook(database, source.id),
      source && countEvents(database, source.id),
    ]);
  const silent = silences
    .filter(({ source: of, isTooLong }) => of === name && isTooLong)
    .map(({ kind, lastAt, silentForMs }) => ({ kind, lastAt: lastAt.toISOString(), silentForMs }));
  return {
    v: 1,
    source: source && { uid: source.uid, retired: source.retired, contents: gate?.projection?.projection.contents },
    counted: counted && described(counted, gateReport(gate)),
    gate: source && gateReport(gate),
    receivers,
    silent,
    nearMisses,
    unmapped,
    differingCopies,
    canaries,
    flowRuns,
  };
}

function described(
  { asOf, counters }: { readonly asOf: Date; readonly counters: ForwarderCounters },
  gate: GateReport | undefined,
): CountedEvents {
  const { oldestWaitingMs: _waiting, oldestExceptionMs: _exception, oldestHeldMs: _held, ...numbers } = counters;
  return { asOf: asOf.toISOString(), counters, mark: JSON.stringify([numbers, gate?.open, gate?.opensAt]) };
}
