/** Requests written byte for byte, as no client library sends them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Conversation {
  readonly socket: Socket;
  /** All that was answered until the connection ended. */
  readonly answered: Promise<string>;
}

export async function converse(url: string): Promise<Conversation> {
  const { port, hostname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  // However it ends: a connection that is broken off has been answered as well.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return { socket, answered: closed.then(() => answer) };
}

/** Sends the same bytes again and again, as fast as they are taken. @returns how many were, when the connection ended */
export async function pour({ socket }: Conversation, bytes: Buffer, mostBytes: number): Promise<number> {
  const ended = new AbortController();
  socket.once('close', () => ended.abort());
  while (!ended.signal.aborted && socket.bytesWritten < mostBytes) {
    if (!socket.write(bytes)) await once(socket, 'drain', { signal: ended.signal }).catch(() => undefined);
  }
  return socket.bytesWritten;
}
