/** The project's own programs as services: a process each, ready when it tells us so. */
import { join } from 'node:path';
import { codedError } from '../domain/errors.js';
import { ENDS_WITHIN_MS } from '../process/ending.js';
import type { Escalation } from '../process/programs/end.js';
import { type Command, entryCommand } from '../process/programs/entry.js';
import { identityOf } from '../process/programs/identity.js';
import { readLog } from '../process/files/logFile.js';
import type { ReadyFacts } from '../process/programs/readiness.js';
import { spawnServer } from '../process/programs/server.js';
import { within } from '../process/within.js';
import type { Service } from './supervisor.js';

export interface ProgramOptions {
  readonly name: string;
  /** Path without extension, relative to the project's root. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly logDir: string;
  /** Makes the command that is run of the program's own: for example one that runs it in a container. */
  readonly wrap?: (command: Command) => Command;
  /** Told what the program said of itself when it served. */
  readonly onReady?: (facts: ReadyFacts) => void;
}

/** A worker bundles its workflows first, on a cold and busy machine. */
const READY_TIMEOUT_MS = 90_000;
/** Longer than a worker or a receiver takes; the simulator has no work to bring to its end. */
const SHUTDOWN: readonly Escalation[] = [{ signal: 'SIGTERM', graceMs: ENDS_WITHIN_MS + 5_000 }];

export function programService(options: ProgramOptions): Service {
  const logFile = join(options.logDir, `${options.name}.log`);
  return {
    name: options.name,
    start: async (spawned) => {
      const own = entryCommand(options.entry);
      const { file, args } = (options.wrap ?? asItIs)({ ...own, args: [...own.args, ...(options.args ?? [])] });
      const reader = readLog(logFile);
      const env = options.environment;
      const server = spawnServer(file, args, { env, logFile, append: true, tells: true });
      const identity = identityOf(server.pid);
      if (identity !== undefined) spawned(identity);
      const told = Promise.race([server.ready, server.exited]);
      const ready = await within(READY_TIMEOUT_MS, told, () => undefined);
      if (ready === undefined) {
        await server.end(SHUTDOWN);
        const reason = reasonIn(reader.read());
        throw codedError('CAEP_PROGRAM_NOT_STARTED', { program: options.name, reason, logFile });
      }
      options.onReady?.(ready);
      return { exited: server.exited, stop: () => server.end(SHUTDOWN) };
    },
  };
}

const asItIs = (command: Command): Command => command;

/** Why a program ended: what its own error says, in whichever form; a stack's first line; else its last one. */
function reasonIn(lines: readonly string[]): string {
  for (const line of lines) {
    const [, printed, thrown] = /^(?:✖ (.*) {2}CAEP_\w+|CAEP_\w+: (.*))$/.exec(line) ?? [];
    const own = printed ?? thrown ?? messageOfDocument(line);
    if (own !== undefined) return own.replace(/\.$/, '');
    if (/^(Uncaught )?\w*Error\b/.test(line)) return line;
  }
  return lines.findLast((line) => line.trim() !== '') ?? 'it printed nothing';
}

/** Of a program that was asked for JSON. */
function messageOfDocument(line: string): string | undefined {
  if (!line.startsWith('{"v":')) return undefined;
  try {
    const { error } = JSON.parse(line) as { readonly error?: { readonly message?: unknown } };
    return typeof error?.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}
