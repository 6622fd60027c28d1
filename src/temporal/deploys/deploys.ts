/** Reads the builds of a deployment, and has another one take over. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CodedError, codedError } from '../../domain/errors.js';
import { TASK_QUEUES, WORKFLOW_TYPES } from '../../domain/source/source.js';
import { GRPC_STATUS, grpcStatusOf } from '../grpcStatus.js';
import { milliseconds } from '../timestamp.js';
import { type BuildOf, isSame, named, type Polling, readPolling } from './polling.js';
import type { Build, BuildId, BuildStatus, Deploys, Promoted, Promotion, RunOnBuild } from './port.js';

interface Asked {
  readonly client: Client;
  readonly namespace: string;
}

type Described = NonNullable<
  Awaited<ReturnType<Client['workflowService']['describeWorkerDeployment']>>['workerDeploymentInfo']
>;

/** Of the workflows that the current build has not done the last task of. */
const LISTED_AT_MOST = 200;
const RUNNING = `WorkflowType in ("${WORKFLOW_TYPES.source}", "${WORKFLOW_TYPES.forwarder}") and ExecutionStatus = "Running"`;
/** Temporal's own search attribute. */
const BUILD = 'TemporalWorkerDeploymentVersion';

export async function readDeploys({ client, namespace }: Asked, deployment: string): Promise<Deploys> {
  const [found, queues, { count: all }] = await Promise.all([
    describe({ client, namespace }, deployment),
    queuesOf({ client, namespace }),
    client.workflow.count(RUNNING),
  ]);
  const current = named(found?.routingConfig?.currentDeploymentVersion);
  const ramping = rampingOf(found);
  const versions = newestFirst(found);
  const counts = await Promise.all(
    versions.map(
      async ({ build }) => (await client.workflow.count(`${RUNNING} and ${BUILD} = ${quoted(build)}`)).count,
    ),
  );
  const rest = Math.max(all - counts.reduce((sum, count) => sum + count, 0), 0);
  const builds = versions.map(
    ({ build, since, draining }, index): Build => ({
      build: build.build,
      status: statusOf(build, current, ramping, draining),
      since,
      ...workersOf(build, queues),
      workflows: counts[index] ?? 0,
    }),
  );
  const without: Build = {
    build: undefined,
    status: statusOf(undefined, current, ramping, undefined),
    ...workersOf(undefined, queues),
    workflows: rest,
  };
  const isShown = without.status !== 'inactive' || without.workers > 0 || without.workflows > 0;
  return {
    deployment,
    isKnown: found !== undefined,
    current: current?.build,
    ...(ramping === undefined ? {} : { ramping: { build: ramping.build?.build, percentage: ramping.percentage } }),
    builds: isShown ? [...builds, without] : builds,
    elsewhere: await runsElsewhere(client, deployment, current),
  };
}

/** A worker that serves is known to the server a moment later, with each of its task queues. */
const REGISTERED_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 500;

/**
 * From now on the tasks of all workflows, or of a part of them, go to the build.
 *
 * @throws CodedError `CAEP_BUILD_UNKNOWN`; `CAEP_BUILD_WITHOUT_WORKER` where nobody would take them, also after some seconds
 */
export async function promote(asked: Asked & { readonly identity: string }, promotion: Promotion): Promise<Promoted> {
  const deadline = performance.now() + REGISTERED_WITHIN_MS;
  for (;;) {
    try {
      return await promoteNow(asked, promotion);
    } catch (error) {
      if (!isNotRegistered(error) || performance.now() > deadline) throw error;
      await delay(LOOK_EVERY_MS);
    }
  }
}

function isNotRegistered(error: unknown): boolean {
  if (!(error instanceof CodedError)) return false;
  const { code } = error.error;
  return code === 'CAEP_BUILD_UNKNOWN' || code === 'CAEP_BUILD_WITHOUT_WORKER';
}

async function promoteNow(
  { client, namespace, identity }: Asked & { readonly identity: string },
  { deployment, build, percentage }: Promotion,
): Promise<Promoted> {
  const found = await describe({ client, namespace }, deployment);
  if (build !== undefined && !newestFirst(found).some((one) => one.build.build === build)) {
    throw unknown(deployment, build, found);
  }
  const wanted = build === undefined ? undefined : { deployment, build };
  const what = build === undefined ? 'those without a build id' : `the build ${build}`;
  for (const { taskQueue, pollers } of await queuesOf({ client, namespace })) {
    if (pollers.some((poller) => isSame(poller.build, wanted))) continue;
    throw codedError('CAEP_BUILD_WITHOUT_WORKER', { what, taskQueue });
  }
  const previous = named(found?.routingConfig?.currentDeploymentVersion)?.build;
  const request = { namespace, deploymentName: deployment, buildId: build ?? '', identity };
  const route = async (call: Promise<unknown>): Promise<void> => {
    await call.catch((cause: unknown) => {
      // "is missing active task queues", "no pollers": it has not seen all of them yet.
      if (grpcStatusOf(cause) !== GRPC_STATUS.failedPrecondition) throw cause;
      throw codedError(
        'CAEP_BUILD_WITHOUT_WORKER',
        { what, taskQueue: Object.values(TASK_QUEUES).join(' or ') },
        { cause },
      );
    });
  };
  const service = client.workflowService;
  if (percentage !== undefined) {
    await route(service.setWorkerDeploymentRampingVersion({ ...request, percentage }));
    return { deployment, build, percentage, previous };
  }
  // Refused where there is no deployment: then nothing has to be taken from it.
  if (found !== undefined) await route(service.setWorkerDeploymentCurrentVersion(request));
  // A part that went to another build before comes back as well.
  const ramping = rampingOf(found);
  if (ramping !== undefined && ramping.build?.build !== build) {
    await route(service.setWorkerDeploymentRampingVersion({ ...request, buildId: '', percentage: 0 }));
  }
  return { deployment, build, previous };
}

