/** When an object counts as not there. */
import type { AdobeError } from '../../domain/errors.js';
import { AdobeCallError } from './errors.js';

/** 2100-404, 2101-404, 2103-404; services whose errors have no code give the title alone. */
export function isSandboxUnknown({ httpStatus, code = '', title }: AdobeError): boolean {
  return /^([A-Z]+-)?210[013]-404$/.test(code) || (httpStatus === 404 && title === 'Sandbox not found');
}

/**
 * 404 everywhere; in Flow Service also 400 with code 1439 (resource not found) or 1430 (flow not found), with or
 * without the `FLOW-` prefix: its error catalogue and its sample bodies differ.
 * An unknown sandbox is a 404, too, and says nothing about the object.
 */
export function isGone(error: unknown): boolean {
  if (!(error instanceof AdobeCallError) || error.kind !== 'refused' || isSandboxUnknown(error.error)) return false;
  const { httpStatus, code = '' } = error.error;
  return httpStatus === 404 || (httpStatus === 400 && /^(FLOW-)?(1439|1430)(-|$)/.test(code));
}

/** What a lookup answers: undefined when there is none. */
export async function absentWhenGone<T>(lookup: Promise<T>): Promise<T | undefined> {
  try {
    return await lookup;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** What a delete answers: whether there was something to delete. */
export async function deletedUnlessGone(deletion: Promise<unknown>): Promise<boolean> {
  try {
    await deletion;
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}
