import { CANONICAL_FIELDS } from '../../../domain/events/canonical.js';
import type { FoundManifest } from '../../../domain/source/adoption/adoption.js';
import type { Identity } from '../../../domain/source/manifest.js';
import { TENANT } from '../../../domain/source/xdm/xdmFields.js';
import { IDENTITY_FIELDS } from '../../../manifest/identity.js';
import type { FoundSource } from '../../steps/adopted/found.js';

const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/;

/** A manifest declares one; the primary one comes first. */
export function foundIdentity(
  { identities, tenantId }: FoundSource,
  mapping: Pick<FoundManifest, 'rows' | 'fields'>,
): { readonly identity?: Identity; readonly unsaid: readonly string[] } {
  const found = identities.map((one) => ({ one, identity: identityOf(one, tenantId, mapping) }));
  const identity = found
    .flatMap((row) => row.identity ?? [])
    .toSorted((a, b) => Number(b.primary) - Number(a.primary))[0];
  const others = found.filter((row) => row.identity === undefined || row.identity !== identity);
  return {
    ...(identity === undefined ? {} : { identity }),
    unsaid: others.map(({ one }) => `the identity on ${one.sourceProperty ?? 'an unknown field'}; it stays as it is`),
  };
}

function identityOf(
  { sourceProperty = '', namespace = '', isPrimary }: FoundSource['identities'][number],
  tenantId: string,
  { rows, fields }: Pick<FoundManifest, 'rows' | 'fields'>,
): Identity | undefined {
  const path = sourceProperty.replace(`/_${tenantId}/`, '').replaceAll('/', '.');
  const destination = `${TENANT}${path}`;
  const own = IDENTITY_FIELDS.find((field) => CANONICAL_FIELDS[field].destination === destination);
  const field = own ?? fields.find((one) => one.path === path && one.type === 'string')?.path;
  const isFilled = rows.some((row) => row.destination === destination);
  if (field === undefined || !isFilled || !NAMESPACE.test(namespace)) return undefined;
  return isPrimary && field !== 'visitorUUID' ? undefined : { field, namespace, primary: isPrimary };
}
