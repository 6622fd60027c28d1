/** The steps on our own side. Nothing is created at Adobe, and what they write is idempotent: done again on every attempt. */
import type { Flow } from '../../adobe/flowService.js';
import { codedError } from '../../domain/errors.js';
import { formatDuration } from '../../manifest/duration.js';
import type { Resource } from '../../domain/steps.js';
import { awaitFlow, settledAt } from '../flowState.js';
import { made, type Step, type StepContext } from './step.js';

type EnabledFlow = Flow & { readonly inletUrl: string };

/** A new flow is enabled some seconds after its create was answered; the inlet's URL and the lasting etag appear then. */
function isEnabled(flow: Flow | undefined): flow is EnabledFlow {
  return flow?.state === 'enabled' && flow.inletUrl !== undefined;
}

/** @throws CodedError `CAEP_SETTLE_WINDOW_TOO_SHORT` */
export function requireSettleWindow(context: Pick<StepContext, 'manifest' | 'minimumSettleWindowMs'>): void {
  const { settleWindowMs } = context.manifest.delivery;
  if (settleWindowMs >= context.minimumSettleWindowMs) return;
  throw codedError('CAEP_SETTLE_WINDOW_TOO_SHORT', { window: formatDuration(settleWindowMs) });
}

/** @throws CodedError `CAEP_LAKE_LATENCY_TOO_SHORT` */
export function requireLakeLatency({
  manifest,
  minimumLakeLatencyMs,
}: Pick<StepContext, 'manifest' | 'minimumLakeLatencyMs'>): void {
  const { lakeLatencyMs } = manifest.delivery;
  if (lakeLatencyMs >= (minimumLakeLatencyMs ?? 0)) return;
  throw codedError('CAEP_LAKE_LATENCY_TOO_SHORT', { latency: formatDuration(lakeLatencyMs) });
}

/** The inlet comes with the flow. */
function neverCreated(): never {
  throw new Error('an inlet without a flow');
}

export const inlet: Step = {
  name: 'inlet',
  label: ({ manifest }) => `settle window ${formatDuration(manifest.delivery.settleWindowMs)}`,
  lookup({ resources }) {
    return Promise.resolve({
      ours: resources.flow === undefined ? [] : [{ kind: 'inlet', id: resources.flow.id, origin: 'created' }],
    });
  },
  create: neverCreated,
  async complete(context) {
    requireSettleWindow(context);
    requireLakeLatency(context);
    const flowId = made(context.resources, 'flow').id;
    const { adobe, manifest, signal } = context;
    const flow = await awaitFlow({ flowService: adobe.flowService, flowId, signal }, 'enabled', isEnabled);
    const opensAt = settledAt(flow, manifest.delivery, await context.store.now());
    await context.store.saveInlet(context, { flowId, url: flow.inletUrl, opensAt, takeOver: context.adopt });
    return { opensAt: opensAt.toISOString() };
  },
  async remove({ store, marker }) {
    await store.closeGate(marker, 'the source was undone');
    return 'deleted';
  },
};

function routesResource(count: number): Resource {
  return { kind: 'webhook-routes', id: `${count} routes`, origin: 'created' };
}

async function makeRoutes(context: StepContext): Promise<Resource> {
  return routesResource(await context.store.makeRoutes(context));
}

export const webhookRoutes: Step = {
  name: 'webhook-routes',
  label: ({ manifest }) => manifest.chatlio.widgets.map(({ key }) => key).join(', '),
  async lookup({ store, marker }) {
    const count = await store.countRoutes(marker);
    return { ours: count === 0 ? [] : [routesResource(count)] };
  },
  create: (context) => makeRoutes(context),
  // Those that are missing, where an earlier attempt or an older manifest made only some.
  complete: async (context) => ({ resource: await makeRoutes(context) }),
  async remove({ store, marker }) {
    await store.retire(marker);
    return 'deleted';
  },
};
