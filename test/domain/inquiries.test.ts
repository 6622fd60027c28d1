import { expect, it } from 'vitest';
import { INQUIRIES, type InquiryName } from '../../src/domain/inquiries.js';

/** For people whose question was not answered: what to type to ask it again. */
function againFor(name: InquiryName, fields: object): string {
  return INQUIRIES[name].again({ v: 1, ask: name, ...fields } as never);
}

it.each<[InquiryName, object, string]>([
  ['plan', {}, 'chatlio-aep plan FILE'],
  ['sample', {}, 'chatlio-aep plan FILE --sample KIND'],
  ['doctor', {}, 'chatlio-aep doctor'],
  ['urls', { name: 'n' }, 'chatlio-aep urls n'],
  ['rotate', { name: 'n' }, 'chatlio-aep urls n'],
  ['exceptions', { name: 'n' }, 'chatlio-aep held list n'],
  ['exception', { name: 'n' }, 'chatlio-aep held list n'],
  ['decide', { name: 'n' }, 'chatlio-aep held list n'],
  ['audit', { name: 'n' }, 'chatlio-aep audit n'],
  ['events', { name: 'n' }, 'chatlio-aep events tail n'],
  ['event', { name: 'n', eventId: 'e' }, 'chatlio-aep events show n e'],
  ['contents', { name: 'n' }, 'chatlio-aep events tail n --reveal'],
  ['intake', { name: 'n' }, 'chatlio-aep status n'],
  ['history', { name: 'n' }, 'chatlio-aep history n'],
  ['runs', { name: 'n' }, 'chatlio-aep runs n'],
  ['run', { name: 'n', id: 'r' }, 'chatlio-aep runs show n r'],
  ['data', { name: 'n' }, 'chatlio-aep teardown n --delete-data'],
  ['needs', {}, 'chatlio-aep status'],
  ['accounts', { sandbox: 'dev' }, 'chatlio-aep accounts list --sandbox dev'],
  ['account', { id: 'a' }, 'chatlio-aep accounts show a'],
  ['recipient', {}, 'chatlio-aep accounts list'],
  ['updateAccount', { id: 'a' }, 'chatlio-aep accounts update a'],
  ['deleteAccount', { id: 'a' }, 'chatlio-aep accounts delete a'],
  ['restored', { since: '2026-01-01' }, 'chatlio-aep doctor --restored 2026-01-01'],
])(
  'after an unanswered question, %s is asked again with the command that changes nothing twice',
  (name, fields, command) => {
    expect(againFor(name, fields)).toBe(command);
  },
);

it('what would make a second set of secrets is tried once, what grows with the events has time', () => {
  const patience = (wanted: string) =>
    (Object.keys(INQUIRIES) as InquiryName[]).filter((name) => INQUIRIES[name].patience === wanted);
  expect([patience('once'), patience('long'), patience('soon').length]).toEqual([['rotate'], ['audit'], 23]);
});
