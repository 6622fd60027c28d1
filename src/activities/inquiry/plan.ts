import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { DERIVED_FIELDS, isDerived } from '../../domain/projection/fields.js';
import { CodedError, type CatalogueError } from '../../domain/errors.js';
import { parsePath } from '../../dataprep/path.js';
import { readsOf } from '../../dataprep/reads.js';
import { storedNotes } from '../../domain/projection/contents.js';
import { leavingPrivacy, NO_PRIVACY } from '../../domain/projection/projection.js';
import { plannedLeaving } from '../../projection/leaving.js';
import type { Manifest, MappingRow } from '../../domain/source/manifest.js';
import { fieldAt, TENANT, tenantFields } from '../../domain/source/xdm/xdmFields.js';
import type { PlannedLeaving, PlannedMapping, PlannedStep, PlanReport } from '../../domain/source/plan.js';
import type { Ask } from '../../domain/inquiries.js';
import { STEPS, stepsFor, type Resource, type Resources, type StepName } from '../../domain/source/steps.js';
import { toCatalogueError } from '../failures.js';
import { readFlow } from '../flowState.js';
import { mappingProblems } from './mapping.js';
import { STEP_TABLE } from '../steps/table/index.js';
import { foreignError } from '../steps/perform.js';
import type { ProvisioningStore } from '../../store/sources/provisioning.js';
import { requireLakeLatency, requireSettleWindow } from '../steps/local.js';
import type { StepContext } from '../steps/step.js';

interface PlanDeps {
  readonly adobe: Adobe;
  readonly store: ProvisioningStore;
  readonly minimumSettleWindowMs: number;
  readonly minimumLakeLatencyMs?: number;
}

const AGAIN = 'chatlio-aep plan FILE';

/** No source has it: a plan of a new source finds nothing of its own. */
const NO_UID = '00000000-0000-0000-0000-000000000000';

/**
 * What provisioning this manifest would do, step by step, by the same lookups that provisioning begins with.
 *
 * @param source.uid of the running or last source of this name, so that what it made is recognised
 * @param source.live it is live: what is missing stands in the way, for provisioning joins what runs and makes nothing
 */
export async function planReport(
  deps: PlanDeps,
  manifest: Manifest,
  { uid, live }: Pick<Ask<'plan'>, 'uid' | 'live'> = {},
): Promise<PlanReport> {
  const clients = deps.adobe.forSandbox(manifest.sandbox);
  const problems: CatalogueError[] = [];
  const note = (failure: unknown): void => {
    problems.push(toCatalogueError(failure, { name: manifest.name, sandbox: manifest.sandbox, again: AGAIN }));
  };
  let tenantId: string | undefined;
  try {
    ({ tenantId } = await clients.schemaRegistry.stats());
    await checkNamespace(clients, manifest);
    requireSettleWindow({ manifest, minimumSettleWindowMs: deps.minimumSettleWindowMs });
    requireLakeLatency({ manifest, minimumLakeLatencyMs: deps.minimumLakeLatencyMs });
  } catch (failure) {
    note(failure);
  }
  // Temporal forgets a run that has ended after a while; the store does not.
  const marker = { name: manifest.name, uid: uid ?? (await deps.store.uidOf(manifest.name)) ?? NO_UID };
  const { steps, resources } =
    tenantId === undefined
      ? { steps: [], resources: {} }
      : await planSteps(
          {
            marker,
            manifest,
            adobe: clients,
            store: deps.store,
            minimumSettleWindowMs: deps.minimumSettleWindowMs,
            signal: new AbortController().signal,
          },
          live,
        );
  try {
    if (tenantId !== undefined) {
      const added = resources['field-group']?.origin === 'created' ? tenantFields(manifest) : undefined;
      problems.push(...mappingProblems(manifest, tenantId, await schemaOf(clients, resources.schema), added));
    }
  } catch (failure) {
    note(failure);
  }
  return {
    v: 1,
    name: manifest.name,
    sandbox: manifest.sandbox,
    tenantId,
    steps,
    mapping: manifest.mapping.map((row) => plannedMapping(row, manifest, tenantId)),
    ...leavingOf(manifest),
    problems,
  };
}

async function checkNamespace(clients: AdobeClients, { identity }: Manifest): Promise<void> {
  if (identity === undefined) return;
  const namespaces = await clients.identityNamespaces.list();
  if (namespaces.some(({ code }) => code.toLowerCase() === identity.namespace.toLowerCase())) return;
  throw new CodedError({ code: 'CAEP_NAMESPACE_UNKNOWN', fields: { namespace: identity.namespace } });
}

