import { CodedError } from '../domain/errors.js';
import type { SeenIntake } from './following/counting.js';
import type { Context } from './ports.js';
import type { Sources } from '../temporal/sources/port.js';

/** For a command whose answer stands without it, above all the gate: undefined when nobody can be asked. */
export async function knownIntake(
  { now }: Pick<Context, 'now'>,
  sources: Sources,
  name: string,
): Promise<SeenIntake | undefined> {
  try {
    const { v: _v, ...report } = await sources.ask({ v: 1, ask: 'intake', name });
    return { ...report, seenAt: now() };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return undefined;
  }
}
