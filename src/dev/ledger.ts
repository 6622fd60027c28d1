/** The processes that a start has made, on disk: a later start ends what a killed one has left behind. */
import { endProcess } from '../process/end.js';
import { readJsonFile } from '../process/jsonFile.js';
import { livenessOf, type ProcessIdentity } from '../process/identity.js';
import { replaceFile } from '../process/wholeFile.js';

export interface LedgerEntry extends ProcessIdentity {
  readonly name: string;
}

/** A leftover has no supervisor to work for; it gets a moment to report what it has in hand. */
const LEFTOVER_GRACE_MS = 5_000;

export interface Ledger {
  record(entry: LedgerEntry): void;
  entries(): readonly LedgerEntry[];
}

/** The file holds one entry per name: the newest process of that name. */
export function openLedger(file: string): Ledger {
  const entries = new Map(((readJsonFile(file) ?? []) as LedgerEntry[]).map((entry) => [entry.name, entry]));
  return {
    record: (entry) => {
      entries.set(entry.name, entry);
      replaceFile(file, `${JSON.stringify([...entries.values()], undefined, 2)}\n`);
    },
    entries: () => [...entries.values()],
  };
}

/** Ends what is recorded and still runs, in reverse order of its start. Says so. */
export async function endLeftovers(ledger: Ledger, log: (line: string) => void): Promise<void> {
  for (const entry of ledger.entries().toReversed()) {
    const liveness = livenessOf(entry);
    if (liveness === 'unknown') log(`${entry.name} was started in another container or machine, and ended with it`);
    if (liveness !== 'running') continue;
    log(`Ending ${entry.name} (pid ${entry.pid}), left over from a start that was killed`);
    await endProcess(entry, [{ signal: 'SIGTERM', graceMs: LEFTOVER_GRACE_MS }]);
  }
}
