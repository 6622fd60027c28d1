/** The log of a process: JSON lines, of which some are lost where they cannot be written. The process never is. */
import type { EventEmitter } from 'node:events';
import { type Logger, pino } from 'pino';
import { printableJson } from '../domain/printable.js';
import { toleratesLoss } from './toleratesLoss.js';

/** What may wait for a reader that has stopped reading: minutes of a quiet log, seconds of a loud one. */
const MAX_WAITING_BYTES = 1024 * 1024;

export interface ProcessLog {
  readonly log: Logger;
  /** Lines that could not be written, since the start. */
  readonly lostLines: () => number;
}

/** What is needed of a stream. */
interface LineStream extends Pick<EventEmitter, 'on'> {
  readonly writableLength: number;
  write(line: string, written: (error?: Error | null) => void): boolean;
}

interface ProcessLogOptions {
  readonly level: string;
  /** Stands in each line. */
  readonly process?: string;
  readonly stream?: LineStream;
}

/**
 * pino's own destination writes in the event loop: on a full disk it tries for ever, and a pipe that nobody reads makes it stand
 * still. A stream of Node's goes on after each failure, and buffers for a slow reader; how much is bounded here.
 */
export function createProcessLog(options: ProcessLogOptions): ProcessLog {
  const { level, process: name, stream = process.stdout } = options;
  let lost = 0;
  let told = 0;
  toleratesLoss(stream);

  function onWritten(error?: Error | null): void {
    if (error instanceof Error) lost += 1;
    else if (told < lost) {
      told = lost;
      log.warn({ lostLines: lost }, 'lines of this log could not be written and are lost');
    }
  }
  function write(line: string): void {
    if (stream.writableLength > MAX_WAITING_BYTES) lost += 1;
    else stream.write(printableJson(line), onWritten);
  }

  const log = pino({ level, base: name === undefined ? {} : { process: name } }, { write });
  return { log, lostLines: () => lost };
}
