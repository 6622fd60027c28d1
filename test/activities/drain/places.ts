/** Who holds an event: the places that `state.ts` tells of, as a list for each event that the drain has read. */
import type { DrainState } from '../../../src/activities/drain/state.js';

export type Place = 'queue' | 'intending' | 'ready' | 'running' | 'slow' | 'booked' | 'being-recorded' | 'late';

export function placesOf(state: DrainState): Map<number, Place[]> {
  const places = new Map<number, Place[]>();
  const put = (place: Place, seqs: readonly number[]) => {
    for (const seq of seqs) places.set(seq, [...(places.get(seq) ?? []), place]);
  };
  const { reading, sending, recording } = state;
  const first = (sendables: Iterable<{ readonly first?: { readonly seq: number } }>) =>
    [...sendables].flatMap((one) => (one.first === undefined ? [] : [one.first.seq]));
  const outcomes = (
    bookings: Iterable<{ readonly event: { readonly seq: number }; readonly entry: { kind: string } }>,
  ) => [...bookings].filter(({ entry }) => !NOTES.has(entry.kind)).map(({ event }) => event.seq);
  put(
    'queue',
    reading.queue.map(({ seq }) => seq),
  );
  put(
    'intending',
    recording.intending.events.map(({ seq }) => seq),
  );
  put('ready', first(sending.ready));
  put('running', first([...sending.running].map(({ sendable }) => sendable)));
  put('slow', first([...sending.slow].map(({ sendable }) => sendable)));
  put('booked', outcomes(recording.booked.values()));
  put('being-recorded', outcomes(recording.beingRecorded));
  const late = recording.late.filter(({ of, verdict }) => 'seq' in of && !isNote(state, of.seq, verdict.kind));
  put(
    'late',
    late.flatMap(({ of }) => ('seq' in of ? [of.seq] : [])),
  );
  return places;
}

/** The event is elsewhere. */
const NOTES = new Set(['not-accepted', 'in-flight']);

/** Once the fence is lost, it is told to the exceptions too that an intent of the queue was taken back. */
function isNote({ recording, reading }: DrainState, seq: number, verdict: string): boolean {
  return !recording.fenceHeld && verdict === 'not-accepted' && reading.queue.some((event) => event.seq === seq);
}
