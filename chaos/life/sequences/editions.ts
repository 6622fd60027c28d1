/** The manifests that a source is given one after the other: of one that is provisioned, and of one that was adopted. */
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../../../src/domain/source/manifest.js';
import { manifestFrom, type SourceUnderTest } from '../../stack/product/sourceUnderTest.js';
import { changedDocument } from '../operations.js';

/** By their number. */
export function editionsOf(source: SourceUnderTest, adopted: Manifest | undefined): readonly Manifest[] {
  return adopted === undefined ? oursOf(source) : [adopted, withLowerEmail(adopted)];
}

/** By what the editions differ in; -1: none of them. */
export function editionSeen(editions: readonly Manifest[], manifest: Manifest): number {
  const told = ({ contents, privacy, mapping }: Manifest) => ({ contents, privacy, mapping });
  return editions.findIndex((edition) => isDeepStrictEqual(told(edition), told(manifest)));
}

/** Once whole chats are kept they are kept. */
function oursOf(source: SourceUnderTest): readonly Manifest[] {
  const whole = changedDocument(source);
  const documents = [
    source.document,
    whole,
    {
      ...whole,
      mapping: [{ destination: 'visitor_location', source: false }],
      privacy: { drop: ['visitor.location'] },
    },
    { ...whole, mapping: [{ destination: 'chatlio_email', expression: 'lower(visitorEmail)' }] },
  ];
  return documents.map(manifestFrom);
}

function withLowerEmail(adopted: Manifest): Manifest {
  return {
    ...adopted,
    mapping: adopted.mapping.map((row) =>
      row.source === 'visitor.email' ? { ...row, sourceType: 'EXPRESSION', source: 'lower(visitor.email)' } : row,
    ),
  };
}
