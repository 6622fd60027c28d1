import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askUnder } from '../../support/askUnder.js';
import { freePort } from '../../../src/process/ports.js';
import { hiddenUiPlace, startUiProxy } from '../../../src/temporal/devServer/uiProxy.js';

async function proxied() {
  const seen: string[] = [];
  const ui = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    incoming.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    incoming.on('end', () => response.writeHead(201, { 'x-of': 'ui' }).end('what a workflow holds'));
  });
  const place = { ...(await hiddenUiPlace()), port: 0 };
  ui.listen(0, place.host);
  await once(ui, 'listening');
  const proxy = await startUiProxy(await freePort(), { ...place, port: (ui.address() as AddressInfo).port });
  onTestFinished(() => {
    proxy.close();
    ui.close();
  });
  return { url: proxy.url, host: new URL(proxy.url).host, seen, ui };
}

describe('the UI of the development server', () => {
  it('answers its own page, and passes on what it is sent', async () => {
    const { url, host, seen } = await proxied();
    expect(await askUnder(`${url}/api/v1/x?y=1`, { host })).toEqual({ status: 201, text: 'what a workflow holds' });
    const own = { host, origin: `http://${host}` };
    expect(await askUnder(`${url}/api/v1/update`, own, 'POST', '{"by":"ana"}')).toMatchObject({ status: 201 });
    expect(seen).toEqual(['GET /api/v1/x?y=1', 'POST /api/v1/update', '{"by":"ana"}']);
  });

  it('answers no page that has its own name point to this machine, and none of another origin', async () => {
    const { url, host, seen } = await proxied();
    const foreign: Record<string, string>[] = [
      { host: `evil.example:${new URL(url).port}` },
      { host, origin: 'https://evil.example' },
      { host, origin: 'null' },
    ];
    for (const headers of foreign) {
      const { status, text } = await askUnder(`${url}/api/v1/namespaces/default/workflows`, headers);
      expect(status, JSON.stringify(headers)).toBe(403);
      expect(text).not.toContain('workflow holds');
    }
    expect(seen).toEqual([]);
  });

  it('says when it is away', async () => {
    const { url, host, ui } = await proxied();
    ui.close();
    ui.closeAllConnections();
    expect(await askUnder(url, { host })).toMatchObject({ status: 502 });
  });
});
