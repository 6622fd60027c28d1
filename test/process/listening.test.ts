import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../src/process/ports.js';
import { listenAt, listenFault } from '../../src/process/listening.js';

const place = (host: string, port: number) => ({ host, port, service: 'the receiver', option: 'RECEIVER_PORT' });

describe('a place where nothing can listen', () => {
  it.each([
    // TEST-NET-3 of RFC 5737, which is no machine's address; .invalid of RFC 2606, which no resolver knows.
    ['203.0.113.1', 'no network interface of this machine has that address'],
    ['host.invalid', 'can be asked for that host'],
  ])('%s: is said with its reason and the option that helps', async (host, reason) => {
    const port = await freePort();
    await expect(listenAt(createServer(), place(host, port))).rejects.toMatchObject({
      error: {
        code: 'CAEP_LISTEN_REFUSED',
        fields: {
          host,
          port: String(port),
          option: 'RECEIVER_PORT',
          reason: expect.stringMatching(`${reason}|no such host name is known`) as string,
        },
      },
    });
  });

  it('a port below 1024 without the right to it', () => {
    const refused = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(listenFault(refused, place('127.0.0.1', 80)).error).toMatchObject({
      code: 'CAEP_LISTEN_REFUSED',
      fields: { port: '80', reason: 'this user has no permission for ports below 1024' },
    });
  });
});
