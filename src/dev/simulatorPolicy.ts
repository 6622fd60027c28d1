/** Sets policies of a running simulator, by its admin API. */
import { codedError } from '../domain/errors.js';

const TIMEOUT_MS = 5_000;

export async function setSimulatorPolicy(
  adminUrl: string,
  policy: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  if (Object.keys(policy).length === 0) return;
  const answer = await fetch(`${adminUrl}/api/policy`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(policy),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok)
    throw codedError('CAEP_INTERNAL', { reason: `the simulator refuses the policy: ${await answer.text()}` });
}
