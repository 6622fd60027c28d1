/** How often an event was sent, and whether each time the same bytes. */
import { counted } from '../../../domain/counted.js';
import type { AttemptVersions } from '../../../domain/exceptions/heldEvents.js';

/** `2 times, under version 1 and then version 3 of the projection`. */
export function sentUnder(versions: AttemptVersions): string {
  const [first, ...changes] = versions.filter((version, place) => place === 0 || version !== versions[place - 1]);
  const then = changes.map((version) => ` and then ${named(version)}`).join('');
  return `${counted(versions.length, 'time')}, under ${named(first ?? null)}${then} of the projection`;
}

function named(version: number | null): string {
  return version === null ? 'a version that is not known' : `version ${version}`;
}
