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

export interface SdkLogOptions {
  readonly log: Pick<Logger, 'error' | 'warn' | 'debug'>;
  readonly monotonicMs: () => number;
}

export function createSdkLog({ log, monotonicMs }: SdkLogOptions): (entry: LogEntry) => void {
  const told = new Map<string, { readonly atMs: number; unsaid: number }>();

  return ({ level, message, meta }) => {
    const method = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : 'debug';
    const sdk = readable(meta ?? {});
    const key = kindOf(message, sdk);
    const known = told.get(key);
    if (known !== undefined && monotonicMs() - known.atMs < SILENCE_MS) {
      known.unsaid += 1;
      return;
    }
    told.delete(key);
    told.set(key, { atMs: monotonicMs(), unsaid: 0 });
    const [oldest] = told.keys();
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
    const repeated = known === undefined || known.unsaid === 0 ? {} : { repeated: known.unsaid };
    log[method]({ sdk, ...repeated }, message);
  };
}

/** The same failure of another call, at another time, after another number of tries, is the same kind. */
function kindOf(message: string, { error }: Record<string, unknown>): string {
  return `${message} ${typeof error === 'string' ? error : ''}`.replaceAll(/\d+/g, '#').slice(0, LONGEST_LINE);
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
