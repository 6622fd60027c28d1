import { expect, it } from 'vitest';
import { readConfiguration } from '../../../src/configuration.js';
import { versioning } from '../../../src/temporal/deploys/versioning.js';

const optionsOf = (environment: Record<string, string>) => versioning(readConfiguration(environment).temporal);

it('a worker belongs to no build unless it is given an id', () => {
  expect(optionsOf({})).toEqual({});
});

it('a worker with a build id belongs to it, and its workflows go on with whichever build is current', () => {
  expect(optionsOf({ TEMPORAL_WORKER_BUILD_ID: '0.4.0' })).toEqual({
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName: 'chatlio-aep', buildId: '0.4.0' },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  });
  expect(optionsOf({ TEMPORAL_WORKER_BUILD_ID: 'a', TEMPORAL_DEPLOYMENT_NAME: 'chats/aep' })).toMatchObject({
    workerDeploymentOptions: { version: { deploymentName: 'chats/aep', buildId: 'a' } },
  });
});

it('a deployment without a build id is refused: such a worker would take nothing of it', () => {
  expect(() => optionsOf({ TEMPORAL_DEPLOYMENT_NAME: 'chatlio-aep' })).toThrow(
    /CAEP_CONFIGURATION_INVALID.*TEMPORAL_WORKER_BUILD_ID/,
  );
});
