/** On which Temporal the tests run: `TEST_ON=cluster npx vitest run`, in the words of `--on`. Default: the development server. */
import { type On, readOn } from '../../chaos/stack/temporal.js';

export function onOfTests(): On {
  return readOn(process.env['TEST_ON'] ?? 'dev-server');
}
