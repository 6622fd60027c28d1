/** The simulator as the harness sees it: its admin API, and plain requests to the services, without the product's clients. */
import type { FaultRule } from '../../simulator/faults/faults.js';
import { createRequests } from './requests.js';

export type Rule = Omit<FaultRule, 'id'>;

/** `GET /__sim/api/objects` */
export interface ObjectRow {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly state?: string;
  readonly schemaId?: string;
}

/** `GET /__sim/api/truth` */
interface EventTruth {
  readonly eventId: string | null;
  readonly acceptances: readonly { readonly receivedMs: number; readonly fate: string }[];
  readonly rows: number;
}

/** `GET /__sim/api/journal` */
interface RequestRow {
  readonly sequence: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly route: string;
  readonly status: number;
  readonly sandboxName?: string;
}

export interface SimulatorAdmin {
  /** Places the rule, or puts it in the place of the one with this id: no request passes in between. */
  place(id: string, rule: Rule): Promise<void>;
  /** Not there is as good. */
  remove(id: string): Promise<void>;
  /** Requests that the rules have hit, by rule. */
  hits(): Promise<ReadonlyMap<string, number>>;
  objects(sandbox: string): Promise<ObjectRow[]>;
  /** What became of every event that the inlets have accepted. */
  truth(): Promise<EventTruth[]>;
  /** The number of the newest request. */
  lastRequest(): Promise<number>;
  /** In the order in which they were answered. */
  requestsAfter(sequence: number): Promise<RequestRow[]>;
  /** What a service answers to `GET path`, as any other client of Adobe would ask. */
  read(sandbox: string, path: string, accept?: string): Promise<unknown>;
}

const MOST_EVENTS = 1_000_000;

/** @param environment with the credentials that the simulator has printed */
export function createSimulatorAdmin(baseUrl: string, environment: NodeJS.ProcessEnv): SimulatorAdmin {
  const { call, asClient } = createRequests(baseUrl, environment);
  const api = '/__sim/api';
  const requests = async (query: string) =>
    (await call({ method: 'GET', path: `${api}/journal?${query}` })) as RequestRow[];
  return {
    place: async (id, rule) => void (await call({ method: 'PUT', path: `${api}/faults/${id}`, body: rule })),
    remove: async (id) => void (await call({ method: 'DELETE', path: `${api}/faults/${id}`, alsoFine: [404] })),
    hits: async () => {
      const placed = (await call({ method: 'GET', path: `${api}/faults` })) as { rule: { id: string }; hits: number }[];
      return new Map(placed.map(({ rule, hits }) => [rule.id, hits]));
    },
    objects: async (sandbox) =>
      (await call({ method: 'GET', path: `${api}/objects?sandbox=${sandbox}` })) as ObjectRow[],
    truth: async () => {
      const path = `${api}/truth?limit=${MOST_EVENTS}`;
      return ((await call({ method: 'GET', path })) as { events: EventTruth[] }).events;
    },
    lastRequest: async () => (await requests('limit=1')).at(-1)?.sequence ?? 0,
    requestsAfter: (sequence) => requests(`after=${sequence}`),
    read: (sandbox, path, accept = 'application/json') =>
      asClient(sandbox, { method: 'GET', path, headers: { accept } }),
  };
}
