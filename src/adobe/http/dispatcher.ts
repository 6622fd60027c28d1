/** How Adobe is reached: directly, or through the proxy that the environment names. */
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { ProxySettings } from '../../configuration.js';

interface Limits {
  readonly connectTimeoutMs: number;
  /** To one host. */
  readonly connections: number;
  /** How long an idle connection is kept, ms; the server may wish for less. */
  readonly keepAliveTimeout?: number;
  readonly keepAliveMaxTimeout: number;
}

/** This machine is never reached through a proxy, whatever the environment says. */
const LOOPBACK = 'localhost,127.0.0.1,[::1]';

/**
 * Sends each request once, on a connection of its own. A request that goes through a proxy has a tunnel to Adobe: the proxy
 * sees neither path nor body, and a tunnel that is refused means that nothing was sent.
 */
export function createDispatcher(
  proxy: ProxySettings | undefined,
  { connectTimeoutMs, ...limits }: Limits,
): Dispatcher {
  // HTTP/2 and pipelining repeat requests by themselves; neither is used.
  const options = { ...limits, pipelining: 1, allowH2: false };
  const timeout = connectTimeoutMs;
  if (proxy === undefined) return new Agent({ ...options, connect: { timeout } });
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = proxy;
  return new EnvHttpProxyAgent({
    ...options,
    // An empty one keeps undici from reading the environment by itself.
    httpProxy,
    httpsProxy,
    noProxy: noProxy === '*' ? noProxy : `${noProxy},${LOOPBACK}`,
    connect: { timeout },
    proxyTls: { timeout },
    requestTls: { timeout },
    proxyTunnel: true,
    // A proxy that does not answer is given up as a host is that does not.
    clientFactory: (origin, inner) => new Pool(origin, { ...inner, headersTimeout: timeout }),
  });
}
