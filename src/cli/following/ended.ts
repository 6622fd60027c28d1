/** What has become of a source that a command does not find running, in the words that `status` has for it. */
import { CodedError, codedError } from '../../domain/errors.js';
import type { ForgottenSource } from './snapshot.js';
import type { Sources } from '../../temporal/sources/port.js';
import { phaseOf } from '../render/source/source.js';

/** A workflow that has ended is not found by an update, and neither are the URLs of a source that was torn down. */
export async function orWhatBecameOf<T>(sources: Sources, name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof CodedError) || error.error.code !== 'CAEP_SOURCE_UNKNOWN') throw error;
    throw (await whatBecameOf(sources, name)) ?? error;
  }
}

/** @returns undefined when nobody has heard of it */
export async function whatBecameOf(sources: Sources, name: string): Promise<CodedError | undefined> {
  const run = await sources.describe(name);
  const phase = run === undefined ? await phaseInStore(sources, name) : phaseOf({ run });
  return phase === undefined ? undefined : codedError('CAEP_NOT_LIVE', { name, phase });
}

async function phaseInStore(sources: Sources, name: string): Promise<string | undefined> {
  return (await forgottenSource(sources, name))?.phase;
}

/**
 * Temporal forgets a run that has ended after a while; the store does not.
 *
 * @returns undefined when the store does not know it, or nobody can ask the store
 */
export async function forgottenSource(sources: Sources, name: string): Promise<ForgottenSource | undefined> {
  try {
    const intake = await sources.ask({ v: 1, ask: 'intake', name });
    if (intake.source === undefined) return undefined;
    const { uid, retired } = intake.source;
    return { name, uid, phase: retired ? 'torn-down' : 'terminated', intake };
  } catch (error) {
    if (!(error instanceof CodedError) || !NOBODY_ANSWERS.has(error.error.code)) throw error;
    return undefined;
  }
}

const NOBODY_ANSWERS: ReadonlySet<string> = new Set(['CAEP_NO_WORKER', 'CAEP_BUILD_WITHOUT_TASKS']);
