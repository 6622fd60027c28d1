import { expect, it } from 'vitest';
import { welcome } from '../../src/dev/welcome.js';
import { SHORT_WINDOWS_ON } from '../../src/dev/windows.js';

const simulator = { SIMULATOR_ADMIN_URL: 'http://127.0.0.1:8099/__sim' };
const told = (environment: Record<string, string>) => welcome(environment).join('\n');

it('says how long the simulator lets one wait, and how to change that', () => {
  expect(told({ ...simulator, ...SHORT_WINDOWS_ON.environment })).toContain('npm start -- --real-time');
  expect(told(simulator)).toContain('waits as long as Adobe');
  expect(told({})).not.toContain('simulator waits');
});
