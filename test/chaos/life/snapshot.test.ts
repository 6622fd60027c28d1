import { expect, it } from 'vitest';
import { namesOf } from '../../../chaos/life/state/snapshot.js';

it('what the source uses is told from what lies beside it, so that an orphan in its place is seen', () => {
  const rows = [
    { id: 'flow-of-a-lost-answer', step: 'flow' },
    { id: 'flow-in-use', step: 'flow' },
    { id: 'flow-of-another-one', step: 'flow' },
    { id: 'schema-in-use', step: 'schema' },
  ];
  expect(
    namesOf(rows, {
      resources: {
        flow: { kind: 'flow', origin: 'created', id: 'flow-in-use' },
        schema: { kind: 'flow', origin: 'created', id: 'https://ns.adobe.com/t/schemas/1', altId: 'schema-in-use' },
      },
    }),
  ).toEqual([
    ['flow-of-a-lost-answer', '<flow, beside 1>'],
    ['flow-in-use', '<flow>'],
    ['flow-of-another-one', '<flow, beside 2>'],
    ['schema-in-use', '<schema>'],
  ]);
});
