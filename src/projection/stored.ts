/** What is kept of a body where a person wants less than all of it kept: without the named paths, and what repeats them. */
import { compilePrivacy } from './privacy.js';
import { parsedOriginal } from './parsedOriginal.js';

/** Made once for the paths of a source, which are read once for all of its events. */
const compiled = new WeakMap<readonly string[], ReturnType<typeof compilePrivacy>>();

/**
 * The body is read and written anew: long integers and repeated members are kept as JSON reads them. Event id, MACs and times are
 * of what was posted, so they are made before.
 *
 * @returns the same body where nothing is to be removed
 */
export function storedBody(body: Buffer, without: readonly string[]): Buffer {
  if (without.length === 0) return body;
  const remove = compiled.get(without) ?? compilePrivacy({ drop: without, hash: [], redact: [] });
  compiled.set(without, remove);
  const parsed = parsedOriginal(body);
  if (parsed === undefined) throw new Error('only what was read can be kept in part');
  remove?.(parsed);
  return Buffer.from(JSON.stringify(parsed));
}
