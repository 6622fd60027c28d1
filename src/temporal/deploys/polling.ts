/** Who asks a task queue for tasks, and to whom Temporal gives them: workers of another build get none. */
import type { Client } from '@temporalio/client';
import { codedError, type CodedError } from '../../domain/errors.js';
import { milliseconds } from '../timestamp.js';

/** Pollers ask again at least every 60 s: one that was not seen for longer is gone, though the server lists it for 5 min. */
const POLLER_AGE_MS = 75_000;
/**
 * temporal.api.enums.v1.TaskQueueType. Both tell of a worker: one that is busy with a source polls for workflows on a queue of its own,
 * and of the common one a cluster shows one partition of several.
 */
const [OF_WORKFLOWS, OF_ACTIVITIES] = [1, 2];
/** temporal.api.enums.v1.WorkerVersioningMode */
const VERSIONED = 2;

/** Undefined where one is spoken of: workers without a build id. */
export interface BuildOf {
  readonly deployment: string;
  readonly build: string;
}

interface Poller {
  readonly identity: string;
  readonly build: BuildOf | undefined;
}

export interface Polling {
  readonly taskQueue: string;
  readonly pollers: readonly Poller[];
  /** Which get tasks: the current build first. */
  readonly targets: readonly (BuildOf | undefined)[];
}

export async function readPolling(client: Client, namespace: string, taskQueue: string): Promise<Polling> {
  const describe = (taskQueueType: number) =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType });
  const [workflows, activities] = await Promise.all([describe(OF_WORKFLOWS), describe(OF_ACTIVITIES)]);
  const { versioningInfo } = workflows;
  const seen = [...(activities.pollers ?? []), ...(workflows.pollers ?? [])].filter(
    ({ lastAccessTime }) => Date.now() - (milliseconds(lastAccessTime) ?? 0) < POLLER_AGE_MS,
  );
  // Each worker once.
  const pollers = [...new Map(seen.map((poller) => [poller.identity, poller])).values()];
  const isRamping = (versioningInfo?.rampingVersionPercentage ?? 0) > 0;
  return {
    taskQueue,
    pollers: pollers.map(({ identity, deploymentOptions }) => ({
      identity: identity ?? '',
      build: Number(deploymentOptions?.workerVersioningMode) === VERSIONED ? named(deploymentOptions) : undefined,
    })),
    targets: [
      named(versioningInfo?.currentDeploymentVersion),
      ...(isRamping ? [named(versioningInfo?.rampingDeploymentVersion)] : []),
    ],
  };
}

type RawBuild = { readonly deploymentName?: string | null; readonly buildId?: string | null } | null | undefined;

export function named(raw: RawBuild): BuildOf | undefined {
  const { deploymentName, buildId } = raw ?? {};
  if (typeof deploymentName !== 'string' || typeof buildId !== 'string' || buildId === '') return undefined;
  return { deployment: deploymentName, build: buildId };
}

export function isSame(a: BuildOf | undefined, b: BuildOf | undefined): boolean {
  return a?.build === b?.build && a?.deployment === b?.deployment;
}

/** @returns why nobody takes tasks from the queue: no worker, or none of a build that gets them; undefined where somebody does */
export function faultOfPolling({ taskQueue, pollers, targets }: Polling): CodedError | undefined {
  const [first] = pollers;
  if (first === undefined) return codedError('CAEP_NO_WORKER', { taskQueue });
  if (pollers.some(({ build }) => targets.some((target) => isSame(build, target)))) return undefined;
  const polling = [...new Set(pollers.map(({ build }) => told(build)))].join(', ');
  const newest = pollers.findLast(({ build }) => build !== undefined)?.build;
  const build = newest?.build ?? '--unversioned';
  return codedError('CAEP_BUILD_WITHOUT_TASKS', { taskQueue, target: told(targets[0]), polling, build });
}

function told(build: BuildOf | undefined): string {
  return build === undefined ? 'workers without a build id' : `the build ${build.build} of ${build.deployment}`;
}
