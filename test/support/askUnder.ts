/** A request under another Host: `fetch` sets it by itself, a browser whose page has its name point to this machine does not. */
import { once } from 'node:events';
import { request } from 'node:http';

export async function askUnder(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
  body = '',
): Promise<{ readonly status: number; readonly text: string }> {
  const asked = request(url, { method, headers });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [AsyncIterable<Buffer> & { readonly statusCode: number }];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  return { status: answer.statusCode, text: Buffer.concat(parts).toString() };
}
