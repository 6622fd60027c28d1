/** Which table is which dataset's, and their removal. */
import { escapeIdentifier } from 'pg';
import { inTransaction, type LakeDatabase } from './database.js';

export interface DatasetTable {
  readonly datasetId: string;
  readonly table: string;
}

/** Tables are made with the first row, so a dataset that got none is not among them. */
export async function datasetTables(database: LakeDatabase): Promise<readonly DatasetTable[]> {
  const { rows } = await database.pool.query<DatasetTable>(
    'SELECT dataset_id AS "datasetId", table_name AS "table" FROM sim.dataset_table ORDER BY dataset_id',
  );
  return rows;
}

/** The rows go; what was accepted and counted stays. */
export async function dropDataset(database: LakeDatabase, datasetId: string): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    const { rows } = await client.query<{ table_name: string }>(
      'DELETE FROM sim.dataset_table WHERE dataset_id = $1 RETURNING table_name',
      [datasetId],
    );
    for (const { table_name: table } of rows) {
      await client.query(`DROP TABLE IF EXISTS public.${escapeIdentifier(table)}`);
    }
  });
}

export async function emptyLake(database: LakeDatabase): Promise<void> {
  for (const { datasetId } of await datasetTables(database)) await dropDataset(database, datasetId);
  await database.pool.query(
    'TRUNCATE sim.acceptance, sim.pending, sim.batch, sim.failed_record, sim.flow_run, sim.profile_event',
  );
}
