/** How many bytes requests may hold: all together, and those of each route. */

/** What a request costs beside its body: buffers of the connection, the parsed body, the sealed event. */
const REQUEST_BYTES = 16 * 1024;

export interface ByteBudget {
  open(route: string): Reservation;
}

export interface Reservation {
  /** False when there is no room. */
  add(bytes: number): boolean;
  /** Gives back what is more than this. */
  keep(bytes: number): void;
  close(): void;
}

export function createByteBudget(maxBytes: number, maxBytesPerRoute: number): ByteBudget {
  let used = 0;
  const usedByRoute = new Map<string, number>();
  return {
    open(route) {
      let mine = 0;

      function change(bytes: number): void {
        mine += bytes;
        used += bytes;
        const ofRoute = (usedByRoute.get(route) ?? 0) + bytes;
        if (ofRoute === 0) usedByRoute.delete(route);
        else usedByRoute.set(route, ofRoute);
      }

      change(REQUEST_BYTES);
      return {
        add(bytes) {
          if (used + bytes > maxBytes || (usedByRoute.get(route) ?? 0) + bytes > maxBytesPerRoute) return false;
          change(bytes);
          return true;
        },
        keep: (bytes) => change(Math.min(0, REQUEST_BYTES + bytes - mine)),
        close: () => change(-mine),
      };
    },
  };
}
