/** Listening for connections, and what stands against it in the words of the catalogue. */
import { once } from 'node:events';
import type { Server } from 'node:net';
import { type CodedError, codedError } from '../domain/errors.js';

export interface Place {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Who wants it, for the message. */
  readonly service: string;
  /** With which a person chooses another port or host, for the message. */
  readonly option: string;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission for ports below 1024',
  EPERM: 'this user may not listen there',
  EADDRNOTAVAIL: 'no network interface of this machine has that address',
  EAFNOSUPPORT: 'this machine does not support that kind of address',
  EINVAL: 'this is not an address that a program can listen at',
  ENOTFOUND: 'no such host name is known',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
};

/** @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED` */
export async function listenAt(server: Server, place: Place): Promise<void> {
  server.listen({ port: place.port, host: place.host });
  await once(server, 'listening').catch((cause: unknown) => {
    throw listenFault(cause, place);
  });
}

/** From what `listen` fails with. */
export function listenFault(cause: unknown, { host, port, service, option }: Place): CodedError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return codedError('CAEP_PORT_TAKEN', { port: String(port), service, option }, { cause });
  const reason = REASONS[code] ?? message;
  return codedError('CAEP_LISTEN_REFUSED', { host, port: String(port), service, option, reason }, { cause });
}
