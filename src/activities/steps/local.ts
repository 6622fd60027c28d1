/** The steps on our own side. Nothing is created at Adobe, and what they write is idempotent: done again on every attempt. */
import { createHash } from 'node:crypto';
import type { Flow } from '../../adobe/services/flowService.js';
import { codedError } from '../../domain/errors.js';
import { formatDuration } from '../../manifest/duration.js';
import type { Resource } from '../../domain/source/steps.js';
import { awaitFlow } from '../flowState.js';
import { awaitQuiet } from '../quiet.js';
import { idOf, listed } from './comparing.js';
import { projectionOf } from './leaving.js';
import { bothSettled } from './settled.js';
import { made, type Step, type StepContext } from './step.js';

type FlowWithInlet = Flow & { readonly inletUrl: string };

function hasInlet(flow: Flow | undefined): flow is FlowWithInlet {
  return flow?.inletUrl !== undefined;
}

/** A new flow is enabled some seconds after its create was answered; the inlet's URL and the lasting etag appear then. */
function isEnabled(flow: Flow | undefined): flow is FlowWithInlet {
  return flow?.state === 'enabled' && hasInlet(flow);
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

/** @throws CodedError as {@link requireSettleWindow} and {@link requireLakeLatency} */
export function requireWindows(context: StepContext): void {
  requireSettleWindow(context);
  requireLakeLatency(context);
}

/**
 * Stores the inlet of the flow, and what is to leave; opens the gate, unless it awaits an unpause.
 *
 * @param opensAt when, of the flow as it is now and the time by the database's clock
 * @param options.mappingChanged where nothing else tells that events leave in another form
 * @param options.unpauses also a gate that awaits it
 */
export async function openWithInlet(
  context: StepContext,
  opensAt: (flow: Flow, now: Date) => Date,
  { mappingChanged = false, unpauses = false }: { readonly mappingChanged?: boolean; readonly unpauses?: boolean } = {},
): Promise<{ readonly opensAt?: string }> {
  const flowId = made(context.resources, 'flow').id;
  const { adobe, marker, signal, store } = context;
  // A pause may have disabled the flow: unpause enables it.
  const isUsable = (await store.awaitsUnpause(marker)) ? hasInlet : isEnabled;
  const flow = await awaitFlow({ flowService: adobe.flowService, flowId, signal }, 'enabled', isUsable);
  const time = opensAt(flow, await store.now());
  const datasetId = made(context.resources, 'dataset').id;
  const projection = await projectionOf(context);
  if (projection !== undefined && (await store.changesProjection(marker, projection))) {
    await store.closeGate(marker, 'what is sent of each event is being changed');
    await awaitQuiet(store, marker);
  }
  const storedWithout = context.manifest.privacy?.store?.drop;
  const gate = {
    flowId,
    datasetId,
    url: flow.inletUrl,
    opensAt: time,
    projection,
    storedWithout,
    mappingChanged,
    takeOver: context.adopt,
    unpauses,
  };
  const { open } = await store.saveInlet(context, gate);
  return open ? { opensAt: time.toISOString() } : {};
}

/** It is a secret, and only whether it is the same one is of interest. */
function digestOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : `sha256 ${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;
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
  async compare(context) {
    const { adobe, store, marker, resources } = context;
    const flow = resources.flow && (await adobe.flowService.getFlow(resources.flow.id));
    if (flow === undefined && resources.flow !== undefined) return 'gone';
    // What is stored here has to be what the flow has.
    const stored = (await store.sourceUrls(marker.name, ''))?.inlet;
    return [
      { field: 'flow', wanted: idOf(context, 'flow'), found: stored?.flowId },
      // A flow that is not enabled may show none.
      ...(flow?.inletUrl === undefined
        ? []
        : [{ field: 'url', wanted: digestOf(flow.inletUrl), found: digestOf(stored?.url) }]),
    ];
  },
  async complete(context) {
    requireWindows(context);
    // A field group that was there may have gained fields just now.
    return openWithInlet(context, await bothSettled(context));
  },
  async remove({ store, marker }) {
    await store.closeGate(marker, 'the source was undone', 'provisioned');
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
  async compare({ store, marker, manifest }) {
    const urls = await store.sourceUrls(marker.name, '');
    if (urls === undefined) return 'gone';
    const kindsOf = (key: string): readonly string[] =>
      urls.webhooks.flatMap(({ widget, kind }) => (widget === key ? [kind] : []));
    const keys = new Set([
      ...manifest.chatlio.widgets.map(({ key }) => key),
      ...urls.webhooks.map(({ widget }) => widget),
    ]);
    return [...keys].map((key) => ({
      field: `widget ${key}`,
      wanted: listed(manifest.chatlio.widgets.find((widget) => widget.key === key)?.kinds),
      found: listed(kindsOf(key)),
    }));
  },
  // Those that are missing, where an earlier attempt or an older manifest made only some.
  complete: async (context) => ({ resource: await makeRoutes(context) }),
  change: async (context) => routesResource(await context.store.changeRoutes(context)),
  async remove({ store, marker }) {
    await store.retire(marker);
    return 'deleted';
  },
};
