/** Accept headers of the Schema Registry ("Schema Registry API guide", Accept header): lists forbid a version, lookups require one. */

export interface ListForm {
  readonly shape: 'id' | 'full';
}

export interface LookupForm {
  readonly resolved: boolean;
  readonly texts: boolean;
  readonly descriptors: boolean;
  /** As asked: `1` means the latest 1.x. */
  readonly version: string;
}

export interface DescriptorListForm {
  readonly shape: 'id' | 'link' | 'full';
  readonly paged: boolean;
}

function mediaTypes(accept: string | undefined): readonly string[] {
  return (accept ?? '').split(',').map((one) => one.trim());
}

function first<T>(accept: string | undefined, read: (mediaType: string) => T | undefined): T | undefined {
  return mediaTypes(accept)
    .map(read)
    .find((form) => form !== undefined);
}

/** @returns undefined when the header fits no list */
export function listForm(accept: string | undefined): ListForm | undefined {
  return first(accept, (mediaType) => {
    const match = /^application\/vnd\.adobe\.(?:xed|xdm)(-id)?\+json$/.exec(mediaType);
    return match === null ? undefined : { shape: match[1] === undefined ? 'full' : 'id' };
  });
}

/** @returns undefined when the header fits no lookup */
export function lookupForm(accept: string | undefined): LookupForm | undefined {
  return first(accept, (mediaType) => {
    const match =
      /^application\/vnd\.adobe\.(?:xed|xdm)(-full|-notext|-full-notext|-full-desc|-deprecatefield)?\+json; *version=(\d+(?:\.\d+)?)$/.exec(
        mediaType,
      );
    if (match === null) return undefined;
    const [, variant = '', version = ''] = match;
    return {
      resolved: variant.startsWith('-full'),
      texts: !variant.endsWith('-notext'),
      descriptors: variant.endsWith('-desc'),
      version,
    };
  });
}

/** @returns undefined when the header fits no list of descriptors */
export function descriptorListForm(accept: string | undefined): DescriptorListForm | undefined {
  return first(accept, (mediaType) => {
    const match = /^application\/vnd\.adobe\.xdm(-v2)?(-id|-link)?\+json$/.exec(mediaType);
    if (match === null) return undefined;
    const shape = match[2] === '-id' ? 'id' : match[2] === '-link' ? 'link' : 'full';
    return { shape, paged: match[1] !== undefined };
  });
}

/** A lookup of a descriptor needs no Accept; one that names something else of Adobe's is wrong. */
export function descriptorLookupAccepts(accept: string | undefined): boolean {
  return mediaTypes(accept).every(
    (mediaType) => !mediaType.includes('vnd.adobe.') || /^application\/vnd\.adobe\.(xed|xdm)/.test(mediaType),
  );
}
