/** Why a connection was not made, as an error of the catalogue. */
import { codedError } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import { GRPC_STATUS, grpcStatusOf } from '../grpcStatus.js';
import type { TemporalTarget } from '../target.js';
import { tlsFault } from './handshake.js';

export async function connectError(target: TemporalTarget, cause: unknown): Promise<Error> {
  const { address, namespace } = target;
  const status = grpcStatusOf(cause);
  if (status === GRPC_STATUS.notFound) {
    return codedError('CAEP_TEMPORAL_NAMESPACE_UNKNOWN', { address, namespace }, { cause });
  }
  if (status === GRPC_STATUS.permissionDenied || status === GRPC_STATUS.unauthenticated) {
    return codedError('CAEP_TEMPORAL_REFUSED', { address, reason: messageOf(cause) }, { cause });
  }
  const reason = await tlsFault(target);
  if (reason !== undefined) return codedError('CAEP_TEMPORAL_TLS', { address, reason }, { cause });
  return codedError('CAEP_TEMPORAL_UNREACHABLE', { address }, { cause });
}
