/** Every event of an audit's lists, written to a file page by page: however many there are, few of them are in memory. */
import { type FileHandle, open } from 'node:fs/promises';
import { AUDIT_LISTS, type AuditedEvent, type AuditList, type AuditReport } from '../domain/audit.js';
import type { Sources } from '../temporal/sources/port.js';
import { writtenTo } from './givenFile.js';

/**
 * One JSON object a line: the event, and in `list` where it belongs.
 *
 * @param report of the whole: its lists are taken where they are complete; for what is longer the same window is compared again
 * @returns how many were written
 * @throws CodedError `CAEP_FILE_NOT_WRITTEN`
 */
export async function writeAllAudited(
  sources: Pick<Sources, 'ask'>,
  report: Pick<AuditReport, 'name' | 'since' | 'until' | 'counts' | 'lists'>,
  path: string,
): Promise<number> {
  const file = await writtenTo(path, () => open(path, 'w', 0o600));
  try {
    let lines = 0;
    for (const list of AUDIT_LISTS) {
      for await (const events of pagesOf(sources, report, list)) {
        await writtenTo(path, () => append(file, list, events));
        lines += events.length;
      }
    }
    return lines;
  } finally {
    await file.close();
  }
}

async function* pagesOf(
  sources: Pick<Sources, 'ask'>,
  { name, since, until, counts, lists }: Parameters<typeof writeAllAudited>[1],
  list: AuditList,
): AsyncGenerator<readonly AuditedEvent[]> {
  if (lists[list].length >= counts[list]) return yield lists[list];
  let after: string | undefined;
  for (;;) {
    const page = await sources.ask({ v: 1, ask: 'audit', name, since, until, page: { list, after } });
    const events = page.lists[list];
    yield events;
    // A worker of 0.1.1 knows no pages.
    if (page.hasMore !== true) return undefined;
    after = events.at(-1)?.eventId;
  }
}

function append(file: FileHandle, list: AuditList, events: readonly AuditedEvent[]): Promise<void> {
  return file.appendFile(events.map((event) => `${JSON.stringify({ list, ...event })}\n`).join(''));
}
