/** Temporal behind TLS that asks for a client certificate, as Temporal Cloud and many clusters are. */
import { writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { SecureServerOptions } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../simulator/transport/selfSigned.js';
import { readConfiguration } from '../../../src/configuration.js';
import { connectClient } from '../../../src/temporal/connection.js';
import { faultOf } from '../../../src/temporal/access/handshake.js';
import { connectWorker } from '../../../src/temporal/workerConnection.js';
import { startGrpcProxy } from '../../support/grpcProxy.js';
import { temporaryFolder } from '../../support/processes.js';
import { withTemporal } from '../../support/temporal.js';

const temporal = withTemporal();
const YEAR_MS = 365 * 86_400_000;
const SERVER = selfSigned('temporal.example.com', Date.now());
const CLIENT = selfSigned('chatlio-aep', Date.now());
const STRANGER = selfSigned('a stranger', Date.now());
const EXPIRED = selfSigned('chatlio-aep', Date.now() - 11 * YEAR_MS);

const MUTUAL = {
  key: SERVER.key,
  cert: SERVER.cert,
  ca: [CLIENT.cert, EXPIRED.cert],
  requestCert: true,
  rejectUnauthorized: true,
} satisfies SecureServerOptions;

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'file.pem');
  writeFileSync(file, text);
  return file;
}

const variables = (address: string, client = CLIENT) => ({
  TEMPORAL_ADDRESS: address,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(SERVER.cert),
  TEMPORAL_TLS_CLIENT_CERT_PATH: fileOf(client.cert),
  TEMPORAL_TLS_CLIENT_KEY_PATH: fileOf(client.key),
});

const BOTH = [
  ['client', connectClient],
  ['worker', connectWorker],
] as const;

async function connected(connect: (typeof BOTH)[number][1], environment: Record<string, string>) {
  const { connection, address } = await connect(readConfiguration(environment));
  onTestFinished(() => connection.close());
  return address;
}

const refused = (reason: string) => ({
  error: { code: 'CAEP_TEMPORAL_TLS', fields: { reason: expect.stringContaining(reason) as string } },
});

// A connection has three seconds: of a machine that does much else, that may be too few.
describe.each(BOTH)('Temporal behind mutual TLS, for a %s', { retry: 2 }, (_who, connect) => {
  const proxy = async () => (await startGrpcProxy(temporal().address, { tls: MUTUAL })).address;

  it('is reached with the certificates of the variables', async () => {
    const address = await proxy();
    expect(await connected(connect, variables(address))).toBe(address);
  });

  it('is reached with those of a profile of Temporal’s CLI', async () => {
    const address = await proxy();
    const of = variables(address);
    const profile = fileOf(
      `[profile.cloud]\naddress = "${address}"\nnamespace = "default"\n[profile.cloud.tls]\n` +
        `server_ca_cert_path = "${of.TEMPORAL_TLS_SERVER_CA_CERT_PATH}"\n` +
        `client_cert_path = "${of.TEMPORAL_TLS_CLIENT_CERT_PATH}"\nclient_key_path = "${of.TEMPORAL_TLS_CLIENT_KEY_PATH}"\n`,
    );
    expect(await connected(connect, { TEMPORAL_CONFIG_FILE: profile, TEMPORAL_PROFILE: 'cloud' })).toBe(address);
  });

  it('that refuses the certificate is told from one that is away', async () => {
    const wrong = connected(connect, variables(await proxy(), STRANGER));
    await expect(wrong).rejects.toMatchObject(refused('refuses the client certificate of TEMPORAL_TLS_CLIENT_CERT_…'));
  });

  it('that refuses an expired certificate: the day is named', async () => {
    const wrong = connected(connect, variables(await proxy(), EXPIRED));
    await expect(wrong).rejects.toMatchObject(refused('That was valid until 20'));
  });

  it('is told that it asks for a certificate where none is set', async () => {
    const { TEMPORAL_ADDRESS, TEMPORAL_TLS_SERVER_CA_CERT_PATH } = variables(await proxy());
    const none = connected(connect, { TEMPORAL_ADDRESS, TEMPORAL_TLS_SERVER_CA_CERT_PATH });
    await expect(none).rejects.toMatchObject(refused('set TEMPORAL_TLS_CLIENT_CERT_PATH'));
  });

  it('whose own certificate nobody here trusts is named, with the variable', async () => {
    const of = { ...variables(await proxy()), TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(STRANGER.cert) };
    await expect(connected(connect, of)).rejects.toMatchObject(refused('TEMPORAL_TLS_SERVER_CA_CERT_PATH'));
  });

  it('whose certificate is for another name is named, with the variable', async () => {
    const of = { ...variables(await proxy()), TEMPORAL_TLS_SERVER_NAME: 'cloud.example.com' };
    await expect(connected(connect, of)).rejects.toMatchObject(refused('TEMPORAL_TLS_SERVER_NAME'));
  });

  it('is told to expect TLS where none is set', async () => {
    const plain = connected(connect, { TEMPORAL_ADDRESS: await proxy() });
    await expect(plain).rejects.toMatchObject(refused('Set TEMPORAL_TLS to true'));
  });
});