/** Of a schema that exists already, which may lack fields that a later release fills. */
async function schemaOf({ schemaRegistry }: AdobeClients, made: Resource | undefined) {
  return made === undefined ? undefined : schemaRegistry.getSchema(made.id, { full: true });
}

interface PlannedSteps {
  readonly steps: readonly PlannedStep[];
  /** What is there already. */
  readonly resources: Resources;
}

async function planSteps(base: Omit<StepContext, 'resources'>, live: Ask<'plan'>['live']): Promise<PlannedSteps> {
  const planned: PlannedStep[] = [];
  let resources: Resources = {};
  for (const step of stepsFor(base.manifest)) {
    const context = { ...base, resources };
    const { row, resource } = await planStep(step, context, live);
    planned.push(row);
    if (resource !== undefined) resources = { ...resources, [step]: resource };
  }
  return { steps: planned, resources };
}

interface Planned {
  readonly row: PlannedStep;
  readonly resource?: Resource;
}

async function planStep(name: StepName, context: StepContext, live: Ask<'plan'>['live']): Promise<Planned> {
  const step = STEP_TABLE[name];
  const label = step.label(context);
  const absent: Planned = { row: { step: name, label, ...(live === undefined ? CREATE : goneFrom(context, name)) } };
  if (step.needs?.some((needed) => context.resources[needed] === undefined)) return absent;
  try {
    const { ours, foreign } = await step.lookup(context);
    const own = ours[0];
    if (own !== undefined) {
      const error = name === 'flow' && live?.paused === false ? await disabledFlow(context, own.id) : undefined;
      const action = error === undefined ? ({ action: 'keep' } as const) : ({ action: 'blocked', error } as const);
      return { row: { step: name, label, id: own.id, ...action }, resource: own };
    }
    if (foreign === undefined || live !== undefined) return absent;
    const error = foreignError(step, context, foreign).error;
    return { row: { step: name, action: 'blocked', label, id: foreign.resource.id, error } };
  } catch (failure) {
    const error = toCatalogueError(failure, {
      name: context.manifest.name,
      sandbox: context.manifest.sandbox,
      again: AGAIN,
    });
    return { row: { step: name, action: 'blocked', label, error } };
  }
}

const CREATE = { action: 'create' } as const;

function goneFrom({ marker }: StepContext, step: StepName) {
  const error = { code: 'CAEP_RESOURCE_GONE', fields: { name: marker.name, resources: STEPS[step].title } } as const;
  return { action: 'blocked', error } as const;
}

/** What a pause has disabled is meant to be so. */
async function disabledFlow({ adobe, marker }: StepContext, id: string): Promise<CatalogueError | undefined> {
  const { state } = await readFlow({ flowService: adobe.flowService, flowId: id });
  return state === 'disabled' ? { code: 'CAEP_FLOW_DISABLED', fields: { id, name: marker.name } } : undefined;
}

function plannedMapping(row: MappingRow, manifest: Manifest, tenantId: string | undefined): PlannedMapping {
  const { source, sourceType, destination } = row;
  return {
    source,
    sourceType,
    destination: destination.replace('{tenant}', tenantId === undefined ? '_tenant' : `_${tenantId}`),
    type: sourceType === 'EXPRESSION' ? 'expression' : typeOf(row, manifest),
  };
}

/** Nothing for rows of which it cannot be told what they read: they are among the problems. */
function leavingOf({ contents, privacy: written = NO_PRIVACY, mapping, mappingReads }: Manifest): {
  leaving?: PlannedLeaving;
} {
  const found = contents === undefined ? undefined : readsOf(mapping, mappingReads);
  if (contents === undefined || found === undefined || 'unreadable' in found) return {};
  const planned = plannedLeaving({ reads: found.reads, contents, privacy: leavingPrivacy(written) });
  return { leaving: { ...planned, notes: [...planned.notes, ...storedNotes(written.store?.drop ?? [])] } };
}

/** What Chatlio's own fields are is not known to us, so of one of them it is what it must be in XDM. */
function typeOf({ source, destination }: MappingRow, manifest: Manifest): string {
  if (isDerived(source)) return DERIVED_FIELDS[source].type;
  const path = parsePath(destination.slice(TENANT.length));
  const field = path === undefined ? undefined : fieldAt(tenantFields(manifest), path);
  return field === undefined ? 'unknown' : field.kind === 'value' ? field.type : field.kind;
}
