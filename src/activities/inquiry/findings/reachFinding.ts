/** What `doctor` says of a pooler before PostgreSQL, and of what is told by notifications. */
import { codedError } from '../../../domain/errors.js';
import type { Finding } from '../../../domain/source/plan.js';
import type { Reach } from '../../../store/connection/reach.js';

export function reachFinding({ pooler, hasDirectUrl, hears }: Reach): Omit<Finding, 'check'> {
  const through = pooler === undefined ? 'no pooler' : `${pooler.name} in ${pooler.mode} mode`;
  const past = hasDirectUrl ? ', DATABASE_DIRECT_URL past it' : '';
  if (hears) return { state: 'ok', detail: `${through}${past}: heard at once` };
  if (pooler?.mode === 'transaction' && !hasDirectUrl) {
    const { error } = codedError('CAEP_DATABASE_SESSION_MISSING', { pooler: pooler.name });
    return { state: 'warning', detail: '', error };
  }
  const variable = hasDirectUrl ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL';
  return {
    state: 'failed',
    detail: `${through}${past}`,
    error: codedError('CAEP_DATABASE_UNHEARD', { variable }).error,
  };
}
