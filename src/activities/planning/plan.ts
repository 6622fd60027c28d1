import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { DERIVED_FIELDS, isDerived } from '../../domain/projection/fields.js';
import { CodedError, type CatalogueError } from '../../domain/errors.js';
import { WITHOUT_PROOF } from '../../domain/exceptions/proof.js';
import { parsePath } from '../../dataprep/path.js';
import { readsOf } from '../../dataprep/reads.js';
import { storedNotes } from '../../domain/projection/contents.js';
import { leavingPrivacy, NO_PRIVACY } from '../../domain/projection/projection.js';
import { plannedLeaving } from '../../projection/leaving.js';
import type { Manifest, MappingRow } from '../../domain/source/manifest.js';
import { fieldAt, TENANT, tenantFields } from '../../domain/source/xdm/xdmFields.js';
import type { PlannedLeaving, PlannedMapping, PlanReport } from '../../domain/source/plan.js';
import type { Ask } from '../../domain/inquiries.js';
import { NO_UID, type Resource } from '../../domain/source/steps.js';
import { toCatalogueError } from '../failures.js';
import { sandboxType } from '../sandboxType.js';
import { mappingProblems } from './mapping.js';
import { planWithDrift } from './drifted.js';
import { PLAN_AGAIN, type PlanChoice, type PlannedSteps } from './planSteps.js';
import type { ProvisioningStore } from '../../store/sources/provisioning.js';
import { requireLakeLatency, requireSettleWindow } from '../steps/local.js';

interface PlanDeps {
  readonly adobe: Adobe;
  readonly store: ProvisioningStore;
  readonly minimumSettleWindowMs: number;
  readonly minimumLakeLatencyMs?: number;
}

/**
 * What this manifest would change, object by object. Of a live source by the ids that its workflow has recorded, else by the lookups
 * that provisioning begins with.
 *
 * @param source.uid of the running or last source of this name, so that what it made is recognised
 * @param source.live it is live: what is missing stands in the way, for provisioning joins what runs and makes nothing
 */
export async function planReport(
  deps: PlanDeps,
  manifest: Manifest,
  { uid, ...choice }: Pick<Ask<'plan'>, 'uid'> & PlanChoice = {},
): Promise<PlanReport> {
  const clients = deps.adobe.forSandbox(manifest.sandbox);
  const problems: CatalogueError[] = [];
  const note = (failure: unknown): void => {
    problems.push(toCatalogueError(failure, { name: manifest.name, sandbox: manifest.sandbox, again: PLAN_AGAIN }));
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
  // Temporal forgets a run that has ended after a while; the store does not. A plan of a new source finds nothing of its own.
  const marker = { name: manifest.name, uid: uid ?? (await deps.store.uidOf(manifest.name)) ?? NO_UID };
  const { steps, resources, seen }: PlannedSteps =
    tenantId === undefined
      ? { steps: [], resources: {}, seen: [] }
      : await planWithDrift(
          {
            marker,
            manifest,
            adobe: clients,
            store: deps.store,
            minimumSettleWindowMs: deps.minimumSettleWindowMs,
            signal: new AbortController().signal,
          },
          choice,
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
    sandboxType: tenantId === undefined ? undefined : await sandboxType(clients, manifest.sandbox),
    steps,
    mapping: manifest.mapping.map((row) => plannedMapping(row, manifest, tenantId)),
    ...leavingOf(manifest),
    problems,
    seen,
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
function leavingOf({ contents, privacy: written = NO_PRIVACY, mapping, mappingReads, proof }: Manifest): {
  leaving?: PlannedLeaving;
} {
  const found = contents === undefined ? undefined : readsOf(mapping, mappingReads);
  if (contents === undefined || found === undefined || 'unreadable' in found) return {};
  const planned = plannedLeaving({ reads: found.reads, contents, privacy: leavingPrivacy(written) });
  const unproven = proof === 'none' ? [WITHOUT_PROOF] : [];
  return { leaving: { ...planned, notes: [...planned.notes, ...storedNotes(written.store?.drop ?? []), ...unproven] } };
}

/** What Chatlio's own fields are is not known to us, so of one of them it is what it must be in XDM. */
function typeOf({ source, destination }: MappingRow, manifest: Manifest): string {
  if (isDerived(source)) return DERIVED_FIELDS[source].type;
  const path = parsePath(destination.slice(TENANT.length));
  const field = path === undefined ? undefined : fieldAt(tenantFields(manifest), path);
  return field === undefined ? 'unknown' : field.kind === 'value' ? field.type : field.kind;
}
