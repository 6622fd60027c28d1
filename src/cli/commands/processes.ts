import { EXIT_CODES, type ExitCode } from '../../domain/errors.js';

/** The processes, each with its entry seen from this file: from `src/` and, built, from `dist/src/`. */
const ENTRIES = {
  dev: '../../dev',
  worker: '../../worker',
  receiver: '../../receiver',
  simulator: '../../../simulator/main',
} as const;

export type ProcessName = keyof typeof ENTRIES;

/**
 * Becomes the process that is asked for: its entry runs in this one, which nobody has to outlive, hand signals to or clean up
 * after. Returns when the entry has done its work.
 */
export async function runProcess(name: ProcessName, parameters: readonly string[]): Promise<ExitCode> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = new URL(`${ENTRIES[name]}.${extension}`, import.meta.url);
  process.argv = [process.execPath, entry.pathname, ...parameters];
  // Not written out, so that what the client loads of its own holds nothing of the worker.
  await import(entry.href);
  return (process.exitCode ?? EXIT_CODES.done) as ExitCode;
}
