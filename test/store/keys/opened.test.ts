import { join } from 'node:path';
import { assert, beforeEach, expect, it } from 'vitest';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { openOr } from '../../../src/store/keys/opened.js';
import { temporaryFolder } from '../../support/processes.js';

const PLACE = Buffer.from('here');

let keyRing: KeyRing;
beforeEach(async () => {
  keyRing = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
});

it('a body that opens is given', () => {
  const sealed = keyRing.seal(Buffer.from('hello'), PLACE);
  expect(openOr(keyRing, sealed, PLACE)).toEqual({ body: Buffer.from('hello') });
});

it('one that does not open says why, and costs no other one', async () => {
  const other = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
  const sealed = keyRing.seal(Buffer.from('hello'), PLACE);
  const outcomes = [
    openOr(keyRing, sealed, Buffer.from('elsewhere')),
    openOr(keyRing, Buffer.alloc(0), PLACE),
    openOr(other, sealed, PLACE),
  ];
  const damaged = { fault: 'its body was damaged on disk, or is gone' };
  const missing = { fault: `its key ${keyRing.held.active} is not in the worker's key file` };
  expect(outcomes).toEqual([damaged, damaged, missing]);
});

it('what fails for another reason is no fault of the body', () => {
  const open = () => assert.fail('out of memory');
  expect(() => openOr({ open }, Buffer.alloc(0), PLACE)).toThrow('out of memory');
});
