/** What `doctor` says of the clocks that the worker cannot compare with its own: this machine's and Temporal's. */
import { clockFinding, differenceBetween, differenceOver } from '../../domain/clocks.js';
import type { DoctorReport, Finding } from '../../domain/source/plan.js';
import type { AskTimes } from '../../temporal/sources/port.js';

/**
 * The question itself is the exchange: Temporal tells when it was started, the worker when it took and answered it.
 *
 * @returns nothing for a worker that does not tell
 */
export function clocksSeenFromHere(worker: DoctorReport['clock'], times: AskTimes | undefined): readonly Finding[] {
  if (worker === undefined || times === undefined) return [];
  const { sentAtMs, startedAtMs, startSeenAtMs, answeredAtMs } = times;
  const ofWorker = differenceOver({ sentAtMs, ...worker, receivedAtMs: answeredAtMs });
  const ofTemporal = differenceOver({
    sentAtMs,
    takenAtMs: startedAtMs,
    givenAtMs: startedAtMs,
    receivedAtMs: startSeenAtMs,
  });
  const own = { ms: 0, giveOrTakeMs: 0 };
  return [
    { check: 'clock of this machine', ...clockFinding(differenceBetween(own, ofWorker), 'this machine') },
    { check: 'clock of Temporal', ...clockFinding(differenceBetween(ofTemporal, ofWorker), 'Temporal') },
  ];
}
