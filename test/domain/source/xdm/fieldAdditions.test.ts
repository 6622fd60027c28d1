import { describe, expect, it } from 'vitest';
import { fieldAdditions } from '../../../../src/domain/source/xdm/fieldAdditions.js';
import { propertiesOf, tenantFields } from '../../../../src/domain/source/xdm/xdmFields.js';
import type { XdmField } from '../../../../src/domain/source/xdm/xdmTypes.js';

const field = (path: string, type: XdmField['type'] = 'string'): XdmField => ({ path, type, title: path });
const stored = (...fields: XdmField[]) => ({ properties: propertiesOf(tenantFields({ xdm: { fields } })) });
const wanted = (...fields: XdmField[]) => tenantFields({ xdm: { fields } });

describe('what a field group lacks', () => {
  it('is nothing where all is there', () => {
    expect(fieldAdditions(stored(field('loyalty.tier')), wanted(field('loyalty.tier')))).toEqual({
      additions: [],
      atOdds: [],
    });
  });

  it('is every field of a whole chat that a source of 0.1.0 has not', () => {
    const { additions, atOdds } = fieldAdditions(stored(), tenantFields({ contents: 'full' }));
    expect(atOdds).toEqual([]);
    expect(additions.map(({ path }) => path)).toContain('messages');
    expect(additions.map(({ path }) => path)).not.toContain('message');
  });

  it('is placed where it belongs, also within objects and lists that are there', () => {
    const there = stored(field('loyalty.tier'), field('cart[*].sku'));
    const { additions } = fieldAdditions(
      there,
      wanted(field('loyalty.points', 'integer'), field('cart[*].price', 'number')),
    );
    expect(additions).toEqual([
      {
        path: 'loyalty.points',
        place: ['properties', 'loyalty', 'properties', 'points'],
        value: { title: 'loyalty.points', type: 'integer' },
      },
      {
        path: 'cart[*].price',
        place: ['properties', 'cart', 'items', 'properties', 'price'],
        value: { title: 'cart[*].price', type: 'number' },
      },
    ]);
  });

  it('cannot be added where another field stands, which is named with both types', () => {
    const there = stored(field('since', 'date'), field('tags[*]'), field('cart[*].sku'));
    const { additions, atOdds } = fieldAdditions(
      there,
      wanted(field('since', 'date-time'), field('tags'), field('cart[*].sku', 'integer')),
    );
    expect(additions).toEqual([]);
    expect(atOdds).toEqual([
      'since: date there, date-time in the manifest',
      'tags: array there, string in the manifest',
      'cart[*].sku: string there, integer in the manifest',
    ]);
  });

  it('says nothing of fields that only the field group has', () => {
    expect(fieldAdditions(stored(field('old')), wanted())).toEqual({ additions: [], atOdds: [] });
  });
});
