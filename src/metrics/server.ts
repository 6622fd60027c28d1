/** The endpoint that Prometheus scrapes: our own metrics, and those of the Temporal SDK where there are any. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { isLocalRequest } from '../process/localRequests.js';
import { listenAt } from '../process/listening.js';

export interface MetricsServer {
  /** Of the metrics. */
  readonly url: string;
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  readonly registry: Registry;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The variable that chooses another port, for the message. */
  readonly option: string;
  /** Where the SDK's exporter of this process listens; its metrics are added. */
  readonly sdkUrl?: string;
}

const SDK_ANSWERS_WITHIN_MS = 2_000;

/** @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED` */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry, host, port, option } = options;
  const server = createServer((request, response) => {
    if (!isLocalRequest(request.headers, host)) {
      response.writeHead(403).end();
      return;
    }
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    Promise.all([registry.metrics(), options.sdkUrl === undefined ? '' : readSdk(options.sdkUrl)])
      .then((parts) => response.setHeader('content-type', registry.contentType).end(parts.join('\n')))
      .catch(() => response.writeHead(500).end());
  });
  await listenAt(server, { host, port, service: 'the metrics', option });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/metrics`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Without an answer ours are shown alone: `temporal_num_pollers` is missing then, which an alert notices. */
async function readSdk(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(SDK_ANSWERS_WITHIN_MS) });
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}
