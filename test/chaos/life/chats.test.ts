import { expect, it } from 'vitest';
import { type Intake, misfitOf } from '../../../chaos/life/sequences/chats.js';

const TAKEN = { status: 200, isTaken: true };
const NOT_FOUND = { status: 404, isTaken: false };
const BUSY = { status: 503, isTaken: false };

it.each<[Intake, readonly boolean[]]>([
  ['live', [true, false, false]],
  ['ending', [true, true, false]],
  ['over', [false, true, false]],
])('a webhook of a source that is %s', (intake, fits) => {
  expect([TAKEN, NOT_FOUND, BUSY].map((answer) => misfitOf(intake, answer) === undefined)).toEqual(fits);
});
