/** Decides about exceptions of unknown outcome by what the lake shows. */
import type { Delivery } from '../../domain/source/manifest.js';
import {
  afterNotFound,
  isLongOverdue,
  isLookDue,
  type LookUpVerdict,
  nextLookInMs,
  verdictOfSighting,
} from '../../domain/exceptions/lookUp.js';
import { NO_PROOF } from '../../domain/exceptions/proof.js';
import { formatDuration } from '../../manifest/duration.js';
import type { DueLookUp, LookedUp, LookUpOutcome } from '../../store/exceptions/lookUps.js';
import type { Observer } from './observer.js';

/** Those for which it is too early are only given a time. */
export function tooEarly(lookUps: readonly DueLookUp[], delivery: Delivery): LookedUp[] {
  return lookUps
    .filter(({ ageMs }) => !isLookDue(ageMs, delivery))
    .map((lookUp) => ({ lookUp, outcome: { kind: 'look-again', inMs: nextLookInMs(lookUp.ageMs, delivery) } }));
}

export async function lookUpUnknown(
  observer: Observer,
  lookUps: readonly DueLookUp[],
  delivery: Delivery,
): Promise<LookedUp[]> {
  const ripe = lookUps.filter(({ ageMs }) => isLookDue(ageMs, delivery));
  const sightings = await observer.observe(ripe);
  return ripe.flatMap((lookUp, index) => {
    const sighting = sightings[index];
    return sighting === undefined
      ? []
      : [resultOf(lookUp, verdictOfSighting(sighting, lookUp.ageMs, delivery, lookUp.attempts), delivery)];
  });
}

/** The lake could not be asked: again later, and after long given to a person, until it can be asked again. */
export function notLookedFor(lookUp: DueLookUp, why: string, delivery: Delivery): LookedUp {
  const fact = `not looked for ${afterAttempt(lookUp)}`;
  if (!isLongOverdue(lookUp.ageMs, delivery)) {
    const inMs = nextLookInMs(lookUp.ageMs, delivery);
    return { lookUp, outcome: { kind: 'look-again', inMs }, fact: `${fact}: ${why}` };
  }
  const outcome = { kind: 'held', reason: 'unknown', awaitsLake: true } as const;
  return {
    lookUp,
    outcome,
    fact: `${fact}, not sent again automatically, but looked for once the lake can be read: ${why}`,
  };
}

/** Nothing can be seen of it, now or later. */
export function cannotBeLookedFor(lookUp: DueLookUp): LookedUp {
  const outcome = { kind: 'held', reason: 'unknown' } as const;
  return { lookUp, outcome, fact: `not looked for: ${NO_PROOF}; not sent again automatically` };
}

function resultOf(lookUp: DueLookUp, verdict: LookUpVerdict, delivery: Delivery): LookedUp {
  const { fact, ...outcome } = consequence(lookUp, verdict, delivery);
  return { lookUp, outcome, fact };
}

function afterAttempt({ ageMs, attempts }: DueLookUp): string {
  return `${formatDuration(Math.floor(ageMs / 1_000) * 1_000)} after attempt ${attempts}`;
}

function consequence(
  lookUp: DueLookUp,
  verdict: LookUpVerdict,
  delivery: Delivery,
): LookUpOutcome & { readonly fact: string } {
  const after = afterAttempt(lookUp);
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
      return {
        kind: 'held',
        reason: 'unknown',
        fact: `still not known ${after}: ${verdict.why}; not sent again automatically`,
      };
    case 'not-found': {
      const fact = `not in the lake and in no failed batch ${after}, although later events are in the lake`;
      return afterNotFound(lookUp, delivery) === 'resend'
        ? { kind: 'resend', fact: `${fact}: sent again` }
        : { kind: 'held', reason: 'unknown', fact };
    }
    default:
      return verdict satisfies never;
  }
}
