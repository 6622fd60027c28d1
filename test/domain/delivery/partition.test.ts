import { expect, it } from 'vitest';
import { partitionOf } from '../../../src/domain/delivery/partition.js';

const id = (first: string) => first.padEnd(64, '0');

it('the partition of an event follows from the first 32 bits of its id, and stays the same for ever', () => {
  expect([id('00000007'), id('0000000a'), id('ffffffff')].map((eventId) => partitionOf(eventId, 8))).toEqual([7, 2, 7]);
  expect(partitionOf(`0000000a${'f'.repeat(56)}`, 64)).toBe(10);
});

it('with one partition every event is in it', () => {
  expect([id('0'), id('deadbeef')].map((eventId) => partitionOf(eventId, 1))).toEqual([0, 0]);
});
