/** How long a destination was given nothing while there was something to give it. */

/** A stretch without an answer, in which an event waited all the time. */
export interface Gap {
  readonly fromMs: number;
  readonly ms: number;
}

/**
 * The gaps of one stream of events, in order of time. An event waits from when it was taken until it was answered; a gap begins with
 * an answer, or with the first event that waits after it.
 *
 * @param takenMs of each event
 * @param answeredMs of each event, by the same clock
 */
export function gapsOf(takenMs: ArrayLike<number>, answeredMs: ArrayLike<number>): Gap[] {
  const byAnswer = Array.from(answeredMs, (_, event) => event).sort((a, b) => at(answeredMs, a) - at(answeredMs, b));
  /** Of the events that are answered at this place or later, when the first was taken. */
  const waitingSince = byAnswer.map((event) => at(takenMs, event));
  for (let place = waitingSince.length - 2; place >= 0; place -= 1) {
    waitingSince[place] = Math.min(at(waitingSince, place), at(waitingSince, place + 1));
  }
  return byAnswer.map((event, place) => {
    const before = place === 0 ? Number.NEGATIVE_INFINITY : at(answeredMs, byAnswer[place - 1] as number);
    const untilMs = at(answeredMs, event);
    // An event may be answered before its webhook is: then nothing has waited.
    const fromMs = Math.min(untilMs, Math.max(before, at(waitingSince, place)));
    return { fromMs, ms: untilMs - fromMs };
  });
}

function at(values: ArrayLike<number>, place: number): number {
  return values[place] as number;
}
