/** A TCP proxy that can be cut: an outage of whatever is behind it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Cuttable {
  readonly port: number;
  /** Breaks all connections and refuses new ones. */
  cut(): void;
  /** Cuts when a client sends this text, before anybody gets it. */
  cutAt(text: string): void;
  mend(): void;
  /** Breaks all connections; new ones lead to another port of this machine. */
  divert(port: number): void;
  /** Lets nothing through any more, and breaks nothing: what is behind it has stopped, and its machine has not. */
  stall(): void;
  /** Connections since the start that came while it was cut. */
  refused(): number;
}

export async function cuttable(target: { host: string; port: number }): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  let to = target;
  let isCut = false;
  let isStalled = false;
  let refused = 0;
  let fatal: string | undefined;
  const server = createServer((near) => {
    if (isCut) {
      refused += 1;
      near.destroy();
      return;
    }
    if (isStalled) {
      sockets.add(near);
      near.on('error', () => undefined).on('close', () => sockets.delete(near));
      return;
    }
    const far = connect(to);
    near.on('data', (sent: Buffer) => {
      if (fatal !== undefined && sent.includes(fatal)) cut();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const cut = (): void => {
    isCut = true;
    breakAll();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    cutAt: (text) => (fatal = text),
    divert(port) {
      to = { host: '127.0.0.1', port };
      breakAll();
    },
    stall() {
      isStalled = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      isCut = false;
      fatal = undefined;
    },
    refused: () => refused,
  };
}
