/** Stands before a Temporal server, as load balancers and Temporal Cloud do: ends TLS, and refuses calls that it is told to refuse. */
import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Refusal {
  /** A gRPC status. */
  readonly status: number;
  readonly message: string;
}

interface GrpcProxy {
  /** `127.0.0.1:port`, with a certificate for that name where it has one. */
  readonly address: string;
  /** Paths of the calls that came, such as `/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo`. */
  readonly calls: readonly string[];
}

export async function startGrpcProxy(
  upstream: string,
  {
    tls,
    refuse = () => undefined,
  }: {
    readonly tls?: SecureServerOptions;
    readonly refuse?: (path: string, headers: IncomingHttpHeaders) => Refusal | undefined;
  } = {},
): Promise<GrpcProxy> {
  const calls: string[] = [];
  const session = connect(`http://${upstream}`);
  session.on('error', () => undefined);
  const server: Http2Server = tls === undefined ? createServer() : createSecureServer(tls);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (one) => {
    sessions.add(one);
    one.on('close', () => sessions.delete(one));
  });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    calls.push(path);
    stream.on('error', () => undefined);
    const refusal = refuse(path, headers);
    if (refusal === undefined) pass(stream, headers);
    else refuseCall(stream, refusal);
  });

  function pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { ':authority': _authority, ...others } = headers;
    const onward = session.request(others);
    let trailers: IncomingHttpHeaders = {};
    onward.on('error', () => stream.close(constants.NGHTTP2_CANCEL));
    onward.on('trailers', (given) => (trailers = given));
    onward.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(answer, isWhole ? { endStream: true } : { waitForTrailers: true });
      if (!isWhole) onward.pipe(stream);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('aborted', () => onward.close(constants.NGHTTP2_CANCEL));
    stream.pipe(onward);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    session.destroy();
    for (const one of sessions) one.destroy();
    server.close();
    await once(server, 'close');
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

/** As a gRPC server ends a call that it does not carry out: all in the headers. */
function refuseCall(stream: ServerHttp2Stream, { status, message }: Refusal): void {
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status, 'grpc-message': message },
    { endStream: true },
  );
  stream.resume();
}
