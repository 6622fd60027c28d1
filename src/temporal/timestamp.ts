/** Times as Temporal's server tells them. */

/** Of a protobuf timestamp, since 1970. */
export function milliseconds(
  time: { seconds?: unknown; nanos?: number | null } | null | undefined,
): number | undefined {
  if (time === null || time === undefined) return undefined;
  return Number(time.seconds ?? 0) * 1_000 + Math.floor((time.nanos ?? 0) / 1_000_000);
}
