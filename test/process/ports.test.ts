import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { assertPortFree, freePort, isPortFree } from '../../src/process/ports.js';

describe('freePort', () => {
  it('hands out each port once, none of which an outgoing connection may get', async () => {
    const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));
    expect(new Set(ports).size).toBe(200);
    for (const port of ports) {
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(32_768);
    }
  });
});

describe('a port that somebody listens on', () => {
  it('is not free, and who wants it is told so with the option that helps', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      expect(await isPortFree(port)).toBe(false);
      await expect(assertPortFree(port, 'the simulator', 'SIMULATOR_PORT')).rejects.toMatchObject({
        error: { code: 'CAEP_PORT_TAKEN', fields: { port: String(port), option: 'SIMULATOR_PORT' } },
      });
    } finally {
      server.close();
    }
    await once(server, 'close');
    expect(await isPortFree(port)).toBe(true);
  });
});
