import { expect, it } from 'vitest';
import { CANONICAL_FIELDS, CANONICAL_FIELD_NAMES } from '../../../src/domain/events/canonical.js';

it('has what XDM asks of every event in the class fields, and all else below the tenant', () => {
  const classFields = CANONICAL_FIELD_NAMES.filter(
    (name) => !CANONICAL_FIELDS[name].destination.startsWith('{tenant}.'),
  );
  expect(Object.fromEntries(classFields.map((name) => [name, CANONICAL_FIELDS[name].destination]))).toEqual({
    eventId: '_id',
    occurredAt: 'timestamp',
    eventType: 'eventType',
  });
});

it('fills no two fields of the lake from one', () => {
  const destinations = CANONICAL_FIELD_NAMES.map((name) => CANONICAL_FIELDS[name].destination);
  expect(new Set(destinations).size).toBe(destinations.length);
  expect(destinations.filter((destination) => !/^(\{tenant\}\.)?\w+$/.test(destination))).toEqual([]);
});

it('names in people’s words what each field is', () => {
  expect(CANONICAL_FIELD_NAMES.filter((name) => CANONICAL_FIELDS[name].title.trim() === '')).toEqual([]);
});

it('says of each field what the lake is to make of it', () => {
  const of = (type: string) => CANONICAL_FIELD_NAMES.filter((name) => CANONICAL_FIELDS[name].type === type);
  expect(of('date-time')).toEqual(['occurredAt', 'receivedAt', 'startedAt', 'endedAt']);
  expect(of('integer')).toEqual(['messageCount', 'visitorMessageCount']);
  expect(of('boolean')).toEqual(['messageTruncated']);
  expect(of('string').length).toBe(CANONICAL_FIELD_NAMES.length - 7);
});

it('is never without what tells an event from another, its time and where it came from', () => {
  const always = CANONICAL_FIELD_NAMES.filter(
    (name) => 'always' in CANONICAL_FIELDS[name] && CANONICAL_FIELDS[name].always,
  );
  expect(always).toEqual(['eventId', 'occurredAt', 'eventType', 'widgetKey', 'receivedAt', 'identityVersion']);
});
