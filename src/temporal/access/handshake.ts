/**
 * Why there is no TLS connection. gRPC says only that there is none; where a server refuses a client certificate, it is as if the server
 * were away. So the handshake is made once more, to be told what stands against it.
 */
import { X509Certificate } from 'node:crypto';
import { connect, type ConnectionOptions } from 'node:tls';
import type { TemporalTarget } from '../target.js';

const HANDSHAKE_MS = 1_500;
/** In the code of an error that the other side has told. */
const ALERT = '_ALERT_';
/** With which an HTTP/2 connection begins (RFC 9113, 3.4), and empty settings. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** How far it came, and what it ended with. `silent`: nothing was said until the time was over. */
interface Handshake {
  readonly reached: 'nowhere' | 'server' | 'agreement';
  readonly ended: 'spoken to' | 'without HTTP/2' | 'closed' | 'silent' | 'failed';
  readonly code?: string;
}

type Tls = TemporalTarget['connectOptions']['tls'];

/** @returns in words that follow "…: "; undefined where TLS is not what is wrong */
export async function tlsFault({ address, connectOptions }: TemporalTarget): Promise<string | undefined> {
  const { tls } = connectOptions;
  if (tls === undefined || tls === false || tls === null) {
    const { reached, code = '' } = await shakeHands(address, { rejectUnauthorized: false });
    return reached === 'agreement' || code.includes(ALERT)
      ? 'it expects TLS. Set TEMPORAL_TLS to true, or the TEMPORAL_TLS_… variables that it needs'
      : undefined;
  }
  const handshake = await shakeHands(address, optionsOf(tls));
  return faultOf(handshake, tls === true ? {} : tls);
}

function optionsOf(tls: Exclude<Tls, null | false | undefined>): ConnectionOptions {
  if (tls === true) return {};
  const { serverNameOverride: servername, serverRootCACertificate: ca, clientCertPair } = tls;
  return {
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    ...(clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  };
}

function shakeHands(address: string, options: ConnectionOptions): Promise<Handshake> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    let reached: Handshake['reached'] = 'nowhere';
    const socket = connect({ host, port: Number(port), ALPNProtocols: ['h2'], ...options });
    const end = (ended: Handshake['ended'], code?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ reached, ended, code });
    };
    const timer = setTimeout(() => end('silent'), HANDSHAKE_MS);
    socket.once('connect', () => (reached = 'server'));
    socket.once('secureConnect', () => {
      reached = 'agreement';
      if (socket.alpnProtocol !== 'h2') end('without HTTP/2');
      // In TLS 1.3 a server refuses a client certificate after the handshake.
      else socket.write(PREFACE);
    });
    socket.once('data', () => end('spoken to'));
    socket.once('close', () => end('closed'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end('failed', code));
  });
}

interface Certificates {
  readonly clientCertPair?: { readonly crt: Uint8Array };
}

export function faultOf(
  { reached, ended, code = '' }: Handshake,
  { clientCertPair }: Certificates,
  nowMs = Date.now(),
): string | undefined {
  if (reached === 'nowhere' || ended === 'spoken to' || ended === 'silent') return undefined;
  if (ended === 'without HTTP/2' || code.endsWith('NO_APPLICATION_PROTOCOL')) {
    return 'it does not offer HTTP/2 in the TLS handshake (ALPN). What ends TLS there must';
  }
  const ours = FAULTS_OF_SERVER[code];
  if (ours !== undefined) return ours;
  if (reached === 'server' && !code.includes(ALERT)) {
    return 'it closes the connection before TLS is agreed. If it speaks no TLS, set TEMPORAL_TLS to false';
  }
  if (clientCertPair === undefined) {
    return 'it closes the connection after the TLS handshake, and no client certificate was sent. If it requires one, set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH';
  }
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1]?.replaceAll('_', ' ').toLowerCase();
  const said = alert === undefined ? '' : ` (alert ${alert})`;
  return `it refuses the client certificate of TEMPORAL_TLS_CLIENT_CERT_…${said}${validityOf(clientCertPair.crt, nowMs)}`;
}

const NOT_TRUSTED =
  'its certificate is of an authority that is not trusted here. Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of that authority';

/** Node's documentation, "X509 certificate error codes". */
const FAULTS_OF_SERVER: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, by the clock of this machine',
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another name. Set TEMPORAL_TLS_SERVER_NAME to the one that is in it, if the address is right',
};

function validityOf(crt: Uint8Array, nowMs: number): string {
  const { validFrom, validTo } = new X509Certificate(crt);
  if (Date.parse(validTo) < nowMs) return `. That was valid until ${new Date(validTo).toISOString()}`;
  if (Date.parse(validFrom) > nowMs) return `. That is valid from ${new Date(validFrom).toISOString()} on`;
  return '';
}
