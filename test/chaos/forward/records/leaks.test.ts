import { describe, expect, it } from 'vitest';
import { countSent, type Leaving, leaksOf } from '../../../../chaos/forward/records/leaks.js';
import type { Sent } from '../../../../chaos/forward/records/sent.js';

const MAPPING = { id: 'set', version: 2 };
const LEAVING: Leaving = {
  mapping: MAPPING,
  rows: [
    { sourceType: 'text/x.schema-path', source: 'eventId' },
    { sourceType: 'text/x.schema-path', source: 'messages' },
    { sourceType: 'text/x.schema-path', source: 'userAgent' },
    { sourceType: 'text/x.schema-path', source: 'visitor.currentPage' },
    { sourceType: 'text/x.aep-xl', source: 'iif(is_empty(visitorEmail), "subject", lower(agentEmail))' },
    { sourceType: 'STATIC', source: 'chatlio' },
  ],
  keptBack: ['userAgent'],
};

function leaks(paths: readonly string[], more: Partial<Sent> & { form?: 'cut' | 'whole'; markedRows?: string[] } = {}) {
  const { form = 'whole', markedRows = [], ...sent } = more;
  return leaksOf({
    sent: [{ eventId: 'e1', mapping: MAPPING, paths, isMarked: false, ...sent }],
    markedRows,
    store: new Map([['e1', { isLogged: true, form, exceptions: [] }]]),
    leaving: [LEAVING],
  }).map(({ wrong, eventId, detail }) => `${wrong} ${eventId} ${detail}`);
}

describe('a request', () => {
  it('may have what the mapping reads, and everything below it', () => {
    const paths = ['eventId', 'messages[*].text', 'visitor.currentPage', 'visitorEmail', 'agentEmail'];
    expect(leaks(paths)).toEqual([]);
  });

  it.each([
    ['an attribute that no row reads', 'visitorName'],
    ['a neighbour of what a row reads', 'visitor.UUID'],
    ['a name that begins as one that is read', 'messagesOmitted'],
    ['what privacy keeps back', 'userAgent'],
    ['a literal of an expression', 'subject'],
    ['the name of a function', 'lower'],
    ['a constant', 'chatlio'],
  ])('leaks with %s', (_, path) => {
    expect(leaks(['eventId', path])).toEqual([`leaked e1 ${path}: whole, under version 2 of the mapping`]);
  });

  it('leaks with everything under a version of which nobody knows what it reads', () => {
    expect(leaks(['eventId'], { mapping: { id: 'set', version: 3 } })).toHaveLength(1);
  });

  it('of an event that was cut when it was taken has what 0.1.0 sends, and no more', () => {
    expect(leaks(['eventId', 'visitorName', 'message'], { form: 'cut' })).toEqual([]);
    expect(leaks(['messages[*].text'], { form: 'cut' })).toHaveLength(1);
  });

  it('leaks with the marker, as a row does', () => {
    expect(leaks(['eventId'], { isMarked: true })).toHaveLength(1);
    expect(leaks(['eventId'], { markedRows: ['e1'] })).toEqual(['leaked e1 what no mapping reads stands in the lake']);
  });
});

it('requests are counted by form and version', () => {
  const sent = { eventId: 'e1', mapping: MAPPING, paths: [], isMarked: false };
  const store = new Map([['e1', { isLogged: true, form: 'whole', exceptions: [] } as const]]);
  expect(countSent([sent, sent, { ...sent, eventId: 'e2' }], store)).toEqual(
    new Map([
      ['whole, version 2 of set', 2],
      ['not in the log, version 2 of set', 1],
    ]),
  );
});
