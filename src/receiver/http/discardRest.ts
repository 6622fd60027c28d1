/**
 * A sender meets the answer only if what it is still sending is taken from it: bytes that nobody reads make the kernel break the
 * connection off, and the answer is lost with it. But no sender is listened to without end.
 */
import type { IncomingMessage } from 'node:http';

/** What a chunk counts for at least: reading very many small ones is work as well. */
const LEAST_CHUNK_BYTES = 1024;

/** @param then called once, when the sender has finished or gone, or when it has been listened to for long enough */
export function discardRest(
  request: IncomingMessage,
  most: { readonly bytes: number; readonly ms: number },
  then: () => void,
): void {
  let left = most.bytes;
  const timer = setTimeout(stop, most.ms);
  function stop(): void {
    clearTimeout(timer);
    request.off('data', count).off('end', stop).off('close', stop).pause();
    then();
  }
  function count(chunk: Buffer): void {
    left -= Math.max(chunk.length, LEAST_CHUNK_BYTES);
    if (left < 0) stop();
  }
  request.on('data', count).once('end', stop).once('close', stop).resume();
}
