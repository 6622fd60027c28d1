/** Which slice of a source's event log an event belongs to. */

/**
 * The partition of an event: its id, read as a number, modulo the number of partitions.
 *
 * The id is a SHA-256, so its first 32 bits are spread evenly. The result is stored with the event; a changed number of
 * partitions concerns later events only.
 *
 * @param eventId 64 hexadecimal digits
 * @param partitions 1 to 64
 * @returns 0 to `partitions - 1`
 */
export function partitionOf(eventId: string, partitions: number): number {
  return Number.parseInt(eventId.slice(0, 8), 16) % partitions;
}
