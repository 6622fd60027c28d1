/** Reading what a server writes into its log file, as it writes. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { ServerProcess } from '../programs/server.js';
import { within } from '../within.js';

const POLL_MS = 50;

export interface LogReader {
  /** The complete lines that have been written since the last call. */
  read(): string[];
}

/** @param from offset in bytes; default: what is there already is skipped */
export function readLog(file: string, from: number = existsSync(file) ? statSync(file).size : 0): LogReader {
  let offset = from;
  let rest = '';
  return {
    read: () => {
      if (!existsSync(file)) return [];
      const size = statSync(file).size;
      if (size <= offset) return [];
      const buffer = Buffer.alloc(size - offset);
      const descriptor = openSync(file, 'r');
      offset += readSync(descriptor, buffer, 0, buffer.length, offset);
      closeSync(descriptor);
      const lines = (rest + buffer.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      return lines;
    },
  };
}

/**
 * Waits for a line.
 *
 * @param match gives what the caller wants to know from the line, or undefined for any other line
 * @returns undefined when the server has ended, or the time is over, without such a line
 */
export async function waitForLine<T>(
  reader: LogReader,
  server: Pick<ServerProcess, 'hasExited' | 'exited'>,
  timeoutMs: number,
  match: (line: string) => T | undefined,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const ended = server.hasExited() || performance.now() > deadline;
    for (const line of reader.read()) {
      const found = match(line);
      if (found !== undefined) return found;
    }
    if (ended) return undefined;
    await within(POLL_MS, server.exited, () => undefined);
  }
}
