/** A command whose output cannot be written: nobody reads it any more, or the disk is full. */
import { constants } from 'node:os';
import { codedError, ERROR_CATALOGUE } from '../../domain/errors.js';
import { toleratesLoss } from '../../process/toleratesLoss.js';
import { createPaint, toTerminal } from '../render/paint.js';
import { renderError } from '../render/error.js';

/** As of a program that SIGPIPE has ended, which is what `… | head -1` does to most. */
const READER_GONE = 128 + constants.signals.SIGPIPE;

export interface WatchedOutput {
  /** What the process has to end with; undefined while all was written. */
  exitCode(): number | undefined;
  /** From here on the command has an end of its own, which must not be cut short. */
  letEnd(): void;
}

/** Words on stderr may be lost; without its data on stdout a command has nothing to go on for, and the process ends. */
export function watchOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): WatchedOutput {
  let exitCode: number | undefined;
  let endsByItself = false;
  toleratesLoss(stdout, stderr);
  stdout.once('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') exitCode = READER_GONE;
    else {
      const { error } = codedError('CAEP_OUTPUT_NOT_WRITTEN', { reason: cause.code ?? cause.message });
      stderr.write(`${toTerminal(renderError(error, createPaint(false)))}\n`);
      exitCode = ERROR_CATALOGUE[error.code].exitCode;
    }
    if (!endsByItself) process.exit(exitCode);
  });
  return {
    exitCode: () => exitCode,
    letEnd: () => {
      endsByItself = true;
    },
  };
}
