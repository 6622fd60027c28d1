/** The bodies in which Adobe's services refuse: each has its own, and none shares another's. */

/** A refusal before it is dressed as its service's body. */
export interface Problem {
  readonly status: number;
  /** `1439-404` of Flow Service, `XDM-1521-400` of the registry, `403010` of the gateway. */
  readonly code?: string;
  readonly title: string;
  readonly detail: string;
  /** Goes into `report` where the family has one. */
  readonly report?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ErrorFamily {
  body(problem: Problem, about: { readonly requestId: string; readonly nowMs: number }): unknown;
}

/** Thrown by a handler; answered in the family of its route, or in the one it carries. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly problem: Problem,
    readonly family?: ErrorFamily,
  ) {
    super(`${problem.code ?? problem.status}: ${problem.detail}`);
  }
}

/** adobe.io edge: `error_code` and `message`; the status is the first three digits of the code. */
export const gatewayFamily: ErrorFamily = {
  body: ({ code, status, detail }) => ({ error_code: code ?? `${status}000`, message: detail }),
};

export const imsFamily: ErrorFamily = {
  body: ({ code, title, detail }) => ({
    error: code ?? title,
    ...(detail === '' ? {} : { error_description: detail }),
  }),
};

/** Catalog, Data Prep and some answers of the gateway. */
export const placeholderFamily: ErrorFamily = {
  body: ({ status, title, detail }) => ({ type: '/placeholder/type/uri', status, title, detail }),
};

export const flowFamily: ErrorFamily = {
  body: ({ status, code, title, detail, report }, { requestId }) => ({
    type: `https://ns.adobe.com/aep/errors/FLOW-${code ?? `1400-${status}`}`,
    title,
    status,
    report: { 'detailed-message': detail, 'request-id': requestId, ...report },
    errorMessage: detail,
    errorDetails: detail,
  }),
};

/** Mind the scheme: the registry says http where Flow Service says https. */
export const xdmFamily: ErrorFamily = {
  body: ({ status, code, title, detail, report }, { requestId, nowMs }) => ({
    type: `http://ns.adobe.com/aep/errors/XDM-${(code ?? `1400-${status}`).replace(/^XDM-/, '')}`,
    title,
    status,
    report: {
      registryRequestId: requestId,
      timestamp: registryTime(nowMs),
      'detailed-message': detail,
      'sub-errors': [],
      ...report,
    },
    detail,
  }),
};

/** `MM-DD-YYYY HH:mm:ss`, UTC. */
function registryTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${month}-${day}-${year} ${time.slice(0, 8)}`;
}
