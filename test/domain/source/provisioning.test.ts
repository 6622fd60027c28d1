import { expect, it } from 'vitest';
import { undoActivityName } from '../../../src/domain/source/provisioning.js';

it('undoing a step is an activity that reads like the plan, in histories too', () => {
  expect(undoActivityName('mapping-set')).toBe('undo-mapping-set');
});
