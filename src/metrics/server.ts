/** What watches a process asks here: Prometheus for metrics, our own and the Temporal SDK's; Kubernetes whether it works. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { ALIVE, type HealthDocument } from './healthDocument.js';
import { isLocalRequest } from '../process/http/localRequests.js';
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
  /** Without it there are no `/healthz` and `/readyz`. */
  readonly health?: () => Promise<{ readonly isReady: boolean; readonly document: HealthDocument }>;
}

const SDK_ANSWERS_WITHIN_MS = 2_000;

/** @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED` */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry, host, port, option, sdkUrl, health } = options;
  const metrics = async (): Promise<Answer> => {
    const parts = await Promise.all([registry.metrics(), sdkUrl === undefined ? '' : readSdk(sdkUrl)]);
    return { status: 200, type: registry.contentType, text: parts.join('\n') };
  };
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    '/metrics': metrics,
    ...(health === undefined ? {} : { '/healthz': async () => json(200, ALIVE), '/readyz': () => readiness(health) }),
  };
  const server = createServer((request, response) => {
    if (!isLocalRequest(request.headers, host)) {
      response.writeHead(403).end();
      return;
    }
    const answer = request.method === 'GET' ? answers[request.url ?? ''] : undefined;
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    answer()
      .then(({ status, type, text }) => response.writeHead(status, { 'content-type': type }).end(text))
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

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function json(status: number, document: object): Answer {
  return { status, type: 'application/json', text: JSON.stringify(document) };
}

async function readiness(health: NonNullable<MetricsServerOptions['health']>): Promise<Answer> {
  const { isReady, document } = await health();
  return json(isReady ? 200 : 503, document);
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
