/** Whether a worker belongs to a build, which Temporal then gives the tasks of that build alone. */
import type { WorkerOptions } from '@temporalio/worker';
import type { Configuration } from '../../configuration.js';
import { codedError } from '../../domain/errors.js';

/**
 * Every workflow goes on with the build that is current (`AUTO_UPGRADE`): a source and its forwarder live for years, and a held
 * one may wait for longer than any build is kept. What changes in their commands is behind `patched`, so a build can do so.
 *
 * @returns nothing for a worker without a build id
 * @throws CodedError `CAEP_CONFIGURATION_INVALID` for a deployment without one
 */
export function versioning({
  deployment: deploymentName,
  buildId,
  sdkVariables,
}: Configuration['temporal']): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (buildId === undefined) {
    // Whoever names a deployment wants builds: such a worker would take nothing of it.
    if (sdkVariables['TEMPORAL_DEPLOYMENT_NAME'] === undefined) return {};
    const reason = 'not set: TEMPORAL_WORKER_BUILD_ID, which a worker with TEMPORAL_DEPLOYMENT_NAME needs';
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason });
  }
  return {
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName, buildId },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}
