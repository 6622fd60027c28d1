/** The processes that a start has made, on disk: a later start ends what a killed one has left behind. */
import { messageOf } from '../domain/messageOf.js';
import { endProcess } from '../process/programs/end.js';
import { readJsonFile } from '../process/files/jsonFile.js';
import { livenessOf, type ProcessIdentity } from '../process/programs/identity.js';
import { replaceFile } from '../process/files/wholeFile.js';

export interface LedgerEntry extends ProcessIdentity {
  readonly name: string;
}

/** A leftover has no supervisor to work for; it gets a moment to report what it has in hand. */
const LEFTOVER_GRACE_MS = 5_000;

export interface Ledger {
  record(entry: LedgerEntry): void;
  entries(): readonly LedgerEntry[];
}

/**
 * The file holds one entry per name: the newest process of that name. A process is not given up for a note that cannot be
 * written, as on a full disk: it is said, and stands in the next one.
 */
export function openLedger(file: string, log: (line: string) => void): Ledger {
  const entries = new Map(((readJsonFile(file) ?? []) as LedgerEntry[]).map((entry) => [entry.name, entry]));
  return {
    record: (entry) => {
      entries.set(entry.name, entry);
      try {
        replaceFile(file, `${JSON.stringify([...entries.values()], undefined, 2)}\n`);
      } catch (error) {
        log(`${entry.name} (pid ${entry.pid}) could not be recorded for the next start: ${messageOf(error)}`);
      }
    },
    entries: () => [...entries.values()],
  };
}

/** Ends what is recorded and still runs, in reverse order of its start. Says so. */
export async function endLeftovers(ledger: Ledger, log: (line: string) => void): Promise<void> {
  for (const entry of ledger.entries().toReversed()) {
    const liveness = livenessOf(entry);
    if (liveness === 'unknown')
      log(`${entry.name} was started in another container or on another machine, and has ended with it`);
    if (liveness !== 'running') continue;
    log(`Stopping ${entry.name} (pid ${entry.pid}), left over from a start that was killed`);
    await endProcess(entry, [{ signal: 'SIGTERM', graceMs: LEFTOVER_GRACE_MS }]);
  }
}
