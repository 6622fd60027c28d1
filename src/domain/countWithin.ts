/** How many of them, from the first on, have no more than so many bytes together. */
export function countWithin<T>(items: readonly T[], bytesOf: (item: T) => number, maxBytes: number): number {
  let bytes = 0;
  const beyond = items.findIndex((item) => (bytes += bytesOf(item)) > maxBytes);
  return beyond < 0 ? items.length : beyond;
}
