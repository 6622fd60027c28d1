/**
 * One HTTP request and its answer, as data: how far it came, and what was seen. Never throws, never retries, never
 * follows a redirect.
 *
 * Error codes do not tell whether a request was sent: `ECONNRESET` and `ETIMEDOUT` occur before the first byte and
 * after the last one. The phase does. undici calls `onRequestStart` on a connected socket, right before it writes; with
 * a body in memory the request line, headers and body are handed over in the same tick. So before that call no byte
 * has left, and from it on every byte may have.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Long enough to connect, and to wait for a free connection behind a few others. */
export const QUEUE_TIMEOUT_MS = 15_000;

export interface ExchangeRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Until the first byte: waiting for a free connection, connecting. */
  readonly queueTimeoutMs: number;
  /** From the first byte to the end of the answer. */
  readonly answerTimeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal;
  /** Asked right before the first byte; false withdraws the request. */
  readonly mayStart?: () => boolean;
}

/** Why an exchange broke off: an error code of Node or undici, or one of ours. Holds no address and no path. */
type ExchangeFault = string;

export type Exchange =
  /** No byte was handed to the socket. */
  | { readonly phase: 'queued'; readonly fault: ExchangeFault }
  /** The request was handed to the socket; no status line came back. */
  | { readonly phase: 'sent'; readonly fault: ExchangeFault }
  /** A status line came back, the body did not, or not whole. */
  | { readonly phase: 'status'; readonly fault: ExchangeFault; readonly answer: RawAnswer }
  | { readonly phase: 'complete'; readonly answer: RawAnswer };

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What came of it, when the phase is `status`. */
  readonly body: Buffer;
}

export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  return new Promise((resolve) => {
    let started = false;
    let isFinished = false;
    let status: number | undefined;
    let headers: IncomingHttpHeaders = {};
    let bytes = 0;
    const chunks: Buffer[] = [];
    let abort: ((reason: Error) => void) | undefined;

    const finish = (result: Exchange): void => {
      if (isFinished) return;
      isFinished = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const breakOff = (fault: ExchangeFault): void => {
      if (status !== undefined) {
        finish({ phase: 'status', fault, answer: { status, headers, body: Buffer.concat(chunks) } });
      } else {
        finish({ phase: started ? 'sent' : 'queued', fault });
      }
      abort?.(new Error(fault));
    };
    const onAbort = (): void => breakOff('aborted');
    let timer: NodeJS.Timeout | undefined;

    if (request.signal?.aborted === true) {
      breakOff('aborted');
      return;
    }
    request.signal?.addEventListener('abort', onAbort);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        abort = (reason) => controller.abort(reason);
        // Finished while it waited, or started before: a second start would be a replay, which is never ours to make.
        if (isFinished || started) {
          controller.abort(new Error('not repeated'));
          return;
        }
        if (request.mayStart?.() === false) {
          breakOff('withdrawn');
          return;
        }
        started = true;
        clearTimeout(timer);
        timer = setTimeout(() => breakOff('answer-timeout'), request.answerTimeoutMs);
      },
      onResponseStart(_controller, statusCode, responseHeaders) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = responseHeaders;
      },
      onResponseData(_controller, chunk) {
        if (isFinished) return;
        bytes += chunk.length;
        if (bytes > request.maxAnswerBytes) {
          breakOff('answer-too-large');
          return;
        }
        chunks.push(chunk);
      },
      onResponseEnd() {
        if (status === undefined) breakOff('no-status');
        else finish({ phase: 'complete', answer: { status, headers, body: Buffer.concat(chunks) } });
      },
      onResponseError(_controller, error) {
        breakOff(faultOf(error));
      },
    };
    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          // The two timers above are the only ones.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      breakOff(faultOf(error));
    }
    // On a free connection it has been started by now.
    if (!started && !isFinished) timer = setTimeout(() => breakOff('connect-timeout'), request.queueTimeoutMs);
  });
}

/** Where requests to a base URL go; a path in it (of a proxy) stays in front of every path. */
export function targetOf(baseUrl: string): { readonly origin: string; readonly prefix: string } {
  const { origin, pathname } = new URL(baseUrl);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

function faultOf(error: unknown): ExchangeFault {
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors[0]);
  if (!(error instanceof Error)) return 'unknown';
  // Of a tunnel that a proxy refuses, undici has no code, and the status only in words.
  const [, refusal] = /^Proxy response \((\d{3})\)/.exec(error.message) ?? [];
  if (refusal !== undefined) return `proxy-refused-${refusal}`;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
