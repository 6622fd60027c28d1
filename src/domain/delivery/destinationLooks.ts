/** When the forwarder looks at its flow and its dataset, and what follows. Pure. */
import type { DestinationLook, ForwarderState } from './forwarder.js';

/** Looks in one lake latency: every 15 minutes by the default of three hours. */
const LOOKS_PER_LATENCY = 12;

/** The first count of a forwarder is where its looking begins; later ones change nothing here. */
export function destinationSeen(state: ForwarderState, now: number): ForwarderState {
  if (state.destination !== undefined) return state;
  return { ...state, destination: { lookedAt: now, accepted: state.counters.accepted } };
}

/**
 * Idle costs nothing: undefined until something was accepted after the last look, or while nothing waits to be opened.
 *
 * @param closedToo false in runs of releases that left what they had closed to a person
 */
export function nextDestinationLook(
  { destination, counters, delivery, gate }: Pick<ForwarderState, 'destination' | 'counters' | 'delivery' | 'gate'>,
  { closedToo }: { readonly closedToo: boolean },
): number | undefined {
  if (destination === undefined) return undefined;
  const waitsToOpen = closedToo && gate?.opensByItself === true;
  if (counters.accepted <= destination.accepted && !waitsToOpen) return undefined;
  return Math.ceil(destination.lookedAt + delivery.lakeLatencyMs / LOOKS_PER_LATENCY);
}

/** @param outdated somebody has opened the gate since */
export function destinationLooked(
  state: ForwarderState,
  { looked, closedFor, opensByItself, flowRuns = state.flowRuns }: DestinationLook,
  { now, outdated }: { readonly now: number; readonly outdated: boolean },
): ForwarderState {
  const accepted = looked ? state.counters.accepted : (state.destination?.accepted ?? 0);
  const next = {
    ...state,
    destination: { lookedAt: now, accepted },
    ...(flowRuns === undefined ? {} : { flowRuns }),
  };
  return closedFor === undefined || outdated ? next : { ...next, gate: { reason: closedFor, opensByItself } };
}
