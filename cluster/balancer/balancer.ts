/** A balancer as it stands before receivers: each request goes to the next one that is ready, by its own `/readyz`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listenAt, type Place } from '../../src/process/listening.js';
import { passOn, refuse, type Upstream } from '../../src/process/http/passOn.js';

export interface Balancer {
  close(): void;
}

interface BalancerOptions extends Place {
  readonly receivers: readonly Upstream[];
  /** Between two looks at each of them. */
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 500;
/** One that stands still is ready no more. */
const LOOK_TIMEOUT_MS = 1_000;

/**
 * Looks at all of them once before it listens.
 *
 * @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED`
 */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const { receivers, lookEveryMs = LOOK_EVERY_MS } = options;
  const ready = new Set<Upstream>();
  const ending = new AbortController();
  let turn = 0;

  async function look(receiver: Upstream): Promise<void> {
    if (await isReady(receiver)) ready.add(receiver);
    else ready.delete(receiver);
  }

  async function keepLooking(receiver: Upstream): Promise<void> {
    while (!ending.signal.aborted) {
      await delay(lookEveryMs, undefined, { signal: ending.signal }).catch(() => undefined);
      await look(receiver);
    }
  }

  /** Those that are ready, and then the others, which may be so since the last look; each time another one first. */
  function inTurn(): Upstream[] {
    turn = (turn + 1) % receivers.length;
    const turned = [...receivers.slice(turn), ...receivers.slice(0, turn)];
    return [...turned.filter((one) => ready.has(one)), ...turned.filter((one) => !ready.has(one))];
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const receiver of inTurn()) if (await passOn(incoming, response, receiver)) return;
    refuse(response, 503, 'No receiver can be reached.');
  }

  await Promise.all(receivers.map(look));
  const server = createServer((incoming, response) => void answer(incoming, response));
  await listenAt(server, options);
  for (const receiver of receivers) void keepLooking(receiver);
  return {
    close() {
      ending.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function isReady({ host, port }: Upstream): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host}:${port}/readyz`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
