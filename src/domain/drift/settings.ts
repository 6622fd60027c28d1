/** How often a source is looked at by itself. */

export interface DriftSettings {
  /** 0: only when a person asks. */
  readonly everyMs: number;
}

/** Of a source whose manifest does not say. */
export const DEFAULT_DRIFT: DriftSettings = { everyMs: 24 * 3_600_000 };
