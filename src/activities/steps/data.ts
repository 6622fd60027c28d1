/** What deleting a source's data would delete: asked before, and shown to the person who has said so. */
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { emptyUntilMade } from '../../adobe/lake/emptyLake.js';
import { sandboxType } from '../sandboxType.js';
import { openLakeSession } from '../../adobe/lake/lakeSession.js';
import type { Ask, DataReport } from '../../domain/inquiries.js';

interface DataDeps {
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  /** See `src/configuration.ts`. */
  readonly queryServiceUrl?: string;
}

/** A part that cannot be read is absent: a person then decides without it. */
export async function dataReport(
  { adobe, queryServiceUrl }: DataDeps,
  { sandbox, datasetId }: Ask<'data'>,
): Promise<DataReport> {
  const clients = adobe.forSandbox(sandbox);
  const orAbsent = <T>(call: Promise<T>): Promise<T | undefined> => call.catch(() => undefined);
  const [records, type] = await Promise.all([
    datasetId === undefined ? undefined : orAbsent(countRecords(clients, datasetId, queryServiceUrl)),
    sandboxType(clients, sandbox),
  ]);
  return { v: 1, records, sandboxType: type };
}

async function countRecords(
  { catalog, queryService }: AdobeClients,
  datasetId: string,
  override: string | undefined,
): Promise<number | undefined> {
  const table = (await catalog.getDataset(datasetId))?.table;
  if (table === undefined || !/^\w+$/.test(table)) return undefined;
  const session = await openLakeSession(queryService, override);
  try {
    const query = emptyUntilMade(
      (text) => session.query(text),
      () => undefined,
    );
    const [row] = await query(`SELECT count(*) AS records FROM ${table}`);
    return Number(row?.['records'] ?? 0);
  } finally {
    await session.close();
  }
}
