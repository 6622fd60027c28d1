/** Durations as a manifest writes them (`90s`, `5m`, `2h`, `30d`) and as the program uses them (milliseconds). */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNIT_MS;

/** Nine digits keep every duration exact as a number of milliseconds. */
export const DURATION_PATTERN = /^(\d{1,9})(ms|s|m|h|d)$/;

/** Milliseconds of a duration such as `5m`, or undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2] as Unit];
}

/** The shortest exact form: 300000 is `5m`, 90000 is `90s`. */
export function formatDuration(durationMs: number): string {
  const units: Unit[] = ['d', 'h', 'm', 's'];
  const unit = durationMs === 0 ? 's' : (units.find((candidate) => durationMs % UNIT_MS[candidate] === 0) ?? 'ms');
  return `${durationMs / UNIT_MS[unit]}${unit}`;
}
