/** `npm start`: the whole stack in the foreground, ended by Ctrl-C. */
import { readConfiguration } from './configuration.js';
import { runEntry } from './cli/runEntry.js';
import { EXIT_CODES } from './domain/errors.js';
import { startStack } from './dev/stack.js';
import { welcome } from './dev/welcome.js';

/** npm passes on the Ctrl-C that the terminal has given us already: one press arrives twice. */
const ECHO_MS = 1_000;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const interruption = new AbortController();
  let firstAtMs: number | undefined;
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const nowMs = performance.now();
        firstAtMs ??= nowMs;
        // A second Ctrl-C does not wait; what it leaves behind is ended by the next start.
        if (signal === 'SIGINT' && nowMs - firstAtMs > ECHO_MS) process.exit(EXIT_CODES.interrupted);
        interruption.abort();
        resolve();
      });
    }
  });
  const stack = await startStack({
    configuration: readConfiguration(process.env),
    environment: process.env,
    log: say,
    signal: interruption.signal,
  });
  for (const line of welcome(stack.environment)) say(line);
  await ended;
  say('Ending everything (Ctrl-C again: at once)');
  await stack.stop();
  return EXIT_CODES.done;
}

await runEntry(async () => {
  process.exitCode = await main().catch((error: unknown) => {
    // Ctrl-C during the start: what ran already has been ended.
    if (error instanceof Error && error.name === 'AbortError') return EXIT_CODES.interrupted;
    throw error;
  });
});