async function describe({ client, namespace }: Asked, deploymentName: string): Promise<Described | undefined> {
  try {
    const answer = await client.workflowService.describeWorkerDeployment({ namespace, deploymentName });
    return answer.workerDeploymentInfo ?? undefined;
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.notFound) return undefined;
    throw error;
  }
}

function queuesOf({ client, namespace }: Asked): Promise<Polling[]> {
  return Promise.all(Object.values(TASK_QUEUES).map((taskQueue) => readPolling(client, namespace, taskQueue)));
}

interface Version {
  readonly build: BuildOf;
  readonly since?: number;
  /** temporal.api.enums.v1.VersionDrainageStatus */
  readonly draining: number | undefined;
}

function newestFirst(found: Described | undefined): Version[] {
  return (found?.versionSummaries ?? [])
    .flatMap((summary) => {
      const build = named(summary.deploymentVersion);
      if (build === undefined) return [];
      const { currentSinceTime, rampingSinceTime, lastDeactivationTime, createTime, drainageInfo } = summary;
      const draining: number | undefined = drainageInfo?.status ?? undefined;
      return {
        build,
        madeAt: milliseconds(createTime) ?? 0,
        since: milliseconds(currentSinceTime ?? rampingSinceTime ?? lastDeactivationTime ?? createTime),
        draining,
      };
    })
    .sort((a, b) => b.madeAt - a.madeAt);
}

function rampingOf(found: Described | undefined) {
  const { rampingDeploymentVersion, rampingVersionPercentage } = found?.routingConfig ?? {};
  const percentage = rampingVersionPercentage ?? 0;
  return percentage > 0 ? { build: named(rampingDeploymentVersion), percentage } : undefined;
}

const DRAINING = 1;
const DRAINED = 2;

function statusOf(
  build: BuildOf | undefined,
  current: BuildOf | undefined,
  ramping: ReturnType<typeof rampingOf>,
  draining: number | undefined,
): BuildStatus {
  if (isSame(build, current)) return 'current';
  if (ramping !== undefined && isSame(build, ramping.build)) return 'ramping';
  if (draining === DRAINED) return 'drained';
  return draining === DRAINING ? 'draining' : 'inactive';
}

function workersOf(build: BuildOf | undefined, queues: readonly Polling[]): Pick<Build, 'workers' | 'unpolled'> {
  const of = ({ pollers }: Polling) => pollers.filter((poller) => isSame(poller.build, build));
  const identities = new Set(queues.flatMap(of).map(({ identity }) => identity));
  const unpolled = queues.filter((polling) => of(polling).length === 0).map(({ taskQueue }) => taskQueue);
  return { workers: identities.size, unpolled };
}

function quoted({ deployment, build }: BuildOf): string {
  return `"${`${deployment}:${build}`.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

async function runsElsewhere(client: Client, deployment: string, current: BuildOf | undefined): Promise<RunOnBuild[]> {
  const elsewhere =
    current === undefined ? `${BUILD} is not null` : `(${BUILD} is null or ${BUILD} != ${quoted(current)})`;
  const runs: RunOnBuild[] = [];
  for await (const { workflowId, searchAttributes } of client.workflow.list({ query: `${RUNNING} and ${elsewhere}` })) {
    if (runs.length === LISTED_AT_MOST) break;
    runs.push({ workflowId, build: buildIn(searchAttributes[BUILD]?.[0], deployment) });
  }
  return runs;
}

/** Of another deployment with its name. */
function buildIn(value: unknown, deployment: string): BuildId {
  if (typeof value !== 'string') return undefined;
  const own = `${deployment}:`;
  return value.startsWith(own) ? value.slice(own.length) : value;
}

function unknown(deployment: string, build: string, found: Described | undefined): Error {
  const known = newestFirst(found).map((one) => one.build.build);
  return codedError('CAEP_BUILD_UNKNOWN', {
    deployment,
    build,
    ...(known.length === 0 ? {} : { known: known.join(', ') }),
  });
}
