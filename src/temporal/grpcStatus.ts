/** gRPC status codes that mean something to us (grpc.io, "Status codes and their use in gRPC"). */
import { isGrpcServiceError } from '@temporalio/client';

export const GRPC_STATUS = {
  /** Of a call of ours whose deadline has passed: sometimes this, mostly the next. */
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The status code of a failed call, or undefined for an error of another kind. */
export function grpcStatusOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}
