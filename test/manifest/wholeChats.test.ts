import { describe, expect, it } from 'vitest';
import { CANONICAL_FIELD_NAMES } from '../../src/domain/events/canonical.js';
import { OPTIONAL_FIELDS, WHOLE_FIELDS } from '../../src/domain/projection/fields.js';
import { parseManifest } from '../../src/manifest/read.js';
import { manifestFixture } from '../support/manifest.js';

/** What a person reads of each problem, one line each. */
function problemsOf(overrides: object): string[] {
  const parsed = parseManifest({
    version: 1,
    name: 'support-chat',
    sandbox: 'prod',
    chatlio: { widgets: [{ key: 'main-site' }] },
    ...overrides,
  });
  if (parsed.ok) return [];
  return parsed.problems.map(
    ({ path, expected, got, hint }) => `${path}: ${expected} | ${got}${hint === undefined ? '' : ` | ${hint}`}`,
  );
}

describe('contents', () => {
  it('is absent where it is not written, and the mapping that of 0.1.x', () => {
    const manifest = manifestFixture();
    expect(manifest).not.toHaveProperty('contents');
    expect(manifest.xdm).not.toHaveProperty('fields');
    expect(manifest.mapping.map(({ source }) => source)).toEqual(CANONICAL_FIELD_NAMES);
    expect(manifestFixture({ contents: 'compact' })).toEqual({ ...manifest, contents: 'compact' });
  });

  it('full maps what only a whole chat has, but not what is off until a person asks for it', () => {
    const { mapping } = manifestFixture({ contents: 'full' });
    expect(mapping.map(({ source }) => source)).toEqual([...CANONICAL_FIELD_NAMES, ...Object.keys(WHOLE_FIELDS)]);
    expect(mapping).toContainEqual({ source: 'messages', sourceType: 'ATTRIBUTE', destination: '{tenant}.messages' });
    const off = Object.entries(OPTIONAL_FIELDS).map(([source, { destination }]) => ({ destination, source }));
    const asked = manifestFixture({ contents: 'full', mapping: off });
    expect(asked.mapping).toHaveLength(mapping.length + off.length);
  });

  it('is one of two', () => {
    expect(problemsOf({ contents: 'whole' })).toEqual(['contents: one of full, compact | "whole"']);
  });

  it.each([
    [
      undefined,
      { destination: 'messages', source: 'message' },
      'destination: a field of the XDM schema | "messages" | `contents: full` makes it',
    ],
    [
      'full',
      { destination: 'messages[*].txt', source: 'message' },
      'destination: a field of the XDM schema | "messages[*].txt" | did you mean messages[*].text?',
    ],
    [
      'full',
      { destination: 'message.text', source: 'message' },
      'destination: a field of the XDM schema | "message.text" | did you mean messages[*].text?',
    ],
  ])('%s: %o is named', (contents, row, problem) => {
    expect(problemsOf({ ...(contents === undefined ? {} : { contents }), mapping: [row] })).toEqual([
      `mapping[0].${problem}`,
    ]);
  });

  it.each([
    { destination: 'message', source: 'textBody' },
    { destination: 'UUID', source: 'visitor.UUID' },
    { destination: 'message', source: 'body.message' },
    { destination: 'message', source: 'body.something.new[0]' },
    { destination: 'messages[*].text', source: 'body.messages[*].text' },
    { destination: '{tenant}.messages', expression: 'arrays_to_objects("text", body.messages[*].text)' },
    { destination: 'message', expression: 'iif(contains_key("visitor.email"), visitor.email, userAgent)' },
  ])('full: %o is taken', (row) => {
    expect(problemsOf({ contents: 'full', mapping: [row] })).toEqual([]);
  });
});

describe('xdm.fields', () => {
  const fields = [
    { path: 'loyalty.number', type: 'string', title: 'Number of the card' },
    { path: 'cart[*].price', type: 'number' },
  ];

  it('are in the manifest with their titles, and filled by rows that name them', () => {
    const mapping = [
      { destination: 'loyalty.number', source: 'body.loyaltyNumber' },
      { destination: '{tenant}.cart[*].price', source: 'body.cart[*].price' },
    ];
    const manifest = manifestFixture({ contents: 'full', xdm: { fields }, mapping });
    expect(manifest.xdm.fields).toEqual([fields[0], { path: 'cart[*].price', type: 'number', title: 'cart[*].price' }]);
    expect(manifest.mapping.slice(-2)).toEqual([
      { source: 'body.cart[*].price', sourceType: 'ATTRIBUTE', destination: '{tenant}.cart[*].price' },
      { source: 'body.loyaltyNumber', sourceType: 'ATTRIBUTE', destination: '{tenant}.loyalty.number' },
    ]);
    expect(manifestFixture({ contents: 'full', xdm: { fields } }).mapping).toEqual(
      manifestFixture({ contents: 'full' }).mapping,
    );
  });

  it.each([
    [
      { path: 'loyalty number', type: 'string' },
      'path: the path of a field, such as loyalty.tier, tags[*] or cart[*].sku | "loyalty number"',
    ],
    [
      { path: 'tags[0]', type: 'string' },
      'path: the path of a field, such as loyalty.tier, tags[*] or cart[*].sku | "tags[0]"',
    ],
    [{ path: 'tier', type: 'text' }, 'type: one of string, date, date-time, integer, number, boolean | "text"'],
    [{ path: 'messages[*].mood', type: 'string' }, 'path: a field that is not among ours already | "messages[*].mood"'],
    [{ path: 'Chatlio_Email', type: 'string' }, 'path: a field that is not among ours already | "Chatlio_Email"'],
    [{ path: 'loyalty', type: 'string' }, 'path: a field that can stand beside loyalty.number | "loyalty"'],
    [{ path: 'cart.price', type: 'string' }, 'path: a field that can stand beside cart[*].price | "cart.price"'],
  ])('%o is named', (field, problem) => {
    expect(problemsOf({ xdm: { fields: [...fields, field] } })).toEqual([`xdm.fields[2].${problem}`]);
  });

  it('may be the identity where one text fills it', () => {
    const mapping = [{ destination: 'loyalty.number', source: 'body.loyaltyNumber' }];
    const identity = { field: 'loyalty.number', namespace: 'CRMID' };
    expect(manifestFixture({ contents: 'full', xdm: { fields }, mapping, identity }).identity).toEqual({
      ...identity,
      primary: false,
    });
    expect(problemsOf({ contents: 'full', xdm: { fields }, identity })).toEqual([
      'identity.field: loyalty.number to be filled by a row of the mapping | "loyalty.number"',
    ]);
    const others = { contents: 'full', xdm: { fields }, mapping };
    expect(problemsOf({ ...others, identity: { ...identity, field: 'cart[*].price' } })).toEqual([
      'identity.field: a field with one text | "cart[*].price"',
    ]);
    expect(problemsOf({ ...others, identity: { ...identity, field: 'visitorMail' } })).toEqual([
      'identity.field: one of visitorUUID, visitorEmail, visitorUserId, visitorHandle, or a field of xdm.fields | "visitorMail" | did you mean visitorEmail?',
    ]);
    expect(problemsOf({ ...others, identity: { ...identity, primary: true } })).toEqual([
      'identity.primary: false for every field but visitorUUID: a record without its primary identity is refused | true',
    ]);
  });
});
