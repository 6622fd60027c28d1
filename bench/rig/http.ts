/** Just enough HTTP/1.1 for messages that a known server writes: one at a time, on a connection that stays. */

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKED_END = Buffer.from('0\r\n\r\n');

export interface Message {
  readonly bodyStart: number;
  /** Of the whole message. */
  readonly end: number;
}

/** The first message in `data`, or undefined while it is not there whole. */
export function findMessage(data: Buffer): Message | undefined {
  const headEnd = data.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const bodyStart = headEnd + HEAD_END.length;
  const head = data.toString('latin1', 0, headEnd).toLowerCase();
  const lengthAt = head.indexOf('\r\ncontent-length:');
  if (lengthAt !== -1) {
    const end = bodyStart + Number.parseInt(head.slice(lengthAt + 17), 10);
    return data.length < end ? undefined : { bodyStart, end };
  }
  if (!head.includes('transfer-encoding: chunked')) return { bodyStart, end: bodyStart };
  const last = data.indexOf(CHUNKED_END, bodyStart);
  return last === -1 ? undefined : { bodyStart, end: last + CHUNKED_END.length };
}
