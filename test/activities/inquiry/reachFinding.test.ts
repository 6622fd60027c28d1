import { expect, it } from 'vitest';
import { reachFinding } from '../../../src/activities/inquiry/findings/reachFinding.js';
import { sentenceOf } from '../../../src/domain/errors.js';

const pooler = { name: 'PgBouncer', mode: 'transaction' } as const;
const session = { name: 'Supavisor', mode: 'session' } as const;

it.each([
  [{ hasDirectUrl: false, hears: true }, 'no pooler: heard at once'],
  [{ pooler: session, hasDirectUrl: false, hears: true }, 'Supavisor in session mode: heard at once'],
  [
    { pooler, hasDirectUrl: true, hears: true },
    'PgBouncer in transaction mode, DATABASE_DIRECT_URL past it: heard at once',
  ],
])('%o is fine', (reach, detail) => {
  expect(reachFinding(reach)).toEqual({ state: 'ok', detail });
});

it('a pooler in transaction mode is named, with what it costs and the variable that is missing', () => {
  const { state, error } = reachFinding({ pooler, hasDirectUrl: false, hears: false });
  expect(state).toBe('warning');
  expect(error && sentenceOf(error)).toBe(
    'PostgreSQL is reached through PgBouncer in transaction mode, where nobody can listen, so changes are looked for every five seconds.',
  );
});

it.each([
  [{ pooler, hasDirectUrl: true, hears: false }, 'DATABASE_DIRECT_URL'],
  [{ pooler: session, hasDirectUrl: false, hears: false }, 'DATABASE_URL'],
])('%o has failed', (reach, variable) => {
  expect(reachFinding(reach)).toMatchObject({
    state: 'failed',
    error: { code: 'CAEP_DATABASE_UNHEARD', fields: { variable } },
  });
});
