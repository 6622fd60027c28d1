/** The activity slots of this worker: how many drains it runs at once, and what each does for those that wait. */

/** From this share of all slots on others may be waiting: of those that wait a worker knows nothing. */
const PRESSED_FROM = 0.9;
/** Long enough that handing over, some 100 ms, costs little; short enough that who waits is soon served. */
const PRESSED_SLICE_MS = 2_000;

export interface DrainSlots {
  /** A drain begins. @returns to be called when it has ended */
  take(): () => void;
  /** How long a drain may go on, or watch an empty log, as things are now. */
  shortened(wishes: { readonly sliceMs: number; readonly lingerMs: number }): {
    readonly sliceMs: number;
    readonly lingerMs: number;
  };
}

/** @param count of the worker; other activities have some of them, for moments */
export function createDrainSlots(count: number): DrainSlots {
  let taken = 0;
  return {
    take() {
      taken += 1;
      return () => {
        taken -= 1;
      };
    },
    shortened({ sliceMs, lingerMs }) {
      if (taken < count * PRESSED_FROM) return { sliceMs, lingerMs };
      return { sliceMs: Math.min(sliceMs, PRESSED_SLICE_MS), lingerMs: 0 };
    },
  };
}
