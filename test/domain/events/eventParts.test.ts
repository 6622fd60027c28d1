import { describe, expect, it } from 'vitest';
import {
  EVENT_PARTS,
  type EventPart,
  type ExceptionStanding,
  PART_FACTS,
  partOfException,
} from '../../../src/domain/events/eventParts.js';

const none: ExceptionStanding = { state: 'resolved', nextAction: null, resolution: null, decision: null };

describe('where an exception is', () => {
  it.each<[string, Partial<ExceptionStanding>, EventPart]>([
    ['a request that runs', { state: 'sending' }, 'sending'],
    ['one that a person is to decide', { state: 'held' }, 'held'],
    ['one that was decided to be sent again, and is held anew', { state: 'held', decision: 'resend' }, 'held'],
    ['one that is sent again', { state: 'waiting', nextAction: 'resend' }, 'waiting'],
    ['one that is looked for', { state: 'waiting', nextAction: 'look-up' }, 'lookedFor'],
    ['one that was given up', { resolution: 'abandoned', decision: 'abandon' }, 'abandoned'],
    ['one that was sent as another', { resolution: 'replaced', decision: 'deliver-as-new' }, 'replaced'],
    ['one that a person says is delivered', { resolution: 'delivered', decision: 'mark-delivered' }, 'markedDelivered'],
    ['one that was delivered', { resolution: 'delivered' }, 'accepted'],
    ['one that was delivered once it was sent again', { resolution: 'delivered', decision: 'resend' }, 'accepted'],
  ])('%s', (_which, standing, part) => {
    expect(partOfException({ ...none, ...standing })).toBe(part);
  });
});

it('each part has a word of its own for people, and a meaning', () => {
  const words = EVENT_PARTS.map((part) => PART_FACTS[part].word);
  expect(words).toEqual([
    'waiting',
    'sending',
    'accepted',
    'looked for',
    'held',
    'abandoned',
    'replaced',
    'marked delivered',
  ]);
  expect(EVENT_PARTS.filter((part) => PART_FACTS[part].meaning === '')).toEqual([]);
});
