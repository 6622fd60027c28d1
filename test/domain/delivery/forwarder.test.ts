import { expect, it } from 'vitest';
import { FORWARDER_MESSAGES } from '../../../src/domain/delivery/forwarder.js';

it('what is said to a forwarder keeps its names, in the Temporal UI and in histories', () => {
  expect(FORWARDER_MESSAGES).toEqual({
    wake: 'wake',
    resume: 'resume',
    configure: 'configure',
    decide: 'decide',
    state: 'state',
  });
});
