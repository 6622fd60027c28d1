/** Settles exceptions of unknown outcome by what the lake shows. */
import type { Delivery } from '../../domain/manifest.js';
import { afterNotFound, isLookDue, type LookUpVerdict, nextLookInMs, verdictOfSighting } from '../../domain/lookUp.js';
import { formatDuration } from '../../manifest/duration.js';
import type { DueLookUp, LookUpOutcome, SettledLookUp } from '../../store/lookUps.js';
import type { Observer } from './observer.js';

/** Those for which it is too early are only given a time. */
export function tooEarly(lookUps: readonly DueLookUp[], delivery: Delivery): SettledLookUp[] {
  return lookUps
    .filter(({ ageMs }) => !isLookDue(ageMs, delivery))
    .map((lookUp) => ({ lookUp, outcome: { kind: 'look-again', inMs: nextLookInMs(lookUp.ageMs, delivery) } }));
}

export async function lookUpUnknown(
  observer: Observer,
  lookUps: readonly DueLookUp[],
  delivery: Delivery,
): Promise<SettledLookUp[]> {
  const ripe = lookUps.filter(({ ageMs }) => isLookDue(ageMs, delivery));
  const sightings = await observer.observe(ripe);
  return ripe.flatMap((lookUp, index) => {
    const sighting = sightings[index];
    return sighting === undefined
      ? []
      : [settled(lookUp, verdictOfSighting(sighting, lookUp.ageMs, delivery), delivery)];
  });
}

export function settled(lookUp: DueLookUp, verdict: LookUpVerdict, delivery: Delivery): SettledLookUp {
  const { fact, ...outcome } = consequence(lookUp, verdict, delivery);
  return { lookUp, outcome, fact };
}

function consequence(
  lookUp: DueLookUp,
  verdict: LookUpVerdict,
  delivery: Delivery,
): LookUpOutcome & { readonly fact: string } {
  const after = `${formatDuration(Math.floor(lookUp.ageMs / 1_000) * 1_000)} after attempt ${lookUp.attempts}`;
  switch (verdict.kind) {
    case 'found': {
      const often = verdict.copies === 1 ? 'once' : `${verdict.copies} times`;
      return { kind: 'delivered', copies: verdict.copies, fact: `found in the lake, ${often}, ${after}` };
    }
    case 'invalid':
      return { kind: 'held', reason: 'invalid', fact: `found in a failed batch, ${after}: accepted, then refused` };
    case 'look-again':
      return { kind: 'look-again', inMs: verdict.inMs, fact: `not in the lake ${after}` };
    case 'cannot-tell':
      return { kind: 'held', reason: 'unknown', fact: `not told ${after}: ${verdict.why}; not sent again by itself` };
    case 'not-found': {
      const fact = `not in the lake and in no failed batch ${after}, while later events are`;
      return afterNotFound(lookUp, delivery) === 'resend'
        ? { kind: 'resend', fact: `${fact}: sent again` }
        : { kind: 'held', reason: 'unknown', fact };
    }
    default:
      return verdict satisfies never;
  }
}
