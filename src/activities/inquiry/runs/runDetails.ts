/** One run with the records that failed in it: why, and which of our events they were. */
import {
  eventIdOf,
  explainedErrors,
  type FailedRecordView,
  type RunDetails,
} from '../../../domain/delivery/failedRecords.js';
import { codedError } from '../../../domain/errors.js';
import type { Ask } from '../../../domain/inquiries.js';
import type { KeyRing } from '../../../store/keys/keyRing.js';
import { findKnownEvents } from '../../../store/views/knownEvents.js';
import { sealFor } from '../../../temporal/sealedAnswer.js';
import { readFailedRecords } from './failedRecords.js';
import { flowsOf, type RunsDeps, runView } from './runs.js';

interface RunDetailsDeps extends RunsDeps {
  readonly keyRing: Pick<KeyRing, 'accessKey'>;
}

/** Of each record. */
const LONGEST_WORDS = 2_000;

/** Adobe's words may quote a visitor: they are only for who asks for them, sealed to that process. */
export async function runDetails(deps: RunDetailsDeps, { name, id, sealTo }: Ask<'run'>): Promise<RunDetails> {
  const { sourceId, flowIds, clients } = await flowsOf(deps, name);
  const run = await clients.flowService.getRun(id);
  // Those of others in the sandbox are none of its business.
  if (run === undefined || !flowIds.includes(run.flowId)) throw codedError('CAEP_RUN_UNKNOWN', { name, id });
  const { records, left, byTime, unreadable } = await readFailedRecords(clients, run);
  const eventIds = records.map(({ record }) => eventIdOf(record));
  const known = await findKnownEvents(
    deps.database,
    sourceId,
    eventIds.flatMap((eventId) => eventId ?? []),
  );
  const views = records.map(({ batchId, record }, index): FailedRecordView => {
    const eventId = eventIds[index];
    const ours = known.get(eventId ?? '');
    return { batchId, eventId, isOurs: ours !== undefined, ...ours, errors: explainedErrors(record) };
  });
  const words = records.map(({ record: { _errors, _validationErrors } }) =>
    JSON.stringify({ _errors, _validationErrors }).slice(0, LONGEST_WORDS),
  );
  return {
    v: 1,
    run: runView(run),
    records: views,
    more: Math.max(left, (run.failedRecords ?? 0) - records.length),
    ...(byTime ? { byTime } : {}),
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(sealTo === undefined ? {} : { sealedWords: sealFor(deps.keyRing.accessKey, sealTo, JSON.stringify(words)) }),
  };
}
