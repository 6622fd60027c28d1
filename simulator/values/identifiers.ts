/** Identifiers in the shapes that Adobe's printed samples have. */
import { randomBytes, randomUUID } from 'node:crypto';

export const hexId = (digits: number) => randomBytes(digits / 2).toString('hex');

export const uuid = () => randomUUID();

/**
 * An etag of Flow Service. The quotes are part of the value; the first eight digits of the last group are Unix seconds of
 * the write, as reading the documented samples shows.
 */
export function flowEtag(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, '0');
  return `"${hexId(8)}-0000-0200-0000-${seconds}0000"`;
}
