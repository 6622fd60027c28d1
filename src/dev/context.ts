/** What a start of the stack is asked for, and what its services share. */
import type { Configuration } from '../configuration.js';
import type { StackPorts } from './ports.js';

export interface StackOptions {
  readonly configuration: Configuration;
  /** Of which each program gets what it reads, below what the stack sets itself; for example `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  /** A simulator that is started waits seconds where Adobe takes minutes, and the commands know of it. */
  readonly shortWindows?: boolean;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** What the services share while they start. */
export interface StackContext {
  readonly options: StackOptions;
  readonly ports: StackPorts;
  readonly environment: Record<string, string>;
}
