/** How much a receiver takes on at once, by the memory that it has: more than that is answered with 503, never with its death. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

const MIB = 1024 * 1024;

/** `htmlBody`, `textBody` and `messages` carry a chat three times; 10 MB is far above any chat that people type. */
export const MAX_BODY_BYTES = 10 * MIB;
/** What an idle connection costs, twice over. */
const CONNECTION_BYTES = 128 * 1024;

export interface ReceiverLimits {
  /** Of all requests together, from their first byte to their answer. */
  readonly maxBytes: number;
  /** Of the requests to one URL: who knows one must not be able to shut out the others. Above the largest body. */
  readonly maxBytesPerRoute: number;
  readonly maxConnections: number;
}

export function receiverLimits(memoryBytes: number): ReceiverLimits {
  const maxBytes = clamp(memoryBytes / 4, 32 * MIB, 128 * MIB);
  return {
    maxBytes,
    maxBytesPerRoute: maxBytes / 2,
    maxConnections: clamp(Math.floor(memoryBytes / CONNECTION_BYTES), 1_024, 16_384),
  };
}

/** Of this process: its container's limit, else the machine's; less where its heap was given a small one. */
export function memoryOfProcess(): number {
  const constrained = process.constrainedMemory();
  return Math.min(
    constrained > 0 ? constrained : Number.POSITIVE_INFINITY,
    totalmem(),
    2 * getHeapStatistics().heap_size_limit,
  );
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
