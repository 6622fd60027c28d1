/** What a handler is given and what it gives back. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorFamily } from '../errorFamilies.js';
import type { Fault } from '../faults/faults.js';
import type { Scope } from '../state/state.js';

/** Who calls, as the token says. */
export interface Caller {
  readonly orgId: string;
  readonly clientId: string;
  readonly userId: string;
  /** Without the underscore that field namespaces put in front. */
  readonly tenantId: string;
}

export interface Sandbox {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly type: 'production' | 'development';
  readonly createdAtMs: number;
}

/** A request as the wire brought it, before anybody asked who sends it. */
export interface RawRequest {
  /** Also the `x-request-id` of the answer. */
  readonly id: string;
  readonly method: string;
  /** Without query, as sent. */
  readonly path: string;
  /** Decoded segments of the route's pattern. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly remoteAddress: string;
  /** Scheme and host under which the caller reaches the simulator, without a slash at the end. */
  readonly baseUrl: string;
  /** Faults that only the service itself can carry out. */
  readonly serviceFaults: ReadonlyArray<Extract<Fault, { kind: 'service' }>>;
  /** Lists and searches hide objects younger than this, by the clock. 0: none. */
  readonly hidesYoungerThanMs: number;
  /** Strict mode: tells the journal what was not known in the request and taken all the same. */
  note(text: string): void;
  /** @throws Refusal 400 when the body is not JSON */
  json(): unknown;
}

export interface SimRequest extends RawRequest {
  readonly caller: Caller;
  readonly sandbox: Sandbox;
  readonly scope: Scope;
}

export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent as JSON. */
      readonly json?: unknown;
      /** Sent as it is, with the content type among `headers`. */
      readonly text?: string | Buffer;
    }
  /** Ends the connection without an answer. */
  | { readonly cut: true }
  /** Leaves the connection open without an answer. */
  | { readonly hang: true };

interface RouteBasics {
  /** `service.collection.action`; faults and the journal refer to it. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/data/foundation/x/:id`; a slash at the end of the request's path is accepted. */
  readonly path: string;
  /** In which refusals are answered. */
  readonly family: ErrorFamily;
  /** False keeps the bodies out of the journal. */
  readonly journalsBodies?: boolean;
}

type PlatformRoute = RouteBasics & {
  readonly access: 'platform';
  handle(request: SimRequest): Reply | Promise<Reply>;
};

/** `platform`: token, key, organisation and sandbox were checked. `open`: nothing was. */
export type Route =
  | PlatformRoute
  /** As `platform`, without a sandbox header. */
  | (RouteBasics & {
      readonly access: 'organization';
      handle(request: Omit<SimRequest, 'sandbox' | 'scope'>): Reply | Promise<Reply>;
    })
  | (RouteBasics & { readonly access: 'open'; handle(request: RawRequest): Reply | Promise<Reply> });

/** Registers routes behind the gateway that share an error family. */
export function platformRoutes(context: { route(route: Route): void }, family: ErrorFamily) {
  return (route: Omit<PlatformRoute, 'family' | 'access'>): void =>
    context.route({ ...route, family, access: 'platform' });
}

/** Objects that a list may show to this request. */
export function shownInLists<T>(
  items: readonly T[],
  createdAtMs: (item: T) => number,
  lag: { readonly nowMs: number; readonly hidesYoungerThanMs: number },
): readonly T[] {
  if (lag.hidesYoungerThanMs === 0) return items;
  return items.filter((item) => createdAtMs(item) <= lag.nowMs - lag.hidesYoungerThanMs);
}

export function headerOf(request: Pick<RawRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
