/** The project's own programs as services: a process each, ready when it says so in its log. */
import { join } from 'node:path';
import { codedError } from '../domain/errors.js';
import type { Escalation } from '../process/end.js';
import { type Command, entryCommand } from '../process/entry.js';
import { identityOf } from '../process/identity.js';
import { readLog, waitForLine } from '../process/logFile.js';
import { spawnServer } from '../process/server.js';
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
  /** Told the line with which the program said that it serves. */
  readonly onReady?: (line: Readonly<Record<string, unknown>>) => void;
}

/** A worker bundles its workflows first, on a cold and busy machine. */
const READY_TIMEOUT_MS = 90_000;
/** Longer than what a worker may take to finish the requests it has in flight. */
const SHUTDOWN: readonly Escalation[] = [{ signal: 'SIGTERM', graceMs: 30_000 }];

export function programService(options: ProgramOptions): Service {
  const logFile = join(options.logDir, `${options.name}.log`);
  return {
    name: options.name,
    start: async (spawned) => {
      const own = entryCommand(options.entry);
      const { file, args } = (options.wrap ?? asItIs)({ ...own, args: [...own.args, ...(options.args ?? [])] });
      const reader = readLog(logFile);
      const env = options.environment;
      const server = spawnServer(file, args, { env, logFile, append: true });
      const identity = identityOf(server.pid);
      if (identity !== undefined) spawned(identity);
      const said: string[] = [];
      const ready = await waitForLine(reader, server, READY_TIMEOUT_MS, (line) => {
        said.push(line);
        return readyLine(line);
      });
      if (ready === undefined) {
        await server.end(SHUTDOWN);
        throw codedError('CAEP_PROGRAM_NOT_STARTED', { program: options.name, reason: reasonIn(said), logFile });
      }
      options.onReady?.(ready);
      return { exited: server.exited, stop: () => server.end(SHUTDOWN) };
    },
  };
}

const asItIs = (command: Command): Command => command;

/** Why a program ended: the line that says so, in a catalogue error or a stack; else its last one. */
function reasonIn(lines: readonly string[]): string {
  const telling = lines.find((line) => /^(✖|CAEP_|(Uncaught )?\w*Error\b)/.test(line));
  return telling ?? lines.findLast((line) => line.trim() !== '') ?? 'it said nothing';
}

/** The programs write one JSON object a line; the one with `"msg":"ready"` says that they serve. */
function readyLine(line: string): Record<string, unknown> | undefined {
  if (!line.includes('ready')) return undefined;
  try {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    return parsed['msg'] === 'ready' ? parsed : undefined;
  } catch {
    return undefined;
  }
}
