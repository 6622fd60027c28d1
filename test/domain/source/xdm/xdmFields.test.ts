import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  areAtOdds,
  fieldAt,
  fieldPaths,
  isOurOwn,
  propertiesOf,
  tenantFields,
} from '../../../../src/domain/source/xdm/xdmFields.js';

describe('the fields of a field group', () => {
  it('are those of 0.1.x to the byte where the manifest says nothing of contents', () => {
    const made = JSON.stringify(propertiesOf(tenantFields({})));
    expect(createHash('sha256').update(made).digest('hex')).toBe(
      'b9ed497529c30871ed676ce4988730b43ef47993afe01ade768f9114166d06cc',
    );
    expect(JSON.stringify(propertiesOf(tenantFields({ contents: 'compact' })))).toBe(made);
  });

  it('have lists of objects, and what is known and off, where chats are stored whole', () => {
    const fields = propertiesOf(tenantFields({ contents: 'full' }));
    expect(fields['extra_data']).toEqual({
      title: 'Extra data of the conversation',
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { title: 'Name', type: 'string' }, value: { title: 'Value', type: 'string' } },
      },
    });
    expect(fields['visitor_first_seen_at']).toEqual({
      title: 'Visitor first seen at',
      type: 'string',
      format: 'date-time',
    });
    expect(fields).toHaveProperty('html_body');
    expect(fields).toHaveProperty('visitor_IP_address');
  });

  const own = [
    { path: 'loyalty.tier', type: 'string', title: 'Tier' },
    { path: 'loyalty.since', type: 'date', title: 'Since' },
    { path: 'tags[*]', type: 'string', title: 'Tags' },
    { path: 'cart[*].sku', type: 'string', title: 'Article' },
    { path: 'cart[*].sizes[*]', type: 'number', title: 'Sizes' },
  ] as const;

  it('are with those of a person: objects and lists are made on the way', () => {
    const { loyalty, tags, cart } = propertiesOf(tenantFields({ xdm: { fields: own } }));
    expect({ loyalty, tags, cart }).toEqual({
      loyalty: {
        title: 'loyalty',
        type: 'object',
        properties: {
          tier: { title: 'Tier', type: 'string' },
          since: { title: 'Since', type: 'string', format: 'date' },
        },
      },
      tags: { title: 'Tags', type: 'array', items: { title: 'Tags', type: 'string' } },
      cart: {
        title: 'cart',
        type: 'array',
        items: {
          type: 'object',
          properties: {
            sku: { title: 'Article', type: 'string' },
            sizes: { title: 'Sizes', type: 'array', items: { title: 'Sizes', type: 'number' } },
          },
        },
      },
    });
  });

  it('can be filled each for itself, or lists and objects whole', () => {
    const fields = tenantFields({ xdm: { fields: own } });
    const paths = fieldPaths(fields);
    expect(paths.filter((path) => /^(?:loyalty|tags|cart)/.test(path))).toEqual([
      'loyalty',
      'loyalty.tier',
      'loyalty.since',
      'tags',
      'tags[*]',
      'cart',
      'cart[*].sku',
      'cart[*].sizes',
      'cart[*].sizes[*]',
    ]);
    expect(fieldAt(fields, [{ name: 'cart' }, { index: 3 }, { name: 'sku' }])).toMatchObject({ type: 'string' });
    expect(fieldAt(fields, [{ name: 'cart' }, { name: 'sku' }])).toBeUndefined();
    expect(fieldAt(fields, [{ name: 'loyalty' }, { index: 0 }])).toBeUndefined();
  });
});

describe('a field of a person', () => {
  it.each(['message', 'Message.text', 'messages[*].mood', 'visitorEmail', 'CHATLIO_EMAIL', 'eventType', 'html_body'])(
    'is one of ours: %s',
    (path) => {
      expect(isOurOwn(path)).toBe(true);
    },
  );

  it('is its own otherwise', () => {
    expect(isOurOwn('loyalty.message')).toBe(false);
  });

  it.each([
    ['plan', 'plan'],
    ['plan', 'Plan'],
    ['plan', 'plan.name'],
    ['tags', 'tags[*]'],
    ['cart.sku', 'cart[*].sku'],
    ['cart[*]', 'cart[*].sku'],
    ['Plan.name', 'plan.price'],
  ])('cannot be beside another: %s and %s', (one, other) => {
    expect(areAtOdds(one, other)).toBe(true);
    expect(areAtOdds(other, one)).toBe(true);
  });

  it.each([
    ['plan', 'planned'],
    ['plan.name', 'plan.price'],
    ['cart[*].sku', 'cart[*].price'],
  ])('can be beside another: %s and %s', (one, other) => {
    expect(areAtOdds(one, other)).toBe(false);
    expect(areAtOdds(other, one)).toBe(false);
  });
});
