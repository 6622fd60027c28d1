/** Which Temporal server and namespace, and what stands against reaching it. */
import { existsSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Configuration } from '../configuration.js';
import { ADDRESS_EXPECTED, parseAddress } from '../configuration/address.js';
import { codedError } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { GRPC_STATUS, grpcStatusOf } from './grpcStatus.js';

/** Promised is an answer within 5 s, connecting and giving up included. */
export const CONNECT_TIMEOUT_MS = 3_000;
const DEFAULT_ADDRESS = '127.0.0.1:7233';
const DEFAULT_NAMESPACE = 'default';

export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connectOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
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

type Profile = ReturnType<typeof loadClientConnectConfig>;

function loadProfile({ sdkVariables }: Configuration['temporal']): Profile {
  const file = sdkVariables['TEMPORAL_CONFIG_FILE'];
  // The SDK goes on without it, with a server that nobody has named.
  if (file !== undefined && !existsSync(file)) {
    const problem = { path: 'TEMPORAL_CONFIG_FILE', expected: 'a file that is there', got: JSON.stringify(file) };
    const reason = 'the Temporal profile cannot be read';
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason }, { problems: [problem] });
  }
  try {
    const profile = loadClientConnectConfig({ overrideEnvVars: { ...sdkVariables } });
    assertCertificates(profile.connectionOptions.tls);
    return profile;
  } catch (cause) {
    const reason = `the Temporal profile cannot be used: ${messageOf(cause)}`;
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason }, { cause });
  }
}

/** Neither of the SDK's connections says of a certificate that it is none. */
function assertCertificates(tls: Profile['connectionOptions']['tls']): void {
  if (typeof tls !== 'object' || tls === null) return;
  const { clientCertPair, serverRootCACertificate: ca } = tls;
  const client =
    clientCertPair === undefined ? {} : { cert: asBuffer(clientCertPair.crt), key: asBuffer(clientCertPair.key) };
  try {
    createSecureContext({ ...client, ...(ca === undefined ? {} : { ca: asBuffer(ca) }) });
  } catch (cause) {
    throw new Error(`a certificate or its key is not usable PEM (${messageOf(cause)})`, { cause });
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

export function connectError({ address, namespace }: TemporalTarget, cause: unknown): Error {
  const status = grpcStatusOf(cause);
  if (status === GRPC_STATUS.notFound) {
    return codedError('CAEP_TEMPORAL_NAMESPACE_UNKNOWN', { address, namespace }, { cause });
  }
  if (status === GRPC_STATUS.permissionDenied || status === GRPC_STATUS.unauthenticated) {
    return codedError('CAEP_TEMPORAL_REFUSED', { address, reason: messageOf(cause) }, { cause });
  }
  return codedError('CAEP_TEMPORAL_UNREACHABLE', { address }, { cause });
}
