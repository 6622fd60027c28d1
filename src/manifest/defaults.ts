/** From the manifest as written to the manifest as used: standard values filled in, durations in milliseconds. */
import { KINDS } from '../domain/kinds.js';
import type { Delivery, Identity, Manifest } from '../domain/manifest.js';
import {
  CHOICE_SETTINGS,
  COUNT_SETTINGS,
  DURATION_SETTINGS,
  type DurationSetting,
} from '../domain/deliverySettings.js';
import { parseDuration } from './duration.js';
import { mappingRows } from './mapping.js';
import type { ManifestInput } from './schema.js';

/** Distinct, as XDM titles are unique over all types of resources. */
export function standardTitles(name: string): { readonly fieldGroup: string; readonly schema: string } {
  return { fieldGroup: `Chatlio ${name} event details`, schema: `Chatlio ${name} events` };
}

export function withDefaults(input: ManifestInput): Manifest {
  const titles = standardTitles(input.name);
  return {
    version: 1,
    name: input.name,
    sandbox: input.sandbox,
    chatlio: {
      widgets: input.chatlio.widgets.map(({ key, kinds }) => ({
        key,
        kinds: KINDS.filter((kind) => kinds === undefined || kinds.includes(kind)),
      })),
    },
    xdm: {
      fieldGroup: { title: input.xdm?.fieldGroup?.title ?? titles.fieldGroup },
      schema: { title: input.xdm?.schema?.title ?? titles.schema },
    },
    dataset: {
      name: input.dataset?.name ?? `Chatlio ${input.name} events`,
      tags: Object.fromEntries(
        Object.entries(input.dataset?.tags ?? {}).map(([tag, values]) => [tag, [values].flat()]),
      ),
    },
    ...(input.identity === undefined ? {} : { identity: identity(input.identity) }),
    mapping: mappingRows(input.mapping ?? []),
    delivery: delivery(input.delivery ?? {}),
  };
}

function identity(input: NonNullable<ManifestInput['identity']>): Identity {
  return { field: input.field, namespace: input.namespace, primary: input.primary ?? false };
}

function delivery(input: NonNullable<ManifestInput['delivery']>): Delivery {
  const durationMs = (setting: DurationSetting): number => {
    const parsed = parseDuration(input[setting] ?? DURATION_SETTINGS[setting].standard);
    if (parsed === undefined) throw new Error(`delivery.${setting} passed the schema but is no duration`);
    return parsed;
  };
  return {
    partitions: input.partitions ?? COUNT_SETTINGS.partitions.standard,
    concurrency: input.concurrency ?? COUNT_SETTINGS.concurrency.standard,
    maxRequestsPerSecond: input.maxRequestsPerSecond ?? COUNT_SETTINGS.maxRequestsPerSecond.standard,
    requestTimeoutMs: durationMs('requestTimeout'),
    leaseMs: durationMs('lease'),
    settleWindowMs: durationMs('settleWindow'),
    schemaSettleWindowMs: durationMs('schemaSettleWindow'),
    on503: input.on503 ?? CHOICE_SETTINGS.on503.standard,
    onNotFound: input.onNotFound ?? CHOICE_SETTINGS.onNotFound.standard,
    lakeLatencyMs: durationMs('lakeLatency'),
    quietWarningMs: durationMs('quietWarning'),
    retentionMs: durationMs('retention'),
  };
}
