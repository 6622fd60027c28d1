import { describe, expect, it } from 'vitest';
import { differencesIn } from '../../../src/domain/source/comparison.js';
import { comparedFields } from '../../../src/domain/source/xdm/fieldAdditions.js';
import { tenantFields } from '../../../src/domain/source/xdm/xdmFields.js';

const created = { origin: 'created' } as const;
const adopted = { origin: 'adopted' } as const;

describe('the differences of an object', () => {
  it('are the fields that are not as wanted, and those that are there without being wanted', () => {
    const fields = [
      { field: 'name', wanted: 'Chats', found: 'Chats' },
      { field: 'mapping _id', wanted: 'eventId', found: 'uuid()' },
      { field: 'mapping x', found: 'y' },
    ];
    expect(differencesIn('mapping-set', created, fields)).toEqual([
      { field: 'mapping _id', wanted: 'eventId', found: 'uuid()', remedy: 'change' },
      { field: 'mapping x', found: 'y', remedy: 'change' },
    ]);
  });

  it('of a flow’s connections need a new flow: Adobe does not reflect a change', () => {
    const [row] = differencesIn('flow', created, [{ field: 'target connection', wanted: 'b', found: 'a' }]);
    expect(row?.remedy).toBe('replace');
  });

  it('in the type of an XDM field are refused, and a missing one is added', () => {
    const of = (found?: string) =>
      differencesIn('field-group', created, [{ field: 'fields.tier', wanted: 'string', found }])[0]?.remedy;
    expect([of('integer'), of()]).toEqual(['refused', 'change']);
  });

  it('leave what somebody else has made as it is, but not its mapping', () => {
    const of = (step: 'dataset' | 'mapping-set') =>
      differencesIn(step, adopted, [{ field: 'name', wanted: 'a', found: 'b' }])[0]?.remedy;
    expect([of('dataset'), of('mapping-set')]).toEqual(['foreign', 'change']);
  });
});

describe('the fields of a field group', () => {
  const wanted = tenantFields({
    contents: 'compact',
    xdm: {
      fields: [
        { path: 'loyalty.tier', type: 'string', title: 'Tier' },
        { path: 'visits[*]', type: 'integer', title: 'Visits' },
      ],
    },
  });
  const of = (stored: unknown, path: string) =>
    comparedFields(stored, wanted).find(({ field }) => field === `fields.${path}`);

  it('are compared by type, those of objects and lists too', () => {
    const stored = {
      properties: {
        loyalty: { type: 'object', properties: { tier: { type: 'string', format: 'date' } } },
        visits: { type: 'array', items: { type: 'integer', 'meta:xdmType': 'int' } },
        more: { type: 'string' },
      },
    };
    expect(of(stored, 'loyalty.tier')).toEqual({ field: 'fields.loyalty.tier', wanted: 'string', found: 'date' });
    expect(of(stored, 'visits[*]')).toEqual({ field: 'fields.visits[*]', wanted: 'integer', found: 'integer' });
    expect(of(stored, 'more')).toBeUndefined();
  });

  it('that are missing whole are one difference', () => {
    expect(of(undefined, 'loyalty')).toEqual({ field: 'fields.loyalty', wanted: 'object', found: undefined });
    expect(of(undefined, 'loyalty.tier')).toBeUndefined();
  });
});
