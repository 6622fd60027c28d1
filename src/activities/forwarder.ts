/** The activities of the forwarder workflow. */
import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Adobe } from '../adobe/clients.js';
import { createInlet } from '../adobe/inlet.js';
import type { AdobeConfiguration } from '../configuration.js';
import type { ForwarderActivities } from '../domain/forwarder.js';
import type { DeliveryMetrics } from '../metrics/delivery.js';
import type { Bell } from '../store/bell.js';
import type { Database } from '../store/database.js';
import type { KeyRing } from '../store/keyRing.js';
import { findSourceId, surveySource } from '../store/survey.js';
import { createDestinationCheck } from './destinationCheck.js';
import { createDestinationWatch } from './destinationWatch.js';
import { createDrain } from './drain.js';
import { createReconcile } from './reconcile.js';
import { createDecideHeld } from './held/decide.js';

export interface ForwarderActivityDependencies {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly bell: Bell;
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly configuration: Pick<AdobeConfiguration, 'inletUrl' | 'queryServiceUrl'>;
  /** See `src/adobe/hosts.ts`. */
  readonly minimumLakeLatencyMs: number;
  /** Names this process to people who look at leases. */
  readonly holder: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Aborted when the worker begins to end: drains finish at once, and have Temporal's grace time for it. */
  readonly shutdown?: AbortSignal;
  readonly metrics?: DeliveryMetrics;
  /** Activities that this worker runs at once. */
  readonly slots?: number;
}

export function createForwarderActivities(deps: ForwarderActivityDependencies): ForwarderActivities {
  const drain = createDrain({
    ...deps,
    createInlet: (settings) => createInlet({ ...settings, baseUrl: deps.configuration.inletUrl }),
  });
  const checkDestination = createDestinationCheck(deps);

  return {
    drain,
    checkDestination,
    watchDestination: createDestinationWatch(deps),
    decideHeld: createDecideHeld(deps),
    reconcile: createReconcile(deps),
    async surveyPartitions({ uid }) {
      const sourceId = await findSourceId(deps.database, uid);
      if (sourceId === undefined) {
        throw ApplicationFailure.nonRetryable('the source is not in the store', 'CAEP_SOURCE_UNKNOWN');
      }
      return surveySource(deps.database, sourceId);
    },
  };
}
