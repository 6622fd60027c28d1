/** From the manifest as written to the manifest as used: default values filled in, durations in milliseconds. */
import { KINDS } from '../domain/events/kinds.js';
import type { Delivery, Identity, Manifest } from '../domain/source/manifest.js';
import type { XdmChoice } from '../domain/source/xdm/xdmFields.js';
import {
  CHOICE_SETTINGS,
  COUNT_SETTINGS,
  DURATION_SETTINGS,
  type DurationSetting,
} from '../domain/delivery/deliverySettings.js';
import { DEFAULT_DRIFT } from '../domain/drift/settings.js';
import { NO_PRIVACY } from '../domain/projection/projection.js';
import { parseDuration } from './duration.js';
import { type MappingOverride, mappingRows } from './mapping.js';
import { writtenRow } from './mapping/written.js';
import type { ManifestInput } from './schema.js';

/** Distinct, as XDM titles are unique over all types of resources. */
export function defaultTitles(name: string): { readonly fieldGroup: string; readonly schema: string } {
  return { fieldGroup: `Chatlio ${name} event details`, schema: `Chatlio ${name} events` };
}

export function withDefaults(input: ManifestInput): Manifest {
  const titles = defaultTitles(input.name);
  const fields = (input.xdm?.fields ?? []).map(({ path, type, title }) => ({ path, type, title: title ?? path }));
  return {
    version: 1,
    name: input.name,
    sandbox: input.sandbox,
    ...(input.contents === undefined ? {} : { contents: input.contents }),
    ...(input.privacy === undefined ? {} : { privacy: { ...NO_PRIVACY, ...input.privacy } }),
    chatlio: {
      widgets: input.chatlio.widgets.map(({ key, kinds }) => ({
        key,
        kinds: KINDS.filter((kind) => kinds === undefined || kinds.includes(kind)),
      })),
    },
    xdm: {
      fieldGroup: { title: input.xdm?.fieldGroup?.title ?? titles.fieldGroup },
      schema: { title: input.xdm?.schema?.title ?? titles.schema },
      ...(fields.length === 0 ? {} : { fields }),
    },
    dataset: {
      name: input.dataset?.name ?? `Chatlio ${input.name} events`,
      tags: Object.fromEntries(
        Object.entries(input.dataset?.tags ?? {}).map(([tag, values]) => [tag, [values].flat()]),
      ),
    },
    ...(input.identity === undefined ? {} : { identity: identity(input.identity) }),
    ...mapping(input.mapping ?? [], { contents: input.contents, xdm: { fields } }),
    delivery: delivery(input.delivery ?? {}),
    ...drift(input.drift?.every),
  };
}

/** What the rows read that cannot be read here stands in the manifest in use only where it was said. */
function mapping(
  input: NonNullable<ManifestInput['mapping']>,
  choice: XdmChoice,
): Pick<Manifest, 'mapping' | 'mappingReads' | 'proof'> {
  if (Array.isArray(input)) return { mapping: mappingRows(input.map(override), choice) };
  const { rows, reads, defaults, proof } = input;
  return {
    mapping: mappingRows(rows.map(override), { ...choice, defaults }),
    ...(reads === undefined ? {} : { mappingReads: [...new Set(reads)].sort() }),
    ...(proof === undefined ? {} : { proof }),
  };
}

function override(row: object): MappingOverride {
  const { destination, source, expression } = writtenRow(row);
  return {
    destination: typeof destination === 'string' ? destination : '',
    ...(typeof source === 'string' || source === false ? { source } : {}),
    ...(typeof expression === 'string' ? { expression } : {}),
  };
}

/** Only where it is another one than without it: a source of an earlier release does not differ by it. */
function drift(every: string | undefined): Pick<Manifest, 'drift'> {
  const everyMs = every === 'off' ? 0 : parseDuration(every ?? '');
  return everyMs === undefined || everyMs === DEFAULT_DRIFT.everyMs ? {} : { drift: { everyMs } };
}

function identity(input: NonNullable<ManifestInput['identity']>): Identity {
  return { field: input.field, namespace: input.namespace, primary: input.primary ?? false };
}

function delivery(input: NonNullable<ManifestInput['delivery']>): Delivery {
  const durationMs = (setting: DurationSetting): number => {
    const parsed = parseDuration(input[setting] ?? DURATION_SETTINGS[setting].default);
    if (parsed === undefined) throw new Error(`delivery.${setting} passed the schema but is no duration`);
    return parsed;
  };
  return {
    partitions: input.partitions ?? COUNT_SETTINGS.partitions.default,
    concurrency: input.concurrency ?? COUNT_SETTINGS.concurrency.default,
    maxRequestsPerSecond: input.maxRequestsPerSecond ?? COUNT_SETTINGS.maxRequestsPerSecond.default,
    requestTimeoutMs: durationMs('requestTimeout'),
    leaseMs: durationMs('lease'),
    settleWindowMs: durationMs('settleWindow'),
    schemaSettleWindowMs: durationMs('schemaSettleWindow'),
    on503: input.on503 ?? CHOICE_SETTINGS.on503.default,
    onNotFound: input.onNotFound ?? CHOICE_SETTINGS.onNotFound.default,
    // Only where it was said: a source of an earlier release does not differ by it.
    ...(input.canary === 'off' ? { canary: 'off' } : {}),
    lakeLatencyMs: durationMs('lakeLatency'),
    quietWarningMs: durationMs('quietWarning'),
    retentionMs: durationMs('retention'),
  };
}
