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
  /** Connections since the start that came while it was cut. */
  refused(): number;
}

export async function cuttable(target: { host: string; port: number }): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let refused = 0;
  let fatal: string | undefined;
  const server = createServer((near) => {
    if (isCut) {
      refused += 1;
      near.destroy();
      return;
    }
    const far = connect(target);
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
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    cutAt: (text) => (fatal = text),
    mend() {
      isCut = false;
      fatal = undefined;
    },
    refused: () => refused,
  };
}
