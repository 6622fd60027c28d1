/** Output that may be lost. Apart from the log, so that a command need not load the log's library. */
import type { EventEmitter } from 'node:events';

/** Without a listener the error of a stream ends the process. */
export function toleratesLoss(...streams: readonly Pick<EventEmitter, 'on'>[]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}
