/** An API key that somebody replaces in its file is used from then on: keys expire, and a worker runs for longer. */
import type { Logger } from 'pino';
import { readApiKey } from '../../configuration.js';
import { messageOf } from '../../domain/messageOf.js';

const LOOK_EVERY_MS = 30_000;

interface Keyed {
  setApiKey(key: string): unknown;
}

interface Followed {
  /** As the configuration names it; undefined: the key is not in a file. */
  readonly file: string | undefined;
  /** With which the connections were made. */
  readonly key: string | undefined;
  readonly connections: readonly Keyed[];
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly everyMs?: number;
}

export function followApiKey({ file, key, connections, log, everyMs = LOOK_EVERY_MS }: Followed): { close(): void } {
  if (file === undefined) return { close: () => undefined };
  let current = key;
  let isFailing = false;
  async function look(path: string): Promise<void> {
    try {
      const found = readApiKey(path);
      isFailing = false;
      if (found === current) return;
      for (const connection of connections) await connection.setApiKey(found);
      current = found;
      log.info({ file: path }, 'the API key for Temporal has changed, and the new one is used');
    } catch (error) {
      if (!isFailing) log.warn({ reason: messageOf(error) }, 'the API key for Temporal cannot be read again');
      isFailing = true;
    }
  }
  const timer = setInterval(() => void look(file), everyMs);
  return { close: () => clearInterval(timer) };
}