describe('what is no TLS of Temporal', () => {
  it('is named: a server without TLS', async () => {
    const of = { TEMPORAL_ADDRESS: temporal().address, TEMPORAL_TLS: 'true' };
    await expect(connected(connectClient, of)).rejects.toMatchObject(refused('set TEMPORAL_TLS to false'));
  });

  it('is named: what ends TLS and speaks no HTTP/2', async () => {
    const server = createTlsServer({ key: SERVER.key, cert: SERVER.cert, ALPNProtocols: ['http/1.1'] });
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connected(connectClient, variables(address))).rejects.toMatchObject(refused('ALPN'));
  });

  it('is not blamed on TLS: a server that says nothing', async () => {
    const server = createPlainServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connected(connectClient, variables(address))).rejects.toMatchObject({
      error: { code: 'CAEP_TEMPORAL_UNREACHABLE' },
    });
  });
});

describe('a handshake', () => {
  const pair = { clientCertPair: { crt: Buffer.from(CLIENT.cert) } };

  it.each([
    [{ reached: 'agreement', ended: 'failed', code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' }, 'alert unknown ca'],
    [{ reached: 'server', ended: 'failed', code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED' }, 'certificate expired'],
    [{ reached: 'agreement', ended: 'without HTTP/2' }, 'ALPN'],
    [{ reached: 'server', ended: 'failed', code: 'CERT_HAS_EXPIRED' }, 'its certificate has expired'],
    [{ reached: 'server', ended: 'failed', code: 'ECONNRESET' }, 'before TLS is agreed'],
  ] as const)('tells what stood against it: %o', (handshake, words) => {
    expect(faultOf(handshake, pair)).toContain(words);
  });

  it.each([
    [{ reached: 'nowhere', ended: 'failed', code: 'ECONNREFUSED' }],
    [{ reached: 'server', ended: 'silent' }],
    [{ reached: 'agreement', ended: 'spoken to' }],
  ] as const)('is not what is wrong: %o', (handshake) => {
    expect(faultOf(handshake, pair)).toBeUndefined();
  });
});

describe('certificates that cannot be used are named before anything is connected', () => {
  const problem = (path: string) => ({
    error: { code: 'CAEP_CONFIGURATION_INVALID', problems: [{ path }] },
  });

  it('a certificate without its key, of which the SDK would send none', async () => {
    const { TEMPORAL_TLS_CLIENT_KEY_PATH: _key, ...rest } = variables('127.0.0.1:1');
    await expect(connected(connectClient, rest)).rejects.toMatchObject(problem('TEMPORAL_TLS_CLIENT_KEY_PATH'));
    const { TEMPORAL_TLS_CLIENT_CERT_PATH: _cert, ...other } = variables('127.0.0.1:1');
    await expect(connected(connectClient, other)).rejects.toMatchObject(problem('TEMPORAL_TLS_CLIENT_CERT_PATH'));
  });

  it('a file that is not there', async () => {
    const of = { ...variables('127.0.0.1:1'), TEMPORAL_TLS_CLIENT_CERT_PATH: join(temporaryFolder(), 'none.pem') };
    await expect(connected(connectClient, of)).rejects.toMatchObject(problem('TEMPORAL_TLS_CLIENT_CERT_PATH'));
  });

  it.each([
    ['TEMPORAL_TLS_CLIENT_KEY_PATH', STRANGER.key],
    ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', 'no certificate'],
  ])('one that is none, or the key of another: %s', async (variable, text) => {
    const of = { ...variables('127.0.0.1:1'), [variable]: fileOf(text) };
    await expect(connected(connectClient, of)).rejects.toThrow(/CAEP_CONFIGURATION_INVALID.*not usable PEM: TEMPORAL_/);
  });
});
