/**
 * The SDK's log lines, as a person can use them: failures with their words, and what is said again and again said once.
 *
 * While a server is away the SDK warns of every call of every poller, some forty times a second.
 */
import type { LogEntry } from '@temporalio/worker';
import type { Logger } from 'pino';

const SILENCE_MS = 60_000;
/** Kinds of line that are remembered; beyond them the oldest is forgotten, and said again. */
const REMEMBERED = 100;
const LONGEST_LINE = 2_000;
/** What the SDK says when a worker of its own accord ends. What `run` then fails with may be a consequence. */
const ENDS = /^Worker failed$|Initiating Worker shutdown/;

interface Told {
  /** As it was said last. */
  line: Line;
  unsaid: number;
  readonly silence: NodeJS.Timeout;
}

interface Line {
  readonly method: 'error' | 'warn' | 'debug';
  readonly sdk: Record<string, unknown>;
  readonly message: string;
}

export interface SdkLog {
  write(entry: LogEntry): void;
  /** With which a worker has ended, the first of them. */
  failure(): Error | undefined;
  /** Says how often what was said last has come again. */
  close(): void;
}

export function createSdkLog(log: Pick<Logger, 'error' | 'warn' | 'debug'>): SdkLog {
  const told = new Map<string, Told>();
  let failure: Error | undefined;

  function say({ method, sdk, message }: Line, repeated = 0): void {
    log[method]({ sdk, ...(repeated === 0 ? {} : { repeated }) }, message);
  }

  function remember(key: string, line: Line): void {
    const known: Told = { line, unsaid: 0, silence: setTimeout(() => silenceIsOver(key, known), SILENCE_MS).unref() };
    told.set(key, known);
  }

  function silenceIsOver(key: string, known: Told): void {
    forget(key, known);
    if (known.unsaid > 0) remember(key, known.line);
  }

  function forget(key: string, { line, unsaid, silence }: Told): void {
    clearTimeout(silence);
    told.delete(key);
    if (unsaid > 0) say(line, unsaid);
  }

  return {
    write({ level, message, meta }) {
      const error: unknown = meta?.['error'];
      if (level === 'ERROR' && error instanceof Error && ENDS.test(message)) failure ??= error;
      const method = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : 'debug';
      const line = { method, sdk: readable(meta ?? {}), message } as const;
      const key = kindOf(line);
      const known = told.get(key);
      if (known !== undefined) {
        known.line = line;
        known.unsaid += 1;
        return;
      }
      say(line);
      remember(key, line);
      const [oldest] = told;
      if (told.size > REMEMBERED && oldest !== undefined) forget(...oldest);
    },
    failure: () => failure,
    close() {
      for (const each of told) forget(...each);
    },
  };
}

/** The same failure of another call, at another time, after another number of tries, is the same kind. */
function kindOf({ message, sdk: { error, state } }: Line): string {
  const parts = [message, error, state].filter((part) => typeof part === 'string');
  return parts.join(' ').replaceAll(/\d+/g, '#').slice(0, LONGEST_LINE);
}

function readable(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, asJson(value)]));
}

/** What JSON would leave out: a bigint it refuses, and of an error it shows nothing. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Error ? wordsOf(value) : value;
}

function wordsOf(error: Error): string {
  const words: string[] = [];
  for (let each: unknown = error; each instanceof Error && words.length < 5; each = each.cause) {
    if (each.message !== '' && words.at(-1) !== each.message) words.push(each.message);
  }
  return (words.join(': ') || error.name).slice(0, LONGEST_LINE);
}
