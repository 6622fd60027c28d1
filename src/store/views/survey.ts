/** What the forwarder asks the store about a source's delivery. */
import type { PartitionSurvey } from '../../domain/delivery/forwarder.js';
import type { Database } from '../connection/database.js';
import { countEvents } from './eventCounts.js';
import { lookUpsAhead } from '../exceptions/confirmation.js';

export async function surveySource(database: Database, sourceId: number): Promise<PartitionSurvey> {
  const { partitions, counters } = await countEvents(database, sourceId);
  return { partitions, counters, lookUps: await lookUpsAhead(database, sourceId) };
}
