/** A mapping that does not tell events apart: refused, unless a person says so. */
import { expect, it } from 'vitest';
import { parseManifest } from '../../src/manifest/read.js';
import { refusalOfUpdate } from '../../src/domain/source/updating/updatable.js';
import { manifestDifferences } from '../../src/domain/source/source.js';
import { manifestFixture } from '../support/manifest.js';

const ROWS = [{ source: 'visitor.UUID', destination: 'UUID' }];
const NEEDED = [
  { source: 'eventId', destination: '_id' },
  { source: 'occurredAt', destination: 'timestamp' },
];
const document = (mapping: object, overrides: object = { contents: 'full' }) => ({
  version: 1,
  name: 'support-chat',
  sandbox: 'prod',
  chatlio: { widgets: [{ key: 'main-site' }] },
  ...overrides,
  mapping: { defaults: false, ...mapping },
});

it.each([
  ['none of the rows that tell events apart', ROWS],
  [
    'random ones',
    [...ROWS, { expression: 'uuid()', destination: '_id' }, { expression: 'now()', destination: 'timestamp' }],
  ],
])('with %s it is taken with `proof: none`, and only so', (_what, rows) => {
  expect(parseManifest(document({ rows })).ok).toBe(false);
  expect(parseManifest(document({ rows, proof: 'none' }))).toMatchObject({ ok: true, manifest: { proof: 'none' } });
});

it('is refused where the rows do tell events apart, or where nothing is said of the contents', () => {
  const proven = parseManifest(document({ rows: [...ROWS, ...NEEDED], proof: 'none' }));
  expect(proven).toMatchObject({ ok: false, problems: [{ path: 'mapping.proof', got: 'none' }] });
  const cut = parseManifest(document({ rows: [{ source: 'message', destination: 'message' }], proof: 'none' }, {}));
  expect(cut).toMatchObject({ ok: false, problems: [{ path: 'mapping.proof', got: 'no `contents`' }] });
});

it('is what an update of a live source may change, in both directions', () => {
  const unproven = manifestFixture({ contents: 'full', mapping: { defaults: false, rows: ROWS, proof: 'none' } });
  const proven = manifestFixture({ contents: 'full', mapping: { defaults: false, rows: [...ROWS, ...NEEDED] } });
  expect(manifestDifferences(unproven, proven)).toEqual(['mapping', 'proof']);
  expect(refusalOfUpdate(unproven, proven)).toBeUndefined();
  expect(refusalOfUpdate(proven, unproven)).toBeUndefined();
});
