/** The activities of the forwarder workflow. */
import type { Logger } from 'pino';
import type { Adobe } from '../../adobe/clients.js';
import { createInlet } from '../../adobe/services/inlet.js';
import type { AdobeConfiguration } from '../../configuration.js';
import type { ForwarderActivities } from '../../domain/delivery/forwarder.js';
import type { DeliveryMetrics } from '../../metrics/delivery.js';
import type { WakeListener } from '../../store/delivery/wakeListener.js';
import type { Database } from '../../store/connection/database.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { surveySource } from '../../store/views/survey.js';
import { createDestinationCheck } from './destinationCheck.js';
import { createDestinationWatch } from './destinationWatch.js';
import { sourceIdOf } from '../sourceInStore.js';
import { createDrain } from '../drain/drain.js';
import type { LateAnswers } from '../drain/lateAnswers.js';
import type { OrganisationRate } from '../drain/organisationRate.js';
import type { Positions } from '../drain/positions.js';
import { createReconcile } from '../reconcile/reconcile.js';
import { createDecideHeld } from '../held/decide.js';

export interface ForwarderActivityDependencies {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly wakeListener: WakeListener;
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly configuration: Pick<AdobeConfiguration, 'inletUrl' | 'queryServiceUrl' | 'proxy'>;
  /** See `src/adobe/http/hosts.ts`. */
  readonly minimumLakeLatencyMs: number;
  /** Names this process to people who look at leases. */
  readonly holder: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Aborted when the worker begins to end: drains hand over at once. */
  readonly shutdown?: AbortSignal;
  readonly metrics?: DeliveryMetrics;
  /** Activities that this worker runs at once. */
  readonly slots?: number;
  readonly positions?: Positions;
  readonly lateAnswers?: Pick<LateAnswers, 'expect'>;
  /** Of events, over all sources and workers. */
  readonly organisationRate?: OrganisationRate;
}

export function createForwarderActivities(deps: ForwarderActivityDependencies): ForwarderActivities {
  const drain = createDrain({
    ...deps,
    createInlet: (settings) =>
      createInlet({ ...settings, baseUrl: deps.configuration.inletUrl, proxy: deps.configuration.proxy }),
  });
  const checkDestination = createDestinationCheck(deps);

  return {
    drain,
    checkDestination,
    watchDestination: createDestinationWatch(deps),
    decideHeld: createDecideHeld(deps),
    reconcile: createReconcile(deps),
    async surveyPartitions({ uid }) {
      return surveySource(deps.database, await sourceIdOf(deps.database, uid));
    },
  };
}
