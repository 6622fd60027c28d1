/** Which Temporal server and namespace: by the configuration, then by a profile of Temporal's CLI. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type ClientConfigProfile, fromTomlProfile, toClientOptions } from '@temporalio/envconfig';
import { tomlLoadClientConfigProfile } from '@temporalio/envconfig/lib/envconfig-toml.js';
import type { Configuration } from '../configuration.js';
import { ADDRESS_EXPECTED, parseAddress } from '../configuration/address.js';
import { CodedError, codedError, type Problem } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';

/** Promised is an answer within 5 s, connecting and giving up included. */
export const CONNECT_TIMEOUT_MS = 3_000;
const DEFAULT_ADDRESS = '127.0.0.1:7233';
const DEFAULT_NAMESPACE = 'default';

export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connectOptions: ReturnType<typeof toClientOptions>['connectionOptions'];
}

/**
 * Is a Temporal server named at all, by TEMPORAL_ADDRESS or a profile of the Temporal CLI's configuration file? Then
 * none is started.
 */
export function temporalIsConfigured({ temporal }: Configuration): boolean {
  return temporal.address !== undefined || addressOf(loadProfile(temporal)) !== undefined;
}

/** `configuration` first, then profile (which the SDK reads from the environment and the CLI's file), then this machine. */
export function targetOf({ temporal }: Configuration): TemporalTarget {
  const profile = loadProfile(temporal);
  const address = temporal.address ?? addressOf(profile) ?? DEFAULT_ADDRESS;
  const namespace = temporal.namespace ?? given(profile.namespace) ?? DEFAULT_NAMESPACE;
  return { address, namespace, connectOptions: { ...profile.connectionOptions, address } };
}

type Profile = ReturnType<typeof toClientOptions>;

function loadProfile({ sdkVariables }: Configuration['temporal']): Profile {
  const file = sdkVariables['TEMPORAL_CONFIG_FILE'];
  // The SDK goes on without it, with a server that nobody has named.
  if (file !== undefined && !existsSync(file)) {
    throw notUsable({ path: 'TEMPORAL_CONFIG_FILE', expected: 'a file that is there', got: JSON.stringify(file) });
  }
  try {
    const toml = tomlLoadClientConfigProfile({ overrideEnvVars: { ...sdkVariables } });
    // Temporal's CLI uses it; the SDK would go on without it.
    if (toml.codec !== undefined) throw notUsable(NO_CODEC);
    const profile = fromTomlProfile(toml);
    assertPair(profile.tls);
    const options = toClientOptions(profile);
    assertCertificates(options.connectionOptions.tls);
    return options;
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    const unread = unreadFile(cause, sdkVariables);
    if (unread !== undefined) throw notUsable(unread, cause);
    const reason = `the Temporal profile cannot be used: ${messageOf(cause)}`;
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason }, { cause });
  }
}

const NO_CODEC: Problem = {
  path: 'TEMPORAL_CODEC_… or `codec` in the Temporal profile',
  expected: 'none: chatlio-aep encrypts itself what is secret, and reads no other encoding from Temporal',
  got: 'a codec',
};

function notUsable(problem: Problem, cause?: unknown): CodedError {
  const reason = `the Temporal profile cannot be used: ${problem.path} is not as expected`;
  return codedError('CAEP_CONFIGURATION_INVALID', { reason }, { problems: [problem], cause });
}

/** The variable that names a file which cannot be read. */
function unreadFile(cause: unknown, sdkVariables: Readonly<Record<string, string>>): Problem | undefined {
  const { code, path } = cause as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) return undefined;
  const variable = Object.entries(sdkVariables).find(([, value]) => value === path)?.[0];
  return {
    path: variable ?? 'the Temporal profile',
    expected: 'a file that can be read',
    got: `${JSON.stringify(path)}: ${code}`,
  };
}

/** The SDK would send none of a pair of which one is missing. */
function assertPair(tls: ClientConfigProfile['tls']): void {
  if (tls === undefined || (tls.clientCert === undefined) === (tls.clientKey === undefined)) return;
  const [missing, given] = tls.clientKey === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY'];
  throw notUsable({
    path: `TEMPORAL_TLS_CLIENT_${missing}_PATH`,
    expected: `a client certificate and its key; TEMPORAL_TLS_CLIENT_${given}_… is set`,
    got: 'nothing',
  });
}

/** Neither of the SDK's connections says of a certificate that it is none. */
function assertCertificates(tls: Profile['connectionOptions']['tls']): void {
  if (typeof tls !== 'object' || tls === null) return;
  const { clientCertPair, serverRootCACertificate: ca } = tls;
  asPem('TEMPORAL_TLS_CLIENT_CERT_… and TEMPORAL_TLS_CLIENT_KEY_…', () => {
    if (clientCertPair === undefined) return undefined;
    return createSecureContext({ cert: asBuffer(clientCertPair.crt), key: asBuffer(clientCertPair.key) });
  });
  asPem('TEMPORAL_TLS_SERVER_CA_CERT_…', () => (ca === undefined ? ca : new X509Certificate(ca)));
}

function asPem(variables: string, read: () => unknown): void {
  try {
    read();
  } catch (cause) {
    const words = messageOf(cause);
    throw new Error(`a certificate or its key is not usable PEM: ${variables} (${words})`, { cause });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

function addressOf({ connectionOptions }: Profile): string | undefined {
  const address = given(connectionOptions.address);
  if (address === undefined) return undefined;
  const parsed = parseAddress(address);
  if (parsed !== undefined) return parsed;
  const problem = { path: 'address', expected: ADDRESS_EXPECTED, got: JSON.stringify(address) };
  throw codedError(
    'CAEP_CONFIGURATION_INVALID',
    { reason: 'the address in the Temporal profile is not as expected' },
    { problems: [problem] },
  );
}

/** An empty value counts as an absent one. */
function given(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}
