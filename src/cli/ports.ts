/** What the commands need of the world: small ports, so that they can be tried without a server. */
import type { Configuration } from '../configuration.js';
import type { ExitCode } from '../domain/errors.js';
import type { Sources } from '../temporal/sources/port.js';
import type { Output } from './terminal/output.js';

/** What the client can become. */
export type ProcessName = 'dev' | 'worker' | 'receiver' | 'simulator';

/** Everything a command may use. */
export interface Context {
  readonly output: Output;
  readonly now: () => number;
  /** Throws CodedError `CAEP_CONFIGURATION_INVALID`. */
  readonly configuration: () => Configuration;
  /** Connects to Temporal; throws CodedError `CAEP_TEMPORAL_UNREACHABLE` within 5 s. */
  readonly sources: () => Promise<Sources>;
  /** Asks a person yes or no; absent where nobody can be asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Asks a person to type something, so that it is not done by a slip; absent where nobody can be asked. Undefined: the person left. */
  readonly typed?: (question: string) => Promise<string | undefined>;
  /** Asks a person what a manifest needs; absent where nobody can be asked. */
  readonly interview?: Interview;
  /** Becomes the process; returns when that has done its work. */
  readonly runProcess: (name: ProcessName, parameters: readonly string[]) => Promise<ExitCode>;
  readonly runDemo: () => Promise<ExitCode>;
  /** Ctrl-C, from now on until `release`: aborts the signal instead of ending the process. */
  readonly interruption: () => { readonly signal: AbortSignal; release(): void };
}

/** What `init` writes a manifest of. */
export interface Answers {
  readonly name: string;
  readonly sandbox: string;
  readonly widgets: readonly string[];
}

/** Undefined: the person left. */
export type Interview = (known: Partial<Answers>) => Promise<Answers | undefined>;

export type Command<Arguments> = (context: Context, args: Arguments) => Promise<ExitCode>;
