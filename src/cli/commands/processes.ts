import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT_CODES, type ExitCode } from '../../domain/errors.js';

/** The processes, each with its entry seen from this file: from `src/` and, built, from `dist/src/`. */
const ENTRIES = {
  dev: '../../dev',
  worker: '../../worker',
  receiver: '../../receiver',
  simulator: '../../../simulator/main',
} as const;

export type ProcessName = keyof typeof ENTRIES;
export const PROCESS_NAMES = Object.keys(ENTRIES) as ProcessName[];

/**
 * Runs a process in a process of its own, in this terminal: it gets Ctrl-C from the terminal itself and ends in its own
 * order, while this one waits.
 */
export function runProcess(name: ProcessName, parameters: readonly string[]): Promise<ExitCode> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`${ENTRIES[name]}.${extension}`, import.meta.url));
  // execArgv holds the TypeScript loader where this runs from source.
  const child = spawn(process.execPath, [...process.execArgv, entry, ...parameters], { stdio: 'inherit' });
  const stay = (): void => {};
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', stay);
  process.on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', stay);
      process.off('SIGTERM', pass);
      resolve((code ?? (signal === null ? EXIT_CODES.failed : EXIT_CODES.interrupted)) as ExitCode);
    });
  });
}
