import { expect, it } from 'vitest';
import { updateByHand } from '../../src/domain/updateByHand.js';

it('an update by hand is a command that can be pasted, in lines that fit the column of the Temporal UI', () => {
  const lines = updateByHand('source:support-chat', 'resume');
  expect(lines.join('\n')).toBe(
    "temporal workflow update execute \\\n  --workflow-id source:support-chat --name resume --input '{}'",
  );
});
