/** What a source costs a month in Temporal Cloud, from what was measured of it. */

export interface MeasuredActions {
  /** Of an event that comes while everything is idle, until everything is again. */
  readonly alone: number;
  /** Of a minute in which events keep coming, whatever their number. */
  readonly minute: number;
  /** Of the looks at lake, flow and dataset that follow an event that comes alone. */
  readonly looksAlone: number;
  /** Of those in one lake latency while events keep coming. */
  readonly looksOfLatency: number;
}

/** A drain waits for so long at the end of the log; what comes later finds everything idle. */
export const IDLE_AFTER_S = 6;
const DAYS = 30;
const DAY_S = 86_400;
const DAY_MINUTES = 1_440;
/** A timer and an activity: the look for what others have changed. */
const DRIFT_LOOK_OF_A_DAY = 2;

export interface Month {
  readonly eventsPerDay: number;
  readonly delivery: number;
  readonly looks: number;
  readonly actions: number;
}

/** @param eventsPerDay of one partition, as far apart as they can be: events that come together cost less */
export function monthOf(measured: MeasuredActions, eventsPerDay: number, lakeLatencyMs: number): Month {
  const { alone, minute, looksAlone, looksOfLatency } = measured;
  const areApart = DAY_S / eventsPerDay > IDLE_AFTER_S;
  const delivery = DAYS * (areApart ? eventsPerDay * alone : DAY_MINUTES * minute);
  const looks = DAYS * Math.min(eventsPerDay * looksAlone, ((DAY_S * 1_000) / lakeLatencyMs) * looksOfLatency);
  return { eventsPerDay, delivery, looks, actions: delivery + looks + DAYS * DRIFT_LOOK_OF_A_DAY };
}
