/** What the forwarder asks the store about a source's delivery. */
import type { PartitionSurvey } from '../domain/forwarder.js';
import type { Database } from './database.js';
import { countEvents } from './eventCounts.js';
import { lookUpsAhead } from './lateAudit.js';

/** @returns the source's number in the store; undefined when there is none with this uid */
export async function findSourceId(database: Database, uid: string): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ id: number }>('select id from source where uid = $1', [uid]);
  return rows[0]?.id;
}

export async function surveySource(database: Database, sourceId: number): Promise<PartitionSurvey> {
  const { partitions, counters } = await countEvents(database, sourceId);
  return { partitions, counters, lookUps: await lookUpsAhead(database, sourceId) };
}
