/** One webhook to one receiver, as Chatlio posts it. */
import { Pool } from 'undici';

/** Longer than a receiver may be stopped. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface WebhookAnswer {
  /** Undefined: none came. */
  readonly status?: number;
  /** What a 2xx said. */
  readonly taken?: { readonly eventId: string; readonly arrival: string };
}

export function webhookPool(receiverUrl: string, connections: number): Pool {
  return new Pool(receiverUrl, {
    connections,
    headersTimeout: REQUEST_TIMEOUT_MS,
    bodyTimeout: REQUEST_TIMEOUT_MS,
  });
}

export async function postWebhook(receiver: Pool, path: string, body: string): Promise<WebhookAnswer> {
  try {
    const headers = { 'content-type': 'application/json' };
    const { statusCode: status, body: answer } = await receiver.request({ path, method: 'POST', body, headers });
    const text = await answer.text();
    if (status < 200 || status > 299) return { status };
    return { status, taken: JSON.parse(text) as { eventId: string; arrival: string } };
  } catch {
    return {};
  }
}
