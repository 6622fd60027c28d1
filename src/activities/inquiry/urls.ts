import { codedError } from '../../domain/errors.js';
import type { Ask, SealedAnswer } from '../../domain/inquiries.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import type { ProvisioningStore } from '../../store/sources/provisioning.js';
import { sealFor } from '../../temporal/sealedAnswer.js';

interface UrlsDeps {
  readonly store: Pick<ProvisioningStore, 'sourceUrls' | 'rotateSecrets'>;
  readonly keyRing: Pick<KeyRing, 'accessKey'>;
  /** As Chatlio reaches the receiver. */
  readonly receiverUrl: () => Promise<string>;
}

/** @throws CodedError `CAEP_SOURCE_UNKNOWN` when no source of that name is live */
export async function sealedUrls(
  { store, keyRing, receiverUrl }: UrlsDeps,
  { name, sealTo }: Pick<Ask<'urls'>, 'name' | 'sealTo'>,
): Promise<SealedAnswer> {
  const urls = await store.sourceUrls(name, await receiverUrl());
  if (urls === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  return { v: 1, sealed: sealFor(keyRing.accessKey, sealTo, JSON.stringify(urls)) };
}

/** @throws CodedError `CAEP_SOURCE_UNKNOWN` as above; `CAEP_USAGE` when it has no such URL */
export async function rotatedUrls(deps: UrlsDeps, ask: Ask<'rotate'>): Promise<SealedAnswer> {
  const { name, widget, kind, overlapMs, by } = ask;
  const rotated = await deps.store.rotateSecrets(name, { widget, kind, overlapMs, by });
  const urls = await sealedUrls(deps, ask);
  if (rotated === 0) {
    const what = [kind, widget].filter((part) => part !== undefined).join(' of the widget ');
    throw codedError('CAEP_USAGE', { reason: `${name} has no webhook URL${what === '' ? '' : ` for ${what}`}` });
  }
  return urls;
}
